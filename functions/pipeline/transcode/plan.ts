import { playbackBeats } from '../../../schema/playback-beats.ts';
import { EVENT_KINDS, playbackEvents } from '../../../schema/playback-events.ts';
import { ENDS, STATES } from '../../../schema/probe-upgrade.ts';
import type { Field, Fields } from '../../../schema/spec.ts';
import { rangeOf } from '../../../schema/validate.ts';
import { BASE_COLUMNS, BEAT_COLUMNS, KIND_COLUMNS, NESTED_COLUMNS } from '../normalize/probe-columns.ts';
import { TEXT_COLUMNS } from '../normalize/probe-event.ts';
import { ByteTable } from './byte-table.ts';
import { KeyTable } from './key-table.ts';
import { pieceOf, type Piece } from './row-buffer.ts';

// What may stand in an event of each kind and where it goes, compiled at first use from the schema's tables and the
// dialect's names. A name that is not in its kind's plan makes the event take the long way.

/** A column with what its values must be, as `schema/validate.ts` has it. */
export interface Column {
  /** `,"name":` */
  readonly name: Piece;
  /** With the value 0. */
  readonly zero: string;
  readonly low: number;
  readonly high: number;
  readonly isWhole: boolean;
  /** Bytes of a string that is surely not too long. */
  readonly maxBytes: number;
  readonly oneOf: ByteTable<true> | undefined;
}

export type Action =
  | 'sequence'
  | 'time'
  | 'dropped'
  | 'number'
  | 'text'
  /** Takes the place of what the session says. */
  | 'cdn'
  | 'change'
  | 'message'
  | 'flag'
  | 'dynamic'
  | 'nested'
  /** Kept in `props`. */
  | 'source'
  | 'prior'
  /** Of version 2. */
  | 'duration'
  | 'phases'
  | 'state'
  | 'gains'
  | 'totals'
  | 'latencyMax'
  | 'latencyTarget';

export interface Slot {
  readonly action: Action;
  /** Number among all slots of its version. */
  readonly index: number;
  readonly column: Column;
  readonly nested: Members | undefined;
  /** Version 2: 0 and empty mean that nothing is known. */
  readonly isNothingEmpty: boolean;
}

/** What may stand in an object. */
export type Members = KeyTable<Slot>;

export interface Plan {
  readonly members: Members;
  /** Of the event's number, which may stand before its kind. */
  readonly sequence: Slot;
  /** Slots that must have been there. */
  readonly required: readonly number[];
  /** `,"kind":"…"`; beats have none. */
  readonly kind: Piece;
  readonly isBeat: boolean;
}

export function columnOf(fields: Fields, name: string): Column {
  const field: Field | undefined = fields[name];
  if (!field) throw new Error(`no such field: ${name}`);
  const { low, high } = rangeOf(field);
  return {
    name: pieceOf(`,"${name}":`),
    zero: `,"${name}":0`,
    low,
    high,
    isWhole: field.kind !== 'real',
    maxBytes: field.maxLength ?? Infinity,
    oneOf: field.oneOf && new ByteTable(field.oneOf.map((option) => [option, true])),
  };
}

/** Whether a number may stand in a column. */
export const isWithin = ({ low, high, isWhole }: Pick<Column, 'low' | 'high' | 'isWhole'>, value: number): boolean =>
  value >= low && value <= high && (!isWhole || Number.isInteger(value));

const NO_COLUMN: Column = {
  name: pieceOf(''),
  zero: '',
  low: 0,
  high: 0,
  isWhole: false,
  maxBytes: 0,
  oneOf: undefined,
};
const PROPS = columnOf(playbackEvents.fields, 'props');
const OF_COLUMN: Readonly<Record<string, Action>> = {
  sessionTimeMs: 'time',
  clientDropped: 'dropped',
  errorMessage: 'message',
  cdn: 'cdn',
};
const LEAN_BEAT_KEYS = ['blMin', 'rate', 'pw', 'ph'];
const EMPTY_IS_NOTHING = new Set(['kbps', 'w', 'h', 'cdn']);
/** Kinds whose upgrade to version 1 computes more than counters. */
const LEAN_LONG_WAY = new Set(['ready', 'error']);

/** Version 2 tells when each phase of a start was over, not how long it took. */
const LEAN_START: Readonly<Record<string, Action>> = { ms: 'duration', ph: 'phases' };

function actionOf(name: string, field: Field): Action {
  if (OF_COLUMN[name] !== undefined) return OF_COLUMN[name];
  if (field.kind === 'string') return TEXT_COLUMNS.has(name) ? 'change' : 'text';
  if (field.kind === 'bool') return 'flag';
  return field.kind === 'dynamic' ? 'dynamic' : 'number';
}

/** Numbers the slots of one version. */
class Compiler {
  count = 0;
  readonly #isLean: boolean;

  constructor(isLean: boolean) {
    this.#isLean = isLean;
  }

  #slot(key: string, action: Action, column: Column, nested?: Members): [string, Slot] {
    const isNothingEmpty = this.#isLean && EMPTY_IS_NOTHING.has(key);
    const index = this.count++;
    return [key, { action, index, column, nested, isNothingEmpty }];
  }

  #columns(
    columns: Readonly<Record<string, string>>,
    fields: Fields,
    actions: Readonly<Record<string, Action>> = {},
  ): [string, Slot][] {
    return Object.entries(columns).map(([key, name]) =>
      this.#slot(key, actions[key] ?? actionOf(name, fields[name]!), columnOf(fields, name)),
    );
  }

  #nested(name: string, fields: Fields): [string, Slot] {
    return this.#slot(name, 'nested', NO_COLUMN, new KeyTable(this.#columns(NESTED_COLUMNS[name]!, fields)));
  }

  #plan(kind: string, entries: readonly [string, Slot][], required: readonly string[]): Plan {
    const isBeat = kind === 'hb';
    const number = this.#slot('n', 'sequence', columnOf(playbackEvents.fields, 'sequence'));
    const all: readonly [string, Slot][] = [
      ...entries,
      number,
      this.#slot('src', 'source', PROPS),
      this.#slot('pre', 'prior', PROPS),
    ];
    const indices = new Map(all.map(([key, { index }]) => [key, index]));
    return {
      members: new KeyTable(all),
      sequence: number[1],
      required: ['n', 't', ...required].map((key) => indices.get(key)!),
      kind: pieceOf(isBeat ? '' : `,"kind":"${kind}"`),
      isBeat,
    };
  }

  beat(): Plan {
    const { fields } = playbackBeats;
    if (!this.#isLean) {
      const columns = { ...BASE_COLUMNS, ...BEAT_COLUMNS };
      const nested = Object.keys(NESTED_COLUMNS).map((name) => this.#nested(name, fields));
      return this.#plan('hb', [...this.#columns(columns, fields), ...nested], ['iv']);
    }
    const columns = { ...BASE_COLUMNS, ...Object.fromEntries(LEAN_BEAT_KEYS.map((key) => [key, BEAT_COLUMNS[key]!])) };
    const computed: readonly [string, Action][] = [
      ['st', 'state'],
      ['i', 'gains'],
      ['c', 'totals'],
      ['late', 'latencyMax'],
      ['target', 'latencyTarget'],
    ];
    const slots = computed.map(([key, action]) => this.#slot(key, action, columnOf(fields, 'state')));
    return this.#plan('hb', [...this.#columns(columns, fields), ...slots], ['i']);
  }

  event(kind: (typeof EVENT_KINDS)[number]): Plan | undefined {
    if (this.#isLean && LEAN_LONG_WAY.has(kind)) return undefined;
    const { fields } = playbackEvents;
    const columnsOf: Readonly<Record<string, Readonly<Record<string, string>>>> = KIND_COLUMNS;
    const columns = { ...BASE_COLUMNS, ...columnsOf[kind] };
    const actions = this.#isLean && kind === 'start' ? LEAN_START : {};
    const isLeanEnd = this.#isLean && kind === 'end';
    const counters = isLeanEnd ? this.#slot('c', 'totals', NO_COLUMN) : this.#nested('c', fields);
    return this.#plan(kind, [...this.#columns(columns, fields, actions), counters], isLeanEnd ? ['c'] : []);
  }
}

/** The plans of one version of the wire by kind, and how many slots they have in all. */
export interface Plans {
  readonly byKind: ByteTable<Plan>;
  readonly slots: number;
}

export function compilePlans(isLean: boolean): Plans {
  const compiler = new Compiler(isLean);
  const byKind: [string, Plan][] = [['hb', compiler.beat()]];
  for (const kind of EVENT_KINDS) {
    const plan = compiler.event(kind);
    if (plan) byKind.push([kind, plan]);
  }
  return { byKind: new ByteTable(byKind), slots: compiler.count };
}

/** What a beat of version 2 says of its state, in the words of version 1. */
export const leanStates = new ByteTable<Piece>(
  [...[...ENDS].map((end) => [end, 'ended'] as const), ...Object.entries(STATES)].map(([from, to]) => [
    from,
    pieceOf(`"${to}"`),
  ]),
);
