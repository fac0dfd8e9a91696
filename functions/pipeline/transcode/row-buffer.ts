import type { RowText } from '../row-text.ts';

// Where rows are written: bytes that grow, kept from batch to batch.

const FIRST_BYTES = 64 * 1024;
/** Beyond this the buffer is let go after its batch. */
const KEPT_BYTES = 4 * 1024 * 1024;
const ZERO = 0x30;
const DAY_MS = 86_400_000;
const SHORT = 24;
/** Integers up to here are written digit by digit in 32 bits. */
const SMALL = 1_000_000_000;

const encoder = new TextEncoder();

export class RowBuffer {
  bytes: Uint8Array = new Uint8Array(FIRST_BYTES);
  at = 0;
  ends: number[] = [];
  #day = Number.NaN;
  #dayText: Uint8Array = new Uint8Array(0);

  /** Makes room for `more` bytes; until they are used up the writers below do not look. */
  reserve(more: number): void {
    const needed = this.at + more;
    if (needed <= this.bytes.length) return;
    let size = this.bytes.length;
    while (size < needed) size *= 2;
    const grown = new Uint8Array(size);
    grown.set(this.bytes.subarray(0, this.at));
    this.bytes = grown;
  }

  /** Short bytes: a loop is faster than a call into the runtime. */
  put(text: Uint8Array): void {
    const { bytes, at } = this;
    const { length } = text;
    for (let i = 0; i < length; i++) bytes[at + i] = text[i]!;
    this.at = at + length;
  }

  putLong(text: Uint8Array): void {
    this.bytes.set(text, this.at);
    this.at += text.length;
  }

  /** A range of the body, as it stands there. */
  copy(from: Uint8Array, start: number, end: number): void {
    const { bytes, at } = this;
    const length = end - start;
    if (length > SHORT) bytes.set(from.subarray(start, end), at);
    else for (let i = 0; i < length; i++) bytes[at + i] = from[start + i]!;
    this.at = at + length;
  }

  /** A number as `JSON.stringify` writes it. */
  number(value: number): void {
    if (value >= 0 && value < SMALL && Number.isInteger(value)) this.#small(value);
    else this.putLong(encoder.encode(JSON.stringify(value)));
  }

  #small(value: number): void {
    let length = 1;
    for (let rest = value; rest >= 10; rest = (rest / 10) | 0) length++;
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
      this.#dayText = encoder.encode(text.slice(0, text.indexOf('T') + 1));
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

  /** The row that was begun at `start` is complete. */
  endRow(): void {
    this.ends.push(this.at);
  }

  /** The rows written since it was cleared. */
  release(): RowText {
    const text = { bytes: this.bytes.slice(0, this.at), ends: this.ends };
    this.clear();
    return text;
  }

  clear(): void {
    this.at = 0;
    this.ends = [];
    if (this.bytes.length > KEPT_BYTES) this.bytes = new Uint8Array(FIRST_BYTES);
  }
}
