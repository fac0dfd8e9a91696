// top-nested: the best groups, within each of them the best groups of the next level, and so on.

import { textOf } from '../../parser/analyze.ts';
import { elements, kindOf, type Syntax } from '../../parser/language.ts';
import type { Value } from '../../sql/value.ts';
import { keysOf, orderSql, reference, type Relation } from '../relation.ts';
import { Row } from '../row.ts';
import { named, withColumns } from '../select.ts';
import type { Scope, Translator } from '../translator.ts';
import { AggregateList } from './summarize.ts';

interface Level {
  readonly from: string;
  readonly keys: readonly Value[];
  readonly value: Value;
}

/** Groups of the rows by all keys up to this level, the best of each group of the level above. */
function levelOf(
  t: Translator,
  clause: Syntax,
  inner: Row,
  source: string,
  keys: readonly Value[],
  scope: Scope,
): Level {
  const by = clause.ByExpression as Syntax;
  const ordered = kindOf(by) === 'OrderedExpression';
  const ascending = ordered && by.Ordering ? textOf(by.Ordering).toLowerCase().startsWith('asc') : false;
  const list = new AggregateList(inner);
  const outer = new Row(t.session, undefined, { aggregates: list });
  const value = t.scalar(ordered ? (by.Expression as Syntax) : by, outer, scope);
  const groups = keys.map((key) => key.sql);
  const grouped = `(SELECT ${[...groups, ...list.select].join(', ')} FROM ${inner.from(source)} GROUP BY ${groups.join(', ')})`;
  const placed = withColumns(t.session, outer, [value], grouped);
  const best = placed.columns[0] as Value;
  const ids = keys.map(() => t.session.id());
  const id = t.session.id();
  const partition = groups.length > 1 ? `PARTITION BY ${groups.slice(0, -1).join(', ')} ` : '';
  const order = orderSql(keysOf(best, !ascending, false));
  const limit = clause.Expression ? String(t.constant(clause.Expression, scope)) : undefined;
  const qualify = limit === undefined ? '' : ` QUALIFY row_number() OVER (${partition}ORDER BY ${order}) <= ${limit}`;
  const select = [...groups.map((group, i) => `${group} AS ${ids[i] as string}`), `${best.sql} AS ${id}`].join(', ');
  return {
    from: `(SELECT ${select} FROM ${placed.from}${qualify})`,
    keys: keys.map((key, i) => reference(ids[i] as string, key)),
    value: reference(id, best),
  };
}

export function topNested(t: Translator, node: Syntax, input: Relation, scope: Scope): Relation {
  if (input.parts) t.session.refuse('top-nested inside mv-apply or partition', node);
  const clauses = elements(node.Clauses);
  if (clauses.some((clause) => clause.WithOthersClause)) t.session.refuse('top-nested with others', node);
  const row = new Row(t.session, input);
  const of = clauses.map((clause) => t.scalar(clause.OfExpression as Syntax, row, scope));
  if (of.some((key) => key.type === 'dynamic')) t.session.refuse('top-nested of a dynamic, convert it first', node);
  const placed = withColumns(t.session, row, of);
  // Every level reads the same rows, with columns of its own for its aggregate.
  const base = t.session.id('m');
  const levels = clauses.map((clause, i) =>
    levelOf(t, clause, new Row(t.session, { ...input, from: base }), base, placed.columns.slice(0, i + 1), scope),
  );
  const [first, ...rest] = levels;
  if (!first) return t.session.refuse('top-nested without a level', node);
  let from = first.from;
  let above = first;
  for (const level of rest) {
    const on = above.keys.map((key, i) => `${key.sql} IS NOT DISTINCT FROM ${level.keys[i]?.sql ?? ''}`).join(' AND ');
    from = `(SELECT * FROM ${from} AS l JOIN ${level.from} AS r ON ${on})`;
    above = level;
  }
  const values = levels.flatMap((level) => [level.keys.at(-1) as Value, level.value]);
  return {
    from: `(WITH ${base} AS MATERIALIZED (SELECT * FROM ${placed.from}) SELECT * FROM ${from})`,
    columns: named(t.session, node, values),
  };
}
