/** FNV-1a, 32 bits, signed as typed arrays give them back. */
const SEED = 0x811c9dc5 | 0;
const PRIME = 0x01000193;

/** Of a chunk of a blob, about. */
const USUAL_KEYS = 4096;
const USUAL_BYTES = 128 * 1024;

const doubled = <T extends Int32Array | Uint8Array>(old: T, bigger: T): T => {
  bigger.set(old);
  return bigger;
};

/**
 * A set of texts that are given as bytes, part by part: `begin`, `part` …, then `has` or `keep`. No string is made, and its memory
 * serves again after `clear`.
 */
export class ByteSet {
  /** Keys one behind the other, the one under way behind them, and where each ends. */
  #bytes = new Uint8Array(USUAL_BYTES);
  #ends = new Int32Array(USUAL_KEYS);
  #hashes = new Int32Array(USUAL_KEYS);
  /** Number of a key, plus one; at least twice as many places as keys. */
  #places = new Int32Array(2 * USUAL_KEYS);
  size = 0;
  #from = 0;
  #at = 0;
  #hash = SEED;

  clear(): void {
    if (this.size > 0) this.#places.fill(0);
    this.size = 0;
    this.#from = 0;
  }

  /** A new key. */
  begin(): void {
    this.#at = this.#from;
    this.#hash = SEED;
  }

  /** One more part of the key. */
  part(bytes: Uint8Array, from: number, to: number): void {
    while (this.#at + to - from > this.#bytes.length)
      this.#bytes = doubled(this.#bytes, new Uint8Array(2 * this.#bytes.length));
    const own = this.#bytes;
    let at = this.#at;
    let hash = this.#hash;
    for (let n = from; n < to; n++) {
      const byte = bytes[n]!;
      own[at++] = byte;
      hash = Math.imul(hash ^ byte, PRIME);
    }
    this.#at = at;
    this.#hash = hash;
  }

  has(): boolean {
    return this.#places[this.#place()] !== 0;
  }

  /** Adds the key; false when it is there already. */
  keep(): boolean {
    const place = this.#place();
    if (this.#places[place] !== 0) return false;
    this.#hashes[this.size] = this.#hash;
    this.#ends[this.size] = this.#at;
    this.#places[place] = ++this.size;
    this.#from = this.#at;
    if (this.size === this.#ends.length) this.#grow();
    return true;
  }

  /** Where the key is, or would be. */
  #place(): number {
    const mask = this.#places.length - 1;
    const hash = this.#hash;
    let place = (hash ^ (hash >>> 15)) & mask;
    for (let key = this.#places[place]!; key !== 0; key = this.#places[place]!) {
      if (this.#hashes[key - 1] === hash && this.#isKey(key - 1)) return place;
      place = (place + 1) & mask;
    }
    return place;
  }

  #isKey(key: number): boolean {
    const bytes = this.#bytes;
    const start = key === 0 ? 0 : this.#ends[key - 1]!;
    const length = this.#at - this.#from;
    if (this.#ends[key]! - start !== length) return false;
    for (let n = 0; n < length; n++) if (bytes[start + n] !== bytes[this.#from + n]) return false;
    return true;
  }

  #grow(): void {
    this.#ends = doubled(this.#ends, new Int32Array(2 * this.size));
    this.#hashes = doubled(this.#hashes, new Int32Array(2 * this.size));
    this.#places = new Int32Array(4 * this.size);
    const mask = this.#places.length - 1;
    for (let key = 0; key < this.size; key++) {
      const hash = this.#hashes[key]!;
      let place = (hash ^ (hash >>> 15)) & mask;
      while (this.#places[place] !== 0) place = (place + 1) & mask;
      this.#places[place] = key + 1;
    }
  }
}
