import type { JsonCursor } from './json-cursor.ts';

// Names of an object's members, found by a few words of their bytes: no string is made of them, and nothing is scanned.

const WORD = 4;
/** Three words cover so many bytes. */
const LONGEST = 3 * WORD;

/** A name with its quotes and colon, compared by three words, little-endian, that overlap as its length demands. */
export interface Key {
  readonly length: number;
  readonly first: number;
  readonly middle: number;
  readonly middleAt: number;
  readonly last: number;
  readonly lastAt: number;
}

export function keyOf(name: string): Key {
  const bytes = Buffer.from(`"${name}":`, 'utf8');
  const { length } = bytes;
  if (length < WORD || length > LONGEST) throw new Error(`three words do not cover the name ${name}`);
  const lastAt = length - WORD;
  const middleAt = Math.min(WORD, lastAt);
  const [first, middle, last] = [0, middleAt, lastAt].map((at) => bytes.readInt32LE(at)) as [number, number, number];
  return { length, first, middle, middleAt, last, lastAt };
}

/** A name and what belongs to it. */
export interface Named<T> {
  readonly key: Key;
  readonly value: T;
  /** Another one in the same place of the table. */
  readonly beside: Named<T> | undefined;
  /** What stood behind it in the last object: a guess that saves the search. */
  behind: Named<T> | undefined;
}

/** 2³² over the golden ratio: neighbours go far apart. */
const SPREAD = 0x9e3779b1;
const WORD_BITS = 32;

/** A map from names of members to values that is asked where a member begins. */
export class KeyTable<T> {
  readonly #places: (Named<T> | undefined)[];
  readonly #shift: number;
  /** What the last object began with. */
  #first: Named<T> | undefined;

  constructor(entries: readonly (readonly [string, T])[]) {
    const bits = Math.ceil(Math.log2(entries.length * 4 + 1));
    this.#shift = WORD_BITS - bits;
    this.#places = Array.from({ length: 2 ** bits }, () => undefined);
    for (const [name, value] of entries) {
      const key = keyOf(name);
      const place = this.#place(key.first);
      this.#places[place] = { key, value, beside: this.#places[place], behind: undefined };
    }
  }

  #place(word: number): number {
    return Math.imul(word, SPREAD) >>> this.#shift;
  }

  /**
   * The name that begins at the cursor, which is moved behind its colon; undefined when it is none of these.
   * `before`: the member before it in the same object.
   */
  take(cursor: JsonCursor, before: Named<T> | undefined): Named<T> | undefined {
    const guess = before === undefined ? this.#first : before.behind;
    if (guess !== undefined && cursor.takeKey(guess.key)) return guess;
    const found = this.#find(cursor);
    if (before === undefined) this.#first = found;
    else before.behind = found;
    return found;
  }

  #find(cursor: JsonCursor): Named<T> | undefined {
    let named = this.#places[this.#place(cursor.word())];
    while (named !== undefined && !cursor.takeKey(named.key)) named = named.beside;
    return named;
  }
}
