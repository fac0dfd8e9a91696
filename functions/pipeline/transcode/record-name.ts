import type { JsonCursor } from './json-cursor.ts';
import { bytesOf } from './row-buffer.ts';

const [BLANK, WORD] = [0x20, 4] as const;

/** `"name":` of a record's field, compared by words of four bytes, little-endian; the last one overlaps the one before it. */
export interface RecordName {
  readonly bytes: Uint8Array;
  readonly words: Int32Array;
  readonly last: number;
}

/** Undefined when the name is too short to be compared so: empty. */
export function nameOf(name: string): RecordName | undefined {
  const bytes = bytesOf(`"${name}":`);
  if (bytes.length < WORD) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const words = Int32Array.from({ length: Math.floor(bytes.length / WORD) }, (_none, n) =>
    view.getInt32(n * WORD, true),
  );
  return { bytes, words, last: view.getInt32(bytes.length - WORD, true) };
}

/** Moves behind a name and the blanks after it; false when something else stands there. */
export function takeName(cursor: JsonCursor, { bytes: { length }, words, last }: RecordName): boolean {
  const { at, view, bytes } = cursor;
  const end = at + length;
  if (end > bytes.length) return false;
  for (let n = 0; n < words.length; n++) if (view.getInt32(at + n * WORD, true) !== words[n]) return false;
  if (view.getInt32(end - WORD, true) !== last) return false;
  cursor.at = end;
  if (bytes[end]! <= BLANK) cursor.blanks();
  return true;
}
