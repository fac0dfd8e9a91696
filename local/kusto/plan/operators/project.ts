// extend and the project family.

import { textOf } from '../../parser/analyze.ts';
import { elements, kindOf, type Syntax } from '../../parser/language.ts';
import type { Value } from '../../sql/value.ts';
import type { Relation, RelationColumn } from '../relation.ts';
import { Row } from '../row.ts';
import { named, namesOf, withColumns } from '../select.ts';
import type { Scope, Translator } from '../translator.ts';

interface Part {
  /** Names given in the query; fewer than `values` when the rest is named by the parser. */
  readonly names: readonly (string | undefined)[];
  readonly values: readonly Value[];
  /** Values of a tuple that have no column, because one name was given: `st = series_stats(x)` is the first value only. */
  readonly surplus: number;
}

const simpleName = (node: Syntax): string => (node.Name as Syntax).SimpleName ?? '';

/** One expression of extend, project or print: a tuple gives several values. */
export function part(t: Translator, node: Syntax, row: Row, scope: Scope): Part {
  const value = t.scalar(node, row, scope);
  const kind = kindOf(node);
  if (kind === 'CompoundNamedExpression') {
    const names = elements((node.Names as Syntax).Names).map((name) => name.SimpleName ?? '');
    const values = value.tuple ?? [value];
    const kept = Math.max(names.length, 1);
    return { names, values: values.slice(0, kept), surplus: Math.max(0, values.length - kept) };
  }
  const values = value.tuple ?? [value];
  if (kind === 'SimpleNamedExpression')
    return { names: [simpleName(node)], values: values.slice(0, 1), surplus: values.length - 1 };
  // The documentation calls the second one …_periods_scores, Microsoft's parser …_scores.
  if (kind === 'FunctionCallExpression' && textOf(node.Name as Syntax) === 'series_periods_detect')
    return t.session.refuse('series_periods_detect() without names, write (periods, scores) = …', node);
  return { names: kind === 'NameReference' ? [node.SimpleName ?? textOf(node)] : [], values, surplus: 0 };
}

/** The parser's names of the values; it names the surplus of tuples too, which is left out. */
function namesOfParts(names: readonly string[], parts: readonly Part[]): string[] {
  const rest = [...names];
  let extra = names.length - parts.reduce((sum, item) => sum + item.values.length, 0);
  return parts.flatMap((item) => {
    const own = rest.splice(0, item.values.length);
    const dropped = Math.max(0, Math.min(extra, item.surplus));
    rest.splice(0, dropped);
    extra -= dropped;
    return own;
  });
}

export function extend(t: Translator, node: Syntax, input: Relation, scope: Scope): Relation {
  const row = new Row(t.session, input);
  const parts = elements(node.Expressions).map((item) => part(t, item, row, scope));
  const original = new Set(input.columns.map((column) => column.name));
  // What the parser adds behind the columns of the input, in order; names that the query does not give come from there.
  const fresh = namesOf(node).slice(input.columns.length);
  const isOld = (name: string | undefined): boolean => name !== undefined && original.has(name);
  const needed = parts.flatMap((item) => item.values.map((_, i) => item.names[i])).filter((name) => !isOld(name));
  let extra = fresh.length - needed.length;
  const placed = withColumns(
    t.session,
    row,
    parts.flatMap((item) => item.values),
  );
  const columns: RelationColumn[] = [...input.columns];
  let index = 0;
  for (const item of parts) {
    item.values.forEach((_, i) => {
      const given = item.names[i];
      const name = isOld(given) ? given : (fresh.shift() ?? given);
      const value = placed.columns[index++] as Value;
      if (name === undefined) return t.session.refuse('a value without a name', node);
      const at = columns.findIndex((column) => column.name === name);
      if (at >= 0) columns[at] = { name, value };
      else columns.push({ name, value });
    });
    const dropped = Math.max(0, Math.min(extra, item.surplus));
    fresh.splice(0, dropped);
    extra -= dropped;
  }
  return { ...input, from: placed.from, columns, ...row.sequenceOrder() };
}

/** The columns that a list of expressions gives over a row, and nothing else. */
export function listed(
  t: Translator,
  node: Syntax,
  row: Row,
  scope: Scope,
): { from: string; columns: RelationColumn[] } {
  const parts = elements(node.Expressions).map((item) => part(t, item, row, scope));
  // extend leaves such values out; of project the documentation says that they get names of their own.
  if (parts.some((item) => item.surplus > 0 && item.names.length > 1))
    return t.session.refuse('fewer names than the function has values here, name them all or use extend', node);
  const placed = withColumns(
    t.session,
    row,
    parts.flatMap((item) => item.values),
  );
  return { from: placed.from, columns: named(t.session, node, placed.columns, namesOfParts(namesOf(node), parts)) };
}

export function project(t: Translator, node: Syntax, input: Relation, scope: Scope): Relation {
  const row = new Row(t.session, input);
  return { ...input, ...listed(t, node, row, scope), ...row.sequenceOrder() };
}

/** The operators that only choose, rename or order columns: the parser has worked out the outcome already. */
export function reshape(t: Translator, node: Syntax, input: Relation): Relation {
  const renames = new Map<string, string>();
  if (kindOf(node) === 'ProjectRenameOperator') {
    for (const item of elements(node.Expressions)) {
      if (kindOf(item) === 'SimpleNamedExpression')
        renames.set(simpleName(item), textOf(item.Expression as Syntax).replace(/^\[\s*(["'])([\s\S]*)\1\s*\]$/, '$2'));
    }
  }
  const columns = namesOf(node).map((name) => {
    const column = input.columns.find((item) => item.name === (renames.get(name) ?? name));
    return column
      ? { name, value: column.value }
      : t.session.refuse(`column ${name} after ${textOf(node).slice(0, 40)}`, node);
  });
  const lost = [...renames].find(([name]) => !columns.some((column) => column.name === name));
  if (lost) return t.session.refuse(`renaming ${lost[1]} twice`, node);
  return { ...input, columns };
}
