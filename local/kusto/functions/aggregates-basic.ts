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

function sum([value]: readonly Value[], site: AggregateSite): string {
  const x = plain(value, site);
  const type = value && isWhole(value) ? 'BIGINT' : 'DOUBLE';
  return `coalesce(CAST(sum(${x})${filter(site)} AS ${type}), 0)`;
}

function avg([value]: readonly Value[], site: AggregateSite): string {
  const x = plain(value, site);
  if (value?.type === 'datetime' || value?.type === 'timespan') {
    // A mean of ticks through doubles would lose the last digits.
    return `CAST(sum(CAST(${x} AS HUGEINT))${filter(site)} // nullif(count(${x})${filter(site)}, 0) AS BIGINT)`;
  }
  return `avg(${x})${filter(site)}`;
}

const extreme =
  (name: 'min' | 'max') =>
  ([value]: readonly Value[], site: AggregateSite): Value | string => {
    const x = value as Value;
    if (x.type === 'dynamic') return site.refuse('a dynamic must be converted first (tolong, todouble …)');
    return { sql: `${name}(${x.sql})${filter(site)}`, type: x.type };
  };

const moment =
  (name: string) =>
  ([value]: readonly Value[], site: AggregateSite): string =>
    value?.type === 'datetime' || value?.type === 'timespan'
      ? site.refuse(`${value.type}: it is not documented what this gives`)
      : `coalesce(${name}(CAST(${plain(value, site)} AS DOUBLE))${filter(site)}, 0)`;

const covariance =
  (name: string) =>
  ([x, y]: readonly Value[], site: AggregateSite): string =>
    `coalesce(${name}(CAST(${plain(y, site)} AS DOUBLE), CAST(${plain(x, site)} AS DOUBLE))${filter(site)}, 0)`;

const bits =
  (name: string) =>
  ([value]: readonly Value[], site: AggregateSite): string =>
    `${name}(${plain(value, site)})${filter(site)}`;

function distinctCount([value]: readonly Value[], site: AggregateSite): Value | string {
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
  // Defaults for no rows (0 for moments, null for avg) are those of the summarize page of the documentation.
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
