import type { OutputFormat } from './arguments.ts';

/** A table as it came over the wire: datetime and timespan as text, whole numbers beyond 2^53 as bigint. */
export interface WireTable {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly (readonly unknown[])[];
}

/** JSON.rawJSON writes digits as they are; the type library does not know it yet. */
const { rawJSON } = JSON as unknown as { rawJSON: (this: void, text: string) => unknown };
const jsonText = (value: unknown): string =>
  JSON.stringify(value, (_key, item: unknown) => (typeof item === 'bigint' ? rawJSON(item.toString()) : item)) ??
  'null';

const NUMERIC = new Set(['int', 'long', 'real', 'decimal']);
const WIDEST_CELL = 120;

/** One cell as text: null is empty, dynamic is JSON, bool a word (engines also send 0 and 1). */
function cellText(value: unknown, type: string): string {
  if (value === null || value === undefined) return '';
  if (type === 'bool') return value === true || value === 1 ? 'true' : 'false';
  return typeof value === 'string' ? value : jsonText(value);
}

const csvCell = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

function asCsv({ columns, rows }: WireTable): string {
  const lines = [columns.map(({ name }) => csvCell(name))];
  for (const row of rows) lines.push(columns.map(({ type }, i) => csvCell(cellText(row[i], type))));
  return lines.map((line) => `${line.join(',')}\n`).join('');
}

function asJson({ columns, rows }: WireTable): string {
  const objects = rows.map((row) =>
    jsonText(
      Object.fromEntries(
        columns.map(({ name, type }, i) => [
          name,
          type === 'bool' && typeof row[i] === 'number' ? row[i] === 1 : row[i],
        ]),
      ),
    ),
  );
  return objects.length === 0 ? '[]\n' : `[\n${objects.join(',\n')}\n]\n`;
}

/** Line breaks and control characters would tear the table apart. */
const visible = (text: string): string => {
  const line = text.replaceAll('\n', '⏎').replace(/\p{Cc}/gu, ' ');
  return line.length > WIDEST_CELL ? `${line.slice(0, WIDEST_CELL - 1)}…` : line;
};

function asTable({ columns, rows }: WireTable): string {
  const cells = rows.map((row) => columns.map(({ type }, i) => visible(cellText(row[i], type))));
  const widths = columns.map(({ name }, i) =>
    cells.reduce((widest, row) => Math.max(widest, row[i]?.length ?? 0), name.length),
  );
  const line = (texts: readonly string[]): string =>
    `${texts
      .map((text, i) =>
        NUMERIC.has(columns[i]?.type ?? '') ? text.padStart(widths[i] ?? 0) : text.padEnd(widths[i] ?? 0),
      )
      .join('  ')
      .trimEnd()}\n`;
  return [columns.map(({ name }) => name), widths.map((width) => '─'.repeat(width)), ...cells].map(line).join('');
}

/** The whole answer as text that ends in a line break. */
export function formatTable(table: WireTable, format: OutputFormat): string {
  if (format === 'csv') return asCsv(table);
  return format === 'json' ? asJson(table) : asTable(table);
}
