// Dynamic values in SQL: packing, parsing, length, ranges.

import { toJson, toText } from '../sql/convert.ts';
import { quote, type ListElement, type Value } from '../sql/value.ts';
import type { CallSite, NativeScalar } from './function-types.ts';

const one = [1, 1] as const;

function parseJson([value]: readonly Value[], site: CallSite): Value {
  const given = value as Value;
  if (given.type === 'dynamic') return given;
  if (given.type !== 'string') return { sql: toJson(given, site), type: 'dynamic' };
  const text = site.atom(given.sql);
  // What is no JSON becomes a string.
  return {
    sql: `CASE WHEN ${text} = '' THEN NULL WHEN json_valid(${text}) THEN nullif(CAST(json(${text}) AS VARCHAR), 'null') ELSE CAST(to_json(${text}) AS VARCHAR) END`,
    type: 'dynamic',
  };
}

function arrayLength([value]: readonly Value[], site: CallSite): string {
  const given = value as Value;
  if (given.list) return `CAST(len(${given.sql}) AS BIGINT)`;
  const json = site.atom(toJson(given, site));
  return `CASE WHEN json_type(${json}) = 'ARRAY' THEN CAST(json_array_length(${json}) AS BIGINT) END`;
}

const ELEMENTS: Readonly<Partial<Record<Value['type'], ListElement>>> = {
  long: 'long',
  real: 'real',
  string: 'string',
  bool: 'bool',
  datetime: 'datetime',
  timespan: 'timespan',
};

function packArray(args: readonly Value[], site: CallSite): Value {
  const first = args[0];
  const element = first && (first.type === 'dynamic' ? first.scalar : ELEMENTS[first.type]);
  if (element && args.every((arg) => arg.type === first.type && arg.scalar === first.scalar)) {
    return { sql: `[${args.map((arg) => arg.sql).join(', ')}]`, type: 'dynamic', list: element, notNull: true };
  }
  const items = args.map((arg) => `coalesce(${toJson(arg, site)}, 'null')`);
  if (items.length === 0) return { sql: `'[]'`, type: 'dynamic', notNull: true };
  return { sql: `('[' || ${items.join(` || ',' || `)} || ']')`, type: 'dynamic', notNull: true };
}

function bagPack(args: readonly Value[], site: CallSite): Value {
  if (args.length % 2 !== 0) return site.refuse('needs pairs of name and value');
  const pairs: string[] = [];
  for (let i = 0; i < args.length; i += 2) {
    const key = args[i] as Value;
    const name =
      typeof key.constant === 'string'
        ? quote(`${JSON.stringify(key.constant)}:`)
        : `CAST(to_json(${toText(key, site)}) AS VARCHAR) || ':'`;
    pairs.push(`${name} || coalesce(${toJson(args[i + 1] as Value, site)}, 'null')`);
  }
  return { sql: `('{' || ${pairs.join(` || ',' || `)} || '}')`, type: 'dynamic', notNull: true };
}

function range([from, to, step]: readonly Value[], site: CallSite): Value {
  const given = [from, to, ...(step ? [step] : [])] as Value[];
  const real = given.some((value) => value.type === 'real');
  const time = given.some((value) => value.type === 'datetime')
    ? 'datetime'
    : given.some((value) => value.type === 'timespan')
      ? 'timespan'
      : undefined;
  if (given.some((value) => value.type === 'dynamic' || value.type === 'string'))
    return site.refuse('needs numbers or times');
  const as = real ? 'DOUBLE' : 'BIGINT';
  const [a, b] = [from, to].map((value) => site.atom(`CAST(${(value as Value).sql} AS ${as})`)) as [string, string];
  // Without a step: 1, or an hour for times.
  const s = site.atom(step ? `CAST(${step.sql} AS ${as})` : time ? '36000000000' : `CAST(1 AS ${as})`);
  const count = site.atom(
    real ? `CAST(floor((${b} - ${a}) / nullif(${s}, 0)) AS BIGINT)` : `((${b} - ${a}) // nullif(${s}, 0))`,
  );
  const limit = `CASE WHEN (${b} - ${a}) * sign(${s}) < 0 THEN 0 WHEN ${count} >= 1048576 THEN error('range: more than 1048576 elements') ELSE ${count} + 1 END`;
  return {
    sql: `list_transform(range(0, ${limit}), lambda x: ${a} + x * ${s})`,
    type: 'dynamic',
    list: real ? 'real' : (time ?? 'long'),
  };
}

const TYPE_NAMES = `CASE json_type(X) WHEN 'ARRAY' THEN 'array' WHEN 'OBJECT' THEN 'dictionary' WHEN 'VARCHAR' THEN 'string' WHEN 'BIGINT' THEN 'long' WHEN 'UBIGINT' THEN 'long' WHEN 'DOUBLE' THEN 'double' WHEN 'BOOLEAN' THEN 'bool' ELSE 'null' END`;

function gettype([value]: readonly Value[], site: CallSite): string {
  const given = value as Value;
  if (given.type !== 'dynamic') return quote(given.type);
  if (given.list) return `CASE WHEN ${given.sql} IS NULL THEN 'null' ELSE 'array' END`;
  return TYPE_NAMES.replace('X', site.atom(toJson(given, site)));
}

export const NATIVE_DYNAMIC: readonly NativeScalar[] = [
  { kind: 'native', name: 'parse_json', arity: one, build: parseJson },
  { kind: 'native', name: 'parsejson', arity: one, build: parseJson },
  { kind: 'native', name: 'todynamic', arity: one, build: parseJson },
  { kind: 'native', name: 'toobject', arity: one, build: parseJson },
  { kind: 'native', name: 'array_length', arity: one, build: arrayLength },
  { kind: 'native', name: 'arraylength', arity: one, build: arrayLength },
  { kind: 'native', name: 'pack_array', arity: [0, 10_000], build: packArray },
  { kind: 'native', name: 'bag_pack', arity: [2, 256], build: bagPack },
  { kind: 'native', name: 'pack', arity: [2, 256], build: bagPack },
  { kind: 'native', name: 'pack_dictionary', arity: [2, 256], build: bagPack },
  { kind: 'native', name: 'range', arity: [2, 3], build: range },
  { kind: 'native', name: 'gettype', arity: one, build: gettype },
];
