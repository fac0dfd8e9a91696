// `in`, `has_any`, `has_all`, `between`.

import { textOf } from '../parser/analyze.ts';
import { elements, type Syntax } from '../parser/language.ts';
import { arithmetic } from '../sql/arithmetic.ts';
import { convert, dynamicText, toJson, toText } from '../sql/convert.ts';
import { termMatch } from '../sql/strings.ts';
import type { Value } from '../sql/value.ts';
import { TIME_PARSERS } from './binary.ts';
import { constantValue } from './literal.ts';
import { isNumeric } from './relation.ts';
import type { Row } from './row.ts';
import type { Scope, Translator } from './translator.ts';

export const isTable = (node: Syntax): boolean => node.ResultType?.Columns !== undefined;

/** What stands on the right: known or computed values, a sub-query, or one dynamic array. */
type Choice =
  | { readonly kind: 'values'; readonly values: readonly Value[] }
  | { readonly kind: 'query'; readonly sql: string; readonly like: Value }
  | { readonly kind: 'array'; readonly value: Value };

/** Elements of an array that is known now. */
export function knownElements(value: Value): Value[] | undefined {
  if (value.type !== 'dynamic' || typeof value.constant !== 'string') return undefined;
  const parsed: unknown = JSON.parse(value.constant);
  if (!Array.isArray(parsed)) return undefined;
  const out: Value[] = [];
  for (const item of parsed as unknown[]) {
    if (typeof item === 'string') out.push(constantValue(item, 'string'));
    else if (typeof item === 'number') {
      out.push(Number.isInteger(item) ? constantValue(BigInt(item), 'long') : constantValue(item, 'real'));
    } else if (typeof item === 'boolean') out.push(constantValue(item, 'bool'));
    else if (item === null) out.push(constantValue(null, 'dynamic'));
    else return undefined;
  }
  return out;
}

function choice(t: Translator, node: Syntax, row: Row, scope: Scope): Choice {
  const nodes = elements((node.Right as Syntax).Expressions);
  const only = nodes.length === 1 ? (nodes[0] as Syntax) : undefined;
  if (only && isTable(only)) {
    const table = t.table(only, scope);
    const first = table.columns[0];
    if (!first) return t.session.refuse('a table without columns after in', node);
    return { kind: 'query', sql: `(SELECT ${first.value.sql} FROM ${table.from})`, like: first.value };
  }
  const values = nodes.map((item) => t.scalar(item, row, scope));
  const value = values[0];
  if (only && value?.type === 'dynamic' && value.constant !== null) {
    const known = knownElements(value);
    return known ? { kind: 'values', values: known } : { kind: 'array', value };
  }
  const flat = values.flatMap((item) => (item.type === 'dynamic' ? (knownElements(item) ?? [item]) : [item]));
  return { kind: 'values', values: flat };
}

function likeLeft(t: Translator, node: Syntax, row: Row, left: Value, item: Value): Value | undefined {
  if (left.type === 'string' && item.type !== 'string' && item.type !== 'guid' && item.type !== 'dynamic')
    return t.session.refuse(
      `a text in a list of ${item.type}, whether 1 and "1" are the same there is not documented`,
      node,
    );
  if (item.constant === null) return undefined;
  if (item.type === left.type || (isNumeric(item.type) && isNumeric(left.type))) return item;
  const sql = left.type === 'dynamic' ? undefined : convert(item, left.type, TIME_PARSERS, row);
  return sql === undefined
    ? t.session.refuse(`${left.type} in a list of ${item.type}`, node)
    : { sql, type: left.type };
}

function membership(t: Translator, node: Syntax, row: Row, left: Value, from: Choice, fold: boolean): string {
  const wrap = (sql: string): string => (fold ? `lower(${sql})` : sql);
  if (from.kind === 'query') {
    if (from.like.type !== left.type && !(isNumeric(from.like.type) && isNumeric(left.type))) {
      return t.session.refuse(`${left.type} in a column of ${from.like.type}`, node);
    }
    const column = from.like.sql;
    return `${wrap(left.sql)} IN (SELECT ${wrap(column)} FROM ${from.sql} AS q WHERE ${column} IS NOT NULL)`;
  }
  if (from.kind === 'array') {
    if (from.value.list === 'string' && left.type === 'string' && !fold)
      return `list_contains(${from.value.sql}, ${left.sql})`;
    const json = from.value.list ? dynamicText(from.value, row) : from.value.sql;
    const texts = `json_extract_string(${json}, '$[*]')`;
    if (left.type === 'string')
      return `list_contains(${fold ? `list_transform(${texts}, lambda x: lower(x))` : texts}, ${wrap(left.sql)})`;
    if (!isNumeric(left.type)) return t.session.refuse(`${left.type} in a dynamic array that is not constant`, node);
    return `list_contains(CAST(${texts} AS DOUBLE[]), CAST(${left.sql} AS DOUBLE))`;
  }
  const items = from.values.flatMap((item) => likeLeft(t, node, row, left, item) ?? []);
  if (items.length === 0) return 'FALSE';
  return `${wrap(left.sql)} IN (${items.map((item) => wrap(item.sql)).join(', ')})`;
}

/** `in`, `!in`, `in~`, `!in~`. */
export function inList(
  t: Translator,
  node: Syntax,
  row: Row,
  scope: Scope,
  predicate: boolean,
): { sql: string; notNull?: boolean } {
  const operator = textOf(node.Operator as Syntax).toLowerCase();
  const given = t.scalar(node.Left as Syntax, row, scope);
  const from = choice(t, node, row, scope);
  const like = from.kind === 'values' ? from.values[0] : from.kind === 'query' ? from.like : undefined;
  const left = given.type === 'dynamic' ? dynamicLeft(t, node, row, given, like) : given;
  const fold = operator.endsWith('~');
  if (fold && left.type !== 'string') return t.session.refuse(`${operator} on ${left.type}`, node);
  const sql = membership(t, node, row, left, from, fold);
  const sure = from.kind !== 'values' || from.values.every((item) => item.notNull === true || item.constant === null);
  const total = sure && (left.notNull === true || left.type === 'string');
  if (operator.startsWith('!'))
    return { sql: total ? `(NOT (${sql}))` : `coalesce(NOT (${sql}), TRUE)`, notNull: true };
  return { sql: total || predicate ? `(${sql})` : `coalesce(${sql}, FALSE)`, notNull: true };
}

function dynamicLeft(t: Translator, node: Syntax, row: Row, left: Value, like: Value | undefined): Value {
  const type = like && isNumeric(like.type) ? 'real' : (like?.type ?? 'string');
  const sql = convert(left, type, TIME_PARSERS, row);
  if (sql === undefined || type === 'dynamic')
    return t.session.refuse('in with a dynamic on the left, convert it first', node);
  return { sql, type };
}

/** `has_any` and `has_all` with a list that comes from the data. */
function hasComputed(
  t: Translator,
  node: Syntax,
  row: Row,
  text: string,
  from: Exclude<Choice, { kind: 'values' }>,
  all: boolean,
): string {
  if (from.kind === 'query' && from.like.type !== 'string')
    return t.session.refuse(`${all ? 'has_all' : 'has_any'} with a column of ${from.like.type}`, node);
  const list =
    from.kind === 'query'
      ? `(SELECT list(${from.like.sql}) FROM ${from.sql} AS q)`
      : from.value.list === 'string'
        ? from.value.sql
        : `json_extract_string(${toJson(from.value, row)}, '$[*]')`;
  const match = termMatch(text, { sql: 'x', type: 'string' }, 'whole', false);
  const checked = `CASE WHEN x IS NULL OR x = '' THEN TRUE ELSE ${match} END`;
  const tests = `list_transform(${list}, lambda x: ${checked})`;
  return all ? `coalesce(list_bool_and(${tests}), TRUE)` : `coalesce(list_bool_or(${tests}), FALSE)`;
}

/** `has_any`, `has_all`. */
export function hasList(t: Translator, node: Syntax, row: Row, scope: Scope): string {
  const all = textOf(node.Operator as Syntax).toLowerCase() === 'has_all';
  const text = row.atom(toText(t.scalar(node.Left as Syntax, row, scope), row));
  const from = choice(t, node, row, scope);
  if (from.kind !== 'values') return hasComputed(t, node, row, text, from, all);
  const tests = from.values.map((item) => {
    const needle = item.type === 'string' ? item : { sql: toText(item, row), type: 'string' as const };
    // Every text has the empty one as a term, and null counts as that (seen on the emulator).
    if (needle.constant === '' || item.constant === null) return 'TRUE';
    return termMatch(text, needle, 'whole', false);
  });
  if (tests.length === 0) return all ? 'TRUE' : 'FALSE';
  return `(${tests.join(all ? ' AND ' : ' OR ')})`;
}

/** `between (a .. b)`, both ends belong to it; the end may be a timespan after a datetime. */
export function between(t: Translator, node: Syntax, row: Row, scope: Scope): Value {
  const couple = node.Right as Syntax;
  const given = t.scalar(node.Left as Syntax, row, scope);
  const first = t.scalar(couple.First as Syntax, row, scope);
  const second = t.scalar(couple.Second as Syntax, row, scope);
  const relative = second.type === 'timespan' && first.type === 'datetime';
  const end = relative ? arithmetic('+', first, second, 'datetime', row) : second;
  const left =
    given.type === 'dynamic'
      ? { sql: convert(given, isNumeric(first.type) ? 'real' : first.type, TIME_PARSERS, row) ?? '', type: first.type }
      : given;
  if (!end || first.type === 'dynamic' || end.type === 'dynamic' || left.sql === '') {
    return t.session.refuse(`between of ${given.type}, ${first.type}, ${second.type}`, node);
  }
  const not = textOf(node.Operator as Syntax).startsWith('!') ? 'NOT ' : '';
  const notNull = left.notNull === true && first.notNull === true && end.notNull === true;
  return {
    sql: `(${left.sql} ${not}BETWEEN ${first.sql} AND ${end.sql})`,
    type: 'bool',
    ...(notNull ? { notNull } : {}),
  };
}
