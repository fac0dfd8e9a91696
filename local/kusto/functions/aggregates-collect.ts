// Percentiles and the aggregates that gather values: make_list, make_set, make_bag, take_any.

import type { Aggregate, AggregateSite } from './function-types.ts';
import { filter } from './aggregates-basic.ts';
import { toJson } from '../sql/convert.ts';
import { ELEMENT_OF, type Value } from '../sql/value.ts';

/** A constant percentile, 0 to 100. */
function shareOf(share: Value | undefined, site: AggregateSite): number {
  const rank = share?.constant;
  if (typeof rank !== 'bigint' && typeof rank !== 'number') return site.refuse('needs a constant percentile');
  return rank >= 0 && rank <= 100 ? Number(rank) : site.refuse(`a percentile is 0 to 100, not ${rank}`);
}

function percentileOf(value: Value | undefined, share: Value | undefined, site: AggregateSite): Value {
  if (!value || value.type === 'dynamic' || value.type === 'string')
    return site.refuse('needs a number, datetime or timespan');
  const type = value.type === 'int' ? 'long' : value.type;
  // Nearest rank, as the documentation says.
  const sql = `quantile_disc(${value.sql}, ${shareOf(share, site) / 100})${filter(site)}`;
  return { sql: type === 'long' ? `CAST(${sql} AS BIGINT)` : sql, type };
}

function percentiles(args: readonly Value[], site: AggregateSite): Value {
  const [value, ...shares] = args;
  const all = shares.map((share) => percentileOf(value, share, site));
  const first = all[0];
  if (!value || !first) return site.refuse('needs percentiles');
  // One aggregate for all of them, which DuckDB computes once: apart, each would gather and order the values again.
  const list = `quantile_disc(${value.sql}, [${shares.map((share) => Number(share.constant) / 100).join(', ')}])${filter(site)}`;
  const tuple = all.map((item, i) => ({
    ...item,
    sql: first.type === 'long' ? `CAST((${list})[${i + 1}] AS BIGINT)` : `(${list})[${i + 1}]`,
  }));
  return { ...first, tuple };
}

function percentilesArray(args: readonly Value[], site: AggregateSite): Value {
  const [value, ...shares] = args;
  const all = shares.map((share) => percentileOf(value, share, site));
  const first = all[0];
  if (
    !first ||
    first.type === 'bool' ||
    first.type === 'decimal' ||
    first.type === 'guid' ||
    first.type === 'dynamic' ||
    first.type === 'int'
  )
    return site.refuse('needs constant percentiles, one by one');
  return { sql: `[${all.map((item) => item.sql).join(', ')}]`, type: 'dynamic', list: first.type };
}

/** The same as an array; the percentiles may come as one constant array. */
function weightedArray([value, weight, ...shares]: readonly Value[], site: AggregateSite): Value {
  const only = shares.length === 1 ? shares[0] : undefined;
  const given: unknown = only?.type === 'dynamic' && typeof only.constant === 'string' ? JSON.parse(only.constant) : [];
  const listed = (Array.isArray(given) ? given : []).map((share: unknown): Value => ({
    sql: String(share),
    type: 'real',
    constant: Number(share),
  }));
  const found = weighted([value, weight, ...(listed.length > 0 ? listed : shares)] as Value[], site);
  const items = found.tuple ?? [found];
  const element = ELEMENT_OF[found.type];
  if (element === undefined || element === 'string' || element === 'bool')
    return site.refuse(`not possible with ${found.type}`);
  return { sql: `[${items.map((item) => item.sql).join(', ')}]`, type: 'dynamic', list: element };
}

/** Smallest value whose weight, with that of all smaller ones, reaches the share. */
function weighted(args: readonly Value[], site: AggregateSite): Value {
  const [value, weight, ...shares] = args;
  if (!value || !weight || value.type === 'dynamic' || value.type === 'string')
    return site.refuse('needs a number, datetime or timespan');
  const values = `list(${value.sql} ORDER BY ${value.sql}) FILTER (WHERE ${value.sql} IS NOT NULL)`;
  const weights = `list(CAST(${weight.sql} AS DOUBLE) ORDER BY ${value.sql}) FILTER (WHERE ${value.sql} IS NOT NULL)`;
  const all = shares.map((share): Value => ({
    sql: `(${values})[kql_internal_weighted_rank_2(${weights}, CAST(${shareOf(share, site)} AS DOUBLE))]`,
    type: value.type,
  }));
  const first = all[0];
  return first ? (all.length > 1 ? { ...first, tuple: all } : first) : site.refuse('needs percentiles');
}

const MOST_ELEMENTS = 1_048_576n;

function limited(list: string, limit: Value | undefined, site: AggregateSite): string {
  if (!limit) return list;
  if (typeof limit.constant !== 'bigint' || limit.constant < 1n)
    return site.refuse('needs a constant size of 1 or more');
  return `list_slice(${list}, 1, ${limit.constant < MOST_ELEMENTS ? limit.constant : MOST_ELEMENTS})`;
}

function both(site: AggregateSite, condition: string | undefined): string {
  const all = [site.filter, condition].filter((item) => item !== undefined);
  return all.length === 0 ? '' : ` FILTER (WHERE ${all.join(' AND ')})`;
}

/** Elements of a dynamic as a list of JSON texts: those of an array, else the value itself. */
function elementsOf(value: Value, site: AggregateSite): string {
  const json = site.atom(toJson(value, site));
  return `CASE WHEN json_type(${json}) = 'ARRAY' THEN CAST(json_extract(${json}, '$[*]') AS VARCHAR[]) ELSE [coalesce(${json}, 'null')] END`;
}

const jsonArray = (list: string): Value => ({
  sql: `('[' || coalesce(array_to_string(${list}, ','), '') || ']')`,
  type: 'dynamic',
  notNull: true,
});

/** make_list of a dynamic: arrays give their elements, nulls stay (both seen on the emulator). */
function listOfDynamic(value: Value, limit: Value | undefined, site: AggregateSite): Value {
  if (value.list) {
    const list = `flatten(list(coalesce(${value.sql}, [NULL])${site.order})${both(site, undefined)})`;
    return { sql: `coalesce(${limited(list, limit, site)}, [])`, type: 'dynamic', list: value.list, notNull: true };
  }
  const list = limited(`flatten(list(${elementsOf(value, site)}${site.order})${both(site, undefined)})`, limit, site);
  return jsonArray(list);
}

/** make_set of a dynamic: arrays give their elements; bags and arrays in them are refused when they come. */
function setOfDynamic(value: Value, limit: Value | undefined, site: AggregateSite): Value {
  const plain = `list_filter(${value.list ? `list_transform(coalesce(${value.sql}, []), lambda x: CAST(to_json(x) AS VARCHAR))` : elementsOf(value, site)}, lambda x: x <> 'null')`;
  const checked = `list_transform(${plain}, lambda x: CASE WHEN x LIKE '{%' OR x LIKE '[%' THEN error('make_set: bags and arrays as elements are not supported') ELSE x END)`;
  return jsonArray(limited(`list_distinct(flatten(list(${checked})${both(site, undefined)}))`, limit, site));
}

const gathered =
  (distinct: boolean, keepNulls: boolean) =>
  ([value, limit]: readonly Value[], site: AggregateSite): Value => {
    const x = value as Value;
    const element = x.type === 'dynamic' ? x.scalar : ELEMENT_OF[x.type];
    if (x.type === 'dynamic' && element === undefined)
      return distinct ? setOfDynamic(x, limit, site) : listOfDynamic(x, limit, site);
    const item = element === undefined ? toJson(x, site) : x.type === 'int' ? `CAST(${x.sql} AS BIGINT)` : x.sql;
    const kept = keepNulls || x.notNull === true || x.type === 'string' || (x.type === 'dynamic' && !distinct);
    const condition = kept ? undefined : `${item} IS NOT NULL`;
    const order = distinct ? '' : site.order;
    const list = limited(`list(${distinct ? 'DISTINCT ' : ''}${item}${order})${both(site, condition)}`, limit, site);
    if (element === undefined) return jsonArray(`list_transform(${list}, lambda x: coalesce(x, 'null'))`);
    return { sql: `coalesce(${list}, [])`, type: 'dynamic', list: element, notNull: true };
  };

function makeBag([value, limit]: readonly Value[], site: AggregateSite): Value {
  if (limit) return site.refuse('a size limit');
  const x = toJson(value as Value, site);
  const list = `list(${x}${site.order})${both(site, `${x} IS NOT NULL`)}`;
  return {
    sql: `kql_internal_merge_bags_1('[' || coalesce(array_to_string(${list}, ','), '') || ']')`,
    type: 'dynamic',
  };
}

function takeAny(args: readonly Value[], site: AggregateSite): Value {
  // Several columns must come from the same row, so nulls can't be passed over then.
  const pick = args.length === 1 ? 'any_value' : 'first';
  const all = args.map((arg): Value => ({ ...drop(arg), sql: `${pick}(${arg.sql})${filter(site)}` }));
  const first = all[0];
  return first ? (all.length > 1 ? { ...first, tuple: all } : first) : site.refuse('needs a column');
}

const drop = (value: Value): Value => {
  const { constant: _c, notNull: _n, path: _p, ...rest } = value;
  return rest;
};

function buildschema([value]: readonly Value[], site: AggregateSite): Value {
  const x = toJson(value as Value, site);
  const list = `list(DISTINCT ${x})${both(site, `${x} IS NOT NULL`)}`;
  return { sql: `kql_internal_schema_1('[' || coalesce(array_to_string(${list}, ','), '') || ']')`, type: 'dynamic' };
}

/** The legacy names take 128 items unless told otherwise, as the pages on make_list, make_set and make_bag say. */
const LEGACY_LIMIT: Value = { sql: '128', type: 'long', constant: 128n, notNull: true };
const legacy =
  (build: Aggregate['build']): Aggregate['build'] =>
  ([value, limit], site) =>
    build([value as Value, limit ?? LEGACY_LIMIT], site);

export const COLLECTING_AGGREGATES: readonly Aggregate[] = [
  { name: 'percentile', arity: [2, 2], build: ([value, share], site) => percentileOf(value, share, site) },
  { name: 'percentiles', arity: [2, 32], build: percentiles },
  { name: 'percentiles_array', arity: [2, 32], build: percentilesArray },
  { name: 'percentilew', arity: [3, 3], build: weighted },
  { name: 'percentilesw', arity: [3, 32], build: weighted },
  { name: 'percentilesw_array', arity: [3, 32], build: weightedArray },
  { name: 'make_list', arity: [1, 2], build: gathered(false, false) },
  { name: 'makelist', arity: [1, 2], build: legacy(gathered(false, false)) },
  { name: 'makeset', arity: [1, 2], build: legacy(gathered(true, false)) },
  { name: 'make_list_if', arity: [2, 3], condition: 1, build: gathered(false, false) },
  { name: 'make_list_with_nulls', arity: [1, 1], build: gathered(false, true) },
  { name: 'make_set', arity: [1, 2], build: gathered(true, false) },
  { name: 'make_set_if', arity: [2, 3], condition: 1, build: gathered(true, false) },
  { name: 'make_bag', arity: [1, 2], build: makeBag },
  { name: 'make_bag_if', arity: [2, 3], condition: 1, build: makeBag },
  { name: 'take_any', arity: [1, 64], build: takeAny },
  { name: 'any', arity: [1, 64], build: takeAny },
  { name: 'take_anyif', arity: [2, 2], condition: 1, build: takeAny },
  { name: 'anyif', arity: [2, 2], condition: 1, build: takeAny },
  { name: 'buildschema', arity: [1, 1], build: buildschema },
];
