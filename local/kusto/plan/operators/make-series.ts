// make-series: one row per group, its values as arrays over a regular axis.

import { elements, kindOf, type Syntax } from '../../parser/language.ts';
import { integerSql } from '../../sql/arithmetic.ts';
import { unified } from '../../sql/convert.ts';
import { ELEMENT_OF, LIST_ELEMENT_SQL, type ListElement, type Value } from '../../sql/value.ts';
import type { KustoType } from '../../types.ts';
import { constantValue } from '../literal.ts';
import { reference, type Relation } from '../relation.ts';
import { Row } from '../row.ts';
import { named, withColumns } from '../select.ts';
import type { Scope, Translator } from '../translator.ts';
import { parameter } from './join.ts';
import { AggregateList, groupKeys } from './summarize.ts';

const MOST_POINTS = 1_048_576;

interface Axis {
  readonly column: Value;
  /** Element type of the axis array. */
  readonly element: 'datetime' | 'timespan' | 'long' | 'real';
  readonly step: string;
  readonly from: string | undefined;
  readonly to: string | undefined;
  /** Of `in range(…)`: the end belongs to the axis. */
  readonly isInclusive?: boolean;
}

const number = (t: Translator, node: Syntax, value: Value, type: KustoType, row: Row): string => {
  if (value.type === type) return value.sql;
  return (
    unified(value, type, row) ?? t.session.refuse(`make-series bounds of type ${value.type} on a ${type} axis`, node)
  );
};

function axisOf(t: Translator, node: Syntax, inner: Row, scope: Scope): Axis {
  const given = t.scalar((node.OnClause as Syntax).Expression as Syntax, inner, scope);
  const column = given.type === 'int' ? { sql: `CAST(${given.sql} AS BIGINT)`, type: 'long' as const } : given;
  const range = node.RangeClause as Syntax;
  const { type } = column;
  if (type !== 'datetime' && type !== 'timespan' && type !== 'long' && type !== 'real') {
    return t.session.refuse(`make-series on ${type}`, node);
  }
  const constant = new Row(t.session, undefined);
  const valueOf = (expression: Syntax, as: KustoType): string =>
    number(t, expression, t.scalar(expression, constant, scope), as, constant);
  const bound = (clause: Syntax | null | undefined, as: KustoType): string | undefined =>
    clause ? valueOf(clause.Expression as Syntax, as) : undefined;
  const stepType = type === 'datetime' ? 'timespan' : type;
  if (kindOf(range) !== 'MakeSeriesFromToStepClause') {
    const [from, to, by] = elements((range.Arguments as Syntax).Expressions);
    if (!from || !to || !by) return t.session.fail('make-series … in range() takes start, stop and step', range);
    return {
      column,
      element: type,
      step: valueOf(by, stepType),
      from: valueOf(from, type),
      to: valueOf(to, type),
      isInclusive: true,
    };
  }
  const step = bound(range.MakeSeriesStepClause, stepType);
  if (step === undefined) return t.session.refuse('make-series without step', node);
  return {
    column,
    element: type,
    step,
    from: bound(range.MakeSeriesFromClause, type),
    to: bound(range.MakeSeriesToClause, type),
  };
}

interface Measure {
  readonly value: Value;
  readonly element: ListElement;
  readonly fallback: string;
}

/** "Only aggregation functions that return numeric results", says the documentation. */
const NUMERIC: ReadonlySet<string> = new Set(['bool', 'int', 'long', 'real']);

/** Element type of the array and what an empty bin gets (0 unless given). */
function measureOf(t: Translator, node: Syntax, value: Value, scope: Scope): Measure {
  const fallbackNode = (node.DefaultExpression as Syntax | null)?.Expression;
  const row = new Row(t.session, undefined);
  const given = fallbackNode ? t.scalar(fallbackNode, row, scope) : undefined;
  const type = value.type === 'long' && given?.type === 'real' && given.constant !== null ? 'real' : value.type;
  const element = ELEMENT_OF[type];
  if (!element || !NUMERIC.has(type)) return t.session.refuse(`make-series of ${value.type}`, node);
  const initial = given ?? constantValue(0n, 'long');
  if (!NUMERIC.has(initial.type) && initial.constant !== null)
    t.session.refuse(`make-series with a default of type ${initial.type}`, fallbackNode ?? node);
  const sql = initial.constant === null ? 'NULL' : element === 'real' ? `CAST(${initial.sql} AS DOUBLE)` : initial.sql;
  return { value: { ...value, sql: `CAST(${value.sql} AS ${LIST_ELEMENT_SQL[element]})` }, element, fallback: sql };
}

/** Number of the bin, from the start or, without one, from 0. */
function binIndex(axis: Axis): string {
  const x = axis.from === undefined ? axis.column.sql : `(${axis.column.sql} - ${axis.from})`;
  if (axis.element === 'real') return `CAST(floor(${x} / ${axis.step}) AS BIGINT)`;
  return axis.from === undefined ? `(${x} // ${axis.step})` : `(${x} // ${axis.step})`;
}

/** Of `in range(start, stop, step)`: end of the last bin. */
const endOfLast = ({ element, from, to, step }: Axis): string =>
  element === 'real'
    ? `(${from} + (floor((${to} - ${from}) / ${step}) + 1) * ${step})`
    : `(${from} + ((${to} - ${from}) // ${step} + 1) * ${step})`;

/** Whether rows behind the stop belong to its bin is not documented; they are refused. */
function inClosedRange(axis: Axis): string {
  const { column, from, to } = axis;
  const unclear = `error('KustoError: make-series in range(): there are rows between stop and the end of its bin, use from … to … step')`;
  return `${column.sql} >= ${from} AND CASE WHEN ${column.sql} > ${to} AND ${column.sql} < ${endOfLast(axis)} THEN ${unclear} ELSE ${column.sql} <= ${to} END`;
}

function inRange(axis: Axis): string {
  if (axis.isInclusive === true) return inClosedRange(axis);
  const tests = [`${axis.column.sql} IS NOT NULL`];
  if (axis.from !== undefined) tests.push(`${axis.column.sql} >= ${axis.from}`);
  if (axis.to !== undefined) tests.push(`${axis.column.sql} < ${axis.to}`);
  return tests.join(' AND ');
}

/** Of `in range()`, whose bins are those of bin(): where they begin when start is in the middle of one is not documented. */
function closedGrid(axis: Axis): string {
  const { element, from = '', to = '', step } = axis;
  const [rest, count] =
    element === 'real'
      ? [`${from} - floor(${from} / ${step}) * ${step}`, `floor((${to} - ${from}) / ${step}) + 1`]
      : [`${from} % ${step}`, `(${to} - ${from}) // ${step} + 1`];
  const start = `CASE WHEN ${rest} <> 0 THEN error('KustoError: make-series in range(): start is no multiple of step, use from … to … step') ELSE ${from} END`;
  const n = `CASE WHEN ${to} < ${from} THEN 0 ELSE ${count} END`;
  return `SELECT ${integerSql(0, 'long')} AS first, ${start} AS start, CAST(coalesce(${n}, 0) AS BIGINT) AS n`;
}

/**
 * Without from or to it is not certain whether the bounds are those of each series or of all: where these differ the query is refused.
 * Gives a condition that is true or an error.
 */
function sameBounds(axis: Axis, bins: string, keys: readonly string[]): string {
  const bounds = [...(axis.from === undefined ? ['min(ix)'] : []), ...(axis.to === undefined ? ['max(ix)'] : [])];
  if (keys.length === 0 || bounds.length === 0) return 'TRUE';
  const different = `(SELECT count(*) FROM (SELECT DISTINCT ${bounds.join(', ')} FROM ${bins} GROUP BY ${keys.join(', ')}))`;
  return `CASE WHEN ${different} > 1 THEN error('KustoError: make-series with by: the series have data in different ranges, write from and to') ELSE TRUE END`;
}

/** First bin and number of bins as a one-row sub-query. */
function gridSize(axis: Axis, bins: string, keys: readonly string[]): string {
  if (axis.isInclusive === true) return closedGrid(axis);
  const first = axis.from === undefined ? `(SELECT min(ix) FROM ${bins})` : integerSql(0, 'long');
  const start = axis.from ?? `(${first} * ${axis.step})`;
  const ceiling =
    axis.element === 'real'
      ? `CAST(ceil((${axis.to} - ${start}) / ${axis.step}) AS BIGINT)`
      : `((${axis.to} - ${start} + ${axis.step} - 1) // ${axis.step})`;
  const count = axis.to === undefined ? `(SELECT max(ix) FROM ${bins}) - ${first} + 1` : ceiling;
  return `SELECT ${first} AS first, ${start} AS start, CAST(greatest(coalesce(${count}, 0), 0) AS BIGINT) AS n WHERE ${sameBounds(axis, bins, keys)}`;
}

export function makeSeries(t: Translator, node: Syntax, input: Relation, scope: Scope): Relation {
  const inner = new Row(t.session, input);
  const axis = axisOf(t, node, inner, scope);
  const keys = groupKeys(t, elements((node.ByClause as Syntax | null)?.Expressions), inner, scope);
  const list = new AggregateList(inner);
  const outer = new Row(t.session, undefined, { aggregates: list });
  const nodes = elements(node.Aggregates);
  const measures = nodes.flatMap((item) => {
    const value = t.scalar(item.Expression as Syntax, outer, scope);
    return (value.tuple ?? [value]).map((one) => measureOf(t, item, one, scope));
  });
  const source = withColumns(t.session, inner, keys.values);
  const groups = source.columns.map((value) => value.sql);
  const select = [...groups, `${binIndex(axis)} AS ix`, ...list.select];
  const grouped = `(SELECT ${select.join(', ')} FROM ${source.from} WHERE ${inRange(axis)} GROUP BY ${[...groups, 'ix'].join(', ')})`;
  const binned = withColumns(
    t.session,
    outer,
    measures.map((measure) => measure.value),
    grouped,
  );
  const nonEmpty = parameter(node, 'kind')?.toLowerCase() === 'nonempty';
  return assemble(t, node, {
    axis,
    measures,
    keys: source.columns,
    values: binned.columns,
    bins: binned.from,
    nonEmpty,
  });
}

interface Parts {
  readonly axis: Axis;
  readonly measures: readonly Measure[];
  readonly keys: readonly Value[];
  readonly values: readonly Value[];
  readonly bins: string;
  readonly nonEmpty: boolean;
}

/** Every group crossed with every bin, so that absent bins get their default, then gathered in order. */
function assemble(t: Translator, node: Syntax, parts: Parts): Relation {
  const { session } = t;
  const [bins, size] = [session.id('b'), session.id('z')];
  const keyNames = parts.keys.map((key) => key.sql);
  const outKeys = parts.keys.map((key) => ({ id: session.id(), value: key }));
  const outValues = parts.measures.map((measure) => ({ id: session.id(), measure }));
  const axisId = session.id();
  const groupSource =
    keyNames.length > 0
      ? `SELECT DISTINCT ${keyNames.join(', ')} FROM ${bins}`
      : parts.nonEmpty
        ? 'SELECT 1 AS one'
        : `SELECT 1 AS one FROM ${bins} LIMIT 1`;
  const join = [...keyNames.map((key) => `i.${key} IS NOT DISTINCT FROM g.${key}`), 'i.ix = z.first + q.q'].join(
    ' AND ',
  );
  const lists = outValues.map(({ id, measure }, i) => {
    const value = `i.${(parts.values[i] as Value).sql}`;
    return `list(CASE WHEN i.ix IS NOT NULL THEN ${value} ELSE ${measure.fallback} END ORDER BY q.q) AS ${id}`;
  });
  const grid = `FROM (${groupSource}) AS g CROSS JOIN ${size} AS z CROSS JOIN (SELECT unnest(range(0, (SELECT n FROM ${size}))) AS q) AS q LEFT JOIN ${bins} AS i ON ${join}`;
  const grouping = keyNames.length > 0 ? `GROUP BY ${keyNames.map((key) => `g.${key}`).join(', ')}` : 'GROUP BY g.one';
  const selected = [...outKeys.map(({ id, value }) => `g.${value.sql} AS ${id}`), ...lists].join(', ');
  const points = `(SELECT CASE WHEN n > ${MOST_POINTS} THEN error('make-series: more than ${MOST_POINTS} points') ELSE list_transform(range(0, n), lambda x: start + x * ${parts.axis.step}) END FROM ${size})`;
  const from = `(WITH ${bins} AS MATERIALIZED (SELECT * FROM ${parts.bins}), ${size} AS MATERIALIZED (${gridSize(parts.axis, bins, keyNames)}) SELECT *, ${points} AS ${axisId} FROM (SELECT ${selected} ${grid} ${grouping}))`;
  const values: Value[] = [
    ...outKeys.map(({ id, value }) => reference(id, value)),
    ...outValues.map(({ id, measure }): Value => ({ sql: id, type: 'dynamic', list: measure.element, notNull: true })),
    { sql: axisId, type: 'dynamic', list: parts.axis.element, notNull: true },
  ];
  return { from, columns: named(session, node, values) };
}
