import { convert, toJson } from '../sql/convert.ts';
import { quote, type Value } from '../sql/value.ts';
import { parseDatetime } from '../scalars/datetime-text.ts';
import { parseTimespan } from '../scalars/timespan-text.ts';
import type { CallSite, NativeScalar } from './function-types.ts';

/** DuckDB's spelling of a constant JSON path; undefined when it is more than names and indexes. */
function duckPath(path: string): string | undefined {
  if (!/^\$(?:\.\w+|\[\d+\]|\['[^'"]*'\]|\["[^'"]*"\])*$/.test(path)) return undefined;
  return path.replaceAll(/\[['"]([^'"]*)['"]\]/g, '."$1"');
}

function extractJson([path, source]: readonly Value[], site: CallSite): Value {
  const steps = typeof path?.constant === 'string' ? duckPath(path.constant) : undefined;
  if (steps === undefined || !source || source.type !== 'string')
    return site.refuse('needs a constant path of names and indexes, and a text');
  const text = site.atom(source.sql);
  const found: Value = {
    sql: `coalesce(json_extract_string(CASE WHEN json_valid(${text}) THEN ${text} END, ${quote(steps)}), '')`,
    type: 'string',
    notNull: true,
  };
  if (site.type === 'string') return found;
  const converted = convert(found, site.type, { datetime: parseDatetime, timespan: parseTimespan }, site);
  return converted === undefined ? site.refuse(`${site.type} as result`) : { sql: converted, type: site.type };
}

function around([value, center, delta]: readonly Value[], site: CallSite): string {
  if (!value || !center || !delta) return site.refuse('an argument is missing');
  const fits =
    value.type === center.type && (value.type === 'datetime' ? delta.type === 'timespan' : delta.type === value.type);
  if (!fits) return site.refuse(`of ${value.type}, ${center.type} and ${delta.type}`);
  const [c, d] = [site.atom(center.sql), site.atom(delta.sql)];
  return `(${value.sql} BETWEEN ${c} - ${d} AND ${c} + ${d})`;
}

/** One array gives itself sorted; several give a tuple, the others brought into the order of the first. */
function arraySort(args: readonly Value[], site: CallSite): Value {
  const given = args.map((arg) => toJson(arg, site));
  const whole = site.atom(`kql_internal_${site.name}_${given.length === 1 ? 1 : 'n'}(${given.join(', ')})`);
  const arrays = args.filter((arg, i) => i === 0 || arg.type !== 'bool');
  const tuple = arrays.map((_, i): Value => ({
    sql: `nullif(CAST(json_extract(${whole}, '$[${i}]') AS VARCHAR), 'null')`,
    type: 'dynamic',
  }));
  const [first] = tuple;
  if (!first) return site.refuse('an argument is missing');
  return tuple.length === 1 ? first : { sql: whole, type: 'dynamic', tuple };
}

/** `rand()` in [0, 1), `rand(n)` one of 0 … n-1; another one in every row. */
function rand([limit]: readonly Value[], site: CallSite): Value {
  if (!limit) return { sql: 'random()', type: 'real', notNull: true };
  if (typeof limit.constant !== 'bigint' || limit.constant < 2n) return site.refuse('needs a constant above 1');
  return { sql: `floor(random() * ${limit.constant})`, type: 'real', notNull: true };
}

function assertion([condition, message]: readonly Value[], site: CallSite): Value {
  if (condition?.type !== 'bool' || typeof message?.constant !== 'string')
    return site.refuse('needs a condition and a constant text');
  const text = quote(`assert() has failed with message: ${message.constant}`);
  return { sql: `CASE WHEN ${condition.sql} THEN TRUE ELSE error(${text}) END`, type: 'bool', notNull: true };
}

/** Seldom used functions, in SQL. */
export const NATIVE_RARE: readonly NativeScalar[] = [
  { kind: 'native', name: 'extract_json', arity: [2, 3], build: extractJson },
  { kind: 'native', name: 'extractjson', arity: [2, 3], build: extractJson },
  { kind: 'native', name: 'array_sort_asc', arity: [1, 64], build: arraySort },
  { kind: 'native', name: 'array_sort_desc', arity: [1, 64], build: arraySort },
  { kind: 'native', name: 'rand', arity: [0, 1], build: rand },
  { kind: 'native', name: 'new_guid', arity: [0, 0], build: () => 'CAST(uuid() AS VARCHAR)' },
  { kind: 'native', name: 'assert', arity: [2, 2], build: assertion },
  { kind: 'native', name: 'around', arity: [3, 3], build: around },
];
