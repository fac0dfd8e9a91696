import {
  BIGINT,
  BOOLEAN,
  DOUBLE,
  INTEGER,
  VARCHAR,
  DuckDBDataChunk,
  type DuckDBAppender,
  type DuckDBType,
} from '@duckdb/node-api';
import duckdb from '@duckdb/node-bindings';
import type { TableEntity } from '../catalog/entities.ts';
import type { KustoType } from '../types.ts';

/** A value of a column's physical type: string, number (int, real), bigint (long, datetime, timespan), boolean; null where there is none. */
export type Value = string | number | bigint | boolean | null;

/** Rows on their way into a table, column by column. */
export interface Block {
  readonly rowCount: number;
  /** By column id. A column that is missing here is null ('' for strings). */
  readonly columns: ReadonlyMap<number, readonly Value[]>;
}

const CHUNK_ROWS = 2048;
const TYPES: Readonly<Record<KustoType, DuckDBType>> = {
  bool: BOOLEAN,
  int: INTEGER,
  long: BIGINT,
  real: DOUBLE,
  decimal: DOUBLE,
  string: VARCHAR,
  datetime: BIGINT,
  timespan: BIGINT,
  dynamic: VARCHAR,
  guid: VARCHAR,
};

/** Clears the bit of a null in a validity bitmap made by {@link allValid}. */
const setNull = (valid: Uint8Array, row: number): void => {
  valid[row >> 3] = (valid[row >> 3] ?? 0) & ~(1 << (row & 7));
};
const allValid = (rows: number): Uint8Array => new Uint8Array(Math.ceil(rows / 64) * 8).fill(255);

function writeStrings(
  vector: duckdb.Vector,
  values: readonly Value[],
  from: number,
  rows: number,
  emptyIsNull: boolean,
): void {
  // Zeroed elements are empty strings, so only the others cost a call.
  const zeros = new ArrayBuffer(16 * rows);
  duckdb.copy_data_to_vector(vector, 0, zeros, 0, zeros.byteLength);
  let valid: Uint8Array | null = null;
  for (let i = 0; i < rows; i++) {
    const value = values[from + i];
    if (typeof value === 'string') {
      if (value === '') continue;
      // The plain call stops at a NUL character.
      if (value.includes('\0')) duckdb.vector_assign_string_element_len(vector, i, Buffer.from(value));
      else duckdb.vector_assign_string_element(vector, i, value);
    } else if (emptyIsNull) {
      setNull((valid ??= allValid(rows)), i);
    }
  }
  if (valid !== null) writeValidity(vector, valid);
}

function writeValidity(vector: duckdb.Vector, valid: Uint8Array): void {
  duckdb.vector_ensure_validity_writable(vector);
  duckdb.copy_data_to_vector_validity(vector, 0, valid.buffer as ArrayBuffer, 0, valid.byteLength);
}

function numbersOf(
  type: KustoType,
  values: readonly Value[],
  from: number,
  rows: number,
): { data: ArrayBuffer; valid: Uint8Array | null } {
  const wide = type !== 'int' && type !== 'bool';
  const data = new ArrayBuffer(rows * (wide ? 8 : type === 'int' ? 4 : 1));
  const floats = type === 'real' || type === 'decimal' ? new Float64Array(data) : null;
  const bigs = wide && floats === null ? new BigInt64Array(data) : null;
  const small = wide ? null : type === 'int' ? new Int32Array(data) : new Uint8Array(data);
  let valid: Uint8Array | null = null;
  for (let i = 0; i < rows; i++) {
    const value = values[from + i];
    if (value === null || value === undefined) setNull((valid ??= allValid(rows)), i);
    else if (bigs !== null) bigs[i] = value as bigint;
    else if (floats !== null) floats[i] = value as number;
    else if (small !== null) small[i] = Number(value);
  }
  return { data, valid };
}

function fillConstant(vector: duckdb.Vector, rows: number, value: bigint): void {
  const data = new BigInt64Array(rows).fill(value);
  duckdb.copy_data_to_vector(vector, 0, data.buffer, 0, data.byteLength);
}

/** Types of the physical columns, `_batch` and `_at` first. */
const chunkTypes = (table: TableEntity): DuckDBType[] => [
  BIGINT,
  BIGINT,
  ...physicalOrder(table).map(({ type }) => TYPES[type]),
];

/** Columns are added at the end and ids grow, so ascending ids are the physical order. */
const physicalOrder = (table: TableEntity) => [...table.columns].sort((a, b) => a.id - b.id);

/** Blocks of few rows made one: a chunk of a wide table costs the same whether it holds one row or two thousand. */
export function joinSmall(blocks: readonly Block[]): Block[] {
  const joined: Block[] = [];
  let group: Block[] = [];
  let rows = 0;
  const flush = (): void => {
    const [first] = group;
    if (first !== undefined) joined.push(group.length === 1 ? first : join(group, rows));
    group = [];
    rows = 0;
  };
  for (const block of blocks) {
    if (block.rowCount === 0) continue;
    if (rows + block.rowCount > CHUNK_ROWS) flush();
    group.push(block);
    rows += block.rowCount;
  }
  flush();
  return joined;
}

function join(blocks: readonly Block[], rowCount: number): Block {
  const columns = new Map<number, Value[]>();
  let start = 0;
  for (const block of blocks) {
    for (const [id, values] of block.columns) {
      let column = columns.get(id);
      if (column === undefined) columns.set(id, (column = []));
      while (column.length < start) column.push(null);
      for (const value of values) column.push(value);
    }
    start += block.rowCount;
  }
  return { rowCount, columns };
}

/** Appends the rows of `block` through an appender on the table's storage. */
export function appendBlock(
  appender: DuckDBAppender,
  table: TableEntity,
  block: Block,
  batch: number,
  at: bigint,
): void {
  const types = chunkTypes(table);
  const columns = physicalOrder(table);
  for (let from = 0; from < block.rowCount; from += CHUNK_ROWS) {
    const rows = Math.min(CHUNK_ROWS, block.rowCount - from);
    const chunk = DuckDBDataChunk.create(types, rows);
    fillConstant(duckdb.data_chunk_get_vector(chunk.chunk, 0), rows, BigInt(batch));
    fillConstant(duckdb.data_chunk_get_vector(chunk.chunk, 1), rows, at);
    columns.forEach(({ id, type }, i) => {
      const vector = duckdb.data_chunk_get_vector(chunk.chunk, i + 2);
      const values = block.columns.get(id) ?? [];
      if (TYPES[type] === VARCHAR) {
        writeStrings(vector, values, from, rows, type !== 'string');
        return;
      }
      const { data, valid } = numbersOf(type, values, from, rows);
      duckdb.copy_data_to_vector(vector, 0, data, 0, data.byteLength);
      if (valid !== null) writeValidity(vector, valid);
    });
    appender.appendDataChunk(chunk);
  }
}
