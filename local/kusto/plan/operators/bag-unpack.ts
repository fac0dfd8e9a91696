// evaluate bag_unpack: the properties of a bag as columns.

import { kindOf, type Syntax } from '../../parser/language.ts';
import { convert, toJson } from '../../sql/convert.ts';
import { quote, type Value } from '../../sql/value.ts';
import { TIME_PARSERS } from '../binary.ts';
import { argumentNodes } from '../call.ts';
import { SLOT } from '../found-columns.ts';
import type { Relation, RelationColumn } from '../relation.ts';
import { Row } from '../row.ts';
import { withColumns } from '../select.ts';
import type { Scope, Translator } from '../translator.ts';
import { outputSchema, type Missing, type OutputSchema } from './declared-schema.ts';

type Conflict = 'error' | 'replace_source' | 'keep_source';
const CONFLICTS: readonly string[] = ['error', 'replace_source', 'keep_source'];

interface Options {
  readonly prefix: string;
  readonly conflict: Conflict;
  readonly ignored: readonly string[];
}

/** Texts that Kusto may keep as a datetime inside a bag, where JSON has none. */
const MAYBE_TIME = '\\d{4}-\\d{1,2}-\\d{1,2}[T ]\\d{1,2}:\\d{2}.*';

const JSON_TYPES: readonly (readonly [json: string, kusto: string])[] = [
  ['VARCHAR', 'string'],
  ['BIGINT', 'long'],
  ['UBIGINT', 'long'],
  ['DOUBLE', 'real'],
  ['BOOLEAN', 'bool'],
];

/** Arguments behind the column, by name or by place. */
function optionsOf(t: Translator, nodes: readonly Syntax[], scope: Scope): Options {
  const names = ['OutputColumnPrefix', 'columnsConflict', 'ignoredProperties'];
  const given = new Map<string, Syntax>();
  nodes.forEach((node, i) => {
    const isNamed = kindOf(node) === 'SimpleNamedExpression';
    const name = isNamed ? (node.Name?.SimpleName ?? '') : (names[i] ?? '');
    if (!names.includes(name)) t.session.refuse(`bag_unpack with ${name === '' ? 'so many arguments' : name}`, node);
    given.set(name, isNamed ? (node.Expression as Syntax) : node);
  });
  const text = (name: string, fallback: string): string => {
    const node = given.get(name);
    return node ? String(t.constant(node, scope)) : fallback;
  };
  const conflict = text('columnsConflict', 'error');
  const node = given.get('columnsConflict');
  if (node && !CONFLICTS.includes(conflict))
    t.session.fail(`bag_unpack: columnsConflict is error, replace_source or keep_source, not ${conflict}`, node);
  const list = JSON.parse(text('ignoredProperties', '[]')) as unknown;
  return {
    prefix: text('OutputColumnPrefix', ''),
    conflict: conflict as Conflict,
    ignored: Array.isArray(list) ? list.map(String) : [],
  };
}

/** Every property of the bags with its type. */
function slotsSql(bag: string, from: string, ignored: readonly string[]): string {
  const bags = `SELECT DISTINCT CAST(CASE WHEN json_type(${bag}) = 'OBJECT' THEN ${bag} END AS JSON) AS bag FROM ${from}`;
  const entries = `SELECT unnest(map_entries(CAST(bag AS MAP(VARCHAR, JSON)))) AS e FROM (${bags}) WHERE bag IS NOT NULL`;
  const cases = JSON_TYPES.map(([json, kusto]) => `WHEN '${json}' THEN '${kusto}'`).join(' ');
  const type = `CASE coalesce(json_type(e.value), 'NULL') ${cases} WHEN 'NULL' THEN NULL ELSE 'dynamic' END`;
  const time = `json_type(e.value) = 'VARCHAR' AND regexp_full_match(json_extract_string(e.value, '$'), ${quote(MAYBE_TIME)})`;
  const typed = `SELECT e.key AS name, ${type} AS type, ${time} AS is_time FROM (${entries})`;
  const seen = `CASE count(DISTINCT type) WHEN 0 THEN ${quote(SLOT.onlyNull)} WHEN 1 THEN CASE WHEN bool_or(is_time) THEN ${quote(SLOT.maybeTime)} ELSE min(type) END ELSE ${quote(SLOT.mixed)} END`;
  const wanted = ignored.length > 0 ? ` WHERE name NOT IN (${ignored.map(quote).join(', ')})` : '';
  return `SELECT name, ${seen} AS type FROM (${typed})${wanted} GROUP BY name ORDER BY name`;
}

/** Value of one wanted column. */
function columnOf(
  t: Translator,
  node: Syntax,
  row: Row,
  bag: Value,
  name: string,
  type: Value['type'],
  prefix: string,
): RelationColumn {
  const key = name.startsWith(prefix) ? name.slice(prefix.length) : name;
  if (/["\\]/.test(key)) return t.session.refuse(`bag_unpack of a property with quotes: ${key}`, node);
  const path = quote(`$."${key}"`);
  const raw: Value = {
    sql: `nullif(CAST(json_extract(${bag.sql}, ${path}) AS VARCHAR), 'null')`,
    type: 'dynamic',
    path: { base: bag.sql, path },
  };
  const sql = type === 'dynamic' ? raw.sql : convert(raw, type, TIME_PARSERS, row);
  if (sql === undefined) return t.session.refuse(`bag_unpack of ${name} as ${type}`, node);
  return { name, value: { sql, type, ...(type === 'string' ? { notNull: true } : {}) } };
}

/** Columns of the input that stay as they are where the schema names them. */
function ownColumn(schema: OutputSchema, rest: readonly RelationColumn[], name: string, options: Options) {
  const own = rest.find((item) => item.name === name);
  if (!own || options.conflict !== 'replace_source') return own;
  const isSlot = schema.found?.answer.rows.some(([slot]) => options.prefix + slot === name) === true;
  return isSlot ? undefined : own;
}

export function bagUnpack(t: Translator, node: Syntax, input: Relation, scope: Scope): Relation {
  const [column, ...more] = argumentNodes(node.FunctionCall as Syntax);
  if (!column || more.length > 3) return t.session.fail('bag_unpack takes a column and up to three options', node);
  const options = optionsOf(t, more, scope);
  const row = new Row(t.session, input);
  const given = t.scalar(column, row, scope);
  if (given.type !== 'dynamic') t.session.fail(`bag_unpack of a column of type ${given.type}`, node);
  const bag = row.hold({ sql: toJson(given, row), type: 'dynamic' });
  const rest = input.columns.filter((item) => item.name !== column.SimpleName);
  const missing = (): Missing => ({
    shape: {
      plugin: 'bag_unpack',
      source: rest.map(({ name, value }) => ({ name, type: value.type })),
      prefix: options.prefix,
      conflict: options.conflict,
    },
    sql: slotsSql(bag.sql, row.from(), options.ignored),
  });
  const schema = outputSchema(t, node, missing);
  if (!schema.found && (options.conflict === 'replace_source' || options.ignored.length > 0))
    t.session.refuse('bag_unpack with columnsConflict or ignoredProperties and an output schema', node);
  const values = schema.wanted.map(
    ({ name, type }) =>
      ownColumn(schema, rest, name, options) ?? columnOf(t, node, row, bag, name, type, options.prefix),
  );
  const placed = withColumns(
    t.session,
    row,
    values.map((item) => item.value),
  );
  const made = values.map((item, i) => ({ name: item.name, value: placed.columns[i] as Value }));
  const names = new Set(made.map((item) => item.name));
  return {
    ...input,
    from: placed.from,
    columns: schema.star ? [...rest.filter((item) => !names.has(item.name)), ...made] : made,
  };
}
