// sample, sample-distinct: some rows, some values. Which ones is open.

import type { Syntax } from '../../parser/language.ts';
import { reference, type Relation } from '../relation.ts';
import { Row } from '../row.ts';
import { named, withColumns } from '../select.ts';
import type { Scope, Translator } from '../translator.ts';

/** A constant count, 0 or more. */
function countOf(t: Translator, node: Syntax, scope: Scope): bigint {
  const count = t.constant(node, scope);
  if (typeof count !== 'bigint') return t.session.refuse('a count that is no whole number', node);
  return count < 0n ? 0n : count;
}

export function sample(t: Translator, node: Syntax, input: Relation, scope: Scope): Relation {
  const count = countOf(t, node.Expression as Syntax, scope);
  const { order: _, serialized: _s, ...rest } = input;
  const from = input.parts
    ? `(SELECT * FROM ${input.from} QUALIFY row_number() OVER (PARTITION BY ${input.parts.join(', ')} ORDER BY random()) <= ${count})`
    : `(SELECT * FROM ${input.from} USING SAMPLE reservoir(${count} ROWS))`;
  return { ...rest, from };
}

export function sampleDistinct(t: Translator, node: Syntax, input: Relation, scope: Scope): Relation {
  const count = countOf(t, node.Expression as Syntax, scope);
  const row = new Row(t.session, input);
  const of = t.scalar(node.OfExpression as Syntax, row, scope);
  if (of.type === 'dynamic') t.session.refuse('sample-distinct of a dynamic, convert it first', node);
  const placed = withColumns(t.session, row, [of]);
  const id = placed.columns[0]?.sql ?? of.sql;
  return {
    from: `(SELECT DISTINCT ${id} FROM ${placed.from} LIMIT ${count})`,
    columns: named(t.session, node, [reference(id, of)]),
  };
}
