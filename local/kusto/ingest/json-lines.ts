// JSON lines → columns in one pass over the bytes, without a JavaScript value for each of theirs. The parse path (json-rows.ts and
// mapping.ts) is the rule, and this the short way for bodies that are plainly what they should be: whatever is unusual in a value goes through
// the parse path's own conversion, and whatever is unusual in the body makes the whole of it go there (null).
// json-lines.test.ts compares the two.

import { isAscii, isUtf8 } from 'node:buffer';
import type { StoredColumn } from '../catalog/entities.ts';
import type { Block, BlockColumn } from '../store/block.ts';
import type { KustoType } from '../types.ts';
import { FixedBuilder, TextBuilder, TextHeap } from './column-builders.ts';
import type { Convert } from './convert.ts';
import { readNumber, realOf, type ReadNumber } from './json-number.ts';
import { parseJson } from './json-rows.ts';
import { canonicalEnd } from './json-canonical.ts';
import { readDatetime, type Ticks } from './datetime-bytes.ts';

/** A column that takes the value of one property of each row. */
export interface PropertyColumn {
  readonly column: StoredColumn;
  readonly property: string;
  readonly convert: Convert;
}

const [QUOTE, COMMA, MINUS, COLON, OPEN, CLOSE, BACKSLASH] = [34, 44, 45, 58, 123, 125, 92] as const;
const [NEWLINE, RETURN, TAB, BLANK, ZERO, NINE] = [10, 13, 9, 32, 48, 57] as const;
const [OPEN_LIST, CLOSE_LIST] = [91, 93] as const;

const [NULL, TRUE, FALSE] = [Buffer.from('null'), Buffer.from('true'), Buffer.from('false')] as const;

type Builder = FixedBuilder | TextBuilder;

interface Field {
  readonly type: KustoType;
  readonly convert: Convert;
  readonly builder: Builder;
  readonly key: Uint8Array;
}

/** Thrown where the body is not what this reader is for. */
const UNUSUAL = new Error('unusual');

function countLines(body: Buffer): number {
  let lines = 1;
  for (let at = body.indexOf(NEWLINE); at >= 0; at = body.indexOf(NEWLINE, at + 1)) lines += 1;
  return lines;
}

/** The rows of a body of JSON objects, one a line, as a block; null when the parse path has to read it. */
export function readJsonLines(bytes: Uint8Array, columns: readonly PropertyColumn[]): Block | null {
  const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!isUtf8(body) || new Set(columns.map(({ property }) => property)).size < columns.length) return null;
  try {
    return new LineReader(body, columns).read();
  } catch (error) {
    // A value that cannot be parsed: the parse path names its line.
    if (error === UNUSUAL || error instanceof SyntaxError) return null;
    throw error;
  }
}

class LineReader {
  readonly #body: Buffer;
  /** Latin-1 is read faster, and the same where all is ASCII. */
  readonly #encoding: 'latin1' | 'utf8';
  readonly #heap: TextHeap;
  readonly #fields: readonly Field[];
  readonly #byKey = new Map<string, Field>();
  readonly #columns = new Map<number, BlockColumn>();
  readonly #ticks: Ticks = { low: 0, high: 0 };
  readonly #parsedNumber: ReadNumber = { isNegative: false, mantissa: 0, decimals: 0, isExact: true };
  /** Fields in the order of the keys of the row before: the next row has mostly the same. */
  readonly #order: (Field | null)[] = [];
  #at = 0;
  #row = 0;

  constructor(body: Buffer, columns: readonly PropertyColumn[]) {
    this.#body = body;
    this.#encoding = isAscii(body) ? 'latin1' : 'utf8';
    this.#heap = new TextHeap(body.length);
    const rows = countLines(body);
    this.#fields = columns.map(({ column, property, convert }) => {
      const builder = isTextType(column.type) ? new TextBuilder(rows, this.#heap) : new FixedBuilder(column, rows);
      this.#columns.set(column.id, builder);
      const key = Buffer.from(property, 'utf8');
      return { type: column.type, convert, builder, key };
    });
    for (const field of this.#fields) this.#byKey.set(Buffer.from(field.key).toString('latin1'), field);
  }

  read(): Block {
    const body = this.#body;
    while (this.#at < body.length) {
      this.#blanks();
      const c = body[this.#at];
      if (c === OPEN) {
        this.#object();
        this.#blanks();
        this.#row += 1;
      }
      if (this.#at >= body.length) break;
      if (body[this.#at] !== NEWLINE) throw UNUSUAL;
      this.#at += 1;
    }
    return { rowCount: this.#row, columns: this.#columns, heap: [body, this.#heap.bytes()] };
  }

  #blanks(): void {
    const body = this.#body;
    let c = body[this.#at];
    while (c === BLANK || c === TAB || c === RETURN) c = body[++this.#at];
  }

  #object(): void {
    const body = this.#body;
    this.#at += 1;
    this.#blanks();
    if (body[this.#at] === CLOSE) {
      this.#at += 1;
      return;
    }
    for (let i = 0; ; i++) {
      const field = this.#key(i);
      this.#blanks();
      if (body[this.#at] !== COLON) throw UNUSUAL;
      this.#at += 1;
      this.#blanks();
      this.#value(field);
      this.#blanks();
      const c = body[this.#at++];
      if (c === CLOSE) return;
      if (c !== COMMA) throw UNUSUAL;
      this.#blanks();
    }
  }

  /** The field of the next key; null when no column takes it. */
  #key(index: number): Field | null {
    const body = this.#body;
    if (body[this.#at] !== QUOTE) throw UNUSUAL;
    const start = this.#at + 1;
    const expected = this.#order[index];
    if (expected !== undefined && expected !== null && this.#hasKey(expected.key, start)) {
      this.#at = start + expected.key.length + 1;
      return expected;
    }
    const isPlain = this.#text();
    const key = isPlain
      ? body.toString('latin1', start, this.#at - 1)
      : Buffer.from(this.#parsed(start - 1) as string, 'utf8').toString('latin1');
    const field = this.#byKey.get(key) ?? null;
    this.#order[index] = field;
    return field;
  }

  #hasKey(key: Uint8Array, start: number): boolean {
    const body = this.#body;
    for (let i = 0; i < key.length; i++) if (body[start + i] !== key[i]) return false;
    return body[start + key.length] === QUOTE && key.length > 0;
  }

  /** Moves behind the text that starts here; true when its bytes are its value. */
  #text(): boolean {
    const body = this.#body;
    let at = this.#at + 1;
    let isPlain = true;
    for (;;) {
      const c = body[at];
      if (c === QUOTE) break;
      if (c === undefined || c < BLANK) throw UNUSUAL;
      if (c === BACKSLASH) {
        isPlain = false;
        at += 1;
      }
      at += 1;
    }
    this.#at = at + 1;
    return isPlain;
  }

  /** The value from `start` to here, as the parse path would have it. */
  #parsed(start: number): unknown {
    return parseJson(this.#body.toString(this.#encoding, start, this.#at));
  }

  #value(field: Field | null): void {
    const start = this.#at;
    const c = this.#body[start] ?? 0;
    if (c === QUOTE) {
      const isPlain = this.#text();
      if (field === null) {
        if (!isPlain) this.#parsed(start);
      } else if (!isPlain || !this.#plainText(field, start)) this.#convert(field, start);
    } else if (c === MINUS || (c >= ZERO && c <= NINE)) {
      this.#number(field, start);
    } else if (c === OPEN || c === OPEN_LIST) {
      this.#nested(field, start);
    } else {
      this.#word(field, start);
    }
  }

  #convert({ convert, builder }: Field, start: number): void {
    builder.set(this.#row, convert(this.#parsed(start)));
  }

  /** A text without escapes; false when the column's type wants more than its bytes. */
  #plainText({ type, builder }: Field, start: number): boolean {
    if (builder instanceof TextBuilder) {
      if (type === 'string') builder.place(this.#row, start + 1, this.#at - start - 2);
      else if (type === 'dynamic') builder.place(this.#row, start, this.#at - start);
      else return false;
      return true;
    }
    if (type !== 'datetime' || !readDatetime(this.#body, start + 1, this.#at - 1, this.#ticks)) return false;
    builder.setLong(this.#row, this.#ticks.low, this.#ticks.high);
    return true;
  }

  #word(field: Field | null, start: number): void {
    const body = this.#body;
    let at = start;
    let c = body[at];
    while (c !== undefined && c >= 97 && c <= 122) c = body[++at];
    this.#at = at;
    if (this.#isWord(NULL, start)) field?.builder.set(this.#row, null);
    else if (field?.type === 'bool' && this.#isWord(TRUE, start)) field.builder.set(this.#row, true);
    else if (field?.type === 'bool' && this.#isWord(FALSE, start)) field.builder.set(this.#row, false);
    // Anything but null, true and false does not parse.
    else if (field === null) this.#parsed(start);
    else this.#convert(field, start);
  }

  #isWord(word: Uint8Array, start: number): boolean {
    if (this.#at - start !== word.length) return false;
    for (let i = 0; i < word.length; i++) if (this.#body[start + i] !== word[i]) return false;
    return true;
  }

  #number(field: Field | null, start: number): void {
    const number = this.#parsedNumber;
    this.#at = readNumber(this.#body, start, number);
    if (this.#at < 0) throw UNUSUAL;
    if (field !== null && !this.#exact(field, number, start)) this.#convert(field, start);
  }

  /** False when the number is not exact in a double, or the column's type wants more than its value. */
  #exact({ type, builder }: Field, number: ReadNumber, start: number): boolean {
    if (!number.isExact) return false;
    if (type === 'real' || type === 'decimal') {
      (builder as FixedBuilder).setReal(this.#row, realOf(number));
      return true;
    }
    const { isNegative, mantissa, decimals } = number;
    if (decimals > 0 || (isNegative && mantissa === 0)) return false;
    if (type === 'long') (builder as FixedBuilder).setLong(this.#row, isNegative ? -mantissa : mantissa);
    else if (type === 'dynamic' || type === 'string')
      (builder as TextBuilder).place(this.#row, start, this.#at - start);
    else return false;
    return true;
  }

  #nested(field: Field | null, start: number): void {
    const end = canonicalEnd(this.#body, start);
    if (end >= 0) {
      this.#at = end;
      if (field?.builder instanceof TextBuilder && field.type !== 'guid')
        field.builder.place(this.#row, start, end - start);
      else field?.builder.set(this.#row, null);
      return;
    }
    this.#skipNested();
    if (field === null) this.#parsed(start);
    else this.#convert(field, start);
  }

  /** Moves behind the object or list that starts here; whether it is well formed is found out when it is parsed. */
  #skipNested(): void {
    const body = this.#body;
    let depth = 0;
    do {
      const c = body[this.#at];
      if (c === QUOTE) {
        this.#text();
        continue;
      }
      if (c === undefined || c === NEWLINE) throw UNUSUAL;
      if (c === OPEN || c === OPEN_LIST) depth += 1;
      else if (c === CLOSE || c === CLOSE_LIST) depth -= 1;
      this.#at += 1;
    } while (depth > 0);
  }
}

const isTextType = (type: KustoType): boolean => type === 'string' || type === 'dynamic' || type === 'guid';
