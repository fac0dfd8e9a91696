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
}

const simpleName = (node: Syntax): string => (node.Name as Syntax).SimpleName ?? '';

/** One expression of extend, project or print: a tuple gives several values. */
export function part(t: Translator, node: Syntax, row: Row, scope: Scope): Part {
  const value = t.scalar(node, row, scope);
  const kind = kindOf(node);
  if (kind === 'CompoundNamedExpression') {
    const names = elements((node.Names as Syntax).Names).map((name) => name.SimpleName ?? '');
    const values = value.tuple ?? [value];
    return { names, values: values.slice(0, Math.max(names.length, 1)) };
  }
  const values = value.tuple ?? [value];
  const names = kind === 'SimpleNamedExpression' ? [simpleName(node)] : [];
  if (kind === 'NameReference') return { names: [node.SimpleName ?? textOf(node)], values };
  return { names, values };
}

export function extend(t: Translator, node: Syntax, input: Relation, scope: Scope): Relation {
  const row = new Row(t.session, input);
  const parts = elements(node.Expressions).map((item) => part(t, item, row, scope));
  const original = new Set(input.columns.map((column) => column.name));
  // What the parser adds behind the columns of the input, in order; names that the query does not give come from there.
  const fresh = namesOf(node).slice(input.columns.length);
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
      const name = given !== undefined && original.has(given) ? given : (fresh.shift() ?? given);
      const value = placed.columns[index++] as Value;
      if (name === undefined) return t.session.refuse('a value without a name', node);
      const at = columns.findIndex((column) => column.name === name);
      if (at >= 0) columns[at] = { name, value };
      else columns.push({ name, value });
    });
  }
  return { ...input, from: placed.from, columns, ...row.sequenceOrder() };
}

export function project(t: Translator, node: Syntax, input: Relation, scope: Scope): Relation {
  const row = new Row(t.session, input);
  const values = elements(node.Expressions).flatMap((item) => part(t, item, row, scope).values);
  const placed = withColumns(t.session, row, values);
  return { ...input, from: placed.from, columns: named(t.session, node, placed.columns), ...row.sequenceOrder() };
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
  return { ...input, columns };
}
