import { DynamicCleaner } from '../clean.ts';
import { ByteCache } from './byte-cache.ts';
import type { JsonCursor } from './json-cursor.ts';
import type { RecordSlot } from './record-plan.ts';
import { pieceOf, RowBuffer } from './row-buffer.ts';

// What of a record has no column, gathered for `props`.

const QUOTE = 0x22;
const PROPS = pieceOf(',"props":{');
const PROPS_END = pieceOf('}');
/** Texts that were looked at for what must not be stored: labels and names, which come again and again. */
const CACHED = 1024;

export class RecordProps {
  readonly #out = new RowBuffer();
  readonly #clean = new ByteCache<boolean>(CACHED);
  readonly #upper = new ByteCache<string>(CACHED);
  /** Value of the field that stands for a number as well, in upper case. */
  label: string | undefined;

  begin(mostBytes: number): void {
    this.label = undefined;
    this.#out.clear();
    this.#out.reserve(mostBytes);
  }

  /** Keeps the value at the cursor, as it stands; false when it is a list, an object or null, or would not be kept as it stands. */
  put(slot: RecordSlot, cursor: JsonCursor): boolean {
    const out = this.#out;
    const start = cursor.at;
    out.put(slot.prop!);
    if (cursor.bytes[start] === QUOTE) {
      if (!cursor.plainText() || !this.#isClean(slot, cursor, start + 1)) return false;
      out.copy(cursor, start);
    } else if (cursor.takeFlag() !== undefined) out.copy(cursor, start);
    else if (!cursor.number()) return false;
    else if (cursor.isCanonical) out.copy(cursor, start);
    else out.number(cursor.value);
    return true;
  }

  #isClean({ key, name, isLabel }: RecordSlot, cursor: JsonCursor, start: number): boolean {
    const end = cursor.at - 1;
    if (isLabel) {
      this.#upper.begin();
      if (!this.#upper.part(cursor.bytes, start, end)) return false;
      this.label = this.#upper.get() ?? this.#upper.set(cursor.textFrom(start, end).toUpperCase());
    }
    this.#clean.begin();
    if (!this.#clean.part(key.bytes, 0, key.bytes.length) || !this.#clean.part(cursor.bytes, start, end)) return false;
    const known = this.#clean.get();
    if (known !== undefined) return known;
    const text = cursor.textFrom(start, end);
    return this.#clean.set(new DynamicCleaner().clean(text, name) === text);
  }

  /** Writes `props` when there are any. */
  end(to: RowBuffer): void {
    const { bytes, at } = this.#out;
    if (at === 0) return;
    to.put(PROPS);
    to.putLong(bytes.subarray(1, at));
    to.put(PROPS_END);
  }
}
