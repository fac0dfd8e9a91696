import type { Key } from './key-table.ts';

// Reads JSON from bytes, value by value, without making values. It knows the strict grammar; whatever it does not take,
// `JSON.parse` must judge. The bytes must be valid UTF-8.

const [QUOTE, BACKSLASH, BLANK, MINUS, DOT, ZERO, ONE, NINE] = [
  0x22, 0x5c, 0x20, 0x2d, 0x2e, 0x30, 0x31, 0x39,
] as const;
const [OPEN, CLOSE, OPEN_LIST, CLOSE_LIST, COMMA, COLON] = [0x7b, 0x7d, 0x5b, 0x5d, 0x2c, 0x3a] as const;
/** Bytes of a word. */
const WORD = 4;
const [UPPER_E, LOWER_E] = [0x45, 0x65] as const;

/** A decimal of so many digits is told apart by its double, so the shortest text of that double is the decimal itself. */
const EXACT_DIGITS = 15;
/** So many digits surely fit in 32 bits. */
const SHORT_DIGITS = 9;
const POWERS = Array.from({ length: EXACT_DIGITS + 1 }, (_none, n) => 10 ** n);
/** Below this numbers are written with an exponent. */
const LEAST_PLAIN = 1e-6;
const LONGEST_NUMBER = 64;
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/;
const [TRUE, FALSE] = [Buffer.from('true'), Buffer.from('false')];
const latin1 = new TextDecoder('latin1');

const NOTHING = Buffer.alloc(0);
const NO_VIEW = new DataView(new ArrayBuffer(0));

export class JsonCursor {
  bytes: Buffer = NOTHING;
  view: DataView = NO_VIEW;
  at = 0;
  /** Of the number read last: its value, and whether its text is what `JSON.stringify` would write. */
  value = 0;
  isCanonical = false;
  /** Of the value skipped last: its nesting, and the names in all of its objects. */
  deepest = 0;
  names = 0;

  /** Begins at the start of a body. */
  open(bytes: Uint8Array): void {
    this.bytes = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.at = 0;
  }

  /** Lets the body go. */
  close(): void {
    this.bytes = NOTHING;
    this.view = NO_VIEW;
  }

  /** The next four bytes, little-endian; 0 when there are not so many. */
  word(): number {
    return this.at + WORD <= this.bytes.length ? this.view.getInt32(this.at, true) : 0;
  }

  /** Moves behind `key` and the blanks after it; false when something else stands there. */
  takeKey({ length, first, middle, middleAt, last, lastAt }: Key): boolean {
    const { at, view, bytes } = this;
    if (at + length > bytes.length) return false;
    if (view.getInt32(at, true) !== first || view.getInt32(at + lastAt, true) !== last) return false;
    if (view.getInt32(at + middleAt, true) !== middle) return false;
    this.at = at + length;
    const next = bytes[this.at];
    if (next !== undefined && next <= BLANK) this.blanks();
    return true;
  }

  /** What stands from `start` to `end`. */
  textFrom(start: number, end: number): string {
    return this.bytes.toString('utf8', start, end);
  }

  blanks(): void {
    const { bytes } = this;
    let { at } = this;
    let byte = bytes[at];
    while (byte === BLANK || byte === 0x0a || byte === 0x0d || byte === 0x09) byte = bytes[++at];
    this.at = at;
  }

  /** Moves behind `byte` and the blanks around it; false when something else stands there. */
  take(byte: number): boolean {
    if (this.bytes[this.at] !== byte) {
      this.blanks();
      if (this.bytes[this.at] !== byte) return false;
    }
    this.at++;
    const next = this.bytes[this.at];
    if (next !== undefined && next <= BLANK) this.blanks();
    return true;
  }

  /** The same of what must be the last thing before `end`, and blanks behind it. */
  takeLast(byte: number, end: number): boolean {
    const { bytes } = this;
    if (bytes[this.at] !== byte) this.blanks();
    let { at } = this;
    if (at >= end || bytes[at] !== byte) return false;
    do at++;
    while (at < end && (bytes[at] === BLANK || bytes[at] === 0x0d || bytes[at] === 0x09));
    this.at = at;
    return at === end;
  }

  /** Moves behind the string that begins here; false when its bytes are not its value, or it has no end. */
  plainText(): boolean {
    const { bytes } = this;
    let { at } = this;
    if (bytes[at] !== QUOTE) return false;
    for (;;) {
      const byte = bytes[++at];
      if (byte === QUOTE) break;
      if (byte === undefined || byte < BLANK || byte === BACKSLASH) return false;
    }
    this.at = at + 1;
    return true;
  }

  /** Moves behind the number that begins here and keeps its value; false when there is none, or it is beyond a double. */
  number(): boolean {
    const { bytes, at } = this;
    let end = at;
    let value = 0;
    let digit = bytes[end]! - ZERO;
    // Most numbers are counts of a few digits.
    while (digit >= 0 && digit <= 9) {
      value = (Math.imul(value, 10) + digit) | 0;
      digit = bytes[++end]! - ZERO;
    }
    const digits = end - at;
    const isOther = digit === DOT - ZERO || digit === LOWER_E - ZERO || digit === UPPER_E - ZERO;
    if (digits === 0 || digits > SHORT_DIGITS || isOther || (digits > 1 && bytes[at] === ZERO))
      return this.#longNumber();
    this.at = end;
    this.value = value;
    this.isCanonical = true;
    return true;
  }

  /** A number that is negative, has a fraction or an exponent, or is long. */
  #longNumber(): boolean {
    const { bytes } = this;
    const start = this.at;
    let at = start;
    let byte = bytes[at]!;
    const isNegative = byte === MINUS;
    if (isNegative) byte = bytes[++at]!;
    const first = at;
    let mantissa = 0;
    if (byte === ZERO) byte = bytes[++at]!;
    else {
      if (!(byte >= ONE && byte <= NINE)) return false;
      do {
        mantissa = mantissa * 10 + (byte - ZERO);
        byte = bytes[++at]!;
      } while (byte >= ZERO && byte <= NINE);
    }
    let digits = at - first;
    let last: number = ONE;
    let power = 0;
    if (byte === DOT) {
      byte = bytes[++at]!;
      while (byte >= ZERO && byte <= NINE) {
        mantissa = mantissa * 10 + (byte - ZERO);
        last = byte;
        power++;
        byte = bytes[++at]!;
      }
      digits += power;
      if (power === 0) return false;
    }
    if (digits > EXACT_DIGITS || byte === LOWER_E || byte === UPPER_E) return this.#otherNumber(start);
    const size = power === 0 ? mantissa : mantissa / POWERS[power]!;
    this.at = at;
    this.value = isNegative ? -size : size;
    this.isCanonical = last !== ZERO && (mantissa === 0 ? !isNegative : power === 0 || size >= LEAST_PLAIN);
    return true;
  }

  /** A number with an exponent, or a very long one. */
  #otherNumber(start: number): boolean {
    const text = NUMBER.exec(latin1.decode(this.bytes.subarray(start, start + LONGEST_NUMBER)))?.[0];
    if (text === undefined || text.length === LONGEST_NUMBER) return false;
    const value = Number(text);
    if (!Number.isFinite(value)) return false;
    this.at = start + text.length;
    this.value = value;
    this.isCanonical = String(value) === text;
    return true;
  }

  /** Moves behind `true` or `false` and says which it was; undefined when something else stands there. */
  takeFlag(): boolean | undefined {
    const { bytes, at } = this;
    const word = bytes[at] === TRUE[0] ? TRUE : FALSE;
    for (let i = 0; i < word.length; i++) if (bytes[at + i] !== word[i]) return undefined;
    this.at = at + word.length;
    return word === TRUE;
  }

  /**
   * Moves behind any value and the blanks after it, without a look at its grammar; false when it has no end. Keeps how deep
   * it is nested and how many names are in it.
   */
  skip(): boolean {
    const { bytes } = this;
    let { at } = this;
    let depth = 0;
    this.deepest = 0;
    this.names = 0;
    for (let byte = bytes[at]; byte !== undefined; byte = bytes[++at]) {
      if (byte === QUOTE) {
        do byte = bytes[++at];
        while (byte !== undefined && (byte !== QUOTE || isEscaped(bytes, at)));
      } else if (byte === COLON) this.names++;
      else if (byte === OPEN || byte === OPEN_LIST) {
        if (++depth > this.deepest) this.deepest = depth;
      } else if (depth === 0 && (byte === COMMA || byte === CLOSE || byte === CLOSE_LIST)) break;
      else if (byte === CLOSE || byte === CLOSE_LIST) depth--;
    }
    this.at = at;
    return depth === 0 && at < bytes.length;
  }

  /** Moves behind `"name":`; false when something else stands there. `name`: its bytes with quotes and colon. */
  takeName(name: Uint8Array): boolean {
    const { bytes, at } = this;
    const colon = name.length - 1;
    for (let i = 0; i < colon; i++) if (bytes[at + i] !== name[i]) return false;
    this.at = at + colon;
    return this.take(COLON);
  }
}

/** Whether an odd number of backslashes stands before a quote. */
function isEscaped(bytes: Uint8Array, quote: number): boolean {
  let at = quote;
  while (bytes[at - 1] === BACKSLASH) at--;
  return (quote - at) % 2 === 1;
}
