import { KustoError } from '../types.ts';

/** Records of RFC 4180 text: quoted fields may hold separators, line ends and doubled quotes. Blank lines are skipped. */
export function parseCsvRows(body: string, separator = ','): string[][] {
  const text = body.charCodeAt(0) === 0xfeff ? body.slice(1) : body;
  const rows: string[][] = [];
  let row: string[] = [];
  let at = 0;
  const endRow = (): void => {
    if (row.length > 1 || row[0] !== '') rows.push(row);
    row = [];
  };
  while (at <= text.length) {
    const { field, next } = text[at] === '"' ? quotedField(text, at) : plainField(text, at, separator);
    row.push(field);
    if (next >= text.length) break;
    if (text[next] === separator) {
      at = next + 1;
      continue;
    }
    endRow();
    at = text[next] === '\r' && text[next + 1] === '\n' ? next + 2 : next + 1;
    if (at >= text.length) return rows;
  }
  endRow();
  return rows;
}

function plainField(text: string, from: number, separator: string): { field: string; next: number } {
  let next = from;
  while (next < text.length && text[next] !== separator && text[next] !== '\n' && text[next] !== '\r') next += 1;
  return { field: text.slice(from, next), next };
}

function quotedField(text: string, from: number): { field: string; next: number } {
  let field = '';
  let at = from + 1;
  for (;;) {
    const quote = text.indexOf('"', at);
    if (quote < 0)
      throw new KustoError(
        'BADREQUEST',
        `Stream_ClosingQuoteMissing: the field that starts at offset ${from} has no closing quote`,
      );
    field += text.slice(at, quote);
    if (text[quote + 1] !== '"') return { field, next: quote + 1 };
    field += '"';
    at = quote + 2;
  }
}
