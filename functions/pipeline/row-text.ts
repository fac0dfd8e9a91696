// Rows on their way out: objects, or the text that they travel as. Rows of the fast path are never objects at all.

/** Rows of one table as UTF-8 text: one JSON object a row, each with a newline behind it. */
export interface RowText {
  readonly bytes: Uint8Array;
  /** Where each row ends, behind its newline. */
  readonly ends: readonly number[];
}

export type RowList<Row> = readonly Row[] | RowText;

const decoder = new TextDecoder();
const NEWLINE = 0x0a;

const isText = (rows: RowList<object>): rows is RowText => !Array.isArray(rows);

/** Number of rows. */
export const countOf = (rows: RowList<object>): number => (isText(rows) ? rows.ends.length : rows.length);

/** Rows as the text they travel as. */
export function textOf(rows: RowList<object>): RowText {
  if (isText(rows)) return rows;
  const ends: number[] = [];
  const lines = rows.map((row) => `${JSON.stringify(row)}\n`);
  // From Node's pool: small texts, a batch's line in the books above all, need no memory of their own.
  const bytes = Buffer.from(lines.join(''));
  let end = 0;
  // A newline inside a row's JSON is always escaped.
  for (let row = 0; row < lines.length; row++) {
    end = bytes.indexOf(NEWLINE, end) + 1;
    ends.push(end);
  }
  return { bytes, ends };
}

/** The line of one row, without its newline. */
export function lineAt({ bytes, ends }: RowText, index: number): Uint8Array {
  return bytes.subarray(index === 0 ? 0 : ends[index - 1], (ends[index] ?? 1) - 1);
}

/** Rows as objects, for whoever reads single values. */
export const objectsOf = <Row extends object>(rows: RowList<Row>): readonly Row[] =>
  isText(rows) ? rows.ends.map((_end, index) => JSON.parse(decoder.decode(lineAt(rows, index))) as Row) : rows;

/** One row as an object; undefined when there are not so many. */
export function rowAt(rows: RowList<object>, index: number): unknown {
  if (!isText(rows)) return rows[index];
  return index < rows.ends.length ? JSON.parse(decoder.decode(lineAt(rows, index))) : undefined;
}

/** Texts behind each other. */
export function joinTexts(texts: readonly RowText[]): RowText {
  const [only] = texts;
  if (texts.length === 1 && only) return only;
  const ends: number[] = [];
  let length = 0;
  for (const text of texts) {
    for (const end of text.ends) ends.push(length + end);
    length += text.bytes.length;
  }
  return { bytes: Buffer.concat(texts.map(({ bytes }) => bytes)), ends };
}

/** Rows of one table from both paths, those that are text first. */
export function joinRows<Row extends object>(text: RowText | undefined, rows: readonly Row[]): RowList<Row> {
  if (!text || text.ends.length === 0) return rows;
  if (rows.length === 0) return text;
  return joinTexts([text, textOf(rows)]);
}

/** Rows as one JSON array. */
export const jsonOf = (rows: RowList<object>): string =>
  isText(rows) ? `[${decoder.decode(rows.bytes.subarray(0, -1)).replaceAll('\n', ',')}]` : JSON.stringify(rows);
