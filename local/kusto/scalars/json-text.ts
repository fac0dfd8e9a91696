// Dynamic values as JSON text. Arrays and bags are taken apart into the raw text of their parts, so that numbers
// keep their digits (longs beyond 2^53, `1.0` against `1`) whatever is done around them.

/** One entry of a bag: its name, and its value as raw text. */
export type Entry = readonly [name: string, value: string];

export type JsonKind = 'array' | 'bag' | 'string' | 'long' | 'double' | 'bool' | 'null';

function isBlank(code: number): boolean {
  return code === 32 || code === 10 || code === 13 || code === 9;
}

/** Index after the string that starts at `from`. */
function endOfString(text: string, from: number): number {
  let i = from + 1;
  while (i < text.length && text.charCodeAt(i) !== 34) i += text.charCodeAt(i) === 92 ? 2 : 1;
  return i + 1;
}

/** Splits the inside of `[…]` or `{…}` at the commas of its own level. */
function splitInside(text: string): string[] {
  const out: string[] = [];
  let depth = 0;
  let start = 1;
  for (let i = 1; i < text.length - 1;) {
    const code = text.charCodeAt(i);
    if (code === 34) {
      i = endOfString(text, i);
      continue;
    }
    if (code === 91 || code === 123) depth++;
    else if (code === 93 || code === 125) depth--;
    else if (code === 44 && depth === 0) {
      out.push(text.slice(start, i).trim());
      start = i + 1;
    }
    i++;
  }
  const last = text.slice(start, -1).trim();
  if (last !== '' || out.length > 0) out.push(last);
  return out;
}

/** Kind of a valid JSON text, with the names that Kusto uses. */
export function kindOf(text: string): JsonKind {
  let i = 0;
  while (isBlank(text.charCodeAt(i))) i++;
  const first = text[i];
  if (first === '[') return 'array';
  if (first === '{') return 'bag';
  if (first === '"') return 'string';
  if (first === 't' || first === 'f') return 'bool';
  if (first === 'n' || first === undefined) return 'null';
  return /[.eE]/.test(text) ? 'double' : 'long';
}

/** Raw texts of the elements, or undefined when the value is no array. */
export function elementsOf(text: string | null): string[] | undefined {
  const trimmed = text?.trim();
  return trimmed?.startsWith('[') ? splitInside(trimmed) : undefined;
}

/** Entries in their order, or undefined when the value is no bag. */
export function entriesOf(text: string | null): Entry[] | undefined {
  const trimmed = text?.trim();
  if (!trimmed?.startsWith('{')) return undefined;
  return splitInside(trimmed).map((entry) => {
    const end = endOfString(entry, 0);
    return [JSON.parse(entry.slice(0, end)) as string, entry.slice(entry.indexOf(':', end) + 1).trim()];
  });
}

export function arrayText(elements: readonly string[]): string {
  return `[${elements.join(',')}]`;
}

export function bagText(entries: Iterable<Entry>): string {
  const parts: string[] = [];
  for (const [name, value] of entries) parts.push(`${JSON.stringify(name)}:${value}`);
  return `{${parts.join(',')}}`;
}

/** The text of a JSON string, or undefined when the value is none. */
export function stringOf(text: string | null): string | undefined {
  return text !== null && kindOf(text) === 'string' ? (JSON.parse(text) as string) : undefined;
}

/** A form in which equal values have equal text: bag names sorted, no blanks, integral doubles without fraction, one way of escaping. */
export function canonicalText(text: string): string {
  switch (kindOf(text)) {
    case 'array': {
      return arrayText((elementsOf(text) ?? []).map(canonicalText));
    }
    case 'bag': {
      const entries = (entriesOf(text) ?? []).map(([name, value]): Entry => [name, canonicalText(value)]);
      return bagText(entries.sort(([a], [b]) => compareOrdinal(a, b)));
    }
    case 'string': {
      return JSON.stringify(JSON.parse(text));
    }
    case 'double': {
      return String(Number(text));
    }
    default: {
      return text.trim();
    }
  }
}

/** Order of strings by code point, which is the order of their UTF-8 bytes. */
export function compareOrdinal(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
