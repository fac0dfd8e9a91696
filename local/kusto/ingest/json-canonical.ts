// Objects and lists whose text is already what JSON.stringify(JSON.parse(text)) gives: they are stored as they came, unparsed.

const [QUOTE, COMMA, MINUS, DOT, COLON, OPEN, CLOSE, OPEN_LIST, CLOSE_LIST] = [
  34, 44, 45, 46, 58, 123, 125, 91, 93,
] as const;
const [ZERO, NINE, BLANK, BACKSLASH] = [48, 57, 32, 92] as const;
const WORDS = [Buffer.from('null'), Buffer.from('true'), Buffer.from('false')] as const;

/** Beyond it a number may be written otherwise than it came. */
const EXACT_DIGITS = 15;
/** Smaller numbers are written with an exponent. */
const MOST_DECIMALS = 6;
const MOST_DEPTH = 20;
/** Keys are compared with each other, as of two equal ones only the last is kept. */
const MOST_KEYS = 16;

/** The offset behind the value at `at`; -1 when it is not in that form (it may be JSON all the same). */
export function canonicalEnd(bytes: Uint8Array, at: number, depth = 0): number {
  const c = bytes[at] ?? 0;
  if (c === QUOTE) return textEnd(bytes, at);
  if (c === MINUS || (c >= ZERO && c <= NINE)) return numberEnd(bytes, at);
  if (depth >= MOST_DEPTH) return -1;
  if (c === OPEN) return objectEnd(bytes, at, depth);
  if (c === OPEN_LIST) return listEnd(bytes, at, depth);
  const word = WORDS.find(([first]) => first === c);
  return word !== undefined && isAt(bytes, at, word) ? at + word.length : -1;
}

function isAt(bytes: Uint8Array, at: number, expected: Uint8Array): boolean {
  for (let i = 0; i < expected.length; i++) if (bytes[at + i] !== expected[i]) return false;
  return true;
}

function textEnd(bytes: Uint8Array, start: number): number {
  for (let at = start + 1; ; at++) {
    const c = bytes[at];
    if (c === QUOTE) return at + 1;
    if (c === undefined || c < BLANK || c === BACKSLASH) return -1;
  }
}

const isDigit = (c: number | undefined): boolean => c !== undefined && c >= ZERO && c <= NINE;

function numberEnd(bytes: Uint8Array, start: number): number {
  let at = bytes[start] === MINUS ? start + 1 : start;
  const first = at;
  while (isDigit(bytes[at])) at += 1;
  const whole = at - first;
  if (whole === 0 || (whole > 1 && bytes[first] === ZERO)) return -1;
  let decimals = 0;
  if (bytes[at] === DOT) {
    const from = ++at;
    while (isDigit(bytes[at])) at += 1;
    decimals = at - from;
    if (decimals === 0 || decimals > MOST_DECIMALS || bytes[at - 1] === ZERO) return -1;
  } else if (bytes[first] === ZERO && first > start) {
    // Minus zero is written without its sign.
    return -1;
  }
  const next = bytes[at];
  return whole + decimals > EXACT_DIGITS || next === 101 || next === 69 ? -1 : at;
}

function listEnd(bytes: Uint8Array, start: number, depth: number): number {
  let at = start + 1;
  if (bytes[at] === CLOSE_LIST) return at + 1;
  for (;;) {
    at = canonicalEnd(bytes, at, depth + 1);
    if (at < 0 || bytes[at] === CLOSE_LIST) return at < 0 ? -1 : at + 1;
    if (bytes[at] !== COMMA) return -1;
    at += 1;
  }
}

function objectEnd(bytes: Uint8Array, start: number, depth: number): number {
  let at = start + 1;
  if (bytes[at] === CLOSE) return at + 1;
  const keys: number[] = [];
  for (;;) {
    const end = bytes[at] === QUOTE ? textEnd(bytes, at) : -1;
    // Keys that are numbers are sorted first.
    if (end < 0 || bytes[end] !== COLON || isDigit(bytes[at + 1])) return -1;
    if (keys.length >= MOST_KEYS || keys.some((key) => isAt(bytes, key, bytes.subarray(at, end)))) return -1;
    keys.push(at);
    at = canonicalEnd(bytes, end + 1, depth + 1);
    if (at < 0 || bytes[at] === CLOSE) return at < 0 ? -1 : at + 1;
    if (bytes[at] !== COMMA) return -1;
    at += 1;
  }
}
