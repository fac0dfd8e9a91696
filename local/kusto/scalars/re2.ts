// Regular expressions: Kusto's are RE2's; here they are rewritten for JavaScript, and refused where the two differ.

import { KustoError } from '../types.ts';

const POSIX: Readonly<Record<string, string>> = {
  alnum: '0-9A-Za-z',
  alpha: 'A-Za-z',
  ascii: String.raw`\x00-\x7F`,
  blank: String.raw`\t `,
  digit: '0-9',
  lower: 'a-z',
  space: String.raw`\t\n\v\f\r `,
  upper: 'A-Z',
  word: String.raw`0-9A-Za-z_`,
  xdigit: '0-9A-Fa-f',
};

function refuse(what: string): never {
  throw new KustoError('UNSUPPORTED', `regular expression: ${what} is not supported`);
}

/** Kusto's classes know all of Unicode. */
const WORD = String.raw`\p{L}\p{M}\p{Nd}\p{Nl}\p{Pc}`;
const SPACE = String.raw`\t\n\v\f\r \x85\p{Z}`;

/** Escapes that stand for something else, outside of brackets and inside; '' where RE2 does not have them. */
const ESCAPES: Readonly<Record<string, readonly [outside: string, inside: string]>> = {
  s: [`[${SPACE}]`, SPACE],
  S: [`[^${SPACE}]`, ''],
  d: [String.raw`\p{Nd}`, String.raw`\p{Nd}`],
  D: [String.raw`\P{Nd}`, String.raw`\P{Nd}`],
  w: [`[${WORD}]`, WORD],
  W: [`[^${WORD}]`, String.raw`\W`],
  A: ['(?<![^])', ''],
  z: ['(?![^])', ''],
  a: [String.raw`\x07`, String.raw`\x07`],
  b: [`(?:(?<=[${WORD}])(?![${WORD}])|(?<![${WORD}])(?=[${WORD}]))`, ''],
  B: [`(?:(?<=[${WORD}])(?=[${WORD}])|(?<![${WORD}])(?![${WORD}]))`, ''],
  ...Object.fromEntries(Array.from('tnrfv', (letter) => [letter, [`\\${letter}`, `\\${letter}`]] as const)),
};

/** Punctuation after a backslash: JavaScript lets only the signs of its own syntax be escaped. */
function escapePunctuation(char: string, inClass: boolean): string {
  if (char === '-') return inClass ? String.raw`\-` : '-';
  return /[\^$\\.*+?()[\]{}|/]/.test(char) ? `\\${char}` : char;
}

/** The escape at `at` (a backslash), rewritten, and how many characters it takes. */
function rewriteEscape(pattern: string, at: number, inClass: boolean): readonly [text: string, taken: number] {
  const next = pattern[at + 1];
  if (next === undefined) refuse('a backslash at the end');
  const known = ESCAPES[next]?.[inClass ? 1 : 0];
  if (known) return [known, 2];
  const hex = /^\\x(?:([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]{1,6})\})/.exec(pattern.slice(at, at + 12));
  if (hex) return [`\\u{${hex[1] ?? hex[2]}}`, hex[0].length];
  const property = /^\\[pP](?:([A-Z])|\{([A-Za-z_]+)\})/.exec(pattern.slice(at, at + 40));
  if (property) return rewriteProperty(property[0], property[1] ?? property[2] ?? '');
  if (/[A-Za-z0-9]/.test(next)) refuse(`\\${next}`);
  return [escapePunctuation(next, inClass), 2];
}

function rewriteProperty(written: string, name: string): readonly [text: string, taken: number] {
  const script = name.length > 2 ? 'Script=' : '';
  return [`${written.slice(0, 2)}{${script}${name}}`, written.length];
}

/** A class `[…]` from its bracket on. */
function rewriteClass(pattern: string, from: number): readonly [text: string, taken: number] {
  let at = from + 1;
  let out = '[';
  if (pattern[at] === '^') {
    out += '^';
    at++;
  }
  for (let first = true; at < pattern.length; first = false) {
    const posix = /^\[:(\^?)(\w+):\]/.exec(pattern.slice(at, at + 12));
    if (posix) {
      if (posix[1] || !POSIX[posix[2] ?? '']) refuse(posix[0]);
      out += POSIX[posix[2] ?? ''];
      at += posix[0].length;
    } else if (pattern[at] === '\\') {
      const [text, taken] = rewriteEscape(pattern, at, true);
      out += text;
      at += taken;
    } else if (pattern[at] === ']' && !first) {
      return [`${out}]`, at + 1 - from];
    } else {
      out += /[[\]]/.test(pattern[at] as string) ? `\\${pattern[at]}` : pattern[at];
      at++;
    }
  }
  return refuse('a bracket without its end');
}

/** A group's opening from its parenthesis on; undefined for a plain one. */
function rewriteGroup(rest: string): readonly [text: string, taken: number] | undefined {
  const named = /^\(\?P?<([A-Za-z_]\w*)>/.exec(rest);
  if (named) return [`(?<${named[1]}>`, named[0].length];
  if (!rest.startsWith('(?')) return undefined;
  if (rest.startsWith('(?:')) return ['(?:', 3];
  const flags = /^\(\?([ims]+):/.exec(rest);
  if (flags) return [flags[0], flags[0].length];
  return refuse(rest.slice(0, 4));
}

function rewrite(pattern: string): string {
  let out = '';
  for (let at = 0; at < pattern.length;) {
    const rest = pattern.slice(at, at + 60);
    const quoted = /^\\Q(.*?)(?:\\E|$)/s.exec(pattern.slice(at));
    const [text, taken] = quoted
      ? [(quoted[1] ?? '').replaceAll(/[\^$\\.*+?()[\]{}|/]/g, String.raw`\$&`), quoted[0].length]
      : pattern[at] === '\\'
        ? rewriteEscape(pattern, at, false)
        : pattern[at] === '['
          ? rewriteClass(pattern, at)
          : (pattern[at] === '(' && rewriteGroup(rest)) || [literalBrace(pattern, at), 1];
    out += text;
    at += taken;
  }
  return out;
}

/** A brace that begins no repetition stands for itself in RE2. */
function literalBrace(pattern: string, at: number): string {
  const char = pattern[at] as string;
  if (char === '{' && !/^\{\d+(?:,\d*)?\}/.test(pattern.slice(at, at + 12))) return String.raw`\{`;
  if (char === '}' && !/\{\d+(?:,\d*)?$/.test(pattern.slice(0, at))) return String.raw`\}`;
  return char === ']' ? String.raw`\]` : char;
}

const compiled = new Map<string, RegExp>();
const CACHE_LIMIT = 500;

/** The RE2 pattern as a JavaScript expression, with the given flags besides `u`. Refuses what JavaScript reads otherwise. */
export function compileRe2(pattern: string, flags = ''): RegExp {
  const key = `${flags}/${pattern}`;
  const known = compiled.get(key);
  if (known) return known;
  const leading = /^\(\?([ims]+)\)/.exec(pattern);
  const body = rewrite(pattern.slice(leading?.[0].length ?? 0));
  const all = [...new Set(`${flags}${leading?.[1] ?? ''}u`)].join('');
  let made: RegExp;
  try {
    made = new RegExp(body, all);
  } catch (error) {
    throw new KustoError(
      'SEM',
      `regular expression '${pattern}': ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  if (compiled.size >= CACHE_LIMIT) compiled.clear();
  compiled.set(key, made);
  return made;
}
