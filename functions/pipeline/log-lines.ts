import { decodeLine, LINES_AN_EVENT, linesOf, type Decoded, type Limits } from './decode.ts';
import { REALTIME_FIELDS } from './normalize/cdn/cloudfront.ts';
import { parseCmcd } from './normalize/cmcd-keys.ts';

// Lines of a blob → records. JSON lines stand for themselves; lines of a W3C log are named by the `#Fields` line above them,
// and CMCD reports are text. What a line is, its first byte says: a file may change in the middle, as concatenated files do.

const FIELDS = /^#\s*Fields:\s*(.+)$/i;
const BRACE = 0x7b;
const BRACKET = 0x5b;
const QUOTED_CHARACTERS = 8192;

const strict = new TextDecoder('utf-8', { fatal: true });
const lenient = new TextDecoder('utf-8');

/** Fields a line may have: a log with more is none of the formats we know. */
const MAX_FIELDS = 256;

export interface LineReader {
  /** Records of a line; none for a comment or a header. Lines come in turn: headers rule what follows. */
  read(line: Uint8Array): Decoded[];
}

/** Lines of a log that could not be cut into columns: what their queries, cookies and agents say goes. */
const withoutValues = (text: string): string => text.replace(/=[^\s&;,]+/g, '=…').replace(/\bMozilla\/\S+/g, '…');

const fault = (reason: 'bad-columns' | 'not-cmcd', detail: string, line: Uint8Array): Decoded => ({
  ok: false,
  reason,
  detail,
  text:
    reason === 'bad-columns'
      ? withoutValues(lenient.decode(line.subarray(0, QUOTED_CHARACTERS)))
      : lenient.decode(line.subarray(0, QUOTED_CHARACTERS)),
});

function record(names: readonly string[], values: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(names.map((name, index) => [name, values[index]]));
}

/** The reports of a body of content type `application/cmcd`: one a line, at most one more than `maxEvents`. */
export function readReports(body: Uint8Array, limits: Limits): Decoded[] {
  const reader = lineReader('cmcd', limits);
  const reports: Decoded[] = [];
  let lines = 0;
  for (const line of linesOf(body)) {
    if (++lines > limits.maxEvents * LINES_AN_EVENT) return [fault('not-cmcd', 'too many lines', body)];
    reports.push(...reader.read(line));
    if (reports.length > limits.maxEvents) break;
  }
  return reports;
}

/** Reads the lines of one blob. `dialect`: the one its folder names, if any. */
export function lineReader(dialect: string | undefined, limits: Limits): LineReader {
  let names: readonly string[] | undefined;

  const header = (text: string): void => {
    const fields = FIELDS.exec(text)?.[1]?.trim().split(/\s+/);
    if (fields) names = fields.slice(0, MAX_FIELDS);
  };

  const delimited = (text: string, columns: readonly string[], line: Uint8Array): Decoded => {
    const values = text.includes('\t') ? text.split('\t') : text.split(' ');
    if (values.length !== columns.length)
      return fault(
        'bad-columns',
        `expected ${columns.length} columns as the #Fields line names them, got ${values.length}`,
        line,
      );
    return {
      ok: true,
      value: record(columns, values),
      size: line.length,
      isSuspect: line.length > limits.maxEventBytes,
    };
  };

  const readText = (text: string, line: Uint8Array): Decoded[] => {
    if (names) return [delimited(text, names, line)];
    if (dialect === 'cloudfront') {
      if (text.split('\t').length === REALTIME_FIELDS.length) return [delimited(text, REALTIME_FIELDS, line)];
      return [
        fault(
          'bad-columns',
          `expected a #Fields line first, or the ${REALTIME_FIELDS.length} columns of a full real-time log`,
          line,
        ),
      ];
    }
    if (dialect !== 'cmcd') return decodeLine(line, limits);
    const keys = parseCmcd(text);
    return [
      keys
        ? { ok: true, value: keys, size: line.length, isSuspect: false }
        : fault('not-cmcd', 'expected a CMCD report', line),
    ];
  };

  return {
    read(line) {
      const first = line.find((byte) => byte > 0x20);
      if (first === undefined) return [];
      if (first === BRACE || first === BRACKET) return decodeLine(line, limits);
      let text: string;
      try {
        text = strict.decode(line).replace(/\r$/, '');
      } catch {
        return decodeLine(line, limits);
      }
      if (!text.startsWith('#')) return readText(text, line);
      header(text);
      return [];
    },
  };
}
