// `+ - * / %` and bin by type. Datetimes and timespans are ticks, so their arithmetic is that of whole numbers.

import type { KustoType } from '../types.ts';
import type { Atoms, Constant, Value } from './value.ts';

const isTime = (type: KustoType): boolean => type === 'datetime' || type === 'timespan';
const isReal = (type: KustoType): boolean => type === 'real' || type === 'decimal';

/** A whole number as SQL of the type's physical width. */
export const integerSql = (value: bigint | number, type: KustoType): string =>
  `CAST(${value} AS ${type === 'int' ? 'INTEGER' : 'BIGINT'})`;

export const realSql = (value: number): string => {
  if (Number.isNaN(value)) return `CAST('nan' AS DOUBLE)`;
  if (!Number.isFinite(value)) return `CAST('${value > 0 ? '' : '-'}inf' AS DOUBLE)`;
  return `CAST(${Object.is(value, -0) ? "'-0'" : value} AS DOUBLE)`;
};

/** A known whole number or time as a Value. */
export const integerValue = (value: bigint, type: KustoType): Value => ({
  sql: integerSql(value, type),
  type,
  notNull: true,
  constant: value,
});

const LONG_MAX = 2n ** 63n - 1n;

function fold(operator: string, a: Constant | undefined, b: Constant | undefined, type: KustoType): Value | undefined {
  if (typeof a !== 'bigint' || typeof b !== 'bigint' || isReal(type)) return undefined;
  const result = operator === '+' ? a + b : operator === '-' ? a - b : operator === '*' ? a * b : undefined;
  if (result === undefined || result > LONG_MAX || result < -LONG_MAX) return undefined;
  return integerValue(result, type);
}

const asDouble = (value: Value): string => (isReal(value.type) ? value.sql : `CAST(${value.sql} AS DOUBLE)`);
const asLong = (value: Value): string => (value.type === 'int' ? `CAST(${value.sql} AS BIGINT)` : value.sql);

function timeProduct(operator: '*' | '/', a: Value, b: Value, atoms: Atoms): string | undefined {
  if (operator === '*') {
    const [time, factor] = isTime(a.type) ? [a, b] : [b, a];
    if (isReal(factor.type)) return `TRY_CAST(trunc(${time.sql} * ${factor.sql}) AS BIGINT)`;
    return `(${time.sql} * ${asLong(factor)})`;
  }
  if (isTime(b.type)) return `(${asDouble(a)} / ${asDouble(b)})`;
  if (isReal(b.type)) return `TRY_CAST(trunc(${time(a)} / ${b.sql}) AS BIGINT)`;
  return `(${a.sql} // nullif(${atoms.atom(asLong(b))}, 0))`;
}

const time = (value: Value): string => `CAST(${value.sql} AS DOUBLE)`;

/** Remainder, never negative. */
function modulo(a: string, b: string, atoms: Atoms): string {
  const divisor = atoms.atom(`abs(nullif(${b}, 0))`);
  return `((${a} % ${divisor} + ${divisor}) % ${divisor})`;
}

/** The same for reals, without the rounding that adding the divisor would bring. */
function realModulo(a: string, b: string, atoms: Atoms): string {
  const divisor = atoms.atom(`abs(${b})`);
  const rest = atoms.atom(`${a} % ${divisor}`);
  return `CASE WHEN ${rest} < 0 THEN ${rest} + ${divisor} ELSE ${rest} END`;
}

/** SQL of `a operator b` with the type that the parser gives; undefined when it is not known what Kusto does. */
export function arithmetic(operator: string, a: Value, b: Value, type: KustoType, atoms: Atoms): Value | undefined {
  const folded = fold(operator, a.constant, b.constant, type);
  if (folded) return folded;
  if (type !== 'decimal') return operation(operator, a, b, type, atoms);
  // Decimals lie as doubles; after every step they are cut to the 15 digits that doubles hold exactly.
  const real = operation(operator, a, b, 'real', atoms);
  return real && { ...real, sql: `CAST(format('{:.15g}', ${real.sql}) AS DOUBLE)`, type };
}

function operation(operator: string, a: Value, b: Value, type: KustoType, atoms: Atoms): Value | undefined {
  const notNull = a.notNull === true && b.notNull === true;
  const done = (sql: string | undefined, total = notNull): Value | undefined =>
    sql === undefined ? undefined : { sql, type, ...(total ? { notNull: true } : {}) };
  const anyTime = isTime(a.type) || isTime(b.type);
  switch (operator) {
    case '+':
    case '-':
      if (isReal(type)) return done(`(${asDouble(a)} ${operator} ${asDouble(b)})`);
      if (type === 'int') return done(`(${a.sql} ${operator} ${b.sql})`);
      return done(`(${asLong(a)} ${operator} ${asLong(b)})`);
    case '*':
      if (anyTime) return done(timeProduct('*', a, b, atoms), false);
      if (isReal(type)) return done(`(${asDouble(a)} * ${asDouble(b)})`);
      return done(type === 'int' ? `(${a.sql} * ${b.sql})` : `(${asLong(a)} * ${asLong(b)})`);
    case '/':
      if (anyTime) return done(timeProduct('/', a, b, atoms), false);
      if (isReal(type)) return done(`(${asDouble(a)} / ${asDouble(b)})`);
      return done(type === 'int' ? `(${a.sql} // ${b.sql})` : `(${asLong(a)} // ${asLong(b)})`, false);
    case '%':
      if (b.constant === 0 && isReal(type)) return undefined;
      if (isReal(type)) return done(realModulo(asDouble(a), asDouble(b), atoms), false);
      return done(modulo(asLong(a), asLong(b), atoms), false);
    default:
      return undefined;
  }
}

/** Null for a width of 0 or less. */
function positive(sql: string, step: Value, atoms: Atoms): string {
  if (typeof step.constant === 'number' && step.constant > 0) return sql;
  const width = atoms.atom(sql);
  return `CASE WHEN ${width} > 0 THEN ${width} END`;
}

/** Largest multiple of `step` (counted from `origin`) that is not above `value`; null for a step of 0 or less. */
export function binSql(value: Value, step: Value, origin: Value | undefined, type: KustoType, atoms: Atoms): string {
  if (isReal(type) || isReal(value.type) || isReal(step.type)) {
    const width = atoms.atom(positive(asDouble(step), step, atoms));
    const from = origin ? asDouble(origin) : undefined;
    if (from === undefined) return `(floor(${asDouble(value)} / ${width}) * ${width})`;
    return `(floor((${asDouble(value)} - ${from}) / ${width}) * ${width} + ${from})`;
  }
  if (typeof step.constant === 'bigint' && step.constant <= 0n) return 'CAST(NULL AS BIGINT)';
  const width =
    typeof step.constant === 'bigint' ? `${step.constant}` : atoms.atom(positive(asLong(step), step, atoms));
  const x = atoms.atom(origin ? `(${asLong(value)} - ${asLong(origin)})` : asLong(value));
  const base = origin ? ` + ${asLong(origin)}` : '';
  // Datetimes are never negative, so one remainder is enough for them.
  if (value.type === 'datetime' && !origin) return `(${x} - ${x} % ${width})`;
  return `(${x} - ((${x} % ${width}) + ${width}) % ${width}${base})`;
}
