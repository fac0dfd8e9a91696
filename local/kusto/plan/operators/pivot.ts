// evaluate pivot: the values of a column as columns.

import { kindOf, type Syntax } from '../../parser/language.ts';
import { toJson, toText } from '../../sql/convert.ts';
import { quote, type Value } from '../../sql/value.ts';
import { argumentNodes, nameOfCall } from '../call.ts';
import { columnsIn } from '../columns-in.ts';
import { reference, type Relation } from '../relation.ts';
import { Row } from '../row.ts';
import { withColumns } from '../select.ts';
import type { Scope, Translator } from '../translator.ts';
import { outputSchema } from './declared-schema.ts';
import { AggregateList } from './summarize.ts';

interface Key {
  readonly name: string;
  readonly value: Value;
}

/** What a cell without rows holds: what the aggregate gives for no rows, as the page on summarize lists it. */
const EMPTY: ReadonlyMap<string, string> = new Map([
  ['count', '0'],
  ['sum', '0'],
  ['dcount', '0'],
  ['stdev', '0'],
  ['variance', '0'],
  ['min', 'NULL'],
  ['max', 'NULL'],
  ['avg', "'NaN'::DOUBLE"],
  ['take_any', 'NULL'],
  ['any', 'NULL'],
]);
const COLLECTING = new Set(['make_list', 'make_bag', 'make_set']);

/** The columns to group by: those given, or all that neither name the columns nor are aggregated. */
function keysOf(t: Translator, nodes: readonly Syntax[], inner: Row, scope: Scope): Key[] {
  const [column, aggregate, ...keyNodes] = nodes;
  const columns = inner.relation?.columns ?? [];
  if (keyNodes.length > 0)
    return keyNodes.map((item) => ({ name: item.SimpleName ?? '', value: t.scalar(item, inner, scope) }));
  const used = new Set([...columnsIn(column as Syntax), ...(aggregate ? columnsIn(aggregate) : [])]);
  return columns.filter(({ name }) => !used.has(name));
}

/** The aggregate of a cell, and what one without rows holds. */
function cellOf(t: Translator, node: Syntax, aggregate: Syntax | undefined, outer: Row, scope: Scope) {
  if (!aggregate) {
    const count: Value = { sql: 'count(*)', type: 'long', notNull: true };
    return { value: outer.aggregates?.add(count) ?? count, empty: '0' };
  }
  const name = kindOf(aggregate) === 'FunctionCallExpression' ? nameOfCall(aggregate) : '';
  const empty = COLLECTING.has(name)
    ? `error('KustoError: pivot: ${name} of a cell without rows is not documented')`
    : (EMPTY.get(name) ??
      t.session.refuse(`pivot with ${name === '' ? 'this expression' : `${name}()`}, use sum()`, node));
  const value = t.scalar(aggregate, outer, scope);
  return { value, empty: value.type === 'string' ? quote('') : empty };
}

export function pivot(t: Translator, node: Syntax, input: Relation, scope: Scope): Relation {
  const nodes = argumentNodes(node.FunctionCall as Syntax);
  const inner = new Row(t.session, input);
  const chosen = inner.atom(toText(t.scalar(nodes[0] as Syntax, inner, scope), inner));
  const keys = keysOf(t, nodes, inner, scope);
  const list = new AggregateList(inner);
  const outer = new Row(t.session, undefined, { aggregates: list });
  const { value, empty } = cellOf(t, node, nodes[1], outer, scope);
  const placed = withColumns(
    t.session,
    inner,
    keys.map((item) => (item.value.list ? { sql: toJson(item.value, inner), type: 'dynamic' } : item.value)),
  );
  const { wanted } = outputSchema(t, node, () => ({
    shape: {
      plugin: 'pivot',
      source: keys.map((key) => ({ name: key.name, type: key.value.type })),
      type: value.type,
    },
    sql: `SELECT DISTINCT ${chosen} AS name, '' AS type FROM ${placed.from} ORDER BY name`,
  }));
  const groups = placed.columns.map((item) => item.sql);
  const long = `(SELECT ${[...groups, `${chosen} AS name`, ...list.select].join(', ')} FROM ${placed.from} GROUP BY ${[...groups, chosen].join(', ')})`;
  const cells = withColumns(t.session, outer, [value], long);
  const cell = cells.columns[0] as Value;
  const made = wanted.map(({ name, type }) => {
    const at = keys.findIndex((key) => key.name === name);
    const id = t.session.id();
    if (at >= 0) return { name, id, sql: groups[at] as string, value: placed.columns[at] as Value };
    if (type !== cell.type)
      return t.session.refuse(`pivot column ${name}:${type}, the aggregate gives ${cell.type}`, node);
    const here = `FILTER (WHERE name = ${quote(name)})`;
    const sql = `CASE WHEN count(*) ${here} = 0 THEN ${empty} ELSE any_value(${cell.sql}) ${here} END`;
    return { name, id, sql, value: cell };
  });
  const select = made.map((item) => `${item.sql} AS ${item.id}`).join(', ');
  const grouping = groups.length > 0 ? ` GROUP BY ${groups.join(', ')}` : '';
  return {
    from: `(SELECT ${select} FROM ${cells.from}${grouping})`,
    columns: made.map((item) => ({ name: item.name, value: reference(item.id, withoutSurety(item.value)) })),
  };
}

/** A cell without rows may be null. */
function withoutSurety(value: Value): Value {
  const { notNull: _, constant: _c, ...rest } = value;
  return value.type === 'string' ? { ...rest, notNull: true } : rest;
}
