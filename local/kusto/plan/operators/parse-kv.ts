// parse-kv: columns from `key=value` pairs in a text.

import { textOf } from '../../parser/analyze.ts';
import { elements, type Syntax } from '../../parser/language.ts';
import { convert, toText } from '../../sql/convert.ts';
import { quote, type Value } from '../../sql/value.ts';
import { TIME_PARSERS } from '../binary.ts';
import { stringOf } from '../literal.ts';
import type { Relation } from '../relation.ts';
import { Row } from '../row.ts';
import { withColumns } from '../select.ts';
import type { Scope, Translator } from '../translator.ts';
import { targetOf } from './parse.ts';
import { placeNamed } from './place.ts';

/** Texts given for a property of `with (…)`. */
function options(node: Syntax, name: string): string[] {
  return elements((node.WithClause as Syntax | null)?.Properties)
    .filter((property) => (property.Name as Syntax | null)?.SimpleName === name)
    .map((property) => stringOf(property.Expression as Syntax) || textOf(property.Expression as Syntax));
}

type Lookup = (name: string) => string;

/** First value behind a key, by an expression with a group for the key and one for the value. */
function byRegex(t: Translator, node: Syntax, row: Row, text: string, regex: string): Lookup {
  const groups = regex.replace(/\\./g, '').match(/\((?!\?)|\(\?P?</g)?.length ?? 0;
  if (groups !== 2) return t.session.refuse('parse-kv with a regex that has not two groups', node);
  const [keys, values] = [1, 2].map((group) =>
    row.atom(`list_transform(regexp_extract_all(${text}, ${quote(regex)}, ${group}), lambda x: trim(x))`),
  ) as [string, string];
  return (name) => `coalesce(${values}[list_position(${keys}, ${quote(name)})], '')`;
}

function byDelimiters(t: Translator, node: Syntax, row: Row, text: string, keys: readonly string[]): Lookup {
  const [[pair], [kv]] = [options(node, 'pair_delimiter'), options(node, 'kv_delimiter')];
  if (!pair || !kv)
    return t.session.refuse('parse-kv without delimiters, write with (pair_delimiter=…, kv_delimiter=…)', node);
  const quotes = options(node, 'quote').map((marks) => [marks[0] ?? '', marks[1] ?? marks[0] ?? '']);
  const isGreedy = options(node, 'greedy').some((value) => value.toLowerCase() === 'true');
  const escapes = options(node, 'escape');
  const rules = JSON.stringify({ pair, kv, quotes, escapes, ...(isGreedy ? { greedyKeys: keys } : {}) });
  const bag = row.atom(`kql_internal_pairs_2(${text}, ${quote(rules)})`);
  return (name) => {
    if (/["\\]/.test(name)) return t.session.refuse(`parse-kv key ${name}`, node);
    return `coalesce(json_extract_string(${bag}, ${quote(`$."${name}"`)}), '')`;
  };
}

const OPTIONS = new Set(['pair_delimiter', 'kv_delimiter', 'quote', 'escape', 'greedy', 'regex']);

/** parse-kv with delimiters, quotes and escapes, or with a regular expression. */
export function parseKv(t: Translator, node: Syntax, input: Relation, scope: Scope): Relation {
  for (const property of elements((node.WithClause as Syntax | null)?.Properties)) {
    const name = property.Name?.SimpleName ?? '';
    if (!OPTIONS.has(name)) t.session.refuse(`parse-kv with ${name}`, property);
  }
  const row = new Row(t.session, input);
  const text = row.atom(toText(t.scalar(node.Expression as Syntax, row, scope), row));
  const [regex] = options(node, 'regex');
  const targets = elements((node.Keys as Syntax).Columns).map((column) => targetOf(column));
  const keys = targets.map((target) => target?.name ?? '');
  const lookup = regex === undefined ? byDelimiters(t, node, row, text, keys) : byRegex(t, node, row, text, regex);
  const values = targets.map((target): Value => {
    if (!target) return t.session.refuse('parse-kv keys', node);
    const found = row.hold({ sql: lookup(target.name), type: 'string', notNull: true });
    if (target.type === 'string') return found;
    const sql = convert(found, target.type, TIME_PARSERS, row);
    return sql === undefined ? t.session.refuse(`parse-kv to ${target.type}`, node) : { sql, type: target.type };
  });
  const placed = withColumns(t.session, row, values);
  const given = targets.map((target, i) => ({ name: target?.name ?? '', value: placed.columns[i] as Value }));
  return { ...input, from: placed.from, columns: placeNamed(t, node, input, given) };
}
