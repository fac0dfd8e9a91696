// Short names in a body, found by their bytes: no string is made of what is only compared.

interface Named<T> {
  readonly bytes: Uint8Array;
  readonly value: T;
}

const encoder = new TextEncoder();

/** Whether the bytes from `at` on are `expected`. */
export function startsWith(bytes: Uint8Array, at: number, expected: Uint8Array): boolean {
  for (let i = 0; i < expected.length; i++) if (bytes[at + i] !== expected[i]) return false;
  return true;
}

/** A map from texts to values that is asked with a range of bytes. */
export class ByteTable<T> {
  readonly #buckets: readonly (readonly Named<T>[])[];
  readonly #mask: number;

  constructor(entries: Iterable<readonly [string, T]>) {
    const named = [...entries].map(([name, value]) => ({ bytes: encoder.encode(name), value }));
    let size = 16;
    while (size < named.length * 4) size *= 2;
    this.#mask = size - 1;
    const buckets: Named<T>[][] = Array.from({ length: size }, () => []);
    for (const entry of named) buckets[this.#place(entry.bytes, 0, entry.bytes.length)]!.push(entry);
    this.#buckets = buckets;
  }

  #place(bytes: Uint8Array, from: number, to: number): number {
    if (to <= from) return 0;
    return (bytes[from]! * 31 + bytes[to - 1]! * 7 + bytes[(from + to) >> 1]! * 3 + (to - from)) & this.#mask;
  }

  find(bytes: Uint8Array, from: number, to: number): T | undefined {
    const bucket = this.#buckets[this.#place(bytes, from, to)]!;
    for (const entry of bucket)
      if (entry.bytes.length === to - from && startsWith(bytes, from, entry.bytes)) return entry.value;
    return undefined;
  }
}
