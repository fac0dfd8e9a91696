// parse-kv with quotes: `key=value` pairs between delimiters, where keys and values may stand in quotes.

export interface KeyValueRules {
  readonly pair: string;
  readonly kv: string;
  /** Opening and closing character of each kind of quotes. */
  readonly quotes: readonly (readonly [open: string, close: string])[];
  readonly escapes: readonly string[];
  /** Values without quotes go on to the next key; then these are the keys that are asked for. */
  readonly greedyKeys?: readonly string[];
}

interface Piece {
  readonly text: string;
  /** Where the reading goes on. */
  readonly end: number;
}

/** Text in quotes that opens at `at`; undefined when none does. A quote that is never closed is refused: what Kusto does is not known. */
function quoted(text: string, at: number, rules: KeyValueRules): Piece | undefined {
  const close = rules.quotes.find(([open]) => open === text[at])?.[1];
  if (close === undefined) return undefined;
  let out = '';
  for (let i = at + 1; i < text.length; i++) {
    const letter = text[i] as string;
    if (rules.escapes.includes(letter) && i + 1 < text.length) {
      i += 1;
      out += text[i] as string;
    } else if (letter === close) return { text: out, end: i + 1 };
    else out += letter;
  }
  throw new Error('parse-kv: a quote that is not closed');
}

const skipSpace = (text: string, at: number): number => at + (/^\s*/.exec(text.slice(at))?.[0].length ?? 0);

const indexOrEnd = (text: string, part: string, from: number): number => {
  const at = text.indexOf(part, from);
  return at < 0 ? text.length : at;
};

/** What stands before the kv delimiter; undefined when the pair delimiter comes first, `end` is behind either. */
function keyAt(text: string, at: number, rules: KeyValueRules): { readonly text?: string; readonly end: number } {
  const key = quoted(text, at, rules);
  const from = key?.end ?? at;
  const [kv, pair] = [indexOrEnd(text, rules.kv, from), indexOrEnd(text, rules.pair, from)];
  if (kv > pair || kv === text.length) return { end: pair + rules.pair.length };
  return { text: key?.text ?? text.slice(at, kv).trim(), end: kv + rules.kv.length };
}

/**
 * End of a greedy value: the last pair delimiter before the next key, or the end of the text. Whether a key that is not asked
 * for ends a value as well is not documented, so such texts are refused.
 */
function greedyEnd(text: string, from: number, keys: readonly string[], rules: KeyValueRules): number {
  for (let kv = text.indexOf(rules.kv, from); kv >= 0; kv = text.indexOf(rules.kv, kv + rules.kv.length)) {
    const end = text.slice(0, kv).lastIndexOf(rules.pair);
    if (end < from) continue;
    const key = text.slice(end + rules.pair.length, kv).trim();
    if (!keys.includes(key)) throw new Error(`parse-kv: greedy=true and a key that is not asked for: ${key}`);
    return end;
  }
  return text.length;
}

/** The value, up to the next pair delimiter. */
function valueAt(text: string, from: number, rules: KeyValueRules): Piece {
  // The pair delimiter may itself be white space: then the value is empty.
  const at = text.startsWith(rules.pair, from) ? from : skipSpace(text, from);
  const value = quoted(text, at, rules);
  const end =
    rules.greedyKeys && !value
      ? greedyEnd(text, at, rules.greedyKeys, rules)
      : indexOrEnd(text, rules.pair, value?.end ?? at);
  if (value && text.slice(value.end, end).trim() !== '') throw new Error('parse-kv: text behind a closing quote');
  return { text: value?.text ?? text.slice(at, end).trim(), end: end + rules.pair.length };
}

/** All pairs of a text; the first value of a key counts. What has no kv delimiter is passed over. */
export function keyValues(text: string, rules: KeyValueRules): Record<string, string> {
  const found: Record<string, string> = {};
  let at = skipSpace(text, 0);
  while (at < text.length) {
    const key = keyAt(text, at, rules);
    at = key.end;
    if (key.text !== undefined) {
      const value = valueAt(text, key.end, rules);
      if (!Object.hasOwn(found, key.text)) found[key.text] = value.text;
      at = value.end;
    }
    at = skipSpace(text, at);
  }
  return found;
}
