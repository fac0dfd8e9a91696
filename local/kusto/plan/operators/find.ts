// find: rows of several tables that a condition holds for, with the name of their table and a bag of what has no column.

import { items, type Syntax } from '../../parser/language.ts';
import { convert, nullOf, toJson } from '../../sql/convert.ts';
import { quote, type Value } from '../../sql/value.ts';
import { PHYSICAL, type KustoType } from '../../types.ts';
import { TIME_PARSERS } from '../binary.ts';
import { columnsIn } from '../columns-in.ts';
import { findColumn, type Relation } from '../relation.ts';
import { Row } from '../row.ts';
import type { Scope, Translator } from '../translator.ts';
import { parameter } from './join.ts';
import { conditionOf, tablesOf } from './search.ts';

const BAG = 'pack_';

interface Wanted {
  readonly name: string;
  readonly type: KustoType;
}

/** Of a column that several tables have in several types Kusto makes several columns; which, the parser does not say. */
function refuseMixedTypes(t: Translator, node: Syntax, tables: readonly Relation[]): void {
  const types = new Map<string, KustoType>();
  for (const { name, value } of tables.flatMap((table) => table.columns)) {
    const known = types.get(name) ?? value.type;
    if (known !== value.type) t.session.refuse(`find over tables in which ${name} has several types`, node);
    types.set(name, known);
  }
}

/** One column of the outcome for the rows of one table. */
function cellOf(
  t: Translator,
  node: Syntax,
  row: Row,
  table: Relation,
  wanted: readonly Wanted[],
  own: Wanted,
): string {
  const { name, type } = own;
  if (name === BAG && !findColumn(table, name)) {
    const rest = table.columns.filter((column) => !wanted.some((item) => item.name === column.name));
    const pairs = rest.map(
      (column) => `${quote(`${JSON.stringify(column.name)}:`)} || coalesce(${toJson(column.value, row)}, 'null')`,
    );
    return pairs.length === 0 ? `'{}'` : `('{' || concat_ws(',', ${pairs.join(', ')}) || '}')`;
  }
  const value = findColumn(table, name)?.value;
  if (!value) return nullOf(type, PHYSICAL).sql;
  return (
    (value.type === type && type !== 'dynamic' ? value.sql : convert(value, type, TIME_PARSERS, row)) ??
    t.session.refuse(`find with ${name} as ${type}`, node)
  );
}

export function find(t: Translator, node: Syntax, scope: Scope): Relation {
  const source = parameter(node, 'withsource') ?? 'source_';
  const condition = node.Condition as Syntax;
  const tables = tablesOf(t, node, undefined, scope);
  if (tables.some((table) => table.source === undefined || table.sourceUnsure === true))
    t.session.refuse('find in something that is no plain table, use union withsource=', node);
  refuseMixedTypes(t, node, tables);
  const read = columnsIn(condition);
  const isAmong = (table: Relation): boolean => [...read].some((name) => findColumn(table, name) !== undefined);
  // Tables with none of the columns that are asked for are left out.
  const searched = read.size === 0 ? tables : tables.filter(isAmong);
  const partial = new Set([...read].filter((name) => !tables.every((table) => findColumn(table, name))));
  const wanted = items(node.ResultType?.Columns).map((column): Wanted => ({
    name: column.Name,
    type: column.Type.Name as KustoType,
  }));
  const ids = wanted.map(() => t.session.id());
  const selects = searched.map((table) => {
    // A column that a table lacks is null there.
    const missing = [...partial].filter((name) => !findColumn(table, name));
    const lacking = missing.map((name) => {
      const value = tables.map((other) => findColumn(other, name)?.value).find((found) => found !== undefined);
      return { name, value: nullOf((value as Value).type, PHYSICAL) };
    });
    const row = new Row(t.session, { ...table, columns: [...table.columns, ...lacking] });
    const plain = new Row(t.session, table);
    const where = conditionOf({ t, row, scope, caseSensitive: false, partial }, condition);
    const filtered = `(SELECT * FROM ${row.from()} WHERE ${where})`;
    const cells = wanted.map((own, i) => {
      const sql = own.name === source ? quote(table.source ?? '') : cellOf(t, node, plain, table, wanted, own);
      return `${sql} AS ${ids[i] as string}`;
    });
    return `SELECT ${cells.join(', ')} FROM ${plain.from(filtered)}`;
  });
  if (selects.length === 0) return t.session.refuse('find in no table', node);
  return {
    from: `(${selects.join(' UNION ALL ')})`,
    columns: wanted.map(({ name, type }, i) => ({
      name,
      value: { sql: ids[i] as string, type, ...(type === 'string' ? { notNull: true } : {}) },
    })),
  };
}
