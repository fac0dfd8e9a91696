// String operators. `has` looks for whole terms (runs of letters and digits), `contains` for any part.

import { regexOperands } from './unicode-regex.ts';
import { quote, type Atoms, type Value } from './value.ts';

const ALPHANUMERIC = /[\p{L}\p{N}]/u;
const BOUNDARY = '[^\\p{L}\\p{N}]';

const escapeRegex = (text: string): string => text.replace(/[\\^$.|?*+()[\]{}]/g, '\\$&');

/** Where the needle must stand: at both ends of a term, at its start, at its end. */
export type TermSide = 'whole' | 'prefix' | 'suffix';

/** `has`, `hasprefix`, `hassuffix` and their `_cs` kin. */
export function termMatch(text: string, needle: Value, side: TermSide, caseSensitive: boolean): string {
  const options = caseSensitive ? "'c'" : "'i'";
  if (typeof needle.constant !== 'string') {
    // Where the needle itself begins or ends with no letter or digit, any place will do.
    const edge = (test: string, boundary: string): string =>
      `CASE WHEN regexp_matches(${needle.sql}, ${quote(test)}) THEN ${quote(boundary)} ELSE '' END`;
    const left = side === 'suffix' ? `''` : edge('^[\\p{L}\\p{N}]', `(^|${BOUNDARY})`);
    const right = side === 'prefix' ? `''` : edge('[\\p{L}\\p{N}]$', `($|${BOUNDARY})`);
    return `regexp_matches(${text}, ${left} || regexp_escape(${needle.sql}) || ${right}, ${options})`;
  }
  const word = needle.constant;
  const letters = Array.from(word);
  const first = letters[0] ?? '';
  const last = letters.at(-1) ?? '';
  const left = side !== 'suffix' && ALPHANUMERIC.test(first) ? `(^|${BOUNDARY})` : '';
  const right = side !== 'prefix' && ALPHANUMERIC.test(last) ? `($|${BOUNDARY})` : '';
  const regex = `regexp_matches(${text}, ${quote(left + escapeRegex(word) + right)}, ${options})`;
  // Looking for the bare text first is several times faster than the expression, and mostly the answer.
  return `(${contains(text, needle, caseSensitive)} AND ${regex})`;
}

const lowered = (value: Value): string =>
  typeof value.constant === 'string' ? quote(value.constant.toLowerCase()) : `lower(${value.sql})`;

export const contains = (text: string, needle: Value, caseSensitive: boolean): string =>
  caseSensitive ? `contains(${text}, ${needle.sql})` : `contains(lower(${text}), ${lowered(needle)})`;

const startsWith = (text: string, needle: Value, caseSensitive: boolean): string =>
  caseSensitive ? `starts_with(${text}, ${needle.sql})` : `starts_with(lower(${text}), ${lowered(needle)})`;

const endsWith = (text: string, needle: Value, caseSensitive: boolean): string =>
  caseSensitive ? `ends_with(${text}, ${needle.sql})` : `ends_with(lower(${text}), ${lowered(needle)})`;

type Match = (text: string, needle: Value, atoms: Atoms) => string;

/** Operators by their text, without the leading `!` or `not`. */
export const STRING_OPERATORS: ReadonlyMap<string, Match> = new Map<string, Match>([
  ['=~', (text, needle) => `(lower(${text}) = ${lowered(needle)})`],
  ['has', (text, needle) => termMatch(text, needle, 'whole', false)],
  ['has_cs', (text, needle) => termMatch(text, needle, 'whole', true)],
  ['hasprefix', (text, needle) => termMatch(text, needle, 'prefix', false)],
  ['hasprefix_cs', (text, needle) => termMatch(text, needle, 'prefix', true)],
  ['hassuffix', (text, needle) => termMatch(text, needle, 'suffix', false)],
  ['hassuffix_cs', (text, needle) => termMatch(text, needle, 'suffix', true)],
  ['contains', (text, needle) => contains(text, needle, false)],
  ['contains_cs', (text, needle) => contains(text, needle, true)],
  ['startswith', (text, needle) => startsWith(text, needle, false)],
  ['startswith_cs', (text, needle) => startsWith(text, needle, true)],
  ['endswith', (text, needle) => endsWith(text, needle, false)],
  ['endswith_cs', (text, needle) => endsWith(text, needle, true)],
  [
    'matches regex',
    (given, needle, atoms) => {
      const { text, pattern } = regexOperands(given, needle, atoms);
      return `regexp_matches(${text}, ${pattern})`;
    },
  ],
]);
