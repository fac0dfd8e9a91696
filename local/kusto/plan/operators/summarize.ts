import { elements, kindOf, type Syntax } from '../../parser/language.ts';
import { extremeSql } from '../../functions/aggregates-basic.ts';
import { toJson } from '../../sql/convert.ts';
import type { Value } from '../../sql/value.ts';
import { argumentNodes, nameOfCall } from '../call.ts';
import { findColumn, reference, type Relation } from '../relation.ts';
import { Row } from '../row.ts';
import { named, namesOf, withColumns } from '../select.ts';
import type { Scope, Translator } from '../translator.ts';

/** Collects the aggregates of a summarize, each computed once. */
export class AggregateList {
  readonly items = new Map<string, { id: string; value: Value }>();
  readonly inner: Row;

  constructor(inner: Row) {
    this.inner = inner;
  }

  add(value: Value): Value {
    if (value.tuple) return { ...value, tuple: value.tuple.map((item) => this.add(item)) };
    let item = this.items.get(value.sql);
    if (!item) {
      item = { id: this.inner.session.id(), value };
      this.items.set(value.sql, item);
    }
    return reference(item.id, item.value);
  }

  get select(): string[] {
    return [...this.items.values()].map(({ id, value }) => `${value.sql} AS ${id}`);
  }
}

const unwrapped = (node: Syntax): Syntax =>
  kindOf(node) === 'SimpleNamedExpression' || kindOf(node) === 'CompoundNamedExpression'
    ? (node.Expression as Syntax)
    : node;

/** Columns that `*` stands for: all that are neither grouped by nor the ordering one. */
function starColumns(input: Relation, excluded: ReadonlySet<string>): Value[] {
  return input.columns.filter((column) => !excluded.has(column.name)).map((column) => column.value);
}

/** Value of `column` in the row where `by` is greatest or least; of any row when `by` is always null. */
function pick(name: 'arg_max' | 'arg_min', column: Value, by: Value): Value {
  const { constant: _c, notNull: _n, path: _p, ...rest } = column;
  // NaN is the least as well as the greatest real; DuckDB has it for the greatest only.
  const found =
    name === 'arg_min' && by.type === 'real'
      ? `arg_max_null(${column.sql}, -${by.sql})`
      : `${name}_null(${column.sql}, ${by.sql})`;
  const sure = by.notNull === true || by.type === 'string';
  return { ...rest, sql: sure ? found : `CASE WHEN count(${by.sql}) = 0 THEN first(${column.sql}) ELSE ${found} END` };
}

/** arg_max, arg_min and take_any(*): several columns of one row. */
function rowAggregate(
  t: Translator,
  node: Syntax,
  list: AggregateList,
  scope: Scope,
  groupNames: ReadonlySet<string>,
): Value[] | undefined {
  if (kindOf(node) !== 'FunctionCallExpression') return undefined;
  const name = nameOfCall(node);
  const { inner } = list;
  const input = inner.relation as Relation;
  const nodes = argumentNodes(node);
  const last = nodes.at(-1);
  const star = last !== undefined && kindOf(last) === 'StarExpression';
  if (name === 'arg_max' || name === 'arg_min') {
    const by = t.scalar(nodes[0] as Syntax, inner, scope);
    const byName = kindOf(nodes[0] as Syntax) === 'NameReference' ? (nodes[0] as Syntax).SimpleName : undefined;
    const excluded = new Set([...groupNames, ...(byName === undefined ? [] : [byName])]);
    const rest = nodes
      .slice(1)
      .flatMap((item) =>
        kindOf(item) === 'StarExpression' ? starColumns(input, excluded) : [t.scalar(item, inner, scope)],
      );
    const extreme = name === 'arg_max' ? 'max' : 'min';
    if (by.type === 'dynamic' && !by.scalar) return t.session.refuse(`${name} by a dynamic`, node);
    const held = by.sql.length > 24 ? inner.hold(by) : by;
    return [
      list.add({ ...pickless(held), sql: extremeSql(extreme, held, '') }),
      ...rest.map((value) => list.add(pick(name, value, held))),
    ];
  }
  if (star && (name === 'take_any' || name === 'any')) {
    return starColumns(input, groupNames).map((value) => list.add({ ...pickless(value), sql: `first(${value.sql})` }));
  }
  return undefined;
}

const pickless = (value: Value): Value => {
  const { constant: _c, notNull: _n, path: _p, ...rest } = value;
  return rest;
};

/** Group keys as columns of the source; lists as JSON text, which can be compared. */
export function groupKeys(
  t: Translator,
  nodes: readonly Syntax[],
  row: Row,
  scope: Scope,
): { names: string[]; values: Value[] } {
  const names: string[] = [];
  const values = nodes.map((node) => {
    const value = t.scalar(node, row, scope);
    if (kindOf(node) === 'NameReference' && row.relation && findColumn(row.relation, node.SimpleName ?? ''))
      names.push(node.SimpleName ?? '');
    return value.list ? { sql: toJson(value, row), type: value.type } : value;
  });
  return { names, values };
}

/** The parser names covariance(x, y) after x only; Kusto after both. */
function outcomeNames(node: Syntax): string[] {
  const names = namesOf(node);
  const keys = elements(node.ByClause?.Expressions).length;
  elements(node.Aggregates).forEach((item, i) => {
    if (kindOf(item) !== 'FunctionCallExpression' || !nameOfCall(item).startsWith('covariance')) return;
    const [x, y] = argumentNodes(item).map((argument) => argument.SimpleName ?? '');
    const plain = elements(node.Aggregates)
      .slice(0, i)
      .every((other) => !nameOfCall(unwrapped(other)).startsWith('arg_'));
    if (plain && names[keys + i] === `${nameOfCall(item)}_${x ?? ''}`)
      names[keys + i] = `${nameOfCall(item)}_${x ?? ''}_${y ?? ''}`;
  });
  return names;
}

export function summarize(t: Translator, node: Syntax, input: Relation, scope: Scope): Relation {
  const inner = new Row(t.session, input);
  const by = node.ByClause;
  const keys = groupKeys(t, elements(by?.Expressions), inner, scope);
  const list = new AggregateList(inner);
  const outer = new Row(t.session, undefined, { aggregates: list });
  const groupNames = new Set(keys.names);
  const results = elements(node.Aggregates).flatMap((item) => {
    const several = rowAggregate(t, unwrapped(item), list, scope, groupNames);
    if (several) return several;
    const value = t.scalar(item, outer, scope);
    return value.tuple ?? [value];
  });
  const source = withColumns(t.session, inner, keys.values);
  const parts = input.parts ?? [];
  const groups = [...parts, ...source.columns.map((value) => value.sql)];
  const select = [...new Set(groups), ...list.select];
  const grouping = groups.length > 0 ? ` GROUP BY ${[...new Set(groups)].join(', ')}` : '';
  const grouped = `(SELECT ${select.length > 0 ? select.join(', ') : '1 AS one'} FROM ${source.from}${grouping})`;
  const placed = withColumns(t.session, outer, [...source.columns, ...results], grouped);
  const columns = named(t.session, node, placed.columns, outcomeNames(node));
  return { from: placed.from, columns, ...(input.parts ? { parts } : {}) };
}
