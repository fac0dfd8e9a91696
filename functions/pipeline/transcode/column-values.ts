import { freeText } from '../identity.ts';
import type { JsonCursor } from './json-cursor.ts';
import { isWithin, leanStates, type Slot } from './plan.ts';
import { pieceOf, type RowBuffer } from './row-buffer.ts';

// A value under the column it has: read at the cursor, written behind the column's name. False when the column does not take
// it, or not as it stands; something may be written then.

const QUOTE = 0x22;
const QUOTE_MARK = pieceOf('"');

export function putNumber(cursor: JsonCursor, out: RowBuffer, { column, isNothingEmpty }: Slot): boolean {
  const start = cursor.at;
  if (!cursor.number()) return false;
  const { value } = cursor;
  if (isNothingEmpty && value === 0) return true;
  if (!isWithin(column, value)) return false;
  out.put(column.name);
  if (cursor.isCanonical) out.copy(cursor, start);
  else out.number(value);
  return true;
}

/** A string that is not empty. */
export function putText(cursor: JsonCursor, out: RowBuffer, { column }: Slot): boolean {
  const start = cursor.at;
  if (!cursor.plainText()) return false;
  const length = cursor.at - start - 2;
  const isFine = column.oneOf ? column.oneOf.find(cursor.bytes, start + 1, cursor.at - 1) : length <= column.maxBytes;
  if (isFine !== true) return false;
  out.put(column.name);
  out.copy(cursor, start);
  return true;
}

/** Players report rates as numbers and what is on or off as booleans; the column holds texts. */
export function putChange(cursor: JsonCursor, out: RowBuffer, slot: Slot): boolean {
  const start = cursor.at;
  if (cursor.bytes[start] === QUOTE) return putText(cursor, out, slot);
  out.put(slot.column.name);
  out.put(QUOTE_MARK);
  if (cursor.takeFlag() === undefined && !(cursor.number() && cursor.isCanonical)) return false;
  out.copy(cursor, start);
  out.put(QUOTE_MARK);
  return true;
}

/** What may be part of a URL, an address or a secret is looked at the long way. */
export function putMessage(cursor: JsonCursor, out: RowBuffer, slot: Slot): boolean {
  const start = cursor.at + 1;
  if (!putText(cursor, out, slot)) return false;
  const text = cursor.textFrom(start, cursor.at - 1);
  return freeText(text) === text;
}

export function putFlag(cursor: JsonCursor, out: RowBuffer, { column }: Slot): boolean {
  const start = cursor.at;
  if (cursor.takeFlag() === undefined) return false;
  out.put(column.name);
  out.copy(cursor, start);
  return true;
}

/** The state of a beat of version 2. */
export function putState(cursor: JsonCursor, out: RowBuffer, { column }: Slot): boolean {
  const start = cursor.at;
  if (!cursor.plainText()) return false;
  const state = leanStates.find(cursor.bytes, start + 1, cursor.at - 1);
  if (!state) return false;
  out.put(column.name);
  out.put(state);
  return true;
}
