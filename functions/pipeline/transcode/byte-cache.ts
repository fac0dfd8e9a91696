/** FNV-1a, 32 bits. */
const SEED = 0x811c9dc5;
const PRIME = 0x01000193;

interface Entry<T> {
  readonly bytes: Uint8Array;
  readonly value: T;
}

/** Remembers what follows from a few bytes. Bounded: of what falls into the same place, the last two are kept. */
export class ByteCache<T> {
  readonly #entries: (Entry<T> | undefined)[];
  readonly #key = new Uint8Array(1024);
  #length = 0;
  #hash = SEED;

  /** `size`: a power of two. */
  constructor(size: number) {
    this.#entries = Array.from({ length: size });
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
    // Parts end with a byte that no UTF-8 has.
    key[length++] = 0xff;
    this.#hash = Math.imul(hash ^ 0xff, PRIME);
    this.#length = length;
    return true;
  }

  /** What is remembered for the key. */
  get(): T | undefined {
    const place = this.#place();
    const entry = this.#entries[place];
    if (entry && this.#isKey(entry.bytes)) return entry.value;
    const other = this.#entries[place + 1];
    return other && this.#isKey(other.bytes) ? other.value : undefined;
  }

  set(value: T): T {
    const place = this.#place();
    this.#entries[place + 1] = this.#entries[place];
    this.#entries[place] = { bytes: this.#key.slice(0, this.#length), value };
    return value;
  }

  /** The first of two. */
  #place(): number {
    return (this.#hash ^ (this.#hash >>> 15)) & (this.#entries.length - 2);
  }

  #isKey(bytes: Uint8Array): boolean {
    if (bytes.length !== this.#length) return false;
    for (let at = 0; at < bytes.length; at++) if (bytes[at] !== this.#key[at]) return false;
    return true;
  }
}
