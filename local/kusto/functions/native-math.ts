// Numbers: rounding, powers, logarithms, angles, bits.

import { binSql, realSql } from '../sql/arithmetic.ts';
import { unified } from '../sql/convert.ts';
import type { Value } from '../sql/value.ts';
import type { CallSite, NativeScalar } from './function-types.ts';

const isReal = (value: Value): boolean => value.type === 'real' || value.type === 'decimal';

/** The argument as a double; only numbers are taken. */
export function double(value: Value | undefined, site: CallSite): string {
  if (!value) return site.refuse('an argument is missing');
  if (isReal(value)) return value.sql;
  if (value.type === 'int' || value.type === 'long' || value.type === 'bool') return `CAST(${value.sql} AS DOUBLE)`;
  return site.refuse(`not possible with ${value.type}, convert it first`);
}

const long = (value: Value | undefined, site: CallSite): string => {
  if (value?.type === 'int' || value?.type === 'long') return `CAST(${value.sql} AS BIGINT)`;
  return site.refuse(`needs a whole number, not ${value?.type ?? 'nothing'}`);
};

const one = [1, 1] as const;
const two = [2, 2] as const;

const unary = (name: string, sql: (x: string) => string): NativeScalar => ({
  kind: 'native',
  name,
  arity: one,
  build: ([x], site) => sql(double(x, site)),
});

/** Outside its domain a function gives NaN or an infinity, never an error. */
const within = (x: string, condition: string, sql: string): string =>
  `CASE WHEN ${condition} THEN ${sql} WHEN ${x} IS NOT NULL THEN CAST('nan' AS DOUBLE) END`;

const logarithm = (name: string, sqlName: string): NativeScalar => ({
  kind: 'native',
  name,
  arity: one,
  build: ([value], site) => {
    const x = site.atom(double(value, site));
    return `CASE WHEN ${x} > 0 THEN ${sqlName}(${x}) WHEN ${x} = 0 THEN CAST('-inf' AS DOUBLE) WHEN ${x} IS NOT NULL THEN CAST('nan' AS DOUBLE) END`;
  },
});

const ofDomain = (name: string, sqlName: string, domain: (x: string) => string): NativeScalar => ({
  kind: 'native',
  name,
  arity: one,
  build: ([value], site) => {
    const x = site.atom(double(value, site));
    return within(x, domain(x), `${sqlName}(${x})`);
  },
});

const bitwise = (name: string, operator: string): NativeScalar => ({
  kind: 'native',
  name,
  arity: two,
  build: ([a, b], site) => `(${long(a, site)} ${operator} ${long(b, site)})`,
});

const extreme = (name: string, sqlName: string): NativeScalar => ({
  kind: 'native',
  name,
  arity: [1, 64],
  // DuckDB's greatest and least pass over nulls, as max_of and min_of do.
  build: (args, site) => {
    const items = args.map((arg) => unified(arg, site.type, site) ?? site.refuse(`${arg.type} among ${site.type}`));
    // NaN wins both ways; for DuckDB it is the greatest.
    if (sqlName === 'least' && site.type === 'real')
      return `(-greatest(${items.map((item) => `-${item}`).join(', ')}))`;
    return `${sqlName}(${items.join(', ')})`;
  },
});

function round([value, digits]: readonly Value[], site: CallSite): string {
  const x = site.atom(double(value, site));
  if (!digits) return `round(${x}, 0)`;
  if (typeof digits.constant !== 'bigint') return site.refuse('needs a constant number of digits');
  // A double has no more digits; DuckDB answers with an error of its own behind the first 15.
  if (digits.constant > 15n || digits.constant < -15n) return site.refuse('more than 15 digits');
  return `round(${x}, ${digits.constant})`;
}

const bin = (name: string): NativeScalar => ({
  kind: 'native',
  name,
  arity: name === 'floor' ? [1, 2] : two,
  build: ([value, step], site) => {
    if (!step) return `floor(${double(value, site)})`;
    return binSql(value as Value, step, undefined, site.type, site);
  },
});

function abs([value]: readonly Value[], site: CallSite): string {
  const x = value as Value;
  if (x.type === 'dynamic' || x.type === 'string') return site.refuse(`not possible with ${x.type}`);
  return `abs(${x.sql})`;
}

export const NATIVE_MATH: readonly NativeScalar[] = [
  { kind: 'native', name: 'abs', arity: one, build: abs },
  { kind: 'native', name: 'pi', arity: [0, 0], build: () => realSql(Math.PI) },
  { kind: 'native', name: 'ceiling', arity: one, build: ([x], site) => `ceil(${double(x, site)})` },
  { kind: 'native', name: 'round', arity: [1, 2], build: round },
  { kind: 'native', name: 'sign', arity: one, build: ([x], site) => `CAST(sign(${double(x, site)}) AS DOUBLE)` },
  {
    kind: 'native',
    name: 'pow',
    arity: two,
    build: ([x, y], site) => `pow(${double(x, site)}, ${double(y, site)})`,
  },
  {
    kind: 'native',
    name: 'atan2',
    arity: two,
    build: ([y, x], site) => `atan2(${double(y, site)}, ${double(x, site)})`,
  },
  unary('exp', (x) => `exp(${x})`),
  unary('exp2', (x) => `pow(2e0, ${x})`),
  unary('exp10', (x) => `pow(1e1, ${x})`),
  unary('sin', (x) => `sin(${x})`),
  unary('cos', (x) => `cos(${x})`),
  unary('tan', (x) => `tan(${x})`),
  unary('cot', (x) => `cot(${x})`),
  unary('atan', (x) => `atan(${x})`),
  unary('degrees', (x) => `degrees(${x})`),
  unary('radians', (x) => `radians(${x})`),
  ofDomain('sqrt', 'sqrt', (x) => `${x} >= 0`),
  ofDomain('acos', 'acos', (x) => `${x} BETWEEN -1 AND 1`),
  ofDomain('asin', 'asin', (x) => `${x} BETWEEN -1 AND 1`),
  logarithm('log', 'ln'),
  logarithm('log2', 'log2'),
  logarithm('log10', 'log10'),
  unary('isnan', (x) => `coalesce(isnan(${x}), FALSE)`),
  unary('isinf', (x) => `coalesce(isinf(${x}), FALSE)`),
  unary('isfinite', (x) => `coalesce(isfinite(${x}), FALSE)`),
  bitwise('binary_and', '&'),
  bitwise('binary_or', '|'),
  {
    kind: 'native',
    name: 'binary_xor',
    arity: two,
    build: ([a, b], site) => `xor(${long(a, site)}, ${long(b, site)})`,
  },
  { kind: 'native', name: 'binary_not', arity: one, build: ([a], site) => `(~${long(a, site)})` },
  {
    kind: 'native',
    name: 'bitset_count_ones',
    arity: one,
    build: ([a], site) => `CAST(bit_count(${long(a, site)}) AS BIGINT)`,
  },
  extreme('max_of', 'greatest'),
  extreme('min_of', 'least'),
  bin('bin'),
  bin('floor'),
  {
    kind: 'native',
    name: 'bin_at',
    arity: [3, 3],
    build: ([value, step, origin], site) => binSql(value as Value, step as Value, origin, site.type, site),
  },
];
