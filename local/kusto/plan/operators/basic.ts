// Operators that keep the columns: where, sort, top, take, distinct, count, serialize, as, render, getschema.

import { textOf } from '../../parser/analyze.ts';
import { elements, kindOf, type Syntax } from '../../parser/language.ts';
import { toJson } from '../../sql/convert.ts';
import { quote, type Value } from '../../sql/value.ts';
import { DOTNET } from '../../types.ts';
import { realias } from '../realias.ts';
import { keysOf, orderSql, reference, type OrderKey, type Relation } from '../relation.ts';
import { Row } from '../row.ts';
import { withColumns } from '../select.ts';
import type { Scope, Translator } from '../translator.ts';
import { extend } from './project.ts';

type Operator = (t: Translator, node: Syntax, input: Relation, scope: Scope) => Relation;

export const where: Operator = (t, node, input, scope) => {
  const filtered = input.refilter?.(node.Condition as Syntax);
  if (filtered) return filtered;
  const row = new Row(t.session, input);
  const condition = t.predicate(node.Condition as Syntax, row, scope);
  return { ...input, from: `(SELECT * FROM ${row.from()} WHERE ${condition})`, ...row.sequenceOrder() };
};

/** Sort keys of a list of ordered expressions; expressions get a column. */
export function sortKeys(
  t: Translator,
  nodes: readonly Syntax[],
  input: Relation,
  scope: Scope,
): { from: string; keys: OrderKey[] } {
  const row = new Row(t.session, input);
  const parts = nodes.map((node) => {
    const ordered = kindOf(node) === 'OrderedExpression';
    const ordering = ordered ? node.Ordering : undefined;
    const descending = ordering?.AscOrDescKeyword ? textOf(ordering.AscOrDescKeyword).toLowerCase() === 'desc' : true;
    const nulls = ordering?.NullsClause ? textOf(ordering.NullsClause).toLowerCase().includes('first') : !descending;
    const value = t.scalar(ordered ? (node.Expression as Syntax) : node, row, scope);
    return { value, descending, nulls };
  });
  const placed = withColumns(
    t.session,
    row,
    parts.map((part) => sortable(t, nodes[0] as Syntax, part.value, row)),
  );
  const keys = parts.flatMap((part, i) => keysOf(placed.columns[i] as Value, part.descending, part.nulls));
  return { from: placed.from, keys };
}

function sortable(t: Translator, node: Syntax, value: Value, _row: Row): Value {
  if (value.type !== 'dynamic' || value.scalar) return value;
  return t.session.refuse('sorting by a dynamic, convert it first', node);
}

export const sort: Operator = (t, node, input, scope) => {
  const { from, keys } = sortKeys(t, elements(node.Expressions), input, scope);
  return { ...input, from, order: keys, serialized: true };
};

/** Rows that an expression asks for; a constant of 0 or more. */
function rowCount(t: Translator, node: Syntax, scope: Scope): string {
  const value = t.scalar(node, new Row(t.session, undefined), scope);
  if (typeof value.constant === 'bigint') return `${value.constant < 0n ? 0n : value.constant}`;
  return `(SELECT ${value.sql})`;
}

/** The first rows of each part. */
const firstOfParts = (from: string, parts: readonly string[], keys: readonly OrderKey[], limit: string): string => {
  const order = keys.length > 0 ? ` ORDER BY ${orderSql(keys)}` : '';
  return `(SELECT * FROM ${from} QUALIFY row_number() OVER (PARTITION BY ${parts.join(', ')}${order}) <= ${limit})`;
};

export const take: Operator = (t, node, input, scope) => {
  if (input.parts) {
    const limit = rowCount(t, node.Expression as Syntax, scope);
    return { ...input, from: firstOfParts(input.from, input.parts, input.order ?? [], limit) };
  }
  const order = input.order ? ` ORDER BY ${orderSql(input.order)}` : '';
  return {
    ...input,
    from: `(SELECT * FROM ${input.from}${order} LIMIT ${rowCount(t, node.Expression as Syntax, scope)})`,
  };
};

export const top: Operator = (t, node, input, scope) => {
  const { from, keys } = sortKeys(t, [node.ByExpression as Syntax], input, scope);
  const limit = rowCount(t, node.Expression as Syntax, scope);
  if (input.parts)
    return { ...input, from: firstOfParts(from, input.parts, keys, limit), order: keys, serialized: true };
  return {
    ...input,
    from: `(SELECT * FROM ${from} ORDER BY ${orderSql(keys)} LIMIT ${limit})`,
    order: keys,
    serialized: true,
  };
};

export const distinct: Operator = (t, node, input, scope) => {
  const nodes = elements(node.Expressions);
  const star = nodes.length === 1 && kindOf(nodes[0] as Syntax) === 'StarExpression';
  const row = new Row(t.session, input);
  const values = star ? input.columns.map((column) => column.value) : nodes.map((item) => t.scalar(item, row, scope));
  if (values.some((value) => value.type === 'dynamic' && !star)) t.session.refuse('distinct over a dynamic', node);
  const names = star ? input.columns.map((column) => column.name) : node.ResultType ? namesFrom(node) : [];
  const ids = values.map((value) => ({ id: t.session.id(), value: plain(value, row) }));
  const parts = input.parts ?? [];
  const list = [...parts, ...ids.map(({ id, value }) => `${value.sql} AS ${id}`)].join(', ');
  return {
    ...(input.parts ? { parts } : {}),
    from: `(SELECT DISTINCT ${list} FROM ${row.from()})`,
    columns: ids.map(({ id, value }, i) => ({ name: names[i] ?? '', value: reference(id, value) })),
  };
};

const namesFrom = (node: Syntax): string[] => {
  const columns = node.ResultType?.Columns;
  return Array.from({ length: columns?.Count ?? 0 }, (_, i) => columns?.getItem(i).Name ?? '');
};

/** Lists become text, so that equal ones are equal. */
const plain = (value: Value, row: Row): Value => (value.list ? { sql: toJson(value, row), type: 'dynamic' } : value);

export const count: Operator = (t, node, input) => {
  const id = t.session.id();
  const name = namesFrom(node)[0] ?? 'Count';
  const parts = input.parts ?? [];
  const grouping = parts.length > 0 ? ` GROUP BY ${parts.join(', ')}` : '';
  return {
    ...(input.parts ? { parts } : {}),
    from: `(SELECT ${[...parts, `count(*) AS ${id}`].join(', ')} FROM ${input.from}${grouping})`,
    columns: [{ name, value: { sql: id, type: 'long', notNull: true } }],
  };
};

export const serialize: Operator = (t, node, input, scope) => ({
  ...extend(t, node, { ...input, serialized: true }, scope),
  serialized: true,
});

export const as: Operator = (t, node, input, scope) => {
  const name = (node.Name as Syntax).SimpleName ?? '';
  const table = { ...input, source: name };
  scope.declare(name, { kind: 'table', make: () => realias(table, t.session) });
  return table;
};

export const consume: Operator = (_t, _node, input) => ({ ...input, from: `(SELECT * FROM ${input.from} LIMIT 0)` });

const propertyValue = (node: Syntax): string => textOf(node.Expression as Syntax).replace(/^(["'])([\s\S]*)\1$/, '$2');

export const render: Operator = (_t, node, input) => {
  const chart: Record<string, unknown> = { Visualization: textOf(node.GetChild(1) as Syntax) };
  const properties = [...elements(node.Parameters), ...elements((node.WithClause as Syntax | null)?.Properties)];
  for (const property of properties) {
    if (property.Name && property.Expression) chart[property.Name.SimpleName ?? ''] = propertyValue(property);
  }
  return { ...input, visualization: chart };
};

export const getschema: Operator = (t, _node, input) => {
  const rows = input.columns.map(
    ({ name, value }, i) => `(${quote(name)}, ${i}, ${quote(DOTNET[value.type])}, ${quote(value.type)})`,
  );
  const ids = [t.session.id(), t.session.id(), t.session.id(), t.session.id()];
  const types = ['string', 'int', 'string', 'string'] as const;
  const names = ['ColumnName', 'ColumnOrdinal', 'DataType', 'ColumnType'];
  return {
    from: `(SELECT * FROM (VALUES ${rows.join(', ')}) AS v(${ids.join(', ')}))`,
    columns: ids.map((id, i) => ({
      name: names[i] as string,
      value: { sql: id, type: types[i] ?? 'string', notNull: true },
    })),
    order: [{ sql: ids[1] as string, descending: false, nullsFirst: false }],
  };
};
