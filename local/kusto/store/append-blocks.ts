// Blocks → data chunks → DuckDB's appender. Chunks are filled through the memory of their vectors: a call into DuckDB for every value
// costs more than everything else together.

import {
  BIGINT,
  BLOB,
  BOOLEAN,
  DOUBLE,
  INTEGER,
  VARCHAR,
  DuckDBDataChunk,
  type DuckDBAppender,
  type DuckDBType,
} from '@duckdb/node-api';
import duckdb from '@duckdb/node-bindings';
import type { StoredColumn, TableEntity } from '../catalog/entities.ts';
import { PHYSICAL } from '../types.ts';
import type { Block, BlockColumn, FixedColumn, TextColumn, Value } from './block.ts';

const CHUNK_ROWS = 2048;
const TYPES: Readonly<Record<string, DuckDBType>> = { BOOLEAN, INTEGER, BIGINT, DOUBLE, VARCHAR };
const BYTES: Readonly<Record<string, number>> = { BOOLEAN: 1, INTEGER: 4, BIGINT: 8, DOUBLE: 8 };
/** A text is its length and, up to twelve bytes, itself; else its first four bytes and a pointer. */
const TEXT_BYTES = 16;
const INLINE_BYTES = 12;

/** Rows `from` to `from + rows` of a block, at row `at` of a chunk. */
interface Part {
  readonly block: Block;
  readonly from: number;
  readonly rows: number;
  readonly at: number;
}

/** Blocks cut and put together to full chunks: a chunk of a wide table costs the same whether it holds one row or two thousand. */
export function chunkParts(blocks: readonly Block[]): Part[][] {
  const chunks: Part[][] = [];
  let parts: Part[] = [];
  let at = 0;
  for (const block of blocks) {
    for (let from = 0; from < block.rowCount;) {
      const rows = Math.min(CHUNK_ROWS - at, block.rowCount - from);
      parts.push({ block, from, rows, at });
      from += rows;
      at += rows;
      if (at < CHUNK_ROWS) continue;
      chunks.push(parts);
      parts = [];
      at = 0;
    }
  }
  return at > 0 ? [...chunks, parts] : chunks;
}

const isFixed = (column: BlockColumn): column is FixedColumn => 'data' in column;
const isText = (column: BlockColumn): column is TextColumn => 'starts' in column;

/** Validity of a chunk's column, one bit a row; made when the first null comes. */
class Validity {
  readonly #rows: number;
  #bits: Uint8Array<ArrayBuffer> | null = null;
  constructor(rows: number) {
    this.#rows = rows;
  }

  setNull(row: number): void {
    this.#bits ??= new Uint8Array(Math.ceil(this.#rows / 64) * 8).fill(255);
    this.#bits[row >> 3] = (this.#bits[row >> 3] ?? 0) & ~(1 << (row & 7));
  }

  setNulls(nulls: Uint8Array | null, { from, rows, at }: Part): void {
    for (let i = 0; i < rows; i++) if (nulls === null || nulls[from + i] === 1) this.setNull(at + i);
  }

  write(vector: duckdb.Vector): void {
    if (this.#bits === null) return;
    duckdb.vector_ensure_validity_writable(vector);
    duckdb.copy_data_to_vector_validity(vector, 0, this.#bits.buffer, 0, this.#bits.byteLength);
  }
}

function fillFixed(vector: duckdb.Vector, { id, type }: StoredColumn, parts: readonly Part[], rows: number): void {
  const physical = PHYSICAL[type];
  const size = BYTES[physical] ?? 8;
  const data = new Uint8Array(rows * size);
  const validity = new Validity(rows);
  for (const part of parts) {
    const column = part.block.columns.get(id);
    if (column === undefined || isText(column)) validity.setNulls(null, part);
    else if (isFixed(column)) {
      data.set(column.data.subarray(part.from * size, (part.from + part.rows) * size), part.at * size);
      validity.setNulls(column.nulls, part);
    } else fillValues(physical, data, column, part, validity);
  }
  duckdb.copy_data_to_vector(vector, 0, data.buffer, 0, data.byteLength);
  validity.write(vector);
}

function fillValues(
  physical: string,
  { buffer }: Uint8Array<ArrayBuffer>,
  values: readonly Value[],
  { from, rows, at }: Part,
  validity: Validity,
): void {
  const floats = physical === 'DOUBLE' ? new Float64Array(buffer) : null;
  const bigs = physical === 'BIGINT' ? new BigInt64Array(buffer) : null;
  const small = physical === 'INTEGER' ? new Int32Array(buffer) : new Uint8Array(buffer);
  for (let i = 0; i < rows; i++) {
    const value = values[from + i];
    if (value === null || value === undefined) validity.setNull(at + i);
    else if (bigs !== null) bigs[at + i] = value as bigint;
    else if (floats !== null) floats[at + i] = value as number;
    else small[at + i] = Number(value);
  }
}

/** The heaps of a chunk's blocks as texts of a vector of their own, which must live until the chunk is appended. */
class Heaps {
  readonly #chunk: DuckDBDataChunk;
  readonly #pointers = new Map<Uint8Array, number>();

  constructor(parts: readonly Part[]) {
    const heaps = [...new Set(parts.flatMap(({ block }) => block.heap ?? []))].filter((heap) => heap.length > 0);
    this.#chunk = DuckDBDataChunk.create([BLOB], Math.max(1, heaps.length));
    const vector = duckdb.data_chunk_get_vector(this.#chunk.chunk, 0);
    heaps.forEach((heap, i) => duckdb.vector_assign_string_element_len(vector, i, heap));
    const { buffer, byteOffset } = duckdb.vector_get_data(vector, Math.max(1, heaps.length) * TEXT_BYTES);
    const view = new DataView(buffer, byteOffset);
    heaps.forEach((heap, i) =>
      // A short one lies in the vector itself, and so do all texts in it.
      this.#pointers.set(heap, heap.length <= INLINE_BYTES ? 0 : Number(view.getBigUint64(i * TEXT_BYTES + 8, true))),
    );
  }

  pointerOf(heap: Uint8Array): number {
    return this.#pointers.get(heap) ?? 0;
  }

  /** Called when the chunk is appended; what is used up to then is not collected. */
  release(): void {
    this.#chunk.reset();
  }
}

function fillText(
  vector: duckdb.Vector,
  { id, type }: StoredColumn,
  parts: readonly Part[],
  rows: number,
  heaps: Heaps,
): void {
  const data = new Uint8Array(rows * TEXT_BYTES);
  const validity = new Validity(rows);
  for (const part of parts) {
    const column = part.block.columns.get(id);
    if (column !== undefined && isText(column)) placeTexts(data, column, part, heaps);
    if (type === 'string' || Array.isArray(column)) continue;
    validity.setNulls(column !== undefined && isText(column) ? column.nulls : null, part);
  }
  // Zeroed elements are empty texts.
  duckdb.copy_data_to_vector(vector, 0, data.buffer, 0, data.byteLength);
  for (const part of parts) {
    const column = part.block.columns.get(id);
    if (column !== undefined && !isText(column) && !isFixed(column))
      assignTexts(vector, column, part, validity, type === 'string');
  }
  validity.write(vector);
}

/** Writes texts as DuckDB lays them out, with pointers into the heaps. */
function placeTexts(data: Uint8Array<ArrayBuffer>, column: TextColumn, part: Part, heaps: Heaps): void {
  const { block, from, rows, at } = part;
  if (block.heap === undefined) return;
  const [body, rest] = block.heap;
  const words = new Uint32Array(data.buffer);
  const [bodyPointer, restPointer] = [heaps.pointerOf(body), heaps.pointerOf(rest)];
  for (let i = 0; i < rows; i++) {
    const length = column.lengths[from + i] ?? 0;
    if (length === 0) continue;
    const place = column.starts[from + i] ?? 0;
    const isInBody = place < body.length;
    const source = isInBody ? body : rest;
    const start = isInBody ? place : place - body.length;
    const to = (at + i) * TEXT_BYTES;
    words[to >> 2] = length;
    const copied = length <= INLINE_BYTES ? length : 4;
    for (let j = 0; j < copied; j++) data[to + 4 + j] = source[start + j] ?? 0;
    if (length <= INLINE_BYTES) continue;
    const pointer = (isInBody ? bodyPointer : restPointer) + start;
    words[(to >> 2) + 2] = pointer % 2 ** 32;
    words[(to >> 2) + 3] = Math.floor(pointer / 2 ** 32);
  }
}

function assignTexts(
  vector: duckdb.Vector,
  values: readonly Value[],
  { from, rows, at }: Part,
  validity: Validity,
  isString: boolean,
): void {
  for (let i = 0; i < rows; i++) {
    const value = values[from + i];
    if (typeof value === 'string') {
      if (value === '') continue;
      // The plain call stops at a NUL character.
      if (value.includes('\0')) duckdb.vector_assign_string_element_len(vector, at + i, Buffer.from(value));
      else duckdb.vector_assign_string_element(vector, at + i, value);
    } else if (!isString) {
      validity.setNull(at + i);
    }
  }
}

function fillConstant(vector: duckdb.Vector, rows: number, value: bigint): void {
  const data = new BigInt64Array(rows).fill(value);
  duckdb.copy_data_to_vector(vector, 0, data.buffer, 0, data.byteLength);
}

/** Appends the rows of blocks through an appender on the table's storage. */
export function appendBlocks(
  appender: DuckDBAppender,
  table: TableEntity,
  blocks: readonly Block[],
  batch: number,
  at: bigint,
): void {
  // Columns are added at the end and ids grow, so ascending ids are the physical order.
  const columns = [...table.columns].sort((a, b) => a.id - b.id);
  const types = [BIGINT, BIGINT, ...columns.map(({ type }) => TYPES[PHYSICAL[type]] ?? VARCHAR)];
  for (const parts of chunkParts(blocks)) {
    const rows = parts.reduce((sum, part) => sum + part.rows, 0);
    const chunk = DuckDBDataChunk.create(types, rows);
    const heaps = new Heaps(parts);
    const vectorOf = (index: number): duckdb.Vector => duckdb.data_chunk_get_vector(chunk.chunk, index);
    fillConstant(vectorOf(0), rows, BigInt(batch));
    fillConstant(vectorOf(1), rows, at);
    columns.forEach((column, i) => {
      if (PHYSICAL[column.type] === 'VARCHAR') fillText(vectorOf(i + 2), column, parts, rows, heaps);
      else fillFixed(vectorOf(i + 2), column, parts, rows);
    });
    appender.appendDataChunk(chunk);
    heaps.release();
  }
}
