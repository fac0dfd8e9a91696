// top-nested: the best groups, within each of them the best groups of the next level, and so on.
// `with others` adds one row for what did not make it: at its level, and at every level above that has none of its own.

import { textOf } from '../../parser/analyze.ts';
import { elements, kindOf, type Syntax } from '../../parser/language.ts';
import type { Value } from '../../sql/value.ts';
import { nullOf, unified } from '../../sql/convert.ts';
import { PHYSICAL } from '../../types.ts';
import { keysOf, nullable, orderSql, reference, type Relation } from '../relation.ts';
import { Row } from '../row.ts';
import { named, withColumns } from '../select.ts';
import type { Scope, Translator } from '../translator.ts';
import { AggregateList } from './summarize.ts';

interface Level {
  readonly from: string;
  readonly keys: readonly Value[];
  readonly value: Value;
}

/** The aggregate of a level, and whether the least are the best. */
function aggregateOf(clause: Syntax): { node: Syntax; ascending: boolean } {
  const by = clause.ByExpression as Syntax;
  const ordered = kindOf(by) === 'OrderedExpression';
  const ascending = ordered && by.Ordering ? textOf(by.Ordering).toLowerCase().startsWith('asc') : false;
  return { node: ordered ? (by.Expression as Syntax) : by, ascending };
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
  const { node, ascending } = aggregateOf(clause);
  const list = new AggregateList(inner);
  const outer = new Row(t.session, undefined, { aggregates: list });
  const value = t.scalar(node, outer, scope);
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

const same = (keys: readonly Value[], others: readonly Value[]): string =>
  keys.map((key, i) => `${key.sql} IS NOT DISTINCT FROM ${others[i]?.sql ?? ''}`).join(' AND ');

interface Nest {
  readonly clauses: readonly Syntax[];
  readonly levels: readonly Level[];
  /** The rows, with these keys. */
  readonly base: string;
  readonly keys: readonly Value[];
  readonly input: Relation;
  readonly scope: Scope;
}

/** Names of the levels that are shown, put side by side. */
function joined({ levels }: Nest, depth: number): string {
  let from = levels[0]?.from ?? '';
  for (let i = 1; i < depth; i++) {
    const [above, level] = [levels[i - 1] as Level, levels[i] as Level];
    from = `(SELECT * FROM ${from} AS l JOIN ${level.from} AS r ON ${same(above.keys, level.keys)})`;
  }
  return from;
}

/** The text for the others of a level, as a value of the key's type. */
function labelOf(t: Translator, nest: Nest, level: number): string | undefined {
  const clause = (nest.clauses[level] as Syntax).WithOthersClause;
  if (!clause) return undefined;
  const key = nest.keys[level] as Value;
  const label = t.scalar(clause.Expression as Syntax, new Row(t.session, undefined), nest.scope);
  return (
    unified(label, key.type, { atom: (sql) => sql }) ??
    t.session.refuse(`with others = a ${label.type} for a level of type ${key.type}`, clause)
  );
}

/** What is left of the rows below the best groups of the levels before `at`, as cells of the outcome. */
function othersOf(t: Translator, nest: Nest, at: number): string | undefined {
  const labels = nest.clauses.map((_, level) => (level < at ? undefined : labelOf(t, nest, level)));
  if (labels.every((label) => label === undefined)) return undefined;
  const { levels, keys, base } = nest;
  const above = levels[at - 1];
  const shown = above ? `${joined(nest, at)} AS p JOIN ${base} AS b ON ${same(above.keys, keys)}` : `${base} AS b`;
  const best = levels[at] as Level;
  const rest = `(SELECT * FROM ${shown} ANTI JOIN ${best.from} AS q ON ${same(best.keys, keys)})`;
  const path = levels.slice(0, at).flatMap((level) => [level.keys.at(-1) as Value, level.value]);
  const list = new AggregateList(new Row(t.session, { ...nest.input, from: rest }));
  const outer = new Row(t.session, undefined, { aggregates: list });
  const cells = levels.slice(at).flatMap((level, i) => {
    const label = labels[at + i];
    const [key, value] = [level.keys.at(-1) as Value, level.value];
    if (label === undefined) return [nullOf(key.type, PHYSICAL).sql, nullOf(value.type, PHYSICAL).sql];
    return [label, t.scalar(aggregateOf(nest.clauses[at + i] as Syntax).node, outer, nest.scope).sql];
  });
  const groups = path.map((value) => value.sql);
  const select = [...groups, ...list.select, 'count(*) AS rows_of_group'].join(', ');
  const grouping = groups.length > 0 ? ` GROUP BY ${groups.join(', ')}` : '';
  const grouped = outer.from(`(SELECT ${select} FROM ${list.inner.from(rest)}${grouping})`);
  return `SELECT ${[...groups, ...cells].join(', ')} FROM ${grouped} WHERE rows_of_group > 0`;
}

export function topNested(t: Translator, node: Syntax, input: Relation, scope: Scope): Relation {
  if (input.parts) t.session.refuse('top-nested inside mv-apply or partition', node);
  const clauses = elements(node.Clauses);
  const row = new Row(t.session, input);
  const of = clauses.map((clause) => t.scalar(clause.OfExpression as Syntax, row, scope));
  if (of.some((key) => key.type === 'dynamic')) t.session.refuse('top-nested of a dynamic, convert it first', node);
  const placed = withColumns(t.session, row, of);
  const base = t.session.id('m');
  const rows = { ...input, from: base };
  const keys = placed.columns;
  // Every level reads the same rows, with columns of its own for its aggregate.
  const levels = clauses.map((clause, i) =>
    levelOf(t, clause, new Row(t.session, rows), base, keys.slice(0, i + 1), scope),
  );
  if (levels.length === 0) return t.session.refuse('top-nested without a level', node);
  const nest: Nest = { clauses, levels, base, keys, input: rows, scope };
  const values = levels.flatMap((level) => [level.keys.at(-1) as Value, level.value]);
  const top = `SELECT ${values.map((value) => value.sql).join(', ')} FROM ${joined(nest, levels.length)}`;
  const others = levels.flatMap((_, i) => othersOf(t, nest, i) ?? []);
  const ids = values.map(() => t.session.id());
  const all = `SELECT * FROM (${[top, ...others].join(' UNION ALL ')}) AS v(${ids.join(', ')})`;
  return {
    from: `(WITH ${base} AS MATERIALIZED (SELECT * FROM ${placed.from}) ${all})`,
    columns: named(
      t.session,
      node,
      values.map((value, i) => nullable(reference(ids[i] as string, value))),
    ),
  };
}
