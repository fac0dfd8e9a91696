import { playbackEvents } from '../../../schema/playback-events.ts';
import { DynamicCleaner } from '../clean.ts';
import { ByteTable } from './byte-table.ts';
import { columnOf, type Column } from './plan.ts';
import { nameOf, type RecordName } from './record-name.ts';
import { SHARED_VALUES } from './record-shared.ts';
import type { Reading, RecordColumns, RecordKind, RecordSpec } from './record-spec.ts';
import { pieceOf, type Piece } from './row-buffer.ts';

// A record's fields by their names, compiled from its format's spec; names that it does not have are learned as they come.

/** A column of the table that records go to. */
export interface RecordColumn extends Column {
  /** Its place among all of them: no column is written twice. */
  readonly index: number;
  readonly reading: Reading;
  /** Its number among {@link SHARED_VALUES}, where the catalogs are asked for it; −1: they are not. */
  readonly shared: number;
  /** The catalogs fill it where a record does not. */
  readonly isNamed: boolean;
}

export type RecordAction = 'session' | 'id' | 'time' | 'kind' | 'column' | 'claim' | 'ignored' | 'prop' | 'unusual';

export interface RecordSlot {
  /** `"name":` */
  readonly key: RecordName;
  readonly index: number;
  readonly action: RecordAction;
  readonly column?: RecordColumn | undefined;
  /** Columns that depend on the kind, by kind. */
  readonly ofKind?: ReadonlyMap<string, RecordColumn> | undefined;
  /** Its number among {@link SHARED_VALUES}. */
  readonly claim: number;
  /** `,"name":` of what is kept in `props`. */
  readonly prop?: Piece | undefined;
  readonly name: string;
  /** Its value stands for a number as well. */
  readonly isLabel: boolean;
  /** What stood behind it in the last record: a guess that saves the search. */
  next: RecordSlot | undefined;
}

export interface CompiledKind {
  readonly name: string;
  /** `,"kind":"…"` and what else is the same in every row of the kind. */
  readonly text: Piece;
  readonly net?: { readonly column: RecordColumn; readonly of: number; readonly less: number } | undefined;
}

/** Names that are learned; a producer that makes them up takes the long way. */
const MOST_SLOTS = 256;
const LONGEST_NAME = 64;
/** Columns that the catalogs fill. */
const NAMED_COLUMNS = new Set(['contentTitle', 'streamType', 'cdn']);

export class RecordPlan {
  readonly kinds: ByteTable<CompiledKind>;
  readonly label: { readonly column: RecordColumn; readonly of: ReadonlyMap<string, Piece> };
  readonly #spec: RecordSpec;
  readonly #slots = new Map<string, RecordSlot>();
  readonly #columns = new Map<string, RecordColumn>();
  first: RecordSlot | undefined;

  constructor(spec: RecordSpec) {
    this.#spec = spec;
    this.kinds = new ByteTable(Object.entries(spec.kinds).map(([name, kind]) => [name, this.#kind(name, kind)]));
    this.label = {
      column: this.#column(spec.label.column, 'number'),
      of: new Map(Object.entries(spec.label.of).map(([name, value]) => [name, pieceOf(String(value))])),
    };
  }

  #kind(name: string, { fixed, net }: RecordKind): CompiledKind {
    const text = pieceOf(`,${JSON.stringify(fixed).slice(1, -1)}`);
    if (!net) return { name, text };
    const [of, less] = [this.#column(net.of, 'number').index, this.#column(net.less, 'number').index];
    return { name, text, net: { column: this.#column(net.column, 'number'), of, less } };
  }

  #column(name: string, reading: Reading): RecordColumn {
    const known = this.#columns.get(name);
    const index = known?.index ?? this.#columns.size;
    const shared = name === 'contentId' ? SHARED_VALUES.indexOf(name) : -1;
    const isNamed = NAMED_COLUMNS.has(name);
    const column = { ...columnOf(playbackEvents.fields, name), index, reading, shared, isNamed };
    if (!known) this.#columns.set(name, column);
    return column;
  }

  /** The slot of a name; undefined when there are too many of them. */
  slot(name: string): RecordSlot | undefined {
    let slot = this.#slots.get(name);
    if (slot || this.#slots.size >= MOST_SLOTS) return slot;
    const key = nameOf(name);
    if (!key) return undefined;
    slot = this.#made(name, key);
    this.#slots.set(name, slot);
    return slot;
  }

  #made(name: string, key: RecordName): RecordSlot {
    const spec = this.#spec;
    const isLabel = name === spec.label.field;
    const claim = Object.hasOwn(spec.claims, name) ? SHARED_VALUES.indexOf(spec.claims[name]!) : -1;
    const common = { key, index: this.#slots.size, name, isLabel, claim, next: undefined };
    const fields: readonly RecordAction[] = ['session', 'id', 'time', 'kind'];
    const field = fields.find((action) => spec[action as 'session'] === name);
    if (field) return { ...common, action: field, column: this.#ofTable(spec.columns, name) };
    const column = this.#ofTable(spec.columns, name);
    if (column) return { ...common, action: 'column', column };
    if (claim >= 0) return { ...common, action: 'claim' };
    if (spec.ignored.includes(name)) return { ...common, action: 'ignored' };
    // One letter names what other formats are recognised by.
    if (spec.unusual.includes(name) || name.length < 2 || name.length > LONGEST_NAME)
      return { ...common, action: 'unusual' };
    const target: Record<string, unknown> = {};
    new DynamicCleaner().put(target, name, true);
    if (!Object.hasOwn(target, name)) return { ...common, action: 'unusual' };
    const ofKind = new Map<string, RecordColumn>();
    for (const [kind, { columns }] of Object.entries(spec.kinds)) {
      const own = this.#ofTable(columns, name);
      if (own) ofKind.set(kind, own);
    }
    const prop = pieceOf(`,${JSON.stringify(name)}:`);
    return { ...common, action: 'prop', prop, ...(ofKind.size > 0 ? { ofKind } : {}) };
  }

  #ofTable(columns: RecordColumns, name: string): RecordColumn | undefined {
    const entry = Object.hasOwn(columns, name) ? columns[name] : undefined;
    return entry && this.#column(entry[0], entry[1]);
  }
}
