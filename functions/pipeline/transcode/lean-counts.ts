import { playbackBeats, TTFB_EDGES_MS } from '../../../schema/playback-beats.ts';
import { playbackEvents } from '../../../schema/playback-events.ts';
import { COUNTERS, STATES, TIMED, WATCHED } from '../../../schema/probe-upgrade.ts';
import type { Fields } from '../../../schema/spec.ts';
import { NESTED_COLUMNS } from '../normalize/probe-columns.ts';
import { ByteTable } from './byte-table.ts';
import { keyOf, type JsonCursor, type Key } from './json-cursor.ts';
import { columnOf, type Column } from './plan.ts';
import type { RowBuffer } from './row-buffer.ts';

// The counters of version 2 of the wire: read by name, written as the columns that `schema/probe-upgrade.ts` makes of them.

const [OPEN, CLOSE, COMMA] = [0x7b, 0x7d, 0x2c] as const;
const BUCKETS = TTFB_EDGES_MS.length + 1;
const BUCKET_NAMES = Array.from({ length: BUCKETS }, (_none, n) => `t${n}`);

/** All that may stand in such an object. Of other names the long way decides. */
const NAMES = [
  ...new Set([
    ...TIMED.map((state) => `${state}Ms`),
    ...COUNTERS,
    ...WATCHED,
    'endMs',
    'hiddenMs',
    'sg',
    'bad',
    'slow',
    'by',
    'dl',
    'ltc',
    'ltcs',
    ...BUCKET_NAMES,
  ]),
];
const PLACE = new Map(NAMES.map((name, place) => [name, place]));
const placeOf = (name: string): number => PLACE.get(name)!;

interface Named {
  readonly key: Key;
  readonly place: number;
  next: Named | undefined;
}
const NAMED = new ByteTable<Named>(NAMES.map((name, place) => [name, { key: keyOf(name), place, next: undefined }]));

/** One object of counters: what is absent is 0. */
export class LeanCounts {
  readonly #values = new Float64Array(NAMES.length);
  readonly #seen = new Uint32Array(NAMES.length);
  #reads = 0;
  #first: Named | undefined;

  /** Reads the object that begins here; false when it is not one of plain numbers under known names, each once. */
  read(cursor: JsonCursor): boolean {
    this.#values.fill(0);
    this.#reads++;
    if (!cursor.take(OPEN)) return false;
    if (cursor.bytes[cursor.at] === CLOSE) return cursor.take(CLOSE);
    let before: Named | undefined;
    do {
      const named = this.#name(cursor, before);
      if (!named || this.#seen[named.place] === this.#reads || !cursor.number()) return false;
      this.#seen[named.place] = this.#reads;
      this.#values[named.place] = cursor.value;
      before = named;
    } while (cursor.take(COMMA));
    return cursor.take(CLOSE);
  }

  #name(cursor: JsonCursor, before: Named | undefined): Named | undefined {
    const { at, bytes } = cursor;
    const guess = before ? before.next : this.#first;
    if (guess && cursor.takeKey(guess.key)) return guess;
    if (!cursor.plainText()) return undefined;
    const named = NAMED.find(bytes, at + 1, cursor.at - 1);
    if (before) before.next = named;
    else this.#first = named;
    return cursor.take(0x3a) ? named : undefined;
  }

  get(place: number): number {
    return this.#values[place]!;
  }

  sum(places: readonly number[]): number {
    let sum = 0;
    for (const place of places) sum += this.#values[place]!;
    return sum;
  }
}

/** Writes a value under its column; false when the schema refuses it. */
function put(out: RowBuffer, column: Column, value: number): boolean {
  if (value === 0 && column.low <= 0) {
    out.put(column.zero);
    return true;
  }
  if (!(value >= column.low && value <= column.high) || (column.isWhole && !Number.isInteger(value))) return false;
  out.put(column.name);
  out.number(value);
  return true;
}

const STALLS = placeOf('stalls');
const [HIDDEN, BITS, TOTAL, DROPPED, BYTES] = ['hiddenMs', 'bits', 'tot', 'drop', 'by'].map(placeOf) as [
  number,
  number,
  number,
  number,
  number,
];
const [SEGMENTS, BAD, SLOW, DOWNLOAD, LATENCY, LOOKS] = ['sg', 'bad', 'slow', 'dl', 'ltc', 'ltcs'].map(placeOf) as [
  number,
  number,
  number,
  number,
  number,
  number,
];
const INTERVAL = TIMED.map((state) => placeOf(`${state}Ms`));
const WATCH = WATCHED.map(placeOf);
const BUCKET_PLACES = BUCKET_NAMES.map(placeOf);

const beatColumn = (name: string): Column => columnOf(playbackBeats.fields, name);
const nestedColumn = (group: string, name: string): Column => beatColumn(NESTED_COLUMNS[group]![name]!);
const column = {
  interval: beatColumn('intervalMs'),
  bits: beatColumn('intervalBits'),
  stalls: beatColumn('intervalStalls'),
  bytes: beatColumn('intervalBytes'),
  throughput: beatColumn('throughputKbps'),
  histogram: beatColumn('ttfbHistogram'),
  hidden: nestedColumn('ms', 'hidden'),
  frames: nestedColumn('fr', 'tot'),
  dropped: nestedColumn('fr', 'drop'),
  segments: nestedColumn('sg', 'n'),
  errors: nestedColumn('sg', 'err'),
  slow: nestedColumn('sg', 'slow'),
  latency: nestedColumn('ltc', 'mean'),
  latencyMax: nestedColumn('ltc', 'max'),
  latencyTarget: nestedColumn('ltc', 'target'),
};
const STATE_COLUMNS = TIMED.map((state) => ({
  place: placeOf(`${state}Ms`),
  column: nestedColumn('ms', STATES[state]!),
}));

/** Latency of the interval as the beat says it beside its gains. */
export interface BeatLatency {
  max: number | undefined;
  target: number | undefined;
}

function putHistogram(out: RowBuffer, gains: LeanCounts): boolean {
  if (!(gains.sum(BUCKET_PLACES) > 0)) return true;
  out.put(column.histogram.name);
  let separator = 0x5b;
  for (const place of BUCKET_PLACES) {
    const count = gains.get(place);
    // Sums of fractions depend on their order.
    if (!Number.isSafeInteger(count)) return false;
    out.bytes[out.at++] = separator;
    out.number(count);
    separator = COMMA;
  }
  out.bytes[out.at++] = 0x5d;
  return true;
}

function putLatency(out: RowBuffer, gains: LeanCounts, { max, target }: BeatLatency): boolean {
  const looks = gains.get(LOOKS);
  if (looks === 0) return true;
  return (
    put(out, column.latency, Math.round(gains.get(LATENCY) / looks)) &&
    (max === undefined || put(out, column.latencyMax, max)) &&
    (target === undefined || put(out, column.latencyTarget, target))
  );
}

function putStates(out: RowBuffer, gains: LeanCounts): boolean {
  for (const { place, column: state } of STATE_COLUMNS) {
    const spent = gains.get(place);
    if (spent !== 0 && !put(out, state, spent)) return false;
  }
  const hidden = gains.get(HIDDEN);
  return put(out, column.interval, gains.sum(INTERVAL)) && (hidden === 0 || put(out, column.hidden, hidden));
}

function putSegments(out: RowBuffer, gains: LeanCounts): boolean {
  const [segments, bad] = [gains.get(SEGMENTS), gains.get(BAD)];
  const hasNone = segments === 0 && bad === 0;
  return (
    hasNone ||
    (put(out, column.segments, segments) && put(out, column.errors, bad) && put(out, column.slow, gains.get(SLOW)))
  );
}

/** The columns of a beat's interval; false when one of them has no place in the schema. */
export function putGains(out: RowBuffer, gains: LeanCounts, latency: BeatLatency): boolean {
  const [bytes, download] = [gains.get(BYTES), gains.get(DOWNLOAD)];
  return (
    putStates(out, gains) &&
    put(out, column.bits, gains.get(BITS)) &&
    put(out, column.frames, gains.get(TOTAL)) &&
    put(out, column.dropped, gains.get(DROPPED)) &&
    put(out, column.stalls, gains.get(STALLS)) &&
    put(out, column.bytes, bytes) &&
    putSegments(out, gains) &&
    (bytes === 0 || download === 0 || put(out, column.throughput, Math.round((bytes * 8) / download))) &&
    putLatency(out, gains, latency) &&
    putHistogram(out, gains)
  );
}

const countersOf = (fields: Fields): { place: number; column: Column }[] =>
  COUNTERS.map((name) => ({ place: placeOf(name), column: columnOf(fields, NESTED_COLUMNS['c']![name]!) }));
const EVENT_COUNTERS = countersOf(playbackEvents.fields);
const WATCHED_COLUMN = columnOf(playbackEvents.fields, NESTED_COLUMNS['c']!['watchMs']!);

/** The session's counters, the same in events and beats; false when one has no place in the schema. */
export function putTotals(out: RowBuffer, totals: LeanCounts): boolean {
  for (const { place, column: counter } of EVENT_COUNTERS) if (!put(out, counter, totals.get(place))) return false;
  return put(out, WATCHED_COLUMN, totals.sum(WATCH));
}
