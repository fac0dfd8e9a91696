import type { RowText } from '../row-text.ts';

// Where rows are written. Batches share a block of memory one behind the other, so that nothing is copied when one is done.

const BLOCK_BYTES = 512 * 1024;
const ZERO = 0x30;
const DAY_MS = 86_400_000;
/** Bytes of a double. */
const WORD = 8;
/** Doubles that are always written. */
const FEW = 3;
/** Longer texts are worth a call. */
const SHORT = 64;
/** Longer integers are written in two parts that fit in 32 bits. */
const SMALL = 1_000_000_000;
const SMALL_DIGITS = 9;

const encoder = new TextEncoder();
export const bytesOf = (text: string): Uint8Array => Buffer.from(text, 'utf8');

/**
 * Text that is written again and again: eight bytes at a time, as doubles, the last ones with zeros that the next text
 * overwrites. No eight bytes of valid UTF-8 are a NaN, whose bits might not survive: those end with 0xf0 … 0xff and 0x7f or 0xff.
 */
export interface Piece {
  readonly words: Float64Array;
  readonly length: number;
}

export function pieceOf(text: string): Piece {
  const bytes = encoder.encode(text);
  const padded = new Uint8Array(Math.max(Math.ceil(bytes.length / WORD), FEW) * WORD);
  padded.set(bytes);
  return { words: wordsOf(padded), length: bytes.length };
}

function wordsOf(bytes: Uint8Array): Float64Array {
  const view = new DataView(bytes.buffer);
  return Float64Array.from({ length: bytes.length / WORD }, (_none, n) => view.getFloat64(n * WORD, true));
}

const NO_ROWS: RowText = { bytes: new Uint8Array(0), ends: [] };

/** Valid UTF-8. */
export interface Text {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

export class RowBuffer {
  bytes: Uint8Array = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  #view = new DataView(this.bytes.buffer);
  at = 0;
  /** Where this batch begins. */
  #start = 0;
  /** Where the one released last begins. */
  #last = 0;
  #ends: number[] = [];
  #day = Number.NaN;
  #dayText = pieceOf('');

  /** Makes room for `more` bytes; until they are used up the writers below do not look. */
  reserve(more: number): void {
    if (this.at + more <= this.bytes.length) return;
    const written = this.bytes.subarray(this.#start, this.at);
    const block = Buffer.allocUnsafeSlow(Math.max(BLOCK_BYTES, 2 * (written.length + more)));
    block.set(written);
    this.bytes = block;
    this.#view = new DataView(block.buffer);
    this.#start = 0;
    this.#last = 0;
    this.at = written.length;
  }

  /** Short text that is known beforehand. */
  put({ words, length }: Piece): void {
    const { at } = this;
    const view = this.#view;
    // Always the same steps, whatever the length: to guess wrong where a loop ends costs more than to write too much.
    view.setFloat64(at, words[0]!, true);
    view.setFloat64(at + WORD, words[1]!, true);
    view.setFloat64(at + 2 * WORD, words[2]!, true);
    for (let n = FEW; n < words.length; n++) view.setFloat64(at + n * WORD, words[n]!, true);
    this.at = at + length;
  }

  putLong(text: Uint8Array): void {
    this.bytes.set(text, this.at);
    this.at += text.length;
  }

  /** What stands in a body from `start` to the cursor. */
  copy(body: Text & { readonly at: number }, start: number): void {
    this.copyRange(body, start, body.at);
  }

  /** What stands in a text from `start` to `end`. */
  copyRange({ bytes: from, view: source }: Text, start: number, end: number): void {
    const { at } = this;
    const length = end - start;
    const view = this.#view;
    if (length > SHORT || start + SHORT > from.length) this.bytes.set(from.subarray(start, end), at);
    else {
      view.setFloat64(at, source.getFloat64(start, true), true);
      view.setFloat64(at + WORD, source.getFloat64(start + WORD, true), true);
      for (let i = 2 * WORD; i < length; i += WORD) view.setFloat64(at + i, source.getFloat64(start + i, true), true);
    }
    this.at = at + length;
  }

  /** A number as `JSON.stringify` writes it. */
  number(value: number): void {
    const small = value | 0;
    if (small === value && small >= 0) this.#small(small);
    else if (value > 0 && Number.isSafeInteger(value)) {
      const high = Math.floor(value / SMALL);
      this.#small(high);
      this.#digits(value - high * SMALL, SMALL_DIGITS);
    } else this.putLong(encoder.encode(JSON.stringify(value)));
  }

  #small(value: number): void {
    if (value < 10) {
      this.bytes[this.at++] = ZERO + value;
      return;
    }
    let length = 2;
    for (let rest = (value / 10) | 0; rest >= 10; rest = (rest / 10) | 0) length++;
    this.#digits(value, length);
  }

  #digits(value: number, length: number): void {
    const { bytes, at } = this;
    let rest = value | 0;
    for (let i = length - 1; i >= 0; i--) {
      const tenth = (rest / 10) | 0;
      bytes[at + i] = ZERO + rest - tenth * 10;
      rest = tenth;
    }
    this.at = at + length;
  }

  /** A time as `Date.prototype.toISOString` writes it. `ms`: whole epoch milliseconds. */
  time(ms: number): void {
    const day = Math.floor(ms / DAY_MS);
    if (day !== this.#day) {
      const text = new Date(day * DAY_MS).toISOString();
      this.#dayText = pieceOf(text.slice(0, text.indexOf('T') + 1));
      this.#day = day;
    }
    this.put(this.#dayText);
    const rest = ms - day * DAY_MS;
    const seconds = (rest / 1000) | 0;
    const minutes = (seconds / 60) | 0;
    const hours = (minutes / 60) | 0;
    this.#digits(hours, 2);
    this.bytes[this.at++] = 0x3a;
    this.#digits(minutes - hours * 60, 2);
    this.bytes[this.at++] = 0x3a;
    this.#digits(seconds - minutes * 60, 2);
    this.bytes[this.at++] = 0x2e;
    this.#digits(rest - seconds * 1000, 3);
    this.bytes[this.at++] = 0x5a;
  }

  /** The row that was written is complete. */
  endRow(): void {
    this.#ends.push(this.at - this.#start);
  }

  /** Forgets what was written behind the last complete row. */
  dropRow(): void {
    this.at = this.#start + (this.#ends.at(-1) ?? 0);
  }

  /** The complete rows of this batch; the next one begins behind them. */
  release(): RowText {
    this.dropRow();
    if (this.#ends.length === 0) return NO_ROWS;
    const text = { bytes: this.bytes.subarray(this.#start, this.at), ends: this.#ends };
    this.#last = this.#start;
    this.#start = this.at;
    this.#ends = [];
    return text;
  }

  /** The batch released last is done with: the next one is written over it. */
  reuse(): void {
    this.#start = this.#last;
    this.at = this.#last;
  }

  /** Forgets this batch. */
  clear(): void {
    this.at = this.#start;
    this.#ends = [];
  }
}
