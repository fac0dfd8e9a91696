// hll() and tdigest() with what merges and reads their states. The states hold everything (distinct hashes, values with
// weights), so that the answers are exact where Kusto estimates. States of a real cluster are refused.

import { toJson, toText } from '../sql/convert.ts';
import { quote, type Atoms, type Value } from '../sql/value.ts';
import { checkAccuracy, filter } from './aggregates-basic.ts';
import type { Aggregate, AggregateSite, CallSite, NativeScalar } from './function-types.ts';

const MOST_ELEMENTS = 1_048_576;
const NO_HLL = 'hll: the argument is no state made by hll() or hll_merge() of this engine';

const hllValue = (sql: string): Value => ({ sql, type: 'dynamic', list: 'string' });

/** A state: a mark, then the first 64 bits of each distinct value's MD5, ascending. Of no rows it is null. */
const stateOf = (hashes: string): string =>
  `CASE WHEN len(${hashes}) > ${MOST_ELEMENTS} THEN error('hll: more than ${MOST_ELEMENTS} distinct values') WHEN ${hashes} IS NOT NULL THEN list_prepend('hll', list_sort(${hashes})) END`;

/** Whether the condition of the aggregate and this one hold. */
const filtered = (site: AggregateSite, condition: string): string =>
  ` FILTER (WHERE ${site.filter === undefined ? '' : `${site.filter} AND `}${condition})`;

function hll([value, accuracy]: readonly Value[], site: AggregateSite): Value {
  checkAccuracy(accuracy, site);
  const x = value as Value;
  if (x.list || (x.type === 'dynamic' && !x.scalar && !x.path))
    return site.refuse('not possible with a dynamic array or bag');
  const text = x.type === 'dynamic' ? toJson(x, site) : toText(x, site);
  return hllValue(stateOf(`list(DISTINCT left(md5(${text}), 16))${filtered(site, `${x.sql} IS NOT NULL`)}`));
}

/** The hashes of a state; anything else is an error. */
function hashesOf(value: Value, site: Atoms): string {
  const list = site.atom(value.list === 'string' ? value.sql : `json_extract_string(${toJson(value, site)}, '$[*]')`);
  return `CASE WHEN ${list} IS NULL THEN CAST([] AS VARCHAR[]) WHEN ${list}[1] = 'hll' THEN ${list}[2:] ELSE error(${quote(NO_HLL)}) END`;
}

function mergeHlls([value]: readonly Value[], site: AggregateSite): Value {
  const x = value as Value;
  const all = `list(${hashesOf(x, site)})${filtered(site, `${x.sql} IS NOT NULL`)}`;
  return hllValue(stateOf(`list_distinct(flatten(${all}))`));
}

function mergeHllArguments(args: readonly Value[], site: CallSite): Value {
  const joined = args.map((arg) => hashesOf(arg, site)).reduce((a, b) => `list_concat(${a}, ${b})`);
  return hllValue(stateOf(site.atom(`list_distinct(${joined})`)));
}

function dcountHll([value]: readonly Value[], site: CallSite): Value {
  return { sql: `CAST(len(${hashesOf(value as Value, site)}) AS BIGINT)`, type: 'long', notNull: true };
}

const DIGEST_TYPE: Readonly<Partial<Record<Value['type'], string>>> = {
  int: 'long',
  long: 'long',
  real: 'real',
  datetime: 'datetime',
  timespan: 'timespan',
};

const digestValue = (sql: string): Value => ({ sql, type: 'dynamic' });

function tdigest([value, weight]: readonly Value[], site: AggregateSite): Value {
  const x = value as Value;
  const type = DIGEST_TYPE[x.type];
  if (type === undefined) return site.refuse('needs a number, datetime or timespan');
  const text = (sql: string): string => `'"' || CAST(${sql} AS VARCHAR) || '"'`;
  const state = (values: string, weights: string): string =>
    `('["tdigest","${type}",[' || coalesce(array_to_string(${values}, ','), '') || '],[' || coalesce(array_to_string(${weights}, ','), '') || ']]')`;
  const nan =
    type === 'real' ? `WHEN bool_or(isnan(${x.sql}))${filter(site)} THEN error('tdigest: NaN has no rank') ` : '';
  if (!weight) {
    const counts = `histogram(${x.sql})${filter(site)}`;
    return digestValue(
      `CASE ${nan}WHEN ${counts} IS NULL THEN NULL WHEN len(map_keys(${counts})) > ${MOST_ELEMENTS} THEN error('tdigest: more than ${MOST_ELEMENTS} distinct values') ELSE ${state(`list_transform(map_keys(${counts}), lambda v: ${text('v')})`, `map_values(${counts})`)} END`,
    );
  }
  if (weight.type !== 'int' && weight.type !== 'long') return site.refuse('needs whole numbers as weights');
  const given = filtered(site, `${x.sql} IS NOT NULL AND ${weight.sql} > 0`);
  const raw = state(`list(${text(x.sql)})${given}`, `list(CAST(${weight.sql} AS VARCHAR))${given}`);
  const whole = `kql_internal_tdigest_merge_1('[' || ${raw} || ']')`;
  return digestValue(nan === '' ? whole : `CASE ${nan}ELSE ${whole} END`);
}

function mergeDigests([value]: readonly Value[], site: AggregateSite): Value {
  const x = toJson(value as Value, site);
  const list = `list(${x})${filtered(site, `${x} IS NOT NULL`)}`;
  return digestValue(`kql_internal_tdigest_merge_1('[' || coalesce(array_to_string(${list}, ','), '') || ']')`);
}

function mergeDigestArguments(args: readonly Value[], site: CallSite): Value {
  const states = args.map((arg) => toJson(arg, site));
  return digestValue(`kql_internal_tdigest_merge_1('[' || ${states.join(` || ',' || `)} || ']')`);
}

function percentileOf(state: Value, share: Value, wanted: Value['type'], site: CallSite): string {
  const type = DIGEST_TYPE[wanted] ?? site.refuse(`typeof(${wanted})`);
  const cast = type === 'real' ? 'DOUBLE' : 'BIGINT';
  const text = `kql_internal_tdigest_percentile_3(${toJson(state, site)}, CAST(${share.sql} AS DOUBLE), ${quote(type)})`;
  return wanted === 'int' ? `CAST(${text} AS INTEGER)` : `CAST(${text} AS ${cast})`;
}

/** A number; as a constant, 0 to 100. */
const isShare = ({ type, constant }: Value): boolean =>
  (type === 'long' || type === 'int' || type === 'real') &&
  (typeof constant === 'bigint' || typeof constant === 'number' ? constant >= 0 && constant <= 100 : true);

/** `percentile_tdigest(state, percentile, typeof(…))`. Without a type the result is dynamic in Kusto. */
function percentileDigest([state, share]: readonly Value[], site: CallSite): Value {
  if (!state || !share || !isShare(share)) return site.refuse('needs a state and a percentile, 0 to 100');
  if (site.type !== 'dynamic') return { sql: percentileOf(state, share, site.type, site), type: site.type };
  // A JSON number; times would need their text, and what Kusto answers then is not documented.
  const text = `kql_internal_tdigest_percentile_3(${toJson(state, site)}, CAST(${share.sql} AS DOUBLE), 'real')`;
  return digestValue(`CAST(${text} AS VARCHAR)`);
}

function percentilesOfDigest([state, ...shares]: readonly Value[], site: CallSite): Value {
  if (!state || shares.length === 0 || !shares.every(isShare))
    return site.refuse('needs percentiles, 0 to 100, one by one');
  const items = shares.map((share) => percentileOf(state, share, 'real', site));
  return { sql: `[${items.join(', ')}]`, type: 'dynamic', list: 'real' };
}

const rank =
  (name: 'rank' | 'share') =>
  ([state, value]: readonly Value[], site: CallSite): Value => {
    const type = value && DIGEST_TYPE[value.type];
    if (!state || !value || type === undefined) return site.refuse('needs a state and a number or time');
    const sql = `kql_internal_tdigest_${name}_3(${toJson(state, site)}, CAST(${value.sql} AS VARCHAR), ${quote(type)})`;
    return { sql: site.type === 'long' ? `CAST(${sql} AS BIGINT)` : sql, type: site.type };
  };

const native = (name: string, arity: readonly [number, number], build: NativeScalar['build']): NativeScalar => ({
  kind: 'native',
  name,
  arity,
  build,
});

/** Scalar functions over the states. */
export const SKETCH_SCALARS: readonly NativeScalar[] = [
  native('dcount_hll', [1, 1], dcountHll),
  native('hll_merge', [2, 64], mergeHllArguments),
  native('tdigest_merge', [2, 64], mergeDigestArguments),
  native('merge_tdigest', [2, 64], mergeDigestArguments),
  native('percentile_tdigest', [2, 3], percentileDigest),
  native('percentiles_array_tdigest', [2, 64], percentilesOfDigest),
  native('rank_tdigest', [2, 2], rank('rank')),
  native('percentrank_tdigest', [2, 2], rank('share')),
];

/** Aggregates that make and merge the states. The accuracy that hll() may take changes nothing here. */
export const SKETCH_AGGREGATES: readonly Aggregate[] = [
  { name: 'hll', arity: [1, 2], build: hll },
  { name: 'hll_if', arity: [2, 3], condition: 1, build: hll },
  { name: 'hll_merge', arity: [1, 1], build: mergeHlls },
  { name: 'tdigest', arity: [1, 2], build: tdigest },
  { name: 'tdigest_merge', arity: [1, 1], build: mergeDigests },
  { name: 'merge_tdigest', arity: [1, 1], build: mergeDigests },
];
