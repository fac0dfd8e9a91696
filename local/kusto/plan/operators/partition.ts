// partition by, top-hitters.

import { kindOf, type Syntax } from '../../parser/language.ts';
import { reference, type Relation } from '../relation.ts';
import { Row } from '../row.ts';
import { named, withColumns } from '../select.ts';
import { PART_INPUT, Scope, type Translator } from '../translator.ts';

/** `partition by key (sub-query)`: the sub-query runs for each key alone. */
export function partition(t: Translator, node: Syntax, input: Relation, scope: Scope): Relation {
  const operand = node.Operand as Syntax;
  if (node.ByExpression === null || node.ByExpression === undefined || kindOf(operand) !== 'PartitionSubquery') {
    return t.session.refuse('this form of partition', node);
  }
  const row = new Row(t.session, input);
  const key = t.scalar(node.ByExpression, row, scope);
  const placed = withColumns(t.session, row, [key]);
  const id = placed.columns[0]?.sql ?? key.sql;
  const part: Relation = { ...input, from: placed.from, parts: [...(input.parts ?? []), id] };
  const inner = new Scope(scope);
  inner.declare(PART_INPUT, { kind: 'table', make: () => part });
  const result = t.table(operand.Subquery as Syntax, inner);
  const { parts: _, order: _o, serialized: _s, ...rest } = result;
  return {
    ...rest,
    columns: result.columns,
    ...(input.parts ? { parts: input.parts } : {}),
  };
}

/** `top-hitters n of x by y`: exact here. */
export function topHitters(t: Translator, node: Syntax, input: Relation, scope: Scope): Relation {
  const row = new Row(t.session, input);
  const of = t.scalar(node.OfExpression as Syntax, row, scope);
  const weight = node.ByClause ? t.scalar(node.ByClause.Expression as Syntax, row, scope) : undefined;
  const limit = t.constant(node.Expression as Syntax, scope);
  const [key, total] = [t.session.id(), t.session.id()];
  const type = weight?.type === 'real' ? 'real' : 'long';
  const sum = weight ? `CAST(sum(${weight.sql}) AS ${type === 'real' ? 'DOUBLE' : 'BIGINT'})` : 'count(*)';
  const from = `(SELECT ${of.sql} AS ${key}, ${sum} AS ${total} FROM ${row.from()} GROUP BY ${of.sql} ORDER BY ${total} DESC LIMIT ${String(limit)})`;
  return { from, columns: named(t.session, node, [reference(key, of), { sql: total, type }]) };
}
