import type { StoredColumn } from '../catalog/entities.ts';
import type { FixedColumn, TextColumn, Value } from '../store/block.ts';
import { PHYSICAL } from '../types.ts';

/** Texts that do not stand in the body as they are stored. Places count on from the body's length. */
export class TextHeap {
  readonly #base: number;
  #bytes: Buffer = Buffer.alloc(1024);
  #length = 0;

  constructor(base: number) {
    this.#base = base;
  }

  /** Adds a text; its bytes begin at `end` as it was before. */
  add(text: string): number {
    const most = this.#length + text.length * 3;
    if (most > this.#bytes.length) {
      const larger = Buffer.alloc(Math.max(most, this.#bytes.length * 2));
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    const length = this.#bytes.write(text, this.#length);
    this.#length += length;
    return length;
  }

  get end(): number {
    return this.#base + this.#length;
  }

  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }
}

const WORD = 2 ** 32;

/** A column of numbers, truth values or times, by row. */
export class FixedBuilder implements FixedColumn {
  readonly data: Uint8Array;
  readonly nulls: Uint8Array;
  readonly #floats: Float64Array | null;
  readonly #bigs: BigInt64Array | null;
  readonly #ints: Int32Array | null;
  readonly #words: Int32Array | null;

  constructor({ type }: StoredColumn, rows: number) {
    const physical = PHYSICAL[type];
    const buffer = new ArrayBuffer(rows * (physical === 'BOOLEAN' ? 1 : physical === 'INTEGER' ? 4 : 8));
    this.data = new Uint8Array(buffer);
    this.nulls = new Uint8Array(rows).fill(1);
    this.#floats = physical === 'DOUBLE' ? new Float64Array(buffer) : null;
    this.#bigs = physical === 'BIGINT' ? new BigInt64Array(buffer) : null;
    this.#ints = physical === 'INTEGER' ? new Int32Array(buffer) : null;
    this.#words = physical === 'BIGINT' ? new Int32Array(buffer) : null;
  }

  set(row: number, value: Value): void {
    this.nulls[row] = value === null ? 1 : 0;
    if (value === null) return;
    if (this.#bigs !== null) this.#bigs[row] = value as bigint;
    else if (this.#floats !== null) this.#floats[row] = value as number;
    else if (this.#ints !== null) this.#ints[row] = value as number;
    else this.data[row] = value === true ? 1 : 0;
  }

  setReal(row: number, value: number): void {
    this.nulls[row] = 0;
    if (this.#floats !== null) this.#floats[row] = value;
  }

  /** `high * 2³² + low`, of which `low` may be any whole number that a double holds exactly. */
  setLong(row: number, low: number, high = 0): void {
    if (this.#words === null) return;
    const carry = Math.floor(low / WORD);
    this.nulls[row] = 0;
    this.#words[row * 2] = low - carry * WORD;
    this.#words[row * 2 + 1] = high + carry;
  }
}

/** A column of texts, by row. */
export class TextBuilder implements TextColumn {
  readonly starts: Uint32Array;
  readonly lengths: Uint32Array;
  readonly nulls: Uint8Array;
  readonly #heap: TextHeap;

  constructor(rows: number, heap: TextHeap) {
    this.starts = new Uint32Array(rows);
    this.lengths = new Uint32Array(rows);
    this.nulls = new Uint8Array(rows).fill(1);
    this.#heap = heap;
  }

  set(row: number, value: Value): void {
    if (value === null) {
      this.nulls[row] = 1;
      this.lengths[row] = 0;
    } else {
      const start = this.#heap.end;
      this.place(row, start, this.#heap.add(String(value)));
    }
  }

  /** The text lies in the body itself. */
  place(row: number, start: number, length: number): void {
    this.nulls[row] = 0;
    this.starts[row] = start;
    this.lengths[row] = length;
  }
}
