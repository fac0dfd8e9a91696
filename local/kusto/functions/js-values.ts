// Values between DuckDB vectors and JavaScript functions.

import {
  BIGINT,
  BOOLEAN,
  DOUBLE,
  INTEGER,
  LIST,
  VARCHAR,
  DuckDBListValue,
  type DuckDBDataChunk,
  type DuckDBType,
  type DuckDBValue,
  type DuckDBVector,
} from '@duckdb/node-api';
import duckdb from '@duckdb/node-bindings';
import { seriesReader } from './list-vectors.ts';
import type { ArgumentKind, ResultKind } from './function-types.ts';

export const ARGUMENT_TYPE: Readonly<Record<ArgumentKind, DuckDBType>> = {
  string: VARCHAR,
  bool: BOOLEAN,
  int: INTEGER,
  long: BIGINT,
  number: DOUBLE,
  datetime: BIGINT,
  timespan: BIGINT,
  dynamic: VARCHAR,
  json: VARCHAR,
  series: LIST(DOUBLE),
};

export const RESULT_TYPE: Readonly<Record<ResultKind, DuckDBType>> = {
  string: VARCHAR,
  guid: VARCHAR,
  bool: BOOLEAN,
  int: INTEGER,
  long: BIGINT,
  real: DOUBLE,
  datetime: BIGINT,
  timespan: BIGINT,
  dynamic: VARCHAR,
  json: VARCHAR,
  series: LIST(DOUBLE),
  longs: LIST(BIGINT),
};

export type Reader = (row: number) => unknown;

/** Reads JSON text; the same text twice in a row is parsed once (constants repeat in every row). */
function jsonReader(vector: DuckDBVector): Reader {
  let lastText: string | undefined;
  let lastValue: unknown;
  return (row) => {
    const text = vector.getItem(row) as string | null;
    if (text === null) return null;
    if (text !== lastText) {
      lastText = text;
      lastValue = parseLoose(text);
    }
    return lastValue;
  };
}

const parseLoose = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

/** How to read one argument column. */
export function readerOf(kind: ArgumentKind, input: DuckDBDataChunk, index: number): Reader {
  if (kind === 'series') return seriesReader(duckdb.data_chunk_get_vector(input.chunk, index), input.rowCount);
  const vector = input.getColumnVector(index);
  if (kind === 'dynamic') return jsonReader(vector);
  return (row) => vector.getItem(row);
}

const toBigint = (value: unknown): bigint =>
  typeof value === 'bigint' ? value : typeof value === 'boolean' ? BigInt(value) : BigInt(Math.trunc(Number(value)));

/** One result as DuckDB wants it. */
export function writeValue(kind: ResultKind, value: unknown): DuckDBValue {
  if (value === undefined || value === null) return kind === 'string' ? '' : null;
  switch (kind) {
    case 'string':
    case 'guid':
    case 'json':
      return typeof value === 'string' ? value : JSON.stringify(value);
    case 'bool':
      return Boolean(value);
    case 'int':
    case 'real':
      return Number(value);
    case 'long':
    case 'datetime':
    case 'timespan':
      return toBigint(value);
    case 'dynamic':
      return JSON.stringify(value);
    case 'series':
      return new DuckDBListValue([...(value as ArrayLike<number | null> & Iterable<number | null>)]);
    case 'longs':
      return new DuckDBListValue(
        [...(value as Iterable<number | boolean | null>)].map((v) => (v === null ? null : toBigint(v))),
      );
  }
}
