import { textOf } from '../../parser/analyze.ts';
import { elements, items, kindOf, type Syntax } from '../../parser/language.ts';
import { nullOf, toJson } from '../../sql/convert.ts';
import { quote, type Value } from '../../sql/value.ts';
import { PHYSICAL, type Column, type KustoType } from '../../types.ts';
import type { Relation, RelationColumn } from '../relation.ts';
import { Row } from '../row.ts';
import type { Scope, Translator } from '../translator.ts';
import { parameter } from './join.ts';
import { tableRelation } from './sources.ts';

/** Tables that a pattern like `Playback*` stands for, and views made by `let`; materialized views only by their own name. */
function wildcardTables(t: Translator, pattern: string, scope: Scope): Relation[] {
  const expression = new RegExp(`^${pattern.replace(/[\\^$.|?+()[\]{}]/g, '\\$&').replaceAll('*', '.*')}$`);
  const tables = t.session.catalog.tables
    .filter((table) => table.isView !== true && expression.test(table.name))
    .map((table) => tableRelation(t, table));
  return [...tables, ...scope.views((name) => expression.test(name))];
}

const nameNode = (node: Syntax): Syntax =>
  kindOf(node) === 'ParenthesizedExpression' ? nameNode(node.Expression as Syntax) : node;

/** Tables of a list; names may hold asterisks. */
export function inputsOf(t: Translator, list: readonly (Syntax | '*')[], scope: Scope): Relation[] {
  return list.flatMap((item) => {
    if (item === '*') return wildcardTables(t, item, scope);
    const inner = nameNode(item);
    const text = textOf(inner);
    if (kindOf(inner) === 'NameReference' && text.includes('*'))
      return wildcardTables(t, text.replace(/^\[\s*(["'])([\s\S]*)\1\s*\]$/, '$2'), scope);
    return [viewNamed(inner, t.table(item, scope), scope)];
  });
}

/** A view made by `let` goes by its name. */
function viewNamed(node: Syntax, table: Relation, scope: Scope): Relation {
  const name = kindOf(node) === 'NameReference' ? (node.SimpleName ?? '') : '';
  const binding = scope.find(name);
  return binding?.kind === 'function' && binding.view ? { ...table, source: name } : table;
}

/** The column of an input for one column of the outcome. A name that has several types gets the type behind it. */
function sourceColumn(table: Relation, name: string, type: KustoType): RelationColumn | undefined {
  const same = table.columns.find((column) => column.name === name && column.value.type === type);
  if (same) return same;
  const bare = name.endsWith(`_${type}`) ? name.slice(0, -type.length - 1) : undefined;
  return table.columns.find((column) => column.name === bare && column.value.type === type);
}

const source = (table: Relation, name: string, type: KustoType): Value | undefined =>
  sourceColumn(table, name, type)?.value;

/** Where `x` gets a suffix because of its types and the name with the suffix is another's, Kusto's numbering is not the parser's. */
function refuseClashes(t: Translator, node: Syntax, tables: readonly Relation[], wanted: readonly Column[]): void {
  for (const { name, type } of wanted) {
    const names = new Set(tables.map((table) => sourceColumn(table, name, type)?.name));
    names.delete(undefined);
    if (names.size > 1)
      t.session.refuse(`a union of columns ${[...names].join(' and ')}, rename one with project-rename`, node);
  }
}

/** Columns that the parser does not see: those of views that a pattern stands for. */
function unlisted(t: Translator, node: Syntax, tables: readonly Relation[], all: readonly Column[]): Column[] {
  const found = new Map<string, KustoType>();
  for (const table of tables) {
    const seen = new Set(all.map(({ name, type }) => sourceColumn(table, name, type)?.name));
    for (const { name, value } of table.columns.filter((column) => !seen.has(column.name))) {
      if ((found.get(name) ?? value.type) !== value.type || all.some((column) => column.name === name))
        t.session.refuse(`a pattern over views in which ${name} has several types, name the views`, node);
      found.set(name, value.type);
    }
  }
  return [...found].map(([name, type]) => ({ name, type }));
}

/** Rows of all inputs, one below the other, in the columns that the parser gives. */
export function stack(
  t: Translator,
  node: Syntax,
  tables: readonly Relation[],
  sourceName?: string,
  isInner = false,
): Relation {
  const all = items(node.ResultType?.Columns).map((column) => ({
    name: column.Name,
    type: column.Type.Name as KustoType,
  }));
  // The parser gives every column of any input, also for kind=inner, which keeps those that all have.
  const wanted = isInner
    ? [...all, ...unlisted(t, node, tables, all)].filter(
        ({ name, type }) => name === sourceName || tables.every((table) => source(table, name, type)),
      )
    : [...all, ...unlisted(t, node, tables, all)];
  refuseClashes(t, node, tables, wanted);
  const ids = wanted.map(() => t.session.id());
  // Arrays stay arrays only when every input has them in the same form.
  const lists = wanted.map(({ name, type }) => {
    const forms = tables.map((table) => source(table, name, type));
    const first = forms[0]?.list;
    return first && forms.every((form) => form?.list === first) ? first : undefined;
  });
  const selects = tables.map((table, index) => {
    const row = new Row(t.session, table);
    const columns = wanted.map(({ name, type }, i) => {
      const value = source(table, name, type);
      const id = ids[i] as string;
      if (value) return `${lists[i] || type !== 'dynamic' ? value.sql : toJson(value, row)} AS ${id}`;
      if (name === sourceName && table.sourceUnsure === true)
        t.session.refuse(`withsource over a table with operators, name it with | as ${table.source ?? 'Name'}`, node);
      if (name === sourceName) return `${quote(table.source ?? `union_arg${index}`)} AS ${id}`;
      return `${nullOf(type, PHYSICAL).sql} AS ${id}`;
    });
    return `SELECT ${columns.length > 0 ? columns.join(', ') : '1'} FROM ${row.from()}`;
  });
  if (selects.length === 0) return t.session.refuse('a union of no tables', node);
  return {
    from: `(${selects.join(' UNION ALL ')})`,
    columns: wanted.map(({ name, type }, i) => {
      const list = lists[i];
      return {
        name,
        value: {
          sql: ids[i] as string,
          type,
          ...(list ? { list } : {}),
          ...(type === 'string' ? { notNull: true } : {}),
        },
      };
    }),
  };
}

/** With isfuzzy=true names that stand for nothing are passed over, with the operators behind them. */
function isThere(t: Translator, node: Syntax, scope: Scope): boolean {
  if (kindOf(node) === 'PipeExpression') return isThere(t, nameNode(node.Expression as Syntax), scope);
  const name = node.SimpleName ?? textOf(node);
  if (kindOf(node) !== 'NameReference' || name.includes('*') || scope.find(name)) return true;
  const { tables, functions } = t.session.catalog;
  return tables.some((table) => table.name === name) || functions.some((fn) => fn.name === name);
}

export function union(t: Translator, node: Syntax, input: Relation | undefined, scope: Scope): Relation {
  const fuzzy = parameter(node, 'isfuzzy')?.toLowerCase() === 'true';
  const list = elements(node.Expressions).filter((item) => !fuzzy || isThere(t, nameNode(item), scope));
  const tables = [...(input ? [input] : []), ...inputsOf(t, list, scope)];
  const withSource = parameter(node, 'withsource') ?? parameter(node, 'with_source');
  return stack(t, node, tables, withSource, parameter(node, 'kind')?.toLowerCase() === 'inner');
}
