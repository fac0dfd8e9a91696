import { TTFB_EDGES_MS } from '../../../schema/playback-beats.ts';
import { COUNTERS, TIMED, WATCHED } from '../../../schema/probe-upgrade.ts';
import { ByteTable } from './byte-table.ts';
import { keyOf, type JsonCursor, type Key } from './json-cursor.ts';
import { isWithin, type Column } from './plan.ts';
import type { RowBuffer } from './row-buffer.ts';

// Objects of counters as version 2 of the wire has them: read by name, and written as they are read where a column takes
// the counter as it stands.

const [OPEN, CLOSE, COMMA, COLON] = [0x7b, 0x7d, 0x2c, 0x3a] as const;
const BUCKET_NAMES = Array.from({ length: TTFB_EDGES_MS.length + 1 }, (_none, n) => `t${n}`);

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

/** Where a counter stands among all. */
export const placeOf = (name: string): number => PLACE.get(name)!;
export const BUCKETS: readonly number[] = BUCKET_NAMES.map(placeOf);

interface Counter {
  readonly key: Key;
  readonly place: number;
  /** What takes it as it stands, unless it is 0. */
  readonly column: Column | undefined;
  /** What stood behind it last time: a guess that saves the search. */
  next: Counter | undefined;
}

/** One object of counters: what is absent is 0. */
export class LeanCounts {
  readonly #counters: ByteTable<Counter>;
  readonly #values = new Float64Array(NAMES.length);
  readonly #seen = new Uint32Array(NAMES.length);
  #reads = 0;
  #first: Counter | undefined;

  /** `columns`: those that take a counter as it stands, by its name. */
  constructor(columns: ReadonlyMap<string, Column>) {
    this.#counters = new ByteTable(
      NAMES.map((name, place) => [name, { key: keyOf(name), place, column: columns.get(name), next: undefined }]),
    );
  }

  /**
   * Reads the object that begins here, and writes what of it has a column. False when it is not one of plain numbers under
   * known names, each once, or a column does not take its number.
   */
  read(cursor: JsonCursor, out: RowBuffer): boolean {
    const reads = ++this.#reads;
    const seen = this.#seen;
    if (!cursor.take(OPEN)) return false;
    if (cursor.bytes[cursor.at] === CLOSE) return cursor.take(CLOSE);
    let before: Counter | undefined;
    do {
      const counter = this.#counter(cursor, before);
      if (!counter || seen[counter.place] === reads) return false;
      const start = cursor.at;
      if (!cursor.number()) return false;
      const { value } = cursor;
      const { column, place } = counter;
      seen[place] = reads;
      this.#values[place] = value;
      if (column !== undefined && value !== 0) {
        if (!isWithin(column, value)) return false;
        out.put(column.name);
        if (cursor.isCanonical) out.copy(cursor, start);
        else out.number(value);
      }
      before = counter;
    } while (cursor.take(COMMA));
    return cursor.take(CLOSE);
  }

  #counter(cursor: JsonCursor, before: Counter | undefined): Counter | undefined {
    const { at, bytes } = cursor;
    const guess = before ? before.next : this.#first;
    if (guess && cursor.takeKey(guess.key)) return guess;
    if (!cursor.plainText()) return undefined;
    const counter = this.#counters.find(bytes, at + 1, cursor.at - 1);
    if (before) before.next = counter;
    else this.#first = counter;
    return cursor.take(COLON) ? counter : undefined;
  }

  get(place: number): number {
    return this.#seen[place] === this.#reads ? this.#values[place]! : 0;
  }

  sum(places: readonly number[]): number {
    let sum = 0;
    for (let i = 0; i < places.length; i++) sum += this.get(places[i]!);
    return sum;
  }
}
