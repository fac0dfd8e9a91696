import { KustoError } from '../types.ts';

interface ReviverContext {
  readonly source?: string;
}
type Reviver = (this: unknown, key: string, value: unknown, context?: ReviverContext) => unknown;
/** In the runtime, not yet in the library types. */
const { rawJSON } = JSON as unknown as { rawJSON: (source: string) => unknown };
const parseWith = JSON.parse as (text: string, reviver: Reviver) => unknown;

/** Integers beyond 2^53 keep their digits as JSON.rawJSON. */
const keepDigits: Reviver = (_key, value, context) =>
  typeof value === 'number' &&
  !Number.isSafeInteger(value) &&
  context?.source !== undefined &&
  /^-?\d+$/.test(context.source)
    ? rawJSON(context.source)
    : value;

/** A number of 16 or more digits at the start of a token; looked for once a body, since the reviver makes parsing several times slower. */
const LONG_DIGITS = /[:,[\s-]\d{16}/;
type Parse = (text: string) => unknown;
/** Parses one value; integers beyond 2^53 keep their digits. */
export const parseJson: Parse = (text) =>
  LONG_DIGITS.test(` ${text}`) ? parseWith(text, keepDigits) : (JSON.parse(text) as unknown);
const parserFor = (body: string): Parse => (LONG_DIGITS.test(body) ? parseJson : (text) => JSON.parse(text) as unknown);

const bad = (message: string): KustoError => new KustoError('BADREQUEST', message);

/**
 * Objects of a `json` (one a line) or `multijson` (arrays, or objects one after another over any lines) body.
 * Kusto drops a malformed line of `json` without a word; here the request is refused and the line named.
 */
export function parseJsonRows(body: string, format: 'json' | 'multijson'): unknown[] {
  const text = body.charCodeAt(0) === 0xfeff ? body.slice(1) : body;
  const parse = parserFor(text);
  const trimmed = text.trimStart();
  if (trimmed.startsWith('[')) return fromArray(trimmed, parse);
  const rows: unknown[] = [];
  let lineNumber = 0;
  for (const line of text.split('\n')) {
    lineNumber += 1;
    if (line.trim() === '') continue;
    try {
      rows.push(parse(line));
    } catch (error) {
      if (format === 'multijson') return parseConcatenated(text, parse);
      throw bad(`Stream_MalformedJson: line ${lineNumber} is not JSON: ${error instanceof Error ? error.message : ''}`);
    }
  }
  return rows.flatMap((row) => (Array.isArray(row) ? row : [row]));
}

function fromArray(text: string, parse: Parse): unknown[] {
  try {
    const rows = parse(text);
    if (Array.isArray(rows)) return rows;
  } catch {
    // Several arrays, or arrays one a line: read value by value.
  }
  return parseConcatenated(text, parse).flatMap((row) => (Array.isArray(row) ? row : [row]));
}

/** Values one after another, with anything blank, or commas, between them. */
function parseConcatenated(text: string, parse: Parse): unknown[] {
  const rows: unknown[] = [];
  let start = -1;
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (inString) {
      if (c === '\\') i += 1;
      else if (c === '"') inString = false;
    } else if (c === '"') {
      inString = true;
    } else if (c === '{' || c === '[') {
      if (depth === 0) start = i;
      depth += 1;
    } else if (c === '}' || c === ']') {
      depth -= 1;
      if (depth < 0) throw bad(`Stream_MalformedJson: unexpected '${c}' at offset ${i}`);
      if (depth === 0) rows.push(parseAt(text.slice(start, i + 1), start, parse));
    } else if (depth === 0 && c !== undefined && !/[\s,]/.test(c)) {
      throw bad(`Stream_MalformedJson: unexpected '${c}' at offset ${i}`);
    }
  }
  if (depth !== 0 || inString) throw bad('Stream_MalformedJson: the last value is not complete');
  return rows.flatMap((row) => (Array.isArray(row) ? row : [row]));
}

function parseAt(text: string, offset: number, parse: Parse): unknown {
  try {
    return parse(text);
  } catch (error) {
    throw bad(
      `Stream_MalformedJson: the value at offset ${offset} is not JSON: ${error instanceof Error ? error.message : ''}`,
    );
  }
}
