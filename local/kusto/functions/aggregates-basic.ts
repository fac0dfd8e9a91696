// Counting, sums, extremes, moments.

import type { Aggregate, AggregateSite } from './function-types.ts';
import type { Value } from '../sql/value.ts';

/** ` FILTER (WHERE …)` of the aggregate's condition. */
export const filter = (site: AggregateSite): string =>
  site.filter === undefined ? '' : ` FILTER (WHERE ${site.filter})`;

const isWhole = (value: Value): boolean => value.type !== 'real' && value.type !== 'decimal';

/** Column as a number or time; a dynamic is refused, because its elements may be anything. */
function plain(value: Value | undefined, site: AggregateSite): string {
  if (!value || value.type === 'dynamic') return site.refuse('a dynamic must be converted first (tolong, todouble …)');
  if (value.type === 'string' || value.type === 'guid') return site.refuse(`not possible with ${value.type}`);
  return value.type === 'bool' ? `CAST(${value.sql} AS BIGINT)` : value.sql;
}

const TWO_64 = '18446744073709551616';
const HALF = '9223372036854775808';

/** A sum of whole numbers: it goes on at the other end when it leaves the range of long (seen on the emulator). */
function wrapped(x: string, site: AggregateSite): string {
  const total = `sum(${x})${filter(site)}`;
  const around = `((${total} + ${HALF}) % ${TWO_64} + ${TWO_64}) % ${TWO_64} - ${HALF}`;
  return `CAST(CASE WHEN ${total} BETWEEN -${HALF} AND ${HALF} - 1 THEN ${total} ELSE ${around} END AS BIGINT)`;
}

function sum([value]: readonly Value[], site: AggregateSite): string {
  const x = plain(value, site);
  if (value && isWhole(value)) return `coalesce(${wrapped(x, site)}, 0)`;
  return `coalesce(CAST(sum(${x})${filter(site)} AS DOUBLE), 0)`;
}

/** NaN over no values (seen on the emulator), null for times. */
function avg([value]: readonly Value[], site: AggregateSite): string {
  const x = plain(value, site);
  const count = `count(${x})${filter(site)}`;
  if (value?.type === 'datetime' || value?.type === 'timespan') {
    // A mean of ticks through doubles would lose the last digits.
    return `CAST(sum(CAST(${x} AS HUGEINT))${filter(site)} // nullif(${count}, 0) AS BIGINT)`;
  }
  if (value?.type === 'decimal') return `avg(${x})${filter(site)}`;
  const mean =
    value && isWhole(value) ? `CAST(${wrapped(x, site)} AS DOUBLE) / nullif(${count}, 0)` : `avg(${x})${filter(site)}`;
  return `coalesce(${mean}, CAST('nan' AS DOUBLE))`;
}

/** `min` or `max` where NaN is the least as well as the greatest real; DuckDB has it for the greatest only. */
export const extremeSql = (name: 'min' | 'max', value: Value, filtered: string): string =>
  name === 'min' && value.type === 'real' ? `(-max(-${value.sql})${filtered})` : `${name}(${value.sql})${filtered}`;

const extreme =
  (name: 'min' | 'max') =>
  ([value]: readonly Value[], site: AggregateSite): Value | string => {
    const x = value as Value;
    if (x.type === 'dynamic') return site.refuse('a dynamic must be converted first (tolong, todouble …)');
    return { sql: extremeSql(name, x, filter(site)), type: x.type };
  };

/** Variances come with ten digits after the point, and standard deviations are the roots of those (seen on the emulator). */
const rounded = (name: string, x: string, site: AggregateSite): string =>
  `coalesce(round(${name}(CAST(${x} AS DOUBLE))${filter(site)}, 10), 0)`;

const moment =
  (name: string) =>
  ([value]: readonly Value[], site: AggregateSite): string =>
    value?.type === 'datetime' || value?.type === 'timespan'
      ? site.refuse(`${value.type}: it is not documented what this gives`)
      : name.startsWith('stddev')
        ? `sqrt(${rounded(name.replace('stddev', 'var'), plain(value, site), site)})`
        : rounded(name, plain(value, site), site);

const covariance =
  (name: string) =>
  ([x, y]: readonly Value[], site: AggregateSite): string =>
    `coalesce(round(${name}(CAST(${plain(y, site)} AS DOUBLE), CAST(${plain(x, site)} AS DOUBLE))${filter(site)}, 10), 0)`;

const bits =
  (name: string) =>
  ([value]: readonly Value[], site: AggregateSite): string =>
    `${name}(${plain(value, site)})${filter(site)}`;

/** Estimates come in accuracies 0 to 4; here every one is exact. */
export function checkAccuracy(accuracy: Value | undefined, site: AggregateSite): void {
  const level = accuracy?.constant;
  if (accuracy && (typeof level !== 'bigint' || level < 0n || level > 4n))
    site.refuse('the accuracy is a constant 0 to 4');
}

function distinctCount([value, accuracy]: readonly Value[], site: AggregateSite): Value | string {
  checkAccuracy(accuracy, site);
  const x = value as Value;
  if (x.list || (x.type === 'dynamic' && !x.scalar && !x.path))
    return site.refuse('not possible with a dynamic array or bag');
  return { sql: `count(DISTINCT ${x.sql})${filter(site)}`, type: 'long', notNull: true };
}

const counted = (site: AggregateSite): Value => ({ sql: `count(*)${filter(site)}`, type: 'long', notNull: true });

const one = [1, 1] as const;
const conditional = { arity: [2, 2] as const, condition: 1 };

export const BASIC_AGGREGATES: readonly Aggregate[] = [
  // count(x) counts rows as well, nulls included (seen on the emulator).
  {
    name: 'count',
    arity: [0, 1],
    build: ([value], site) => (value?.type === 'bool' ? site.refuse('with a condition, use countif()') : counted(site)),
  },
  { name: 'countif', arity: one, condition: 0, build: (_, site) => counted(site) },
  { name: 'sum', arity: one, build: sum },
  { name: 'sumif', ...conditional, build: sum },
  { name: 'avg', arity: one, build: avg },
  { name: 'avgif', ...conditional, build: avg },
  { name: 'min', arity: one, build: extreme('min') },
  { name: 'minif', ...conditional, build: extreme('min') },
  { name: 'max', arity: one, build: extreme('max') },
  { name: 'maxif', ...conditional, build: extreme('max') },
  // Moments of no rows are 0, as the summarize page of the documentation says.
  { name: 'stdev', arity: one, build: moment('stddev_samp') },
  { name: 'stdevif', ...conditional, build: moment('stddev_samp') },
  { name: 'stdevp', arity: one, build: moment('stddev_pop') },
  { name: 'stdevpif', ...conditional, build: moment('stddev_pop') },
  { name: 'variance', arity: one, build: moment('var_samp') },
  { name: 'varianceif', ...conditional, build: moment('var_samp') },
  { name: 'variancep', arity: one, build: moment('var_pop') },
  { name: 'variancepif', ...conditional, build: moment('var_pop') },
  { name: 'covariance', arity: [2, 2], build: covariance('covar_samp') },
  { name: 'covarianceif', arity: [3, 3], condition: 2, build: covariance('covar_samp') },
  { name: 'covariancep', arity: [2, 2], build: covariance('covar_pop') },
  { name: 'covariancepif', arity: [3, 3], condition: 2, build: covariance('covar_pop') },
  { name: 'binary_all_and', arity: one, build: bits('bit_and') },
  { name: 'binary_all_or', arity: one, build: bits('bit_or') },
  { name: 'binary_all_xor', arity: one, build: bits('bit_xor') },
  // Exact where Kusto estimates: a test of ours can't be wrong by the sketch's error.
  { name: 'dcount', arity: [1, 2], build: distinctCount },
  { name: 'dcountif', arity: [2, 3], condition: 1, build: distinctCount },
  { name: 'count_distinct', arity: one, build: distinctCount },
  { name: 'count_distinctif', ...conditional, build: distinctCount },
];
