// What can be known about JSON before it is parsed: nesting and size, from the bytes alone.

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const COMMA = 0x2c;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;

/** Beyond this depth nothing is parsed: `JSON.stringify` itself overflows the stack at a few thousand levels. */
export const HARD_DEPTH = 64;
/** Beyond this many keys in one object nothing is parsed: building such an object costs far more than its bytes suggest. */
export const HARD_KEYS = 4096;

/** Beyond this many values nothing is parsed: four megabytes of `[],` make 200 MB of arrays. */
export const HARD_VALUES = 200_000;

export interface JsonShape {
  /** Deepest nesting; HARD_DEPTH + 1 when it is more than that. */
  readonly depth: number;
  /** Most keys in one object; HARD_KEYS + 1 when it is more than that. */
  readonly keys: number;
  /** Lists, objects and what stands behind a comma; HARD_VALUES + 1 when there are more. */
  readonly values: number;
}

/** Index of the byte after the string that begins at `open`. */
function skipString(bytes: Uint8Array, open: number, end: number): number {
  let at = open + 1;
  while (at < end) {
    const byte = bytes[at];
    if (byte === QUOTE) return at + 1;
    at += byte === BACKSLASH ? 2 : 1;
  }
  return end;
}

/** Measures nesting and keys in one pass. It does not check that the bytes are JSON. */
export function scanJson(bytes: Uint8Array, start = 0, end = bytes.length): JsonShape {
  const counts = new Uint16Array(HARD_DEPTH + 2);
  let depth = 0;
  let deepest = 0;
  let most = 0;
  let values = 0;
  let at = start;
  while (at < end) {
    const byte = bytes[at];
    if (byte === QUOTE) {
      at = skipString(bytes, at, end);
      continue;
    }
    if (byte === COLON) {
      const count = (counts[depth] ?? 0) + 1;
      counts[depth] = count;
      if (count > most) most = count;
      if (most > HARD_KEYS) return { depth: deepest, keys: most, values };
    } else if (byte === COMMA) {
      if (++values > HARD_VALUES) return { depth: deepest, keys: most, values };
    } else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      depth++;
      if (depth > deepest) deepest = depth;
      if (depth > HARD_DEPTH || ++values > HARD_VALUES) return { depth: deepest, keys: most, values };
      counts[depth] = 0;
    } else if ((byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) && depth > 0) {
      depth--;
    }
    at++;
  }
  return { depth: deepest, keys: most, values };
}

/** Ranges `[start, end)` of the first `most` objects that follow each other without a separator, as Firehose writes them. */
export function objectRanges(bytes: Uint8Array, most = Infinity): { start: number; end: number }[] {
  const ranges: { start: number; end: number }[] = [];
  let depth = 0;
  let start = -1;
  let at = 0;
  while (at < bytes.length && ranges.length < most) {
    const byte = bytes[at];
    if (byte === QUOTE) {
      at = skipString(bytes, at, bytes.length);
      continue;
    }
    if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      if (depth === 0) start = at;
      depth++;
    } else if ((byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) && depth > 0) {
      depth--;
      if (depth === 0) ranges.push({ start, end: at + 1 });
    }
    at++;
  }
  return ranges;
}
