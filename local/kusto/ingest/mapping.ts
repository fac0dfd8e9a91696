import type { StoredColumn, TableEntity } from '../catalog/entities.ts';
import type { Block, Value } from '../store/block.ts';
import { KustoError } from '../types.ts';
import { CONVERT, dynamicFromText, fromUnix, type Convert } from './convert.ts';
import type { PropertyColumn } from './json-lines.ts';
import { getter, parsePath, type Step } from './json-path.ts';

/** Where one column's values come from. */
interface Source {
  readonly column: StoredColumn;
  readonly read: (row: unknown, index: number, location: string) => unknown;
  readonly convert: Convert;
  /** The value is that of this property of a JSON row, as it is. */
  readonly property?: string;
}

/** An element of an ingestion mapping, in both spellings that Kusto takes, names folded to lower case. */
interface Element {
  readonly column: string;
  readonly path?: string;
  readonly constValue?: string;
  readonly transform?: string;
  readonly ordinal?: number;
}

const bad = (message: string): KustoError => new KustoError('BADREQUEST', message);

const textOf = (value: unknown): string | undefined => {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
};

/** The elements of a mapping's JSON text; throws BadRequest when it is no array of objects that name a column. */
export function parseMapping(text: string): Element[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw bad(`The ingestion mapping is not JSON: ${error instanceof Error ? error.message : ''}`);
  }
  if (!Array.isArray(parsed)) throw bad('The ingestion mapping must be a JSON array');
  return parsed.map((item: unknown, i) => {
    if (typeof item !== 'object' || item === null) throw bad(`Element ${i} of the ingestion mapping is no object`);
    const properties = new Map<string, unknown>();
    for (const [key, value] of Object.entries(item)) {
      if (key.toLowerCase() === 'properties' && typeof value === 'object' && value !== null) {
        for (const [name, inner] of Object.entries(value)) properties.set(name.toLowerCase(), inner);
      } else {
        properties.set(key.toLowerCase(), value);
      }
    }
    const column = textOf(properties.get('column')) ?? textOf(properties.get('name'));
    if (column === undefined) throw bad(`Element ${i} of the ingestion mapping names no column`);
    const path = textOf(properties.get('path'));
    const constValue = textOf(properties.get('constvalue'));
    const transform = textOf(properties.get('transform'));
    const ordinal = textOf(properties.get('ordinal'));
    return {
      column,
      ...(path === undefined ? {} : { path }),
      ...(constValue === undefined ? {} : { constValue }),
      ...(transform === undefined || transform === 'None' ? {} : { transform }),
      ...(ordinal === undefined ? {} : { ordinal: Number(ordinal) }),
    };
  });
}

const UNIX_TRANSFORMS: Readonly<Record<string, bigint>> = {
  datetimefromunixseconds: 10_000_000n,
  datetimefromunixmilliseconds: 10_000n,
  datetimefromunixmicroseconds: 10n,
};

/** Checks a mapping against its table when it is created, so that a typo is told then and not at the first row. */
export function checkMapping(table: TableEntity, kind: string, text: string): void {
  const elements = parseMapping(text);
  for (const { column } of elements) {
    if (!table.columns.some(({ name }) => name === column))
      throw bad(`The mapping names column '${column}', which table '${table.name}' does not have`);
  }
  if (kind === 'json') jsonSources(table, elements);
  if (kind === 'csv') csvSources(table, elements);
}

function jsonSources(table: TableEntity, elements: readonly Element[]): Source[] {
  const mapped = elements.flatMap(({ path, transform }) =>
    path === undefined || transform?.toLowerCase() === 'dropmappedfields' ? [] : [parsePath(path)],
  );
  return elements.flatMap((element) => {
    const column = table.columns.find(({ name }) => name === element.column);
    if (column === undefined) return [];
    if (element.constValue !== undefined) return [constant(column, element.constValue)];
    const steps = element.path === undefined ? [column.name] : parsePath(element.path);
    const [property] = steps;
    const isPlain = steps.length === 1 && typeof property === 'string' && element.transform === undefined;
    const source = { column, ...transformed(column, steps, element.transform, mapped) };
    return [isPlain ? { ...source, property } : source];
  });
}

const constant = (column: StoredColumn, value: string): Source => ({
  column,
  read: () => value,
  convert: column.type === 'dynamic' ? () => dynamicFromText(value) : CONVERT[column.type],
});

function transformed(
  column: StoredColumn,
  steps: readonly Step[],
  transform: string | undefined,
  mapped: readonly (readonly Step[])[],
): Pick<Source, 'read' | 'convert'> {
  const get = getter(steps);
  const convert = CONVERT[column.type];
  if (transform === undefined) return { read: get, convert };
  const anyFormat = transformOfAny(transform, get, column);
  if (anyFormat !== null) return anyFormat;
  switch (transform.toLowerCase()) {
    case 'dropmappedfields': {
      const inner = mapped.filter((path) => path.length > steps.length && steps.every((step, i) => path[i] === step));
      const gone = inner.map((path) => path.slice(steps.length));
      return { read: (row) => without(get(row), gone), convert };
    }
    case 'propertybagarraytodictionary':
      return { read: (row) => toDictionary(get(row)), convert };
    case 'bytesasbase64':
      return { read: (row) => toBase64(get(row)), convert };
    default:
      throw bad(`The mapping transform '${transform}' is not known`);
  }
}

const nanoseconds = (value: unknown): Value => {
  const ticks = fromUnix(1n)(value);
  if (typeof ticks !== 'bigint') return null;
  const epoch = fromUnix(1n)(0) as bigint;
  return epoch + (ticks - epoch) / 100n;
};

/** The transforms of every format; null when it is none of them. */
function transformOfAny(
  transform: string,
  get: (row: unknown) => unknown,
  column: StoredColumn,
): Pick<Source, 'read' | 'convert'> | null {
  const name = transform.toLowerCase();
  const unit = UNIX_TRANSFORMS[name];
  if (unit !== undefined) return { read: get, convert: fromUnix(unit) };
  if (name === 'datetimefromunixnanoseconds') return { read: get, convert: (value) => nanoseconds(value) };
  const convert = CONVERT[column.type];
  if (name === 'sourcelinenumber') return { read: (_row, index) => index + 1, convert };
  return name === 'sourcelocation' ? { read: (_row, _index, location) => location, convert } : null;
}

/** A value without the fields at these paths below it, nor objects that are empty without them. */
function without(value: unknown, paths: readonly (readonly Step[])[]): unknown {
  if (paths.length === 0 || typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]): [string, unknown][] => {
      const below = paths.filter(([step]) => step === key).map((path) => path.slice(1));
      if (below.some((path) => path.length === 0)) return [];
      const rest = without(inner, below);
      return rest !== inner && Object.keys(rest as object).length === 0 ? [] : [[key, rest]];
    }),
  );
}

/** `[{"a":1},{"b":2}]` → `{"a":1,"b":2}`; Key/Value pairs too. */
function toDictionary(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  return Object.fromEntries(
    value.flatMap((item: unknown): [string, unknown][] => {
      if (typeof item !== 'object' || item === null) return [];
      const { Key: key, Value: inner } = item as { Key?: unknown; Value?: unknown };
      return typeof key === 'string' ? [[key, inner]] : Object.entries(item);
    }),
  );
}

const toBase64 = (value: unknown): unknown => {
  if (typeof value === 'string') return Buffer.from(value).toString('base64');
  return Array.isArray(value) ? Buffer.from(value as number[]).toString('base64') : value;
};

function csvSources(table: TableEntity, elements: readonly Element[] | null): Source[] {
  const fromText = (column: StoredColumn): Convert =>
    column.type === 'dynamic'
      ? (value) => dynamicFromText(typeof value === 'string' ? value : '')
      : CONVERT[column.type];
  if (elements === null)
    return table.columns.map((column, i) => ({
      column,
      read: (row) => (row as string[])[i],
      convert: fromText(column),
    }));
  return elements.flatMap((element, i) => {
    const column = table.columns.find(({ name }) => name === element.column);
    if (column === undefined) return [];
    if (element.constValue !== undefined) return [constant(column, element.constValue)];
    const ordinal = element.ordinal ?? i;
    const read = (row: unknown): unknown => (row as string[])[ordinal];
    if (element.transform === undefined) return [{ column, read, convert: fromText(column) }];
    const source = transformOfAny(element.transform, read, column);
    if (source === null) throw bad(`The mapping transform '${element.transform}' is not for delimited text`);
    return [{ column, ...source }];
  });
}

export type RowFormat = 'json' | 'csv';

/** By table and mapping: a mapping of 75 columns costs as much to read as a small batch of rows. */
const plans = new WeakMap<TableEntity, Map<string, readonly Source[]>>();

function sourcesFor(table: TableEntity, format: RowFormat, mapping: string | null): readonly Source[] {
  let byMapping = plans.get(table);
  if (byMapping === undefined) plans.set(table, (byMapping = new Map<string, readonly Source[]>()));
  const key = `${format}:${mapping ?? ''}`;
  const known = byMapping.get(key);
  if (known !== undefined) return known;
  const elements = mapping === null ? null : parseMapping(mapping);
  const sources =
    format === 'csv'
      ? csvSources(table, elements)
      : jsonSources(table, elements ?? table.columns.map(({ name }) => ({ column: name })));
  byMapping.set(key, sources);
  return sources;
}

/** The columns of a JSON body whose values are properties of its rows; null when the mapping asks for more. */
export function propertyColumns(table: TableEntity, mapping: string | null): readonly PropertyColumn[] | null {
  const sources = sourcesFor(table, 'json', mapping);
  return sources.every((source): source is Source & PropertyColumn => source.property !== undefined) ? sources : null;
}

/** Decoded rows → a block for `table`, by the mapping (its JSON text), or by name (JSON) and position (CSV) without one. `location` is where they come from. */
export function toBlock(
  table: TableEntity,
  rows: readonly unknown[],
  format: RowFormat,
  mapping: string | null,
  location = '',
): Block {
  const columns = new Map<number, readonly Value[]>();
  for (const { column, read, convert } of sourcesFor(table, format, mapping)) {
    const values: Value[] = [];
    for (let i = 0; i < rows.length; i++) values.push(convert(read(rows[i], i, location)));
    columns.set(column.id, values);
  }
  return { rowCount: rows.length, columns };
}
