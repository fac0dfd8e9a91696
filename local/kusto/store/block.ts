/** A value of a column's physical type: string, number (int, real), bigint (long, datetime, timespan), boolean; null where there is none. */
export type Value = string | number | bigint | boolean | null;

/** Numbers and truth values as DuckDB keeps them: 8 bytes little-endian, 4 for int, 1 for bool. */
export interface FixedColumn {
  readonly data: Uint8Array;
  /** One a row, 1 where there is no value. */
  readonly nulls: Uint8Array;
}

/** Texts as places in the block's heap, in UTF-8. */
export interface TextColumn {
  readonly starts: Uint32Array;
  /** In bytes. */
  readonly lengths: Uint32Array;
  /** One a row, 1 where there is no value; of a string column that is the empty text. */
  readonly nulls: Uint8Array;
}

export type BlockColumn = readonly Value[] | FixedColumn | TextColumn;

/** Rows on their way into a table, column by column. */
export interface Block {
  readonly rowCount: number;
  /** By column id. A column that is missing here is null ('' for strings). */
  readonly columns: ReadonlyMap<number, BlockColumn>;
  /** What text columns point into: a place counts through the first part and goes on in the second. */
  readonly heap?: readonly [body: Uint8Array, rest: Uint8Array];
}
