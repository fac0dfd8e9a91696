// Conversions between KQL types, as SQL.

import type { KustoType } from '../types.ts';
import { datetimeText, timespanText } from './datetime.ts';
import {
  boolOfJson,
  boolOfText,
  intOfJson,
  intOfLong,
  intOfReal,
  longOfJson,
  longOfReal,
  longOfText,
  realOfJson,
  realOfText,
  realText,
} from './number-text.ts';
import { quote, type Atoms, type ListElement, type Value } from './value.ts';

/** Largest text of an expression that is simply repeated. */
const SHORT = 24;

/** The value with SQL that may be repeated freely. */
export const atomOf = (value: Value, atoms: Atoms): string =>
  value.sql.length <= SHORT ? value.sql : atoms.atom(value.sql);

const listText = (list: string, element: ListElement, item: string, atoms: Atoms): string => {
  const json = toJson({ sql: item, type: element }, atoms);
  return `CASE WHEN ${list} IS NOT NULL THEN '[' || coalesce(array_to_string(list_transform(${list}, lambda ${item}: coalesce(${json}, 'null')), ','), '') || ']' END`;
};

let itemCounter = 0;

/** JSON text of a DuckDB list. Reals and whole numbers go through to_json, which is far faster than one text per element. */
export function listToJson(value: Value, atoms: Atoms): string {
  const element = value.list as ListElement;
  if (element === 'long' || element === 'bool' || element === 'string') return `CAST(to_json(${value.sql}) AS VARCHAR)`;
  if (element === 'real') {
    // JSON has no NaN and no infinity: Kusto writes them as strings.
    const text = `CAST(to_json(${value.sql}) AS VARCHAR)`;
    return `regexp_replace(regexp_replace(${text}, '(-?)(?:Infinity|inf)\\b', '"\\1Infinity"', 'g'), '(?:NaN|nan)\\b', '"NaN"', 'g')`;
  }
  const list = atomOf(value, atoms);
  itemCounter = (itemCounter + 1) % 1_000_000;
  return listText(list, element, `x${itemCounter}`, { atom: (sql) => sql });
}

/** JSON text of any value; null for null. */
export function toJson(value: Value, atoms: Atoms): string {
  switch (value.type) {
    case 'dynamic':
      if (value.list) return listToJson(value, atoms);
      if (value.scalar) return toJson({ sql: value.sql, type: value.scalar }, atoms);
      return value.sql;
    case 'bool':
    case 'int':
    case 'long':
      return `CAST(${value.sql} AS VARCHAR)`;
    case 'decimal':
      // A decimal is written as text, so that none of its digits is lost.
      return `('"' || ${nullableText(value, atoms)} || '"')`;
    case 'real': {
      const x = atomOf(value, atoms);
      return `CASE WHEN isfinite(${x}) THEN CAST(${x} AS VARCHAR) WHEN isnan(${x}) THEN '"NaN"' WHEN ${x} > 0 THEN '"Infinity"' WHEN ${x} < 0 THEN '"-Infinity"' END`;
    }
    case 'string':
    case 'guid':
      return `CAST(to_json(${value.sql}) AS VARCHAR)`;
    case 'datetime':
      return `('"' || ${datetimeText(atomOf(value, atoms))} || '"')`;
    case 'timespan':
      return `('"' || ${timespanText(atomOf(value, atoms))} || '"')`;
  }
}

/** Text of a dynamic, null where it is null: strings without their quotes. */
export function dynamicText(value: Value, atoms: Atoms): string {
  if (value.scalar) return nullableText({ sql: value.sql, type: value.scalar }, atoms);
  if (value.list) return listToJson(value, atoms);
  if (value.path) return `json_extract_string(${value.path.base}, ${value.path.path})`;
  return `json_extract_string(${value.sql}, '$')`;
}

function nullableText(value: Value, atoms: Atoms): string {
  switch (value.type) {
    case 'string':
    case 'guid':
      return value.sql;
    case 'dynamic':
      return dynamicText(value, atoms);
    case 'bool':
    case 'int':
    case 'long':
      return `CAST(${value.sql} AS VARCHAR)`;
    case 'real':
    case 'decimal': {
      const x = atomOf(value, atoms);
      return `CASE WHEN isfinite(${x}) THEN CAST(${x} AS VARCHAR) WHEN isnan(${x}) THEN 'NaN' WHEN ${x} > 0 THEN 'Infinity' WHEN ${x} < 0 THEN '-Infinity' END`;
    }
    case 'datetime':
      return datetimeText(atomOf(value, atoms));
    case 'timespan':
      return timespanText(atomOf(value, atoms));
  }
}

/** What tostring() gives: never null. Bools and infinities that are no dynamic have a text of their own. */
export function toText(value: Value, atoms: Atoms): string {
  if (value.type === 'string') return value.sql;
  if (value.type === 'bool') {
    const x = atomOf(value, atoms);
    return `CASE WHEN ${x} THEN 'True' WHEN NOT ${x} THEN 'False' ELSE '' END`;
  }
  if (value.type === 'real') {
    const x = atomOf(value, atoms);
    return `CASE WHEN isfinite(${x}) THEN ${realText(x)} WHEN isnan(${x}) THEN 'NaN' WHEN ${x} > 0 THEN 'inf' WHEN ${x} < 0 THEN '-inf' ELSE '' END`;
  }
  return `coalesce(${nullableText(value, atoms)}, '')`;
}

function toLong(value: Value, atoms: Atoms): string | undefined {
  switch (value.type) {
    case 'string':
    case 'guid':
      return longOfText(atomOf(value, atoms));
    case 'real':
    case 'decimal':
      // Beyond the range a known number and one from a row come out differently.
      if (typeof value.constant === 'number' && Math.abs(value.constant) >= 2 ** 63) return undefined;
      return longOfReal(atomOf(value, atoms));
    case 'dynamic':
      return longOfJson(atoms.atom(toJson(value, atoms)));
    default:
      return `CAST(${value.sql} AS BIGINT)`;
  }
}

function toInt(value: Value, atoms: Atoms): string | undefined {
  switch (value.type) {
    case 'string':
    case 'guid':
      return `TRY_CAST(${longOfText(atomOf(value, atoms))} AS INTEGER)`;
    case 'real':
    case 'decimal':
      if (typeof value.constant === 'number' && Math.abs(value.constant) >= 2 ** 31) return undefined;
      return intOfReal(atomOf(value, atoms));
    case 'dynamic':
      return intOfJson(atoms.atom(toJson(value, atoms)));
    case 'bool':
      return `CAST(${value.sql} AS INTEGER)`;
    default:
      return typeof value.constant === 'bigint'
        ? `CAST(${BigInt.asIntN(32, value.constant)} AS INTEGER)`
        : intOfLong(atomOf(value, atoms));
  }
}

function toReal(value: Value, atoms: Atoms): string {
  switch (value.type) {
    case 'string':
    case 'guid':
      return realOfText(atomOf(value, atoms));
    case 'dynamic':
      return realOfJson(atoms.atom(toJson(value, atoms)));
    default:
      return `CAST(${value.sql} AS DOUBLE)`;
  }
}

function toBool(value: Value, atoms: Atoms): string {
  switch (value.type) {
    case 'bool':
      return value.sql;
    case 'string':
      return boolOfText(atomOf(value, atoms));
    case 'dynamic':
      return boolOfJson(atoms.atom(toJson(value, atoms)));
    default:
      return `(${value.sql} <> 0)`;
  }
}

/** Ticks from text, through JavaScript: DuckDB's own cast has microseconds only. */
function ticksFromText(
  text: string,
  udf: string,
  constant: Value['constant'],
  parse: (t: string) => bigint | undefined,
): string {
  if (typeof constant === 'string') {
    const ticks = parse(constant);
    return ticks === undefined ? 'CAST(NULL AS BIGINT)' : `CAST(${ticks} AS BIGINT)`;
  }
  return `kql_${udf}_1(${text})`;
}

export interface TimeParsers {
  readonly datetime: (text: string) => bigint | undefined;
  readonly timespan: (text: string) => bigint | undefined;
}

function toTime(value: Value, type: 'datetime' | 'timespan', parsers: TimeParsers, atoms: Atoms): string | undefined {
  switch (value.type) {
    case 'datetime':
    case 'timespan':
      return value.type === type ? value.sql : undefined;
    case 'string':
      return ticksFromText(value.sql, `internal_${type}`, value.constant, parsers[type]);
    case 'dynamic':
      return `kql_internal_${type}_1(${dynamicText(value, atoms)})`;
    case 'long':
    case 'int':
      // A number given to totimespan() or todatetime() counts ticks.
      return `CAST(${value.sql} AS BIGINT)`;
    default:
      return undefined;
  }
}

const GUID = "'\\{?[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}\\}?'";

/** The value as another type, as the `to…()` functions do; undefined where no such conversion is known. */
export function convert(value: Value, type: KustoType, parsers: TimeParsers, atoms: Atoms): string | undefined {
  if (value.type === 'dynamic' && value.scalar && type !== 'dynamic') {
    return convert({ sql: value.sql, type: value.scalar }, type, parsers, atoms);
  }
  switch (type) {
    case 'string':
      return toText(value, atoms);
    case 'long':
      return value.type === 'long' ? value.sql : toLong(value, atoms);
    case 'int':
      return value.type === 'int' ? value.sql : toInt(value, atoms);
    case 'real':
    case 'decimal':
      return value.type === 'real' || value.type === 'decimal' ? value.sql : toReal(value, atoms);
    case 'bool':
      return toBool(value, atoms);
    case 'datetime':
    case 'timespan':
      return toTime(value, type, parsers, atoms);
    case 'guid': {
      if (value.type === 'guid') return value.sql;
      const text = atoms.atom(value.type === 'dynamic' ? dynamicText(value, atoms) : toText(value, atoms));
      return `CASE WHEN regexp_full_match(${text}, ${GUID}) THEN CAST(TRY_CAST(${text} AS UUID) AS VARCHAR) END`;
    }
    case 'dynamic':
      return toJson(value, atoms);
  }
}

/** The value in the plain physical form of `type`, for places where several values share one column. Numbers are widened, nothing else is converted. */
export function unified(value: Value, type: KustoType, atoms: Atoms): string | undefined {
  if (value.constant === null && value.type !== type) return type === 'string' ? quote('') : 'NULL';
  if (type === 'dynamic') return toJson(value, atoms);
  if (value.type === type && !value.scalar) return value.sql;
  const numeric = (t: KustoType): boolean => t === 'int' || t === 'long' || t === 'real' || t === 'decimal';
  if (numeric(type) && numeric(value.type)) {
    if (type === 'int' && value.type !== 'int') return undefined;
    return `CAST(${value.sql} AS ${type === 'long' ? 'BIGINT' : 'DOUBLE'})`;
  }
  if (value.type === 'bool' && numeric(type))
    return `CAST(${value.sql} AS ${type === 'long' ? 'BIGINT' : type === 'int' ? 'INTEGER' : 'DOUBLE'})`;
  return undefined;
}

/** A literal null of a type; '' for string. */
export const nullOf = (type: KustoType, physical: Readonly<Record<KustoType, string>>): Value =>
  type === 'string'
    ? { sql: quote(''), type, notNull: true, constant: '' }
    : { sql: `CAST(NULL AS ${physical[type]})`, type, constant: null };
