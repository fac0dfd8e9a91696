import { parseStamp } from '../event-time.ts';
import type { JsonCursor } from './json-cursor.ts';

const [QUOTE, ZERO, DASH, COLON, DOT, T, Z] = [0x22, 0x30, 0x2d, 0x3a, 0x2e, 0x54, 0x5a] as const;
const DATE_LENGTH = 10;
const MOST_DECIMALS = 9;

/** Two digits; NaN when they are none. */
function two(bytes: Uint8Array, at: number): number {
  const tens = bytes[at]! - ZERO;
  const ones = bytes[at + 1]! - ZERO;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}

/** Reads times as most producers write them, `2026-01-15T12:00:00.250Z`; the records of a file are of the same few days. */
export class StampReader {
  readonly #date = new Uint8Array(DATE_LENGTH);
  #dateMs: number | undefined;

  /** Epoch ms of the string that begins at the cursor, which moves behind it; undefined when it is written otherwise. */
  read(cursor: JsonCursor): number | undefined {
    const { bytes, at } = cursor;
    if (bytes[at] !== QUOTE || bytes[at + 1 + DATE_LENGTH] !== T) return undefined;
    const dateMs = this.#dateAt(cursor, at + 1);
    const time = at + 2 + DATE_LENGTH;
    const hours = two(bytes, time);
    const minutes = two(bytes, time + 3);
    const seconds = two(bytes, time + 6);
    if (dateMs === undefined || bytes[time + 2] !== COLON || bytes[time + 5] !== COLON) return undefined;
    if (!(hours <= 23 && minutes <= 59 && seconds <= 59)) return undefined;
    let end = time + 8;
    let ms = 0;
    if (bytes[end] === DOT) {
      const first = ++end;
      for (let digit = bytes[end]! - ZERO; digit >= 0 && digit <= 9; digit = bytes[++end]! - ZERO)
        if (end - first < 3) ms = ms * 10 + digit;
      const decimals = end - first;
      if (decimals < 1 || decimals > MOST_DECIMALS) return undefined;
      if (decimals < 3) ms *= decimals === 1 ? 100 : 10;
    }
    if (bytes[end] !== Z || bytes[end + 1] !== QUOTE) return undefined;
    cursor.at = end + 2;
    return dateMs + ((hours * 60 + minutes) * 60 + seconds) * 1000 + ms;
  }

  #dateAt(cursor: JsonCursor, at: number): number | undefined {
    const { bytes } = cursor;
    const known = this.#date;
    let same = 0;
    while (same < DATE_LENGTH && bytes[at + same] === known[same]) same++;
    if (same === DATE_LENGTH) return this.#dateMs;
    if (bytes[at + 4] !== DASH || bytes[at + 7] !== DASH) return undefined;
    known.set(bytes.subarray(at, at + DATE_LENGTH));
    this.#dateMs = parseStamp(`${cursor.textFrom(at, at + DATE_LENGTH)}T00:00:00Z`);
    return this.#dateMs;
  }
}
