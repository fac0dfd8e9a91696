import type { RowText } from '../pipeline/row-text.ts';
import type { CallMemory } from './call-memory.ts';

// Rows of many senders, cut into calls and halves without copying them.

export interface RowRefusal {
  readonly index: number;
  readonly detail: string;
}

/** One sender's rows, and how it is told. */
export interface Waiter {
  readonly text: RowText;
  readonly arrivedMs: number;
  readonly refusals: RowRefusal[];
  open: number;
  resolve(refusals: RowRefusal[]): void;
  reject(error: Error): void;
}

/** Rows `from` up to but without `to` of what one waiter gave. */
export interface Piece {
  readonly waiter: Waiter;
  readonly from: number;
  readonly to: number;
}

const startOf = ({ text }: Waiter, row: number): number => (row === 0 ? 0 : (text.ends[row - 1] ?? 0));
const bytesOf = ({ waiter, from, to }: Piece): Uint8Array =>
  waiter.text.bytes.subarray(startOf(waiter, from), startOf(waiter, to));
/** Number of rows. */
export const rowsIn = (pieces: readonly Piece[]): number => pieces.reduce((sum, { from, to }) => sum + to - from, 0);

/** Rows of one call. */
export const CALL_ROWS = 5000;

/** How many rows of a piece fit a call that holds `rows` rows and `size` bytes; a row too large for any call goes alone. */
function fitting({ waiter, from, to }: Piece, rows: number, size: number, callBytes: number): number {
  const start = startOf(waiter, from);
  const most = Math.min(to, from + CALL_ROWS - rows);
  const isFitting = (end: number): boolean => size + startOf(waiter, end) - start <= callBytes;
  if (most > from && isFitting(most)) return most - from;
  let end = from;
  while (end < most && isFitting(end + 1)) end++;
  return end === from && rows === 0 ? 1 : end - from;
}

/** Splits rows into calls of at most `callBytes` and {@link CALL_ROWS}. */
export function callsOf(pieces: readonly Piece[], callBytes: number): Piece[][] {
  const calls: Piece[][] = [];
  let call: Piece[] = [];
  let rows = 0;
  let size = 0;
  for (const piece of pieces) {
    let rest = piece;
    while (rest.from < rest.to) {
      const count = fitting(rest, rows, size, callBytes);
      if (count > 0) {
        const part = { ...rest, to: rest.from + count };
        call.push(part);
        rows += count;
        size += bytesOf(part).length;
        rest = { ...rest, from: part.to };
      }
      if (rest.from < rest.to) {
        calls.push(call);
        call = [];
        rows = 0;
        size = 0;
      }
    }
  }
  if (call.length > 0) calls.push(call);
  return calls;
}

/** The pieces of a call in two halves, by rows. */
export function halves(pieces: readonly Piece[]): [first: Piece[], second: Piece[]] {
  let left = rowsIn(pieces) >> 1;
  const first: Piece[] = [];
  const second: Piece[] = [];
  for (const piece of pieces) {
    const middle = Math.min(piece.to, piece.from + left);
    left -= middle - piece.from;
    if (middle > piece.from) first.push({ ...piece, to: middle });
    if (middle < piece.to) second.push({ ...piece, from: middle });
  }
  return [first, second];
}

/** The rows of a call, and the memory that they were copied to; none where they needed no copy. */
export interface CallRows {
  readonly bytes: Uint8Array;
  readonly memory: Buffer | undefined;
}

/** Rows with a newline between them. */
export function joined(pieces: readonly Piece[], spare: CallMemory): CallRows {
  const [only] = pieces;
  // A chunk of a blob is one piece of megabytes: it needs no copy.
  if (pieces.length === 1 && only) return { bytes: bytesOf(only).subarray(0, -1), memory: undefined };
  const parts = pieces.map(bytesOf);
  const memory = spare.take(parts.reduce((sum, { length }) => sum + length, 0));
  let size = 0;
  for (const part of parts) {
    memory.set(part, size);
    size += part.length;
  }
  return { bytes: memory.subarray(0, size - 1), memory };
}
