import type { CellValue, Field, FieldType, Frame } from './frames.ts';

/** One table of a Kusto v1 answer. */
export interface KustoTable {
  readonly TableName: string;
  readonly Columns: readonly {
    readonly ColumnName: string;
    readonly DataType?: string;
    readonly ColumnType?: string;
  }[];
  readonly Rows: readonly unknown[];
}

/** The answer cannot be turned into a frame; the message says which column and why. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
}

const wrong = (column: string, expected: string, value: unknown): FrameError =>
  new FrameError(`column '${column}': expected ${expected}, got ${typeof value} (${JSON.stringify(value)})`);

const toText = (value: unknown, column: string): CellValue => {
  if (value === null || value === undefined) return null;
  if (typeof value !== 'string') throw wrong(column, 'string', value);
  return value;
};

const toTime = (value: unknown, column: string): CellValue => {
  if (value === null || value === undefined) return null;
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(ms)) throw wrong(column, 'an RFC 3339 time', value);
  return ms;
};

const toInteger = (value: unknown, column: string): CellValue => {
  if (value === null || value === undefined) return null;
  if (typeof value !== 'number' || !Number.isInteger(value)) throw wrong(column, 'an integer', value);
  return value;
};

const toReal = (value: unknown, column: string): CellValue => {
  if (value === null || value === undefined) return null;
  if (typeof value === 'number') return value;
  if (value === 'NaN') return Number.NaN;
  if (value === 'Infinity') return Infinity;
  if (value === '-Infinity') return -Infinity;
  throw wrong(column, 'a number', value);
};

const toDecimal = (value: unknown, column: string): CellValue => {
  if (typeof value !== 'string') return toReal(value, column);
  const parsed = Number(value);
  if (value.trim() === '' || Number.isNaN(parsed)) throw wrong(column, 'a decimal', value);
  return parsed;
};

const toBoolean = (value: unknown, column: string): CellValue => {
  if (value === null || value === undefined) return null;
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number') return value !== 0;
  throw wrong(column, 'a bool', value);
};

const toJson = (value: unknown): CellValue => JSON.stringify(value ?? null);

type Converter = readonly [FieldType, (value: unknown, column: string) => CellValue];

// The plugin's table of column types: guid and timespan arrive as text, dynamic as JSON text.
const CONVERTERS: Readonly<Record<string, Converter>> = {
  string: ['string', toText],
  guid: ['string', toText],
  timespan: ['string', toText],
  dynamic: ['string', toJson],
  datetime: ['time', toTime],
  int: ['number', toInteger],
  long: ['number', toInteger],
  real: ['number', toReal],
  decimal: ['number', toDecimal],
  bool: ['boolean', toBoolean],
};

/** First table of a v1 answer as frames: none for zero rows (Grafana's "No data"), one otherwise. Throws FrameError. */
export function tableToFrames(table: KustoTable, refId: string, executedQuery: string): Frame[] {
  if (table.Rows.length === 0) return [];
  const rows = table.Rows.map((row) => {
    // An object among the rows is how v1 reports a failure after the first rows went out.
    if (!Array.isArray(row)) throw new FrameError(`the query failed part-way: ${JSON.stringify(row)}`);
    return row as unknown[];
  });
  const fields: Field[] = table.Columns.map((column, index) => {
    const type = column.ColumnType ?? '';
    const converter = CONVERTERS[type];
    if (converter === undefined) throw new FrameError(`column '${column.ColumnName}': unsupported type '${type}'`);
    const [fieldType, convert] = converter;
    return {
      name: column.ColumnName,
      type: fieldType,
      kustoType: type,
      values: rows.map((row) => convert(row[index], column.ColumnName)),
    };
  });
  return [{ refId, fields, notices: [], executedQuery }];
}
