// make-series: one row per group, its values as arrays over a regular axis.

import { elements, kindOf, type Syntax } from '../../parser/language.ts';
import { integerSql } from '../../sql/arithmetic.ts';
import { unified } from '../../sql/convert.ts';
import { LIST_ELEMENT_SQL, type ListElement, type Value } from '../../sql/value.ts';
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
  if (kindOf(range) !== 'MakeSeriesFromToStepClause')
    return t.session.refuse('make-series … in range(), use from … to … step', range);
  const { type } = column;
  if (type !== 'datetime' && type !== 'timespan' && type !== 'long' && type !== 'real') {
    return t.session.refuse(`make-series on ${type}`, node);
  }
  const constant = new Row(t.session, undefined);
  const bound = (clause: Syntax | null | undefined, as: KustoType): string | undefined =>
    clause ? number(t, clause, t.scalar(clause.Expression as Syntax, constant, scope), as, constant) : undefined;
  const step = bound(range.MakeSeriesStepClause, type === 'datetime' ? 'timespan' : type);
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

const ELEMENT: Readonly<Partial<Record<KustoType, ListElement>>> = {
  int: 'long',
  long: 'long',
  real: 'real',
  bool: 'bool',
  datetime: 'datetime',
  timespan: 'timespan',
};

/** Element type of the array and what an empty bin gets (0 unless given). */
function measureOf(t: Translator, node: Syntax, value: Value, scope: Scope): Measure {
  const fallbackNode = (node.DefaultExpression as Syntax | null)?.Expression;
  const row = new Row(t.session, undefined);
  const given = fallbackNode ? t.scalar(fallbackNode, row, scope) : undefined;
  const type = value.type === 'long' && given?.type === 'real' && given.constant !== null ? 'real' : value.type;
  const element = ELEMENT[type];
  if (!element) return t.session.refuse(`make-series of ${value.type}`, node);
  const initial = given ?? constantValue(0n, 'long');
  const sql = initial.constant === null ? 'NULL' : element === 'real' ? `CAST(${initial.sql} AS DOUBLE)` : initial.sql;
  return { value: { ...value, sql: `CAST(${value.sql} AS ${LIST_ELEMENT_SQL[element]})` }, element, fallback: sql };
}

/** Number of the bin, from the start or, without one, from 0. */
function binIndex(axis: Axis): string {
  const x = axis.from === undefined ? axis.column.sql : `(${axis.column.sql} - ${axis.from})`;
  if (axis.element === 'real') return `CAST(floor(${x} / ${axis.step}) AS BIGINT)`;
  return axis.from === undefined ? `(${x} // ${axis.step})` : `(${x} // ${axis.step})`;
}

function inRange(axis: Axis): string {
  const tests = [`${axis.column.sql} IS NOT NULL`];
  if (axis.from !== undefined) tests.push(`${axis.column.sql} >= ${axis.from}`);
  if (axis.to !== undefined) tests.push(`${axis.column.sql} < ${axis.to}`);
  return tests.join(' AND ');
}

/** First bin and number of bins as a one-row sub-query. */
function gridSize(axis: Axis, bins: string): string {
  const first = axis.from === undefined ? `(SELECT min(ix) FROM ${bins})` : integerSql(0, 'long');
  const start = axis.from ?? `(${first} * ${axis.step})`;
  const ceiling =
    axis.element === 'real'
      ? `CAST(ceil((${axis.to} - ${start}) / ${axis.step}) AS BIGINT)`
      : `((${axis.to} - ${start} + ${axis.step} - 1) // ${axis.step})`;
  const count = axis.to === undefined ? `(SELECT max(ix) FROM ${bins}) - ${first} + 1` : ceiling;
  return `SELECT ${first} AS first, ${start} AS start, CAST(greatest(coalesce(${count}, 0), 0) AS BIGINT) AS n`;
}

export function makeSeries(t: Translator, node: Syntax, input: Relation, scope: Scope): Relation {
  const inner = new Row(t.session, input);
  const axis = axisOf(t, node, inner, scope);
  const keys = groupKeys(t, elements((node.ByClause as Syntax | null)?.Expressions), inner, scope);
  if (keys.values.length > 0 && (axis.from === undefined || axis.to === undefined)) {
    // The documentation can be read as "of each series" or "of all series".
    t.session.refuse('make-series with by but without from and to', node);
  }
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
  const from = `(WITH ${bins} AS MATERIALIZED (SELECT * FROM ${parts.bins}), ${size} AS MATERIALIZED (${gridSize(parts.axis, bins)}) SELECT *, ${points} AS ${axisId} FROM (SELECT ${selected} ${grid} ${grouping}))`;
  const values: Value[] = [
    ...outKeys.map(({ id, value }) => reference(id, value)),
    ...outValues.map(({ id, measure }): Value => ({ sql: id, type: 'dynamic', list: measure.element, notNull: true })),
    { sql: axisId, type: 'dynamic', list: parts.axis.element, notNull: true },
  ];
  return { from, columns: named(session, node, values) };
}
