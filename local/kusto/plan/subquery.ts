import { kindOf, type Syntax } from '../parser/language.ts';
import type { Value } from '../sql/value.ts';
import { orderSql, reference, type Relation } from './relation.ts';
import { Row } from './row.ts';
import type { Scope, Translator } from './translator.ts';

/** ` ORDER BY …` of a relation, or ''. */
export const orderBy = (relation: Relation): string =>
  relation.order && relation.order.length > 0 ? ` ORDER BY ${orderSql(relation.order)}` : '';

/** `toscalar(…)`: first column of the first row, computed once however often it is used. */
export function scalarSubquery(t: Translator, node: Syntax, scope: Scope): Value {
  if (kindOf(node) === 'ParenthesizedExpression') return scalarSubquery(t, node.Expression as Syntax, scope);
  if (node.ResultType?.Columns === undefined) return t.scalar(node, new Row(t.session, undefined), scope);
  const table = t.table(node, scope);
  const first = table.columns[0];
  if (!first) return t.session.refuse('toscalar of a table without columns', node);
  if (table.parts) return t.session.refuse('toscalar of the rows of a part inside partition or mv-apply', node);
  const id = t.session.id('s');
  const value = first.value;
  t.session.shared.push(`${id} AS MATERIALIZED (SELECT ${value.sql} AS v FROM ${table.from}${orderBy(table)} LIMIT 1)`);
  const sql = value.type === 'string' ? `coalesce((SELECT v FROM ${id}), '')` : `(SELECT v FROM ${id})`;
  const { notNull: _, ...rest } = reference(sql, value);
  return value.type === 'string' ? { ...rest, notNull: true } : rest;
}
