// mv-expand: one row per element of an array or bag.

import { textOf } from '../../parser/analyze.ts';
import { elements, items, kindOf, type Syntax } from '../../parser/language.ts';
import { convert, dynamicText, toJson } from '../../sql/convert.ts';
import { intOfLong, intOfReal, longOfReal } from '../../sql/number-text.ts';
import type { ListElement, Value } from '../../sql/value.ts';
import { PHYSICAL, type KustoType } from '../../types.ts';
import { TIME_PARSERS } from '../binary.ts';
import type { Relation, RelationColumn } from '../relation.ts';
import { Row } from '../row.ts';
import { namesOf } from '../select.ts';
import type { Scope, Translator } from '../translator.ts';
import { parameter } from './join.ts';

export interface Expansion {
  readonly name: string | undefined;
  /** DuckDB list: native elements or JSON texts. */
  readonly list: string;
  readonly element: ListElement | undefined;
  readonly type: KustoType | undefined;
}

/** The array as a DuckDB list. A bag gives its entries, a null one row with null, anything else itself. */
export function listOf(
  value: Value,
  row: Row,
  bagAsArray: boolean,
): { list: string; element: ListElement | undefined } {
  if (value.list) {
    const list = row.atom(value.sql);
    return { list: `CASE WHEN ${list} IS NULL THEN [NULL] ELSE ${list} END`, element: value.list };
  }
  if (value.scalar) return { list: `[${value.sql}]`, element: value.scalar };
  const json = row.atom(toJson(value, row));
  const key = `CAST(to_json(x) AS VARCHAR)`;
  const item = `CAST(json_extract(${json}, '$."' || x || '"') AS VARCHAR)`;
  const entry = bagAsArray ? `'[' || ${key} || ',' || ${item} || ']'` : `'{' || ${key} || ':' || ${item} || '}'`;
  const arrays = `CAST(json_extract(${json}, '$[*]') AS VARCHAR[])`;
  const bags = `list_transform(json_keys(${json}), lambda x: ${entry})`;
  return {
    list: `CASE json_type(${json}) WHEN 'ARRAY' THEN ${arrays} WHEN 'OBJECT' THEN ${bags} ELSE [${json}] END`,
    element: undefined,
  };
}

/** Type in `to typeof(…)`. */
function declaredType(node: Syntax): KustoType | undefined {
  const types = elements(((node.ToTypeOf as Syntax | null)?.TypeOf as Syntax | undefined)?.Types);
  return types[0] ? (textOf(types[0]).toLowerCase().replace('double', 'real') as KustoType) : undefined;
}

/** One expression of mv-expand or mv-apply. */
export function expansionOf(t: Translator, node: Syntax, row: Row, scope: Scope, bagAsArray: boolean): Expansion {
  const expression = node.Expression as Syntax;
  const kind = kindOf(expression);
  const name =
    kind === 'SimpleNamedExpression'
      ? (expression.Name as Syntax).SimpleName
      : kind === 'NameReference'
        ? expression.SimpleName
        : undefined;
  const value = t.scalar(expression, row, scope);
  if (value.type !== 'dynamic') return t.session.refuse(`mv-expand of ${value.type}`, node);
  return { name, ...listOf(value, row, bagAsArray), type: declaredType(node) };
}

const NUMBER_OF_NATIVE: Readonly<Partial<Record<KustoType, (id: string, real: boolean) => string>>> = {
  real: (id) => `CAST(${id} AS DOUBLE)`,
  long: (id, real) => (real ? longOfReal(id) : id),
  int: (id, real) => (real ? intOfReal(id) : intOfLong(id)),
  bool: (id) => `CASE WHEN ${id} = trunc(${id}) THEN ${id} <> 0 END`,
};

/** What an element of a native list becomes in a column of a type; 'null' when it does not fit. */
function ofNative(id: string, element: ListElement, type: KustoType): string | undefined {
  if (element === type) return type === 'string' ? `coalesce(${id}, '')` : id;
  const isNumber = element === 'long' || element === 'real';
  const number = NUMBER_OF_NATIVE[type];
  if (number) return isNumber ? number(id, element === 'real') : 'null';
  return (type === 'datetime' || type === 'guid') && (isNumber || element === 'bool') ? 'null' : undefined;
}

/** The same for JSON text: only numbers become numbers, only strings become datetimes and guids. */
function ofJson(json: string, type: KustoType): string {
  const text = `${json} LIKE '"%'`;
  const plain = `CASE WHEN NOT (${text}) AND ${json} NOT IN ('true', 'false') THEN ${json} END`;
  switch (type) {
    case 'bool':
      return `CASE WHEN ${json} IN ('true', 'false') THEN ${json} = 'true' WHEN regexp_full_match(${json}, '-?[0-9]+') THEN TRY_CAST(${json} AS HUGEINT) <> 0 END`;
    case 'datetime':
    case 'guid':
      return `CASE WHEN ${text} THEN ${json} END`;
    default:
      return plain;
  }
}

/** The element in its column: dynamic, or of the declared type without parsing (what does not fit becomes null). */
export function elementValue(t: Translator, node: Syntax, id: string, expansion: Expansion, atoms: Row): Value {
  const { element, type } = expansion;
  const raw: Value = element
    ? { sql: id, type: 'dynamic', scalar: element }
    : { sql: `nullif(${id}, 'null')`, type: 'dynamic' };
  if (type === undefined || type === 'dynamic') return raw;
  const native = element ? ofNative(id, element, type) : undefined;
  if (native === 'null') return { sql: `CAST(NULL AS ${PHYSICAL[type]})`, type };
  if (native !== undefined) return { sql: native, type };
  if (type === 'string') return { sql: `coalesce(${dynamicText(raw, atoms)}, '')`, type };
  // On the emulator these are null whatever the element is, and it is not known for which elements they would not be.
  if (type === 'timespan' || type === 'decimal') return t.session.refuse(`to typeof(${type})`, node);
  if (element === undefined && type === 'bool') return { sql: ofJson(atoms.atom(raw.sql), type), type };
  const fitting: Value = element ? raw : { sql: ofJson(atoms.atom(raw.sql), type), type: 'dynamic' };
  const sql = convert(fitting, type, TIME_PARSERS, atoms);
  return sql === undefined ? t.session.refuse(`to typeof(${type})`, node) : { sql, type };
}

/** Rows for the elements; `columns` are the expanded ones, `index` the position from 0. */
export function expand(
  t: Translator,
  node: Syntax,
  row: Row,
  expansions: readonly Expansion[],
  limit: string | undefined,
): { from: string; columns: Value[]; index: string } {
  const ids = expansions.map(() => t.session.id());
  const lists = expansions.map(({ list }) => row.atom(limit === undefined ? list : `list_slice(${list}, 1, ${limit})`));
  const index = t.session.id();
  const longest = `greatest(${lists.map((list) => `len(${list})`).join(', ')})`;
  const unnested = lists.map((list, i) => `unnest(${list}) AS ${ids[i] as string}`);
  const from = `(SELECT *, ${unnested.join(', ')}, unnest(range(0, ${longest})) AS ${index} FROM ${row.from()})`;
  const after = new Row(t.session, { from, columns: [] });
  const values = expansions.map((expansion, i) => elementValue(t, node, ids[i] as string, expansion, after));
  const added = values.map((value) => ({ id: t.session.id(), value }));
  const sql = `(SELECT *, ${added.map(({ id, value }) => `${value.sql} AS ${id}`).join(', ')} FROM ${after.from()})`;
  const columns = added.map(({ id, value }): Value => ({
    sql: id,
    type: value.type,
    ...(value.scalar ? { scalar: value.scalar } : {}),
    ...(value.type === 'string' ? { notNull: true } : {}),
  }));
  return { from: sql, columns, index };
}

/** Puts the expanded columns in place; those without a name in the query get the parser's. */
export function placeColumns(
  input: Relation,
  expansions: readonly Expansion[],
  values: readonly Value[],
  fresh: string[],
): RelationColumn[] {
  const columns = [...input.columns];
  expansions.forEach((expansion, i) => {
    const at = columns.findIndex((column) => column.name === expansion.name);
    const value = values[i] as Value;
    if (expansion.name !== undefined && at >= 0) columns[at] = { name: expansion.name, value };
    else columns.push({ name: expansion.name ?? fresh.shift() ?? '', value });
  });
  return columns;
}

/** `limit n`: how many rows one row gives at most. */
export function rowLimit(t: Translator, node: Syntax, scope: Scope): string | undefined {
  const limitNode = (node.RowLimitClause as Syntax | null)?.RowLimit;
  if (!limitNode) return undefined;
  const limit = t.constant(limitNode, scope);
  return typeof limit === 'bigint' && limit >= 0n
    ? String(limit)
    : t.session.refuse('a limit that is no constant of 0 or more', limitNode);
}

export function mvExpand(t: Translator, node: Syntax, input: Relation, scope: Scope): Relation {
  const row = new Row(t.session, input);
  const kind = (parameter(node, 'kind') ?? parameter(node, 'bagexpansion') ?? 'bag').toLowerCase();
  const parsed = elements(node.Expressions).map((item) => expansionOf(t, item, row, scope, kind === 'array'));
  // A typeof at the end applies to its own column only; the parser knows.
  const types = new Map(items(node.ResultType?.Columns).map((column) => [column.Name, column.Type.Name]));
  const limit = rowLimit(t, node, scope);
  const { from, columns, index } = expand(t, node, row, parsed, limit);
  const names = namesOf(node);
  const indexName = parameter(node, 'with_itemindex');
  const known = new Set([
    ...input.columns.map((column) => column.name),
    ...parsed.flatMap((item) => item.name ?? []),
    indexName,
  ]);
  const placed = placeColumns(
    input,
    parsed,
    columns,
    names.filter((name) => !known.has(name)),
  );
  const all =
    indexName === undefined
      ? placed
      : [...placed, { name: indexName, value: { sql: index, type: 'long' as const, notNull: true } }];
  const ordered = names.map(
    (name) => all.find((column) => column.name === name) ?? t.session.refuse(`column ${name} after mv-expand`, node),
  );
  for (const column of ordered) {
    const expected = types.get(column.name);
    if (expected !== undefined && expected !== column.value.type) t.session.refuse(`mv-expand to ${expected}`, node);
  }
  // Elements keep the order of their array within a sorted input.
  const order = input.order && [...input.order, { sql: index, descending: false, nullsFirst: true }];
  return { ...input, from, columns: ordered, ...(order ? { order } : {}) };
}
