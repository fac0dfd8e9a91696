// join of all kinds, and lookup.

import { textOf } from '../../parser/analyze.ts';
import { elements, kindOf, type Syntax } from '../../parser/language.ts';
import { unified } from '../../sql/convert.ts';
import type { Value } from '../../sql/value.ts';
import { columnsIn } from '../columns-in.ts';
import { findColumn, nullable, reference, type Relation, type RelationColumn } from '../relation.ts';
import { Row } from '../row.ts';
import { namesOf } from '../select.ts';
import type { Scope, Translator } from '../translator.ts';

interface KeyPair {
  readonly left: Value;
  readonly right: Value;
  /** Name of the right column, for lookup which leaves it out. */
  readonly rightName: string | undefined;
}

/** `kind=…` or `hint.…` of an operator. */
export function parameter(node: Syntax, name: string): string | undefined {
  for (const item of elements(node.Parameters)) {
    if ((item.Name as Syntax | null)?.SimpleName === name)
      return textOf(item.Expression as Syntax).replace(/^(["'])([\s\S]*)\1$/, '$2');
  }
  return undefined;
}

const sideOf = (node: Syntax): string | undefined =>
  kindOf(node) === 'PathExpression' ? (node.Expression as Syntax).SimpleName : undefined;

function keyPairs(t: Translator, node: Syntax, left: Relation, right: Relation, scope: Scope): KeyPair[] {
  if (kindOf(node) === 'ParenthesizedExpression') return keyPairs(t, node.Expression as Syntax, left, right, scope);
  if (kindOf(node) === 'NameReference') {
    const name = node.SimpleName ?? '';
    const [a, b] = [findColumn(left, name), findColumn(right, name)];
    if (!a || !b) return t.session.fail(`no column ${name} on both sides of the join`, node);
    return [{ left: a.value, right: b.value, rightName: name }];
  }
  if (kindOf(node) !== 'BinaryExpression') return t.session.refuse(`join condition ${textOf(node)}`, node);
  const [a, b] = [node.Left as Syntax, node.Right as Syntax];
  const operator = textOf(node.Operator as Syntax);
  if (operator === 'and') return [...keyPairs(t, a, left, right, scope), ...keyPairs(t, b, left, right, scope)];
  if (operator !== '==') return t.session.refuse(`join condition with ${operator}`, node);
  const [l, r] = sideOf(a) === '$right' ? [b, a] : [a, b];
  if (sideOf(l) !== '$left' || sideOf(r) !== '$right') return t.session.refuse(`join condition ${textOf(node)}`, node);
  const row = new Row(t.session, undefined, { sides: { $left: left, $right: right } });
  return [{ left: t.scalar(l, row, scope), right: t.scalar(r, row, scope), rightName: textOf(r.Selector as Syntax) }];
}

function condition(t: Translator, node: Syntax, pairs: readonly KeyPair[]): string {
  const tests = pairs.map(({ left, right }) => {
    if (left.type === 'dynamic' || right.type === 'dynamic') return t.session.refuse('join on a dynamic column', node);
    const type = left.type === 'real' || right.type === 'real' ? 'real' : left.type === 'int' ? right.type : left.type;
    const [a, b] = [left, right].map((side) => unified(side, type, { atom: (sql) => sql }));
    if (a === undefined || b === undefined) return t.session.refuse(`join of ${left.type} with ${right.type}`, node);
    // A null key finds a null key.
    const both = left.type === 'string' || (left.notNull === true && right.notNull === true);
    return `${a} ${both ? '=' : 'IS NOT DISTINCT FROM'} ${b}`;
  });
  return tests.length > 0 ? tests.join(' AND ') : 'TRUE';
}

const SEMI: Readonly<Record<string, readonly ['left' | 'right', 'SEMI' | 'ANTI']>> = {
  leftsemi: ['left', 'SEMI'],
  leftanti: ['left', 'ANTI'],
  anti: ['left', 'ANTI'],
  leftantisemi: ['left', 'ANTI'],
  rightsemi: ['right', 'SEMI'],
  rightanti: ['right', 'ANTI'],
  rightantisemi: ['right', 'ANTI'],
};

const JOIN: Readonly<Record<string, string>> = {
  inner: 'INNER JOIN',
  innerunique: 'INNER JOIN',
  leftouter: 'LEFT JOIN',
  rightouter: 'RIGHT JOIN',
  fullouter: 'FULL JOIN',
};

/** Columns of a side that may be missing: strings become '' again, the rest null. */
function outerSide(t: Translator, columns: readonly RelationColumn[], added: string[]): RelationColumn[] {
  return columns.map(({ name, value }) => {
    if (value.type !== 'string') return { name, value: nullable(value) };
    const id = t.session.id();
    added.push(`coalesce(${value.sql}, '') AS ${id}`);
    return { name, value: reference(id, value) };
  });
}

/** Both sides put together; the columns of a side that may be missing are null or '' there. */
export function combine(
  t: Translator,
  kind: string,
  left: Relation,
  right: Relation,
  on: string,
): { from: string; left: RelationColumn[]; right: RelationColumn[] } {
  const added: string[] = [];
  const rightOuter = kind === 'leftouter' || kind === 'fullouter';
  const leftOuter = kind === 'rightouter' || kind === 'fullouter';
  const leftColumns = leftOuter ? outerSide(t, left.columns, added) : [...left.columns];
  const rightColumns = rightOuter ? outerSide(t, right.columns, added) : [...right.columns];
  const more = added.length > 0 ? `, ${added.join(', ')}` : '';
  const from = `(SELECT *${more} FROM ${left.from} AS l ${JOIN[kind] as string} ${right.from} AS r ON ${on})`;
  return { from, left: leftColumns, right: rightColumns };
}

/** Columns under the names that the parser gives them. */
export const withNames = (node: Syntax, columns: readonly RelationColumn[]): RelationColumn[] => {
  const names = namesOf(node);
  return columns.map((column, i) => ({ name: names[i] ?? column.name, value: column.value }));
};

function joinTables(t: Translator, node: Syntax, left: Relation, right: Relation, scope: Scope): Relation {
  const kind = (parameter(node, 'kind') ?? 'innerunique').toLowerCase();
  const clause = node.ConditionClause as Syntax | null;
  if (!clause || kindOf(clause) !== 'JoinOnClause') return t.session.refuse('join without on', node);
  const pairs = elements(clause.Expressions).flatMap((item) => keyPairs(t, item, left, right, scope));
  const on = condition(t, node, pairs);
  const semi = SEMI[kind];
  if (semi) {
    const [kept, other] = semi[0] === 'left' ? [left, right] : [right, left];
    return {
      from: `(SELECT * FROM ${kept.from} AS l ${semi[1]} JOIN ${other.from} AS r ON ${on})`,
      columns: withNames(node, kept.columns),
    };
  }
  if (JOIN[kind] === undefined) return t.session.refuse(`join kind=${kind}`, node);
  const keys = pairs.map((pair) => pair.left.sql).join(', ');
  const unique =
    kind === 'innerunique' && keys !== ''
      ? { ...left, from: `(SELECT DISTINCT ON (${keys}) * FROM ${left.from})` }
      : left;
  const joined = combine(t, kind, unique, right, on);
  return { from: joined.from, columns: withNames(node, [...joined.left, ...joined.right]) };
}

export function join(t: Translator, node: Syntax, input: Relation, scope: Scope): Relation {
  const other = node.Expression as Syntax;
  const right = t.table(other, scope);
  const kind = (parameter(node, 'kind') ?? 'innerunique').toLowerCase();
  const joined = joinTables(t, node, input, right, scope);
  if (kind !== 'innerunique') return joined;
  return {
    ...joined,
    // Which of several left rows of a key stays is open, but Kusto filters on left columns first: so must we.
    refilter: (filter) => {
      const names = columnsIn(filter);
      if (names.size === 0 || ![...names].every((name) => findColumn(input, name))) return undefined;
      const row = new Row(t.session, input);
      const test = t.predicate(filter, row, scope);
      return joinTables(t, node, { ...input, from: `(SELECT * FROM ${row.from()} WHERE ${test})` }, right, scope);
    },
  };
}

export function lookup(t: Translator, node: Syntax, input: Relation, scope: Scope): Relation {
  const kind = (parameter(node, 'kind') ?? 'leftouter').toLowerCase();
  if (kind !== 'leftouter' && kind !== 'inner') return t.session.refuse(`lookup kind=${kind}`, node);
  const right = t.table(node.Expression as Syntax, scope);
  const clause = node.LookupClause as Syntax | null;
  if (!clause || kindOf(clause) !== 'JoinOnClause') return t.session.refuse('lookup without on', node);
  const pairs = elements(clause.Expressions).flatMap((item) => keyPairs(t, item, input, right, scope));
  const joined = combine(t, kind, input, right, condition(t, node, pairs));
  const keys = new Set(pairs.map((pair) => pair.rightName));
  return {
    from: joined.from,
    columns: withNames(node, [...joined.left, ...joined.right.filter((column) => !keys.has(column.name))]),
  };
}
