// Kusto's regular expressions know all of Unicode: `\d`, `\w` and `\s` match more than DuckDB's, which know ASCII only.

import { quote, type Atoms, type Value } from './value.ts';

const WORD = String.raw`\p{L}\p{M}\p{Nd}\p{Nl}\p{Pc}`;
const SPACE = String.raw`\s\x0B\x{85}\p{Z}`;

/** Escapes outside of brackets and inside; inside, `\W` and `\S` can't be said and stay as they are. */
const CLASSES: Readonly<Record<string, readonly [outside: string, inside: string]>> = {
  d: [String.raw`\p{Nd}`, String.raw`\p{Nd}`],
  D: [String.raw`\P{Nd}`, String.raw`\P{Nd}`],
  w: [`[${WORD}]`, WORD],
  W: [`[^${WORD}]`, String.raw`\W`],
  s: [`[${SPACE}]`, SPACE],
  S: [`[^${SPACE}]`, String.raw`\S`],
};

interface UnicodeRegex {
  readonly pattern: string;
  /** It has parts (`\b`, `\W` in brackets) that are right for ASCII text only. */
  readonly asciiOnly: boolean;
}

/** One piece of a pattern: a quotation, an escape, a POSIX class, the opening of a class with a bracket that stands for itself, or a character. */
const PIECE = /\\Q[^]*?(?:\\E|$)|\\[^]|\[:\^?\w+:\]|\[\^?\]?|[^]/g;

/** The pattern for DuckDB. */
export function unicodeRegex(pattern: string): UnicodeRegex {
  let inClass = false;
  let asciiOnly = false;
  const rewritten = (piece: string): string => {
    if (piece.startsWith('\\') && piece.length === 2) {
      const letter = piece[1] as string;
      asciiOnly ||= (!inClass && (letter === 'b' || letter === 'B')) || (inClass && letter === 'W');
      return CLASSES[letter]?.[inClass ? 1 : 0] ?? piece;
    }
    if (piece === ']') inClass = false;
    else if (piece.startsWith('[') && !piece.startsWith('[:')) inClass = !(inClass && piece.endsWith(']'));
    return piece;
  };
  return { pattern: pattern.replace(PIECE, rewritten), asciiOnly };
}

/** Text and pattern of a match as SQL; a pattern that is right for ASCII only refuses other text when it comes. */
export function regexOperands(text: string, pattern: Value, atoms: Atoms): { text: string; pattern: string } {
  if (typeof pattern.constant !== 'string') return { text, pattern: pattern.sql };
  const known = unicodeRegex(pattern.constant);
  if (!known.asciiOnly) return { text, pattern: quote(known.pattern) };
  const t = atoms.atom(text);
  const message = quote(String.raw`regular expression: \b, or \W in brackets, with text beyond ASCII is not supported`);
  return {
    text: `CASE WHEN strlen(${t}) = length(${t}) THEN ${t} ELSE error(${message}) END`,
    pattern: quote(known.pattern),
  };
}
