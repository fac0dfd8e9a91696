// Lines of a subject out of a blob: every other byte stays, and line numbers too, since they are part of event ids.
import { createGzip, gunzipSync } from 'node:zlib';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { inflated } from '../../functions/adapters/blob-reader.ts';
import { isRecord } from '../../functions/pipeline/batch.ts';
import { BlobFault } from '../../functions/pipeline/ports.ts';
import { objectRanges } from '../../functions/pipeline/json-scan.ts';
import { LineSplitter } from '../../functions/pipeline/line-splitter.ts';
import { namedSessions, type Matcher } from './subject.ts';

const decoder = new TextDecoder('utf-8');
const encoder = new TextEncoder();
const NEWLINE = encoder.encode('\n');

/** A line that is too long to read cannot be searched, and so not be cleared of the subject. */
export class UnsearchableError extends Error {
  override readonly name = 'UnsearchableError';
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
};

export interface ErasedLine {
  readonly text: string;
  /** Records taken out. */
  readonly erased: number;
}

/** The records of a line, each as text; one when the line is a record, or none that can be parsed. */
function recordsOf(text: string): { texts: string[]; isList: boolean } {
  const value = parsed(text);
  if (Array.isArray(value)) return { texts: value.map((item) => JSON.stringify(item)), isList: true };
  if (value !== undefined) return { texts: [text], isList: false };
  const bytes = encoder.encode(text);
  const texts = objectRanges(bytes).map(({ start, end }) => decoder.decode(bytes.subarray(start, end)));
  return { texts: texts.every((part) => parsed(part) !== undefined) ? texts : [], isList: false };
}

/** A line without the subject's records: objects that share a line with others (Firehose) go alone. */
export function eraseLine(text: string, matcher: Matcher): ErasedLine {
  if (!matcher.mayHold(text)) return { text, erased: 0 };
  const { texts, isList } = recordsOf(text);
  if (texts.length === 0) return matcher.inText(text) ? { text: '', erased: 1 } : { text, erased: 0 };
  const kept = texts.filter((part) => !matcher.inValue(parsed(part)));
  const erased = texts.length - kept.length;
  if (erased === 0) return { text, erased };
  return { text: isList && kept.length > 0 ? `[${kept.join(',')}]` : kept.join(''), erased };
}

export interface Tally {
  erased: number;
  /** Records that stay, as far as they are lines. */
  kept: number;
}

/** The lines of a blob, gzip or not, without the subject's. Counts into `tally`. */
export async function* erasedLines(
  source: AsyncIterable<Uint8Array>,
  matcher: Matcher,
  tally: Tally,
): AsyncGenerator<Uint8Array> {
  const splitter = new LineSplitter();
  const visit = (bytes: Uint8Array | undefined): Uint8Array => {
    if (!bytes) throw new UnsearchableError('a line is longer than 1 MiB');
    const { text, erased } = eraseLine(decoder.decode(bytes), matcher);
    tally.erased += erased;
    if (text !== '') tally.kept++;
    // Untouched lines keep their very bytes, whatever their encoding.
    return Buffer.concat([erased === 0 ? bytes : encoder.encode(text), NEWLINE]);
  };
  let fault: unknown;
  try {
    for await (const chunk of inflated(source)) for (const { bytes } of splitter.push(chunk)) yield visit(bytes);
  } catch (error) {
    fault = error;
  }
  // The line under way when the content breaks off may name the subject too.
  for (const { bytes } of splitter.end()) yield visit(bytes);
  if (fault !== undefined) throw fault;
}

/** Lines as the bytes of the new blob. */
export function packed(lines: AsyncIterable<Uint8Array>, isGzip: boolean): Readable {
  const text = Readable.from(lines, { objectMode: false });
  if (!isGzip) return text;
  const gzip = createGzip();
  // Errors surface where the output is read.
  void pipeline(text, gzip).catch((error: unknown) =>
    gzip.destroy(error instanceof Error ? error : new Error(String(error))),
  );
  return gzip;
}

/** One spilled batch without the subject's rows and rejects; undefined when nothing is left of it. */
export function eraseSpilled(line: string, matcher: Matcher): { text: string | undefined; erased: number } {
  if (!matcher.mayHold(line)) return { text: line, erased: 0 };
  const outcome = parsed(line);
  if (!isRecord(outcome) || !isRecord(outcome['rows']))
    return matcher.inText(line) ? { text: undefined, erased: 1 } : { text: line, erased: 0 };
  let erased = 0;
  const without = (list: unknown): unknown[] => {
    const all: readonly unknown[] = Array.isArray(list) ? list : [];
    const kept = all.filter(
      (row) =>
        !matcher.inValue(row) &&
        !(isRecord(row) && typeof row['payload'] === 'string' && matcher.inText(row['payload'])),
    );
    erased += all.length - kept.length;
    return kept;
  };
  const rows = Object.fromEntries(Object.entries(outcome['rows']).map(([table, list]) => [table, without(list)]));
  const rejects = without(outcome['rejects']);
  const left = Object.values(rows).reduce((sum, { length }) => sum + length, rejects.length);
  if (left === 0 && erased > 0) return { text: undefined, erased };
  const received = Number(outcome['received']) - erased;
  return { text: JSON.stringify({ ...outcome, rows, rejects, received }), erased };
}

/** The lines of a blob as text, as far as it can be read. */
export async function* textLines(source: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const splitter = new LineSplitter();
  try {
    for await (const chunk of inflated(source))
      for (const { bytes } of splitter.push(chunk)) if (bytes) yield decoder.decode(bytes);
  } catch (error) {
    // What cannot be read is reported by the search that follows.
    if (!(error instanceof BlobFault)) throw error;
  }
  for (const { bytes } of splitter.end()) if (bytes) yield decoder.decode(bytes);
}

/** The lines of a spill blob; a blob that is no gzip is one line. */
export function spilledLines(bytes: Buffer): string[] {
  try {
    return gunzipSync(bytes, { maxOutputLength: 256 * 1024 * 1024 })
      .toString('utf8')
      .split('\n')
      .filter(Boolean);
  } catch {
    return [bytes.toString('latin1')];
  }
}

/** Sessions that records of the subject name, in dropped lines and in spilled batches. */
export function sessionsInLine(text: string, matcher: Matcher): string[] {
  if (!matcher.mayHold(text)) return [];
  return recordsOf(text).texts.flatMap((part) => {
    const value = parsed(part);
    if (!isRecord(value)) return [];
    const rows = isRecord(value['rows']) ? Object.values(value['rows']).flat() : [value];
    return rows.filter((row) => matcher.inValue(row)).flatMap((row) => namedSessions(row));
  });
}
