/** FNV-1a, 32 bits. */
const SEED = 0x811c9dc5;
const PRIME = 0x01000193;
/** Behind each part: a byte that no UTF-8 has. */
const PART_END = 0xff;

/** Memory for most keys, which the next key in their place takes. */
const USUAL_BYTES = 64;

interface Entry<T> {
  bytes: Uint8Array;
  length: number;
  value: T;
}

/** Remembers what follows from a few bytes. Bounded: of what falls into the same place, the last two are kept. */
export class ByteCache<T> {
  readonly #entries: (Entry<T> | undefined)[];
  readonly #key = new Uint8Array(1024);
  #length = 0;
  #hash = SEED;
  /** What was given last. */
  #last: Entry<T> | undefined;

  /** `size`: a power of two. */
  constructor(size: number) {
    this.#entries = Array.from({ length: size });
  }

  /**
   * Whether one part of the key is the same as that of the key asked for last, where it begins at `at`; where the next one begins
   * there, or −1. It costs less than to look the key up, and what is asked for often comes in a row.
   */
  samePart(bytes: Uint8Array, from: number, to: number, at: number): number {
    const last = this.#last?.bytes;
    const end = at + to - from;
    if (!last || end >= this.#last!.length || last[end] !== PART_END) return -1;
    for (let n = at, own = from; n < end; n++, own++) if (bytes[own] !== last[n]) return -1;
    return end + 1;
  }

  /** What was given last, when its key ends at `at`. */
  lastIf(at: number): T | undefined {
    const last = this.#last;
    return last?.length === at ? last.value : undefined;
  }

  begin(): void {
    this.#length = 0;
    this.#hash = SEED;
  }

  /** One part of the key; false when the key is too long to be remembered. */
  part(bytes: Uint8Array, from: number, to: number): boolean {
    const key = this.#key;
    let length = this.#length;
    if (length + to - from >= key.length) return false;
    let hash = this.#hash;
    for (let at = from; at < to; at++) {
      const byte = bytes[at]!;
      key[length++] = byte;
      hash = Math.imul(hash ^ byte, PRIME);
    }
    key[length++] = PART_END;
    this.#hash = Math.imul(hash ^ PART_END, PRIME);
    this.#length = length;
    return true;
  }

  /** What is remembered for the key. */
  get(): T | undefined {
    const place = this.#place();
    const entry = this.#entries[place];
    if (entry && this.#isKey(entry)) return this.#given(entry);
    const other = this.#entries[place + 1];
    return other && this.#isKey(other) ? this.#given(other) : undefined;
  }

  set(value: T): T {
    const place = this.#place();
    const [length, key] = [this.#length, this.#key];
    const old = this.#entries[place + 1];
    const isRoomy = old !== undefined && old.bytes.length >= length;
    const entry = isRoomy ? old : { bytes: new Uint8Array(Math.max(length, USUAL_BYTES)), length, value };
    for (let at = 0; at < length; at++) entry.bytes[at] = key[at]!;
    entry.length = length;
    entry.value = value;
    this.#entries[place + 1] = this.#entries[place];
    this.#entries[place] = entry;
    return this.#given(entry);
  }

  #given(entry: Entry<T>): T {
    this.#last = entry;
    return entry.value;
  }

  /** The first of two. */
  #place(): number {
    return (this.#hash ^ (this.#hash >>> 15)) & (this.#entries.length - 2);
  }

  #isKey({ bytes, length }: Entry<T>): boolean {
    if (length !== this.#length) return false;
    for (let at = 0; at < length; at++) if (bytes[at] !== this.#key[at]) return false;
    return true;
  }
}
