import { elementsOf, kindOf, stringOf } from './json-text.ts';
import { compileRe2 } from './re2.ts';
import { KustoError } from '../types.ts';

/** All matches, left to right. */
function matchesOf(text: string, pattern: string): RegExpExecArray[] {
  return [...text.matchAll(compileRe2(pattern, 'g'))];
}

/**
 * `extract_all`: what the groups matched, match by match: a string each with one group, else an array of strings.
 * `groups` (JSON text) chooses groups by number or name. Null without a match.
 */
export function extractAll(pattern: string, groups: string | null, text: string): (string | string[])[] | null {
  const matches = matchesOf(text, pattern);
  if (matches.length === 0) return null;
  const count = (matches[0]?.length ?? 1) - 1;
  if (count === 0) throw new KustoError('SEM', 'extract_all: the regular expression needs at least one capture group');
  const chosen = elementsOf(groups) ?? Array.from({ length: count }, (_, i) => String(i + 1));
  return matches.map((match) => {
    const parts = chosen.map(
      (group) => (kindOf(group) === 'string' ? match.groups?.[stringOf(group) ?? ''] : match[Number(group)]) ?? '',
    );
    return parts.length === 1 ? (parts[0] as string) : parts;
  });
}

/** Where the match at the start ends; it is taken once. */
function leadingEnd(text: string, pattern: string): number {
  const sticky = compileRe2(pattern, 'y');
  sticky.lastIndex = 0;
  return sticky.exec(text)?.[0].length ?? 0;
}

/** Where the match at the end begins; it is taken once. */
function trailingStart(text: string, pattern: string): number {
  const found = compileRe2(`(?:${pattern})$`).exec(text);
  return found ? found.index : text.length;
}

export type TrimSide = 'start' | 'end' | 'both';

/** `trim`, `trim_start`, `trim_end`: without the leading and the trailing match, one each (seen on the emulator: `trim("x", "xxx")` is `x`). */
export function trimMatches(pattern: string, text: string, side: TrimSide): string {
  const from = side === 'end' ? 0 : leadingEnd(text, pattern);
  const rest = text.slice(from);
  return side === 'start' ? rest : rest.slice(0, trailingStart(rest, pattern));
}

/** `countof`: plain matches may overlap, those of a regular expression do not. */
export function countOf(text: string, search: string, kind = 'normal'): number {
  if (kind === 'regex') return matchesOf(text, search).length;
  if (kind !== 'normal') throw new KustoError('SEM', `countof: the kind is 'normal' or 'regex', not '${kind}'`);
  if (search === '') throw new KustoError('UNSUPPORTED', 'countof: an empty search text');
  let count = 0;
  for (let at = text.indexOf(search); at >= 0; at = text.indexOf(search, at + 1)) count++;
  return count;
}

interface Window {
  readonly start?: number | undefined;
  /** −1: to the end. */
  readonly length?: number | undefined;
  readonly occurrence?: number | undefined;
}

/** Units before the n-th character: one character may take two units. */
function unitsBefore(text: string, characters: number): number {
  if (!/[\uD800-\uDBFF]/.test(text)) return characters;
  return Array.from(text).slice(0, characters).join('').length;
}

/** Characters before a unit. */
function charactersBefore(text: string, units: number): number {
  return Array.from(text.slice(0, units)).length;
}

/** The searched part as positions in units; undefined where the arguments are out of their ranges. */
function windowOf(text: string, window: Window): { from: number; to: number; occurrence: number } | undefined {
  const { start = 0, length = -1, occurrence = 1 } = window;
  if (length < -1 || occurrence < 1) return undefined;
  const size = charactersBefore(text, text.length);
  const from = start < 0 ? Math.max(0, size + start) : Math.min(start, size);
  const to = length < 0 ? size : Math.min(size, from + length);
  return { from: unitsBefore(text, from), to: unitsBefore(text, to), occurrence };
}

/** `indexof`: position of the n-th occurrence that begins within the window; −1 when there is none, null for an empty search text and arguments out of range. */
export function indexOf(text: string, search: string, window: Window = {}): number | null {
  const found = search === '' ? undefined : windowOf(text, window);
  if (!found) return null;
  let at = found.from - 1;
  for (let i = 0; i < found.occurrence; i++) {
    at = text.indexOf(search, at + 1);
    if (at < 0 || at >= found.to) return -1;
  }
  return charactersBefore(text, at);
}

/** `indexof_regex`: the same for a regular expression, whose matches do not overlap. */
export function indexOfRegex(text: string, pattern: string, window: Window = {}): number | null {
  const found = windowOf(text, window);
  if (!found) return null;
  const match = matchesOf(text.slice(found.from, found.to), pattern)[found.occurrence - 1];
  return match ? charactersBefore(text, match.index + found.from) : -1;
}

/** `regex_quote`; refuses characters of which it is not known whether Kusto escapes them. */
export function regexQuote(text: string): string {
  if (/[^\w\\.*+?()|[{^$]/.test(text.replaceAll(')', '')))
    throw new KustoError('UNSUPPORTED', 'regex_quote: only letters, digits and \\.*+?()|[{^$ are supported');
  return text.replaceAll(/[^\w]/g, String.raw`\$&`);
}
