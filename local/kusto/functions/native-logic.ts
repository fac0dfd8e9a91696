// Conditions, nulls and conversions.

import type { KustoType } from '../types.ts';
import { convert, toText, unified } from '../sql/convert.ts';
import { parseDatetime, parseTimespan } from '../sql/literals.ts';
import type { ListElement, Value } from '../sql/value.ts';
import type { CallSite, NativeScalar } from './function-types.ts';

const TIME_PARSERS = { datetime: parseDatetime, timespan: parseTimespan };
const one = [1, 1] as const;

/** Several values that share one column: what type it is, and their SQL. */
function shared(values: readonly Value[], site: CallSite): { sql: string[]; list?: ListElement; scalar?: ListElement } {
  const list = values[0]?.list;
  if (list && values.every((value) => value.list === list)) return { sql: values.map((value) => value.sql), list };
  const sql = values.map(
    (value) => unified(value, site.type, site) ?? site.refuse(`${value.type} where ${site.type} is expected`),
  );
  return { sql };
}

const result = (sql: string, site: CallSite, list: ListElement | undefined, notNull: boolean): Value => ({
  sql,
  type: site.type,
  ...(list ? { list } : {}),
  ...(notNull || site.type === 'string' ? { notNull: true } : {}),
});

const condition = (value: Value): string => (value.type === 'bool' ? value.sql : `(${value.sql} <> 0)`);

function choose(args: readonly Value[], site: CallSite): Value {
  if (args.length % 2 === 0) return site.refuse('needs pairs of condition and value, and a value for the rest');
  const conditions = args.filter((_, i) => i % 2 === 0 && i < args.length - 1);
  const values = args.filter((_, i) => i % 2 === 1 || i === args.length - 1);
  const { sql, list } = shared(values, site);
  const branches = conditions.map((item, i) => `WHEN ${condition(item)} THEN ${sql[i] as string}`);
  const text = `CASE ${branches.join(' ')} ELSE ${sql.at(-1) as string} END`;
  return result(
    text,
    site,
    list,
    values.every((value) => value.notNull === true),
  );
}

function coalesce(args: readonly Value[], site: CallSite): Value {
  const { sql, list } = shared(args, site);
  if (site.type === 'string') {
    // An empty string counts as missing.
    return result(`coalesce(${sql.map((item) => `nullif(${item}, '')`).join(', ')}, '')`, site, undefined, true);
  }
  return result(
    `coalesce(${sql.join(', ')})`,
    site,
    list,
    args.some((value) => value.notNull === true),
  );
}

const isNull = ([value]: readonly Value[]): Value => ({
  sql: value?.type === 'string' ? 'FALSE' : `(${value?.sql ?? 'NULL'} IS NULL)`,
  type: 'bool',
  notNull: true,
});

const isNotNull = ([value]: readonly Value[]): Value => ({
  sql: value?.type === 'string' ? 'TRUE' : `(${value?.sql ?? 'NULL'} IS NOT NULL)`,
  type: 'bool',
  notNull: true,
});

const isEmpty = ([value]: readonly Value[], site: CallSite): Value => ({
  sql: value?.type === 'string' ? `(${value.sql} = '')` : `(${toText(value as Value, site)} = '')`,
  type: 'bool',
  notNull: true,
});

const conversion = (name: string, type: KustoType): NativeScalar => ({
  kind: 'native',
  name,
  arity: one,
  build: ([value], site) => {
    const given = value as Value;
    if (given.type === type && !given.scalar) return given;
    const sql = convert(given, type, TIME_PARSERS, site);
    if (sql === undefined) return site.refuse(`${given.type} as ${type}`);
    return { sql, type, ...(type === 'string' ? { notNull: true } : {}) };
  },
});

const CONVERSIONS: readonly (readonly [string, KustoType])[] = [
  ['tostring', 'string'],
  ['tolong', 'long'],
  ['toint', 'int'],
  ['todouble', 'real'],
  ['toreal', 'real'],
  ['todecimal', 'decimal'],
  ['tobool', 'bool'],
  ['toboolean', 'bool'],
  ['todatetime', 'datetime'],
  ['totimespan', 'timespan'],
  ['totime', 'timespan'],
  ['toguid', 'guid'],
];

export const NATIVE_LOGIC: readonly NativeScalar[] = [
  { kind: 'native', name: 'iff', arity: [3, 3], build: choose },
  { kind: 'native', name: 'iif', arity: [3, 3], build: choose },
  { kind: 'native', name: 'case', arity: [3, 129], build: choose },
  { kind: 'native', name: 'coalesce', arity: [2, 64], build: coalesce },
  {
    kind: 'native',
    name: 'not',
    arity: one,
    build: ([value]) => ({
      sql: `(NOT ${condition(value as Value)})`,
      type: 'bool',
      ...(value?.notNull ? { notNull: true } : {}),
    }),
  },
  { kind: 'native', name: 'isnull', arity: one, build: isNull },
  { kind: 'native', name: 'isnotnull', arity: one, build: isNotNull },
  { kind: 'native', name: 'notnull', arity: one, build: isNotNull },
  { kind: 'native', name: 'isempty', arity: one, build: isEmpty },
  {
    kind: 'native',
    name: 'isnotempty',
    arity: one,
    build: (args, site) => ({ sql: `(NOT ${isEmpty(args, site).sql})`, type: 'bool', notNull: true }),
  },
  {
    kind: 'native',
    name: 'notempty',
    arity: one,
    build: (args, site) => ({ sql: `(NOT ${isEmpty(args, site).sql})`, type: 'bool', notNull: true }),
  },
  ...CONVERSIONS.map(([name, type]) => conversion(name, type)),
];
