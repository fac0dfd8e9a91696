import type { RowBuffer } from './row-buffer.ts';

/** Longer ranges are worth a call. */
const SHORT = 32;

/** Copies a range into a row, as it stands. Room must have been made for it. */
export function copyRange(out: RowBuffer, from: Uint8Array, start: number, end: number): void {
  const { bytes, at } = out;
  const length = end - start;
  if (length > SHORT) bytes.set(from.subarray(start, end), at);
  else for (let i = 0; i < length; i++) bytes[at + i] = from[start + i]!;
  out.at = at + length;
}
