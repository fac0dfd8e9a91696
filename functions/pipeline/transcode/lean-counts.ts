import { TTFB_EDGES_MS } from '../../../schema/playback-beats.ts';
import { COUNTERS, TIMED, WATCHED } from '../../../schema/probe-upgrade.ts';
import type { JsonCursor } from './json-cursor.ts';
import { KeyTable, type Named } from './key-table.ts';
import { isWithin, type Column } from './plan.ts';
import { pieceOf, type Piece, type RowBuffer } from './row-buffer.ts';

// Objects of counters as version 2 of the wire has them: read by name, and written as they are read where a column takes
// the counter as it stands.

const [OPEN, CLOSE, COMMA] = [0x7b, 0x7d, 0x2c] as const;
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
  readonly place: number;
  /** What takes it as it stands, unless it is 0. */
  readonly column: Column | undefined;
  /** Its bit among the columns that may be said to be 0. */
  readonly bit: number;
}

/** One object of counters: what is absent is 0. */
export class LeanCounts {
  readonly #counters: KeyTable<Counter>;
  readonly #values = new Float64Array(NAMES.length);
  readonly #seen = new Uint32Array(NAMES.length);
  #reads = 0;
  /** The columns that were written, by their bits. */
  written = 0;

  /** `columns`: those that take a counter as it stands, by its name. `zeros`: those of them that may be said to be 0. */
  constructor(columns: ReadonlyMap<string, Column>, zeros: readonly string[]) {
    const bitOf = (name: string): number => (zeros.includes(name) ? 1 << zeros.indexOf(name) : 0);
    this.#counters = new KeyTable(
      NAMES.map((name, place) => [name, { place, column: columns.get(name), bit: bitOf(name) }]),
    );
  }

  /**
   * Reads the object that begins here, and writes what of it has a column. False when it is not one of plain numbers under
   * known names, each once, or a column does not take its number.
   */
  read(cursor: JsonCursor, out: RowBuffer): boolean {
    const reads = ++this.#reads;
    this.written = 0;
    const seen = this.#seen;
    if (!cursor.take(OPEN)) return false;
    if (cursor.bytes[cursor.at] === CLOSE) return cursor.take(CLOSE);
    let named: Named<Counter> | undefined;
    do {
      named = this.#counters.take(cursor, named);
      if (named === undefined) return false;
      const { column, place, bit } = named.value;
      if (seen[place] === reads) return false;
      const start = cursor.at;
      if (!cursor.number()) return false;
      const { value } = cursor;
      seen[place] = reads;
      this.#values[place] = value;
      if (column !== undefined && value !== 0) {
        if (!isWithin(column, value)) return false;
        this.written |= bit;
        out.put(column.name);
        if (cursor.isCanonical) out.copy(cursor, start);
        else out.number(value);
      }
    } while (cursor.take(COMMA));
    return cursor.take(CLOSE);
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

/** Columns that are 0, as text; one text for each set of those that are not. */
export class ZeroTexts {
  readonly #columns: readonly Column[];
  readonly #texts: (Piece | undefined)[];

  constructor(columns: readonly Column[]) {
    this.#columns = columns;
    this.#texts = Array.from({ length: 2 ** columns.length }, () => undefined);
  }

  /** `written`: bits of the columns that are not to be said. */
  without(written: number): Piece {
    return (this.#texts[written] ??= pieceOf(
      this.#columns.map(({ zero }, index) => ((written & (1 << index)) === 0 ? zero : '')).join(''),
    ));
  }
}
