import type { JsonCursor } from './json-cursor.ts';
import type { CompiledKind, RecordColumn } from './record-plan.ts';
import type { RecordShared } from './record-shared.ts';
import type { RowBuffer } from './row-buffer.ts';

const MOST_COLUMNS = 64;

function isWithin({ low, high, isWhole }: RecordColumn, value: number): boolean {
  return value >= low && value <= high && Number.isFinite(value) && (!isWhole || Number.isInteger(value));
}

/** Writes the columns of a record, each once. */
export class RecordColumnWriter {
  readonly #cursor: JsonCursor;
  readonly #out: RowBuffer;
  readonly #shared: RecordShared;
  /** By a column's index: the record that had it last, and its number there. */
  readonly #seen = new Uint32Array(MOST_COLUMNS);
  readonly #values = new Float64Array(MOST_COLUMNS);
  #record = 0;
  /** The record has a column that the catalogs fill otherwise. */
  hasNamed = false;

  constructor(cursor: JsonCursor, out: RowBuffer, shared: RecordShared) {
    this.#cursor = cursor;
    this.#out = out;
    this.#shared = shared;
  }

  /** A new record. */
  begin(): void {
    this.#record++;
    this.hasNamed = false;
  }

  /** Writes the value at the cursor; false when the column does not take it, or has one already. */
  put(column: RecordColumn): boolean {
    if (this.#seen[column.index] === this.#record) return false;
    this.#seen[column.index] = this.#record;
    return column.reading === 'text' ? this.#text(column) : this.#number(column);
  }

  #text(column: RecordColumn): boolean {
    const cursor = this.#cursor;
    const start = cursor.at;
    if (!cursor.plainText() || cursor.at - start - 2 > column.maxBytes || column.oneOf) return false;
    if (column.shared >= 0) this.#shared.set(column.shared, start + 1, cursor.at - 1);
    if (column.isNamed) this.hasNamed = true;
    this.#out.put(column.name);
    this.#out.copy(cursor, start);
    return true;
  }

  #number(column: RecordColumn): boolean {
    const cursor = this.#cursor;
    const out = this.#out;
    const start = cursor.at;
    if (!cursor.number()) return false;
    const isSeconds = column.reading === 'seconds';
    const value = isSeconds ? cursor.value * 1000 : cursor.value;
    if (!isWithin(column, value)) return false;
    this.#values[column.index] = value;
    out.put(column.name);
    if (cursor.isCanonical && !isSeconds) out.copy(cursor, start);
    else out.number(value);
    return true;
  }

  /** Writes a column that is one without another, where the record has the one. */
  putNet({ column, of, less }: NonNullable<CompiledKind['net']>): boolean {
    if (this.#seen[of] !== this.#record) return true;
    const lost = this.#seen[less] === this.#record ? this.#values[less]! : 0;
    const value = Math.max(0, this.#values[of]! - lost);
    if (!isWithin(column, value)) return false;
    this.#out.put(column.name);
    this.#out.number(value);
    return true;
  }
}
