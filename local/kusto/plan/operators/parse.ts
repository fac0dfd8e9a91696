// parse, parse-where, parse-kv: columns out of text, by one regular expression.

import { elements, kindOf, type Syntax } from '../../parser/language.ts';
import { convert, toText } from '../../sql/convert.ts';
import { quote, type Value } from '../../sql/value.ts';
import type { KustoType } from '../../types.ts';
import { TIME_PARSERS } from '../binary.ts';
import { stringOf } from '../literal.ts';
import type { Relation } from '../relation.ts';
import { Row } from '../row.ts';
import { withColumns } from '../select.ts';
import type { Scope, Translator } from '../translator.ts';
import { writtenType } from './declared-schema.ts';
import { parameter } from './join.ts';
import { placeNamed } from './place.ts';

interface Target {
  readonly name: string;
  readonly type: KustoType;
  /** Number of its capturing group. */
  readonly group: number;
}

interface Pattern {
  readonly regex: string;
  readonly targets: readonly Target[];
  readonly groups: number;
  /** The pattern ends in a text literal, so it is open whether more may follow. */
  readonly openEnd: boolean;
}

const INTEGER = '[-+]?\\d+';
const REAL = '[-+]?(?:\\d+\\.?\\d*|\\.\\d+)(?:[eE][-+]?\\d+)?';

const escapeRegex = (text: string): string => text.replace(/[\\^$.|?*+()[\]{}]/g, '\\$&');

/** Capturing groups that a piece of regular expression holds itself. */
const ownGroups = (regex: string): number =>
  [
    ...regex
      .replace(/\\./g, '')
      .replace(/\[[^\]]*\]/g, '')
      .matchAll(/\((?!\?)|\(\?P</g),
  ].length;

const numberPattern = (type: KustoType): string | undefined =>
  type === 'long' || type === 'int' ? INTEGER : type === 'real' || type === 'decimal' ? REAL : undefined;

export function targetOf(node: Syntax): { name: string; type: KustoType } | undefined {
  if (kindOf(node) === 'NameDeclaration') return { name: node.SimpleName ?? '', type: 'string' };
  if (kindOf(node) !== 'NameAndTypeDeclaration') return undefined;
  return { name: (node.Name as Syntax).SimpleName ?? '', type: writtenType(node.Type as Syntax) };
}

/** How a column is matched: in regex mode greedily (seen on the emulator), else up to the next literal. */
function columnPattern(type: KustoType, mode: string, beforeStar: boolean): string {
  const number = numberPattern(type);
  if (mode === 'regex') return number ?? '.*';
  if (number === undefined) return '.*?';
  if (mode !== 'relaxed') return number;
  return beforeStar ? `(?:${number})?` : '.*?';
}

function patternOf(t: Translator, node: Syntax, mode: string, flags: string): Pattern {
  const parts = elements(node.Patterns);
  const targets: Target[] = [];
  let groups = 0;
  let regex = '';
  parts.forEach((item, i) => {
    if (kindOf(item) === 'StarExpression') {
      regex += mode === 'regex' ? '.*' : '.*?';
      return;
    }
    const target = targetOf(item);
    if (target) {
      groups += 1;
      targets.push({ ...target, group: groups });
      const next = parts[i + 1];
      const beforeStar = next !== undefined && kindOf(next) === 'StarExpression';
      const last = next === undefined;
      const body = columnPattern(target.type, mode, beforeStar);
      regex += `(${last && body === '.*?' ? '.*' : body})`;
      return;
    }
    const text = stringOf(item);
    if (mode !== 'regex') regex += escapeRegex(text);
    else {
      groups += ownGroups(text);
      regex += text;
    }
  });
  const first = parts[0];
  const last = parts.at(-1);
  const anchored = first && kindOf(first) !== 'StarExpression' && mode !== 'regex' ? '^' : '';
  const end = last && targetOf(last) && mode !== 'regex' ? '$' : '';
  const openEnd = mode !== 'regex' && last !== undefined && !targetOf(last) && kindOf(last) !== 'StarExpression';
  if (flags !== '' && mode !== 'regex') t.session.refuse(`parse flags=${flags} without kind=regex`, node);
  const options = mode === 'regex' ? flags : 's';
  if (!/^[imsU]*$/.test(options)) return t.session.refuse(`parse flags=${flags}`, node);
  return { regex: `${options === '' ? '' : `(?${options})`}${anchored}${regex}${end}`, targets, groups, openEnd };
}

/** Whether the text matches; where it is open if more may follow the last literal, such a text is refused at run time. */
function matchSql(pattern: Pattern, text: string): string {
  const matches = `regexp_matches(${text}, ${quote(pattern.regex)})`;
  if (!pattern.openEnd) return matches;
  const whole = `regexp_matches(${text}, ${quote(`${pattern.regex}$`)})`;
  return `(CASE WHEN ${matches} AND NOT ${whole} THEN error('parse: text after the last literal of the pattern, add * to allow it') ELSE ${matches} END)`;
}

export function parse(t: Translator, node: Syntax, input: Relation, scope: Scope): Relation {
  const mode = (parameter(node, 'kind') ?? 'simple').toLowerCase();
  if (mode !== 'simple' && mode !== 'relaxed' && mode !== 'regex') return t.session.refuse(`parse kind=${mode}`, node);
  const pattern = patternOf(t, node, mode, parameter(node, 'flags') ?? '');
  const row = new Row(t.session, input);
  const text = row.atom(toText(t.scalar(node.Expression as Syntax, row, scope), row));
  const matched = row.atom(matchSql(pattern, text));
  const names = Array.from({ length: pattern.groups }, (_, i) => quote(`g${i + 1}`)).join(', ');
  const groups = pattern.groups > 0 ? row.atom(`regexp_extract(${text}, ${quote(pattern.regex)}, [${names}])`) : '';
  const raw = pattern.targets.map(({ type, group }): Value => {
    const found: Value = {
      sql: `CASE WHEN ${matched} THEN ${groups}.g${group} ELSE '' END`,
      type: 'string',
      notNull: true,
    };
    if (type === 'string') return found;
    const sql = convert(row.hold(found), type, TIME_PARSERS, row);
    return sql === undefined ? t.session.refuse(`parse to ${type}`, node) : row.hold({ sql, type });
  });
  // Strict: a value that is not of its type means that the row does not match at all.
  const typed =
    mode === 'simple' ? raw.filter((value) => value.type !== 'string').map((value) => `${value.sql} IS NOT NULL`) : [];
  const fits = row.atom([matched, ...typed].join(' AND '));
  const values = raw.map((value): Value => {
    const sql = `CASE WHEN ${fits} THEN ${value.sql} ELSE ${value.type === 'string' ? `''` : 'NULL'} END`;
    return { sql, type: value.type, ...(value.type === 'string' ? { notNull: true } : {}) };
  });
  const placed = withColumns(t.session, row, values);
  const filter = kindOf(node) === 'ParseWhereOperator' ? `(SELECT * FROM ${placed.from} WHERE ${fits})` : placed.from;
  const given = pattern.targets.map((target, i) => ({ name: target.name, value: placed.columns[i] as Value }));
  return { ...input, from: filter, columns: placeNamed(t, node, input, given) };
}
