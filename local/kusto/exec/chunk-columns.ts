import type { DuckDBDataChunk } from '@duckdb/node-api';
import duckdb from '@duckdb/node-bindings';
import { PHYSICAL, type Column } from '../types.ts';

/** Reads the value at a row: what encodeCell takes. */
export type ReadCell = (row: number) => unknown;

const INLINE_BYTES = 12;
const STRING_BYTES = 16;

/** A view on a vector's memory that starts where its element type may start. */
const aligned = (bytes: Uint8Array): Uint8Array => (bytes.byteOffset % 8 === 0 ? bytes : bytes.slice());

const BYTES: Readonly<Record<string, number>> = { BOOLEAN: 1, INTEGER: 4, BIGINT: 8, DOUBLE: 8, VARCHAR: STRING_BYTES };

/** A string lies as its length and, up to twelve bytes, its text, else a pointer. */
function stringReader(data: Uint8Array): ReadCell {
  const buffer = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return (row) => {
    const at = row * STRING_BYTES;
    const length = buffer.readUInt32LE(at);
    if (length <= INLINE_BYTES) return buffer.toString('utf8', at + 4, at + 4 + length);
    const far = duckdb.get_data_from_pointer(data.buffer as ArrayBuffer, data.byteOffset + at + 8, length);
    return Buffer.from(far.buffer, far.byteOffset, far.byteLength).toString('utf8');
  };
}

function plainReader(physical: string, data: Uint8Array, rows: number): ReadCell {
  const { buffer, byteOffset } = data;
  switch (physical) {
    case 'BOOLEAN':
      return (row) => data[row] !== 0;
    case 'INTEGER': {
      const ints = new Int32Array(buffer, byteOffset, rows);
      return (row) => ints[row];
    }
    case 'DOUBLE': {
      const doubles = new Float64Array(buffer, byteOffset, rows);
      return (row) => doubles[row];
    }
    case 'BIGINT': {
      const longs = new BigInt64Array(buffer, byteOffset, rows);
      return (row) => longs[row];
    }
    default:
      return stringReader(data);
  }
}

function columnReader(chunk: DuckDBDataChunk, index: number, { type }: Column): ReadCell {
  const physical = PHYSICAL[type];
  const rows = chunk.rowCount;
  const vector = duckdb.data_chunk_get_vector(chunk.chunk, index);
  const raw = duckdb.vector_get_data(vector, rows * (BYTES[physical] ?? 0));
  const read = plainReader(physical, physical === 'VARCHAR' ? raw : aligned(raw), rows);
  // No bitmap at all when every value is there; the bindings' types do not say so.
  const valid = duckdb.vector_get_validity(vector, Math.ceil(rows / 64) * 8) as Uint8Array | null;
  if (valid === null) return read;
  return (row) => (((valid[row >> 3] ?? 0) >> (row & 7)) & 1 ? read(row) : null);
}

/**
 * Readers of a chunk's columns, whose physical types are those of PHYSICAL. They look at the vectors' memory themselves: a streamed
 * filter comes in many chunks of a few rows, and an object for every vector costs more than its values.
 */
export const columnReaders = (chunk: DuckDBDataChunk, columns: readonly Column[]): ReadCell[] =>
  columns.map((column, i) => columnReader(chunk, i, column));
