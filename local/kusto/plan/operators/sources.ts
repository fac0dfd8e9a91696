// Where rows come from: tables, range, print, datatable.

import { textOf } from '../../parser/analyze.ts';
import { elements, items, type Syntax } from '../../parser/language.ts';
import { PHYSICAL, type KustoType, type TableInfo } from '../../types.ts';
import { convert, unified } from '../../sql/convert.ts';
import type { Value } from '../../sql/value.ts';
import { TIME_PARSERS } from '../binary.ts';
import type { Relation } from '../relation.ts';
import { Row } from '../row.ts';
import type { Scope, Translator } from '../translator.ts';
import { listed } from './project.ts';

/** A table or view of the catalog. */
export function tableRelation(t: Translator, table: TableInfo): Relation {
  t.session.reads.add(table.name);
  const ids = table.columns.map(() => t.session.id());
  // The inner names clash with ours only inside the sub-query.
  const list = ids.map((id, i) => `s.${table.physical?.[i] ?? `c${i}`} AS ${id}`);
  const ingested = table.ingestedAt !== undefined && table.isView !== true ? t.session.id() : undefined;
  if (ingested !== undefined) list.push(`s.${table.ingestedAt ?? ''} AS ${ingested}`);
  return {
    from: `(SELECT ${list.join(', ')} FROM ${table.relation} AS s)`,
    columns: table.columns.map((column, i) => ({ name: column.name, value: stored(ids[i] as string, column.type) })),
    source: table.name,
    ...(ingested === undefined ? {} : { ingested }),
  };
}

const stored = (sql: string, type: KustoType): Value => ({
  sql,
  type,
  ...(type === 'string' ? { notNull: true } : {}),
});

export function range(t: Translator, node: Syntax, scope: Scope): Relation {
  const row = new Row(t.session, undefined);
  const column = items(node.ResultType?.Columns)[0];
  const type = (column?.Type.Name ?? 'long') as KustoType;
  const [from, to, step] = [node.From, node.To, node.Step].map((item) => {
    const value = t.scalar(item as Syntax, row, scope);
    return numeric(t, node, value, value.type === 'timespan' ? 'timespan' : type, row);
  }) as [string, string, string];
  const id = t.session.id();
  const n = t.session.id();
  const physical = PHYSICAL[type];
  // A step of 0, and one that leads away from the end, give no rows.
  const count =
    type === 'real'
      ? `CAST(floor((${to} - ${from}) / nullif(${step}, 0)) AS BIGINT)`
      : `((${to} - ${from}) // nullif(${step}, 0))`;
  const away = `(CASE WHEN ${step} = 0 OR (${to} - ${from}) * sign(${step}) < 0 THEN -1 ELSE ${count} END)`;
  const sql = `(SELECT CAST(${from} + ${n} * ${step} AS ${physical}) AS ${id} FROM range(0, least(${away}, 100000000) + 1) AS r(${n}))`;
  return {
    from: sql,
    columns: [{ name: column?.Name ?? '', value: { sql: id, type, notNull: true } }],
    serialized: true,
  };
}

function numeric(t: Translator, node: Syntax, value: Value, type: KustoType, row: Row): string {
  if (value.type === type) return value.sql;
  return (
    unified(value, type, row) ??
    convert(value, type, TIME_PARSERS, row) ??
    t.session.refuse(`range of ${value.type}`, node)
  );
}

export function print(t: Translator, node: Syntax, scope: Scope): Relation {
  const id = t.session.id();
  const one: Relation = { from: `(SELECT 1 AS ${id})`, columns: [], serialized: true };
  return { ...one, ...listed(t, node, new Row(t.session, one), scope) };
}

/** A datatable value as a plain column value. */
function cell(t: Translator, node: Syntax, value: Value, type: KustoType, row: Row): string {
  const same = unified(value, type, row) ?? convert(value, type, TIME_PARSERS, row);
  return same === undefined
    ? t.session.refuse(`${textOf(node)} as ${type}`, node)
    : `CAST(${same} AS ${PHYSICAL[type]})`;
}

export function datatable(t: Translator, node: Syntax, scope: Scope): Relation {
  const columns = items(node.ResultType?.Columns).map((column) => ({
    name: column.Name,
    type: column.Type.Name as KustoType,
  }));
  const row = new Row(t.session, undefined);
  const cells = elements(node.Values).map((item, i) => {
    const type = columns[i % columns.length]?.type ?? 'string';
    return cell(t, item, t.scalar(item, row, scope), type, row);
  });
  const ids = columns.map(() => t.session.id());
  const lines: string[] = [];
  for (let i = 0; i + columns.length <= cells.length; i += columns.length)
    lines.push(`(${cells.slice(i, i + columns.length).join(', ')})`);
  const empty = `SELECT ${columns.map((column, i) => `CAST(NULL AS ${PHYSICAL[column.type]}) AS ${ids[i] as string}`).join(', ')} WHERE FALSE`;
  const from =
    lines.length === 0 ? `(${empty})` : `(SELECT * FROM (VALUES ${lines.join(', ')}) AS v(${ids.join(', ')}))`;
  return {
    from,
    columns: columns.map((column, i) => ({ name: column.name, value: stored(ids[i] as string, column.type) })),
  };
}
