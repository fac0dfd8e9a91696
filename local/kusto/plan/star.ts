// A text looked for in all columns: `where * has "x"`, and the bare terms of search.

import type { Syntax } from '../parser/language.ts';
import { toText } from '../sql/convert.ts';
import { STRING_OPERATORS } from '../sql/strings.ts';
import { quote, type Value } from '../sql/value.ts';
import { constantValue } from './literal.ts';
import type { Row } from './row.ts';
import type { Translator } from './translator.ts';

const SEARCHED = new Set(['string', 'dynamic', 'guid', 'int', 'long']);

const WORDS = ['true', 'false', 'infinity', 'nan'];

/** Whether the text of a time, real or bool may hold this; how Kusto writes those here is not documented. */
function mayBeInNumbersOrTimes(text: string, operator: string): boolean {
  if (!/[^0-9tze:.+\-\s]/i.test(text)) return true;
  const wanted = text.toLowerCase();
  // A term of letters is none of the numbers and times, and one of the words only when it is the whole of it, or its beginning or end.
  if (/^has(?:_cs)?$/.test(operator)) return WORDS.includes(wanted);
  if (operator.startsWith('hasprefix')) return WORDS.some((word) => word.startsWith(wanted));
  if (operator.startsWith('hassuffix')) return WORDS.some((word) => word.endsWith(wanted));
  return WORDS.some((word) => word.includes(wanted));
}

/** `column operator text` for one column or, with `undefined`, any of them. */
export function textMatch(
  t: Translator,
  node: Syntax,
  row: Row,
  column: Value | undefined,
  operator: string,
  text: string,
): string {
  const match = STRING_OPERATORS.get(operator);
  if (!match || operator.startsWith('=')) return t.session.refuse(`${operator} on all columns`, node);
  if (text === '') return t.session.refuse(`${operator} with an empty text`, node);
  const needle = constantValue(text, 'string');
  if (column) return match(toText(column, row), needle, row);
  const columns = row.relation?.columns ?? [];
  if (
    columns.some(({ value }) => !SEARCHED.has(value.type)) &&
    (mayBeInNumbersOrTimes(text, operator) || operator === 'matches regex')
  )
    t.session.refuse(`${quote(text)} in columns that are no text, name the column`, node);
  const tests = columns
    .filter(({ value }) => SEARCHED.has(value.type))
    .map(({ value }) => match(toText(value, row), needle, row));
  return tests.length > 0 ? `(${tests.join(' OR ')})` : 'FALSE';
}

/** A term of search: asterisks at its ends choose the operator. */
export function termOperator(term: string, caseSensitive: boolean): { operator: string; text: string } | undefined {
  const text = term.replace(/^\*|\*$/g, '');
  if (text.includes('*')) return undefined;
  const [before, after] = [term.startsWith('*'), term.length > 1 && term.endsWith('*')];
  const operator = before && after ? 'contains' : before ? 'hassuffix' : after ? 'hasprefix' : 'has';
  return { operator: caseSensitive ? `${operator}_cs` : operator, text };
}
