// Lists and reals straight from and to the memory of DuckDB's vectors: an object per element costs more than the numerics of a series.

import duckdb from '@duckdb/node-bindings';
import type { ResultKind } from './function-types.ts';

/** A view that starts where eight-byte elements may start. */
const aligned = (bytes: Uint8Array): Uint8Array => (bytes.byteOffset % 8 === 0 ? bytes : bytes.slice());
const bitmapBytes = (count: number): number => Math.ceil(count / 64) * 8;

/** The bitmap of a vector, null when every value is there (the bindings' types do not say so). */
const validityOf = (vector: duckdb.Vector, count: number): Uint8Array | null =>
  duckdb.vector_get_validity(vector, bitmapBytes(count));

const isSet = (bitmap: Uint8Array | null, at: number): boolean =>
  bitmap === null || (((bitmap[at >> 3] ?? 0) >> (at & 7)) & 1) === 1;

/** Reads the lists of doubles of a vector; null elements stay null. */
export function seriesReader(vector: duckdb.Vector, rows: number): (row: number) => (number | null)[] | null {
  const entryBytes = aligned(duckdb.vector_get_data(vector, rows * 16));
  const entries = new BigUint64Array(entryBytes.buffer, entryBytes.byteOffset, rows * 2);
  const valid = validityOf(vector, rows);
  const child = duckdb.list_vector_get_child(vector);
  const count = duckdb.list_vector_get_size(vector);
  const bytes = aligned(duckdb.vector_get_data(child, count * 8));
  const values = new Float64Array(bytes.buffer, bytes.byteOffset, count);
  const isThere = validityOf(child, count);
  return (row) => {
    if (!isSet(valid, row)) return null;
    const from = Number(entries[row * 2]);
    const length = Number(entries[row * 2 + 1]);
    const out: (number | null)[] = [];
    for (let i = from; i < from + length; i++) out.push(isSet(isThere, i) ? (values[i] as number) : null);
    return out;
  };
}

/** Takes the results of a chunk row by row, then writes them at once. */
export interface RawWriter {
  set(row: number, value: unknown): void;
  flush(): void;
}

export type RawKind = Extract<ResultKind, 'series' | 'longs' | 'real'>;
export const isRaw = (kind: ResultKind): kind is RawKind => kind === 'series' || kind === 'longs' || kind === 'real';

const setBitmap = (vector: duckdb.Vector, missing: readonly number[], count: number): void => {
  if (missing.length === 0) return;
  const bitmap = new Uint8Array(bitmapBytes(count)).fill(255);
  for (const at of missing) bitmap[at >> 3] = (bitmap[at >> 3] ?? 0) & ~(1 << (at & 7));
  duckdb.vector_ensure_validity_writable(vector);
  duckdb.copy_data_to_vector_validity(vector, 0, bitmap.buffer, 0, bitmap.byteLength);
};

function realWriter(vector: duckdb.Vector, rows: number): RawWriter {
  const data = new Float64Array(rows);
  const missing: number[] = [];
  return {
    set(row, value) {
      if (value === null || value === undefined) missing.push(row);
      else data[row] = Number(value);
    },
    flush() {
      duckdb.copy_data_to_vector(vector, 0, data.buffer, 0, data.byteLength);
      setBitmap(vector, missing, rows);
    },
  };
}

type List = ArrayLike<number | bigint | boolean | null>;

/** Elements of all rows one after another, in the layout of the child vector. */
function elementsOf(kind: 'series' | 'longs', lists: readonly (List | undefined)[], count: number) {
  const buffer = new ArrayBuffer(count * 8);
  const doubles = kind === 'series' ? new Float64Array(buffer) : null;
  const longs = doubles === null ? new BigInt64Array(buffer) : null;
  const missing: number[] = [];
  let at = 0;
  for (const list of lists) {
    for (let i = 0; i < (list?.length ?? 0); i++, at++) {
      const value = list?.[i];
      if (value === null || value === undefined) missing.push(at);
      else if (doubles !== null) doubles[at] = Number(value);
      else if (longs !== null) longs[at] = typeof value === 'bigint' ? value : BigInt(Math.trunc(Number(value)));
    }
  }
  return { buffer, missing };
}

function listWriter(kind: 'series' | 'longs', vector: duckdb.Vector, rows: number): RawWriter {
  const lists: (List | undefined)[] = Array.from({ length: rows }, () => undefined);
  return {
    set(row, value) {
      lists[row] = (value ?? undefined) as List | undefined;
    },
    flush() {
      const entries = new BigUint64Array(rows * 2);
      const missing: number[] = [];
      let count = 0;
      lists.forEach((list, row) => {
        entries[row * 2] = BigInt(count);
        entries[row * 2 + 1] = BigInt(list?.length ?? 0);
        if (list === undefined) missing.push(row);
        count += list?.length ?? 0;
      });
      duckdb.list_vector_reserve(vector, count);
      duckdb.list_vector_set_size(vector, count);
      duckdb.copy_data_to_vector(vector, 0, entries.buffer, 0, entries.byteLength);
      setBitmap(vector, missing, rows);
      const child = duckdb.list_vector_get_child(vector);
      const { buffer, missing: missingElements } = elementsOf(kind, lists, count);
      duckdb.copy_data_to_vector(child, 0, buffer, 0, buffer.byteLength);
      setBitmap(child, missingElements, count);
    },
  };
}

const writerFor = (kind: RawKind, vector: duckdb.Vector, rows: number): RawWriter =>
  kind === 'real' ? realWriter(vector, rows) : listWriter(kind, vector, rows);

/** Writer of a result: one list or real, or a STRUCT of them. */
export function rawWriter(result: RawKind | readonly RawKind[], output: duckdb.Vector, rows: number): RawWriter {
  if (typeof result === 'string') return writerFor(result, output, rows);
  const parts = result.map((kind, i) => writerFor(kind, duckdb.struct_vector_get_child(output, i), rows));
  return {
    set(row, value) {
      const values = (value ?? []) as readonly unknown[];
      parts.forEach((part, i) => part.set(row, values[i]));
    },
    flush() {
      for (const part of parts) part.flush();
    },
  };
}
