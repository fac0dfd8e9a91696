// Functions that need more than the values of their arguments: names, order of rows, the columns of the table.

import { textOf } from '../parser/analyze.ts';
import { elements, type Syntax } from '../parser/language.ts';
import { binSql, integerSql, integerValue } from '../sql/arithmetic.ts';
import { toJson } from '../sql/convert.ts';
import { quote, type Value } from '../sql/value.ts';
import { constantValue, typeOf } from './literal.ts';
import type { Row } from './row.ts';
import type { Scope, Translator } from './translator.ts';

export type SpecialCall = (t: Translator, node: Syntax, row: Row, scope: Scope) => Value;

const argumentNodes = (node: Syntax): Syntax[] => elements((node.ArgumentList as Syntax | null)?.Expressions);

const nameOf = (node: Syntax): string => (node.Name as Syntax).SimpleName ?? '';

function windowed(t: Translator, node: Syntax, row: Row, build: (order: string) => string): string {
  const order = row.rowOrder();
  if (order === undefined)
    return t.session.fail(`${nameOf(node)}() needs ordered rows: use sort or serialize before it`, node);
  return row.atom(build(order));
}

/** Inside mv-apply and partition a window ends with its part. */
const partsOf = (row: Row): string => (row.relation?.parts ? `PARTITION BY ${row.relation.parts.join(', ')} ` : '');

const now: SpecialCall = (t, node, row, scope) => {
  const offset = argumentNodes(node)[0];
  const ticks = t.session.now();
  if (!offset) return integerValue(ticks, 'datetime');
  const value = t.scalar(offset, row, scope);
  if (typeof value.constant === 'bigint') return integerValue(ticks + value.constant, 'datetime');
  return { sql: `(${integerSql(ticks, 'datetime')} + ${value.sql})`, type: 'datetime' };
};

const ago: SpecialCall = (t, node, row, scope) => {
  const ticks = t.session.now();
  const value = t.scalar(argumentNodes(node)[0] as Syntax, row, scope);
  if (typeof value.constant === 'bigint') return integerValue(ticks - value.constant, 'datetime');
  return { sql: `(${integerSql(ticks, 'datetime')} - ${value.sql})`, type: 'datetime' };
};

/** `prev(x, offset, default)`, `next(…)`. */
const neighbour =
  (sqlName: 'lag' | 'lead'): SpecialCall =>
  (t, node, row, scope) => {
    const [first, offset, initial] = argumentNodes(node).map((arg) => t.scalar(arg, row, scope));
    const value = first as Value;
    if (offset && offset.constant === undefined)
      return t.session.refuse(`${nameOf(node)} with an offset that is not constant`, node);
    const fallback = initial ? `, ${initial.sql}` : value.type === 'string' ? `, ''` : '';
    const sql = windowed(t, node, row, (order) => {
      const shift = offset ? `${offset.constant as bigint}` : '1';
      return `${sqlName}(${value.sql}, ${shift}${fallback}) OVER (${partsOf(row)}ORDER BY ${order})`;
    });
    const { notNull: _, constant: _c, path: _p, ...rest } = value;
    return { ...rest, sql, ...(value.type === 'string' ? { notNull: true } : {}) };
  };

/** Number of the run of rows between restarts. */
function runOf(t: Translator, node: Syntax, row: Row, restart: Value | undefined): string {
  const parts = partsOf(row);
  if (!restart || restart.constant === false) return parts;
  const flag = row.atom(`CASE WHEN ${restart.sql} THEN 1 ELSE 0 END`);
  const run = windowed(
    t,
    node,
    row,
    (order) => `sum(${flag}) OVER (${parts}ORDER BY ${order} ROWS UNBOUNDED PRECEDING)`,
  );
  return `${parts === '' ? 'PARTITION BY ' : `${parts.trim()}, `}${run} `;
}

const rowNumber: SpecialCall = (t, node, row, scope) => {
  const [start, restart] = argumentNodes(node).map((arg) => t.scalar(arg, row, scope));
  const part = runOf(t, node, row, restart);
  const number = windowed(t, node, row, (order) => `row_number() OVER (${part}ORDER BY ${order})`);
  return { sql: start ? `(${number} - 1 + ${start.sql})` : number, type: 'long', notNull: true };
};

const rowCumsum: SpecialCall = (t, node, row, scope) => {
  const [term, restart] = argumentNodes(node).map((arg) => t.scalar(arg, row, scope));
  const value = term as Value;
  const type = typeOf(node) ?? value.type;
  const part = runOf(t, node, row, restart);
  const sum = windowed(
    t,
    node,
    row,
    (order) => `sum(${value.sql}) OVER (${part}ORDER BY ${order} ROWS UNBOUNDED PRECEDING)`,
  );
  return {
    sql: `CAST(coalesce(${sum}, 0) AS ${type === 'real' ? 'DOUBLE' : type === 'int' ? 'INTEGER' : 'BIGINT'})`,
    type,
  };
};

/** `row_rank_min`, `row_rank_dense`: ranks of the run of equal terms, as the rows come. */
const rowRank =
  (dense: boolean): SpecialCall =>
  (t, node, row, scope) => {
    const [term, restart] = argumentNodes(node).map((arg) => t.scalar(arg, row, scope));
    const value = (term as Value).sql;
    const part = runOf(t, node, row, restart);
    const change = windowed(
      t,
      node,
      row,
      (order) =>
        `CASE WHEN row_number() OVER (${part}ORDER BY ${order}) = 1 OR ${value} IS DISTINCT FROM lag(${value}) OVER (${part}ORDER BY ${order}) THEN 1 ELSE 0 END`,
    );
    if (dense) {
      const sql = windowed(
        t,
        node,
        row,
        (order) => `sum(${change}) OVER (${part}ORDER BY ${order} ROWS UNBOUNDED PRECEDING)`,
      );
      return { sql: `CAST(${sql} AS BIGINT)`, type: 'long', notNull: true };
    }
    const position = windowed(t, node, row, (order) => `row_number() OVER (${part}ORDER BY ${order})`);
    const sql = windowed(
      t,
      node,
      row,
      (order) =>
        `max(CASE WHEN ${change} = 1 THEN ${position} END) OVER (${part}ORDER BY ${order} ROWS UNBOUNDED PRECEDING)`,
    );
    return { sql, type: 'long', notNull: true };
  };

/**
 * `row_window_session(x, maxFromFirst, maxBetween, restart)`: where a session ends depends on where it began, so the rows
 * of each run are gathered, walked once in JavaScript, and the starts joined back.
 */
const rowWindowSession: SpecialCall = (t, node, row, scope) => {
  const [term, maxFirst, maxBetween, restart] = argumentNodes(node).map((arg) => t.scalar(arg, row, scope));
  const [first, between] = [maxFirst, maxBetween].map((value) => (value as Value).sql) as [string, string];
  const x = row.atom((term as Value).sql);
  const run =
    restart && restart.constant !== false
      ? runOf(t, node, row, restart).replace('PARTITION BY ', '').trim()
      : row.atom('CAST(0 AS BIGINT)');
  const order = row.rowOrder();
  if (order === undefined)
    return t.session.fail('row_window_session() needs ordered rows: use sort or serialize before it', node);
  const [id, rows] = [t.session.id('h'), t.session.id('w')];
  row.layer((from) => {
    const times = `CAST(to_json(list(CAST(${x} AS VARCHAR) ORDER BY ${order})) AS VARCHAR)`;
    const starts = `CAST(json_extract_string(kql_internal_sessions_3(${times}, ${first}, ${between}), '$[*]') AS BIGINT[])`;
    const gathered = `SELECT list(${order} ORDER BY ${order}) AS ix, ${starts} AS starts FROM ${rows} GROUP BY ${run}`;
    const each = `SELECT unnest(ix) AS ix, unnest(starts) AS ${id} FROM (${gathered})`;
    return `(WITH ${rows} AS MATERIALIZED (SELECT * FROM ${from}) SELECT r.*, s.${id} FROM ${rows} AS r JOIN (${each}) AS s ON r.${order} = s.ix)`;
  });
  return { sql: id, type: 'datetime' };
};

function packed(row: Row, pairs: readonly (readonly [string, Value])[], ignoreEmpty: boolean): Value {
  const items = pairs.map(([name, value]) => {
    const json = toJson(value, row);
    const pair = `${quote(`${JSON.stringify(name)}:`)} || coalesce(${json}, 'null')`;
    if (!ignoreEmpty) return pair;
    return `CASE WHEN ${value.type === 'string' ? `${value.sql} <> ''` : `${value.sql} IS NOT NULL`} THEN ${pair} END`;
  });
  if (items.length === 0) return { sql: `'{}'`, type: 'dynamic', notNull: true };
  return { sql: `('{' || concat_ws(',', ${items.join(', ')}) || '}')`, type: 'dynamic', notNull: true };
}

const packAll: SpecialCall = (t, node, row, scope) => {
  const flag = argumentNodes(node)[0];
  const ignore = flag ? t.constant(flag, scope) === true : false;
  return packed(
    row,
    (row.relation?.columns ?? []).map((column) => [column.name, column.value] as const),
    ignore,
  );
};

const bagPackColumns: SpecialCall = (t, node, row, scope) =>
  packed(
    row,
    argumentNodes(node).map((arg) => [textOf(arg), t.scalar(arg, row, scope)] as const),
    false,
  );

const columnIfExists: SpecialCall = (t, node, row, scope) => {
  const [name, fallback] = argumentNodes(node);
  const wanted = t.constant(name as Syntax, scope);
  return row.column(String(wanted)) ?? t.scalar(fallback as Syntax, row, scope);
};

/** `bin_auto(x)`: size and origin come from `set query_bin_auto_size` and `set query_bin_auto_at`. */
const binAuto: SpecialCall = (t, node, row, scope) => {
  const value = t.scalar(argumentNodes(node)[0] as Syntax, row, scope);
  const [size, at] = ['query_bin_auto_size', 'query_bin_auto_at'].map((name) => {
    const option = t.session.options.get(name);
    return option && t.scalar(option, row, scope);
  });
  if (!size) return t.session.refuse('bin_auto() without set query_bin_auto_size', node);
  return { sql: binSql(value, size, at, value.type, row), type: value.type };
};

/** Only rows that come straight from a table know when they came in. */
const ingestionTime: SpecialCall = (t, node, row) => {
  const column = row.relation?.ingested;
  if (column === undefined)
    return t.session.refuse('function ingestion_time() of rows that are not those of one table', node);
  return { sql: column, type: 'datetime' };
};

const currentDatabase: SpecialCall = (t) => constantValue(t.session.catalog.database, 'string');

/** Functions that are translated by hand. */
export const SPECIAL_CALLS: ReadonlyMap<string, SpecialCall> = new Map<string, SpecialCall>([
  ['now', now],
  ['ago', ago],
  ['prev', neighbour('lag')],
  ['next', neighbour('lead')],
  ['row_number', rowNumber],
  ['row_cumsum', rowCumsum],
  ['row_rank_min', rowRank(false)],
  ['row_rank_dense', rowRank(true)],
  ['row_window_session', rowWindowSession],
  ['bin_auto', binAuto],
  ['pack_all', packAll],
  ['current_database', currentDatabase],
  ['ingestion_time', ingestionTime],
  ['bag_pack_columns', bagPackColumns],
  ['column_ifexists', columnIfExists],
  ['columnifexists', columnIfExists],
]);
