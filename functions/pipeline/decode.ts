import type { RejectReason } from '../../schema/operations.ts';
import { HARD_DEPTH, HARD_KEYS, HARD_VALUES, objectRanges, scanJson } from './json-scan.ts';

// Bytes → JSON values, each with its fault when it has one. Limits are checked on the bytes, before anything is parsed.

export interface Limits {
  readonly maxBodyBytes: number;
  readonly maxEvents: number;
  readonly maxEventBytes: number;
  readonly maxDepth: number;
  readonly maxKeys: number;
}

export const DEFAULT_LIMITS: Limits = {
  maxBodyBytes: 4 * 1024 * 1024,
  maxEvents: 1000,
  maxEventBytes: 64 * 1024,
  maxDepth: 16,
  maxKeys: 128,
};

export interface DecodedValue {
  readonly ok: true;
  readonly value: unknown;
  readonly size: number;
  /** Something in it exceeds the limits of one event: each event must be looked at. */
  readonly isSuspect: boolean;
}

export interface DecodeFault {
  readonly ok: false;
  readonly reason: RejectReason;
  readonly detail: string;
  /** The text at fault, cut to what a quarantine row holds; invalid UTF-8 is replaced. */
  readonly text: string;
}

export type Decoded = DecodedValue | DecodeFault;

const strict = new TextDecoder('utf-8', { fatal: true });
const lenient = new TextDecoder('utf-8');
const NEWLINE = 0x0a;
const QUOTED_BYTES = 8192;
/** Blank lines between records cost time too: bodies with more than so many lines for each event allowed are refused. */
export const LINES_AN_EVENT = 16;

const faultOf = (reason: RejectReason, detail: string, bytes: Uint8Array): DecodeFault => ({
  ok: false,
  reason,
  detail,
  text: lenient.decode(bytes.subarray(0, QUOTED_BYTES)),
});

const isBlank = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d));

/** Decodes bytes that hold exactly one JSON value. A leading byte order mark is dropped. */
export function decodeOne(bytes: Uint8Array, limits: Limits): Decoded {
  if (bytes.length > limits.maxBodyBytes) {
    return faultOf('too-large', `expected at most ${limits.maxBodyBytes} bytes, got ${bytes.length}`, bytes);
  }
  const shape = scanJson(bytes);
  if (shape.depth > HARD_DEPTH) return faultOf('too-deep', `nested deeper than ${HARD_DEPTH}`, bytes);
  if (shape.keys > HARD_KEYS) return faultOf('too-many-keys', `an object has more than ${HARD_KEYS} keys`, bytes);
  if (shape.values > HARD_VALUES) return faultOf('too-many-keys', `more than ${HARD_VALUES} values`, bytes);
  let text: string;
  try {
    text = strict.decode(bytes);
  } catch {
    return faultOf('not-utf8', 'invalid UTF-8', bytes);
  }
  try {
    const value: unknown = JSON.parse(text);
    const isSuspect =
      shape.depth > limits.maxDepth || shape.keys > limits.maxKeys || bytes.length > limits.maxEventBytes;
    return { ok: true, value, size: bytes.length, isSuspect };
  } catch {
    return faultOf('not-json', 'not valid JSON', bytes);
  }
}

/**
 * Decodes one line. A line that is no JSON value but a run of complete objects (Firehose writes no separators) gives one value each;
 * otherwise the line is one fault. What follows `mostRecords` objects is not looked at.
 */
export function decodeLine(bytes: Uint8Array, limits: Limits, mostRecords = Infinity): Decoded[] {
  const whole = decodeOne(bytes, limits);
  if (whole.ok || whole.reason !== 'not-json') return [whole];
  const ranges = objectRanges(bytes, mostRecords);
  if (ranges.length < 2) return [whole];
  const parts = ranges.map(({ start, end }) => decodeOne(bytes.subarray(start, end), limits));
  return parts.every((part) => part.ok) ? parts : [whole];
}

/** Lines without their newlines. */
export function* linesOf(bytes: Uint8Array): Generator<Uint8Array> {
  let start = 0;
  while (start < bytes.length) {
    const newline = bytes.indexOf(NEWLINE, start);
    const end = newline === -1 ? bytes.length : newline;
    yield bytes.subarray(start, end);
    start = end + 1;
  }
}

/**
 * Decodes a request body: one envelope, or several that follow each other, one a line.
 * A broken line becomes a fault of its own and leaves its neighbours alone. An empty list means an empty body.
 * With more than `maxEvents` records the list ends one beyond: a few kilobytes of gzip hold millions of tiny ones.
 */
export function decodeBody(bytes: Uint8Array, limits: Limits): Decoded[] {
  if (bytes.length === 0 || isBlank(bytes)) return [];
  const whole = decodeOne(bytes, limits);
  if (whole.ok || bytes.length > limits.maxBodyBytes) return [whole];
  const decoded: Decoded[] = [];
  let lines = 0;
  for (const line of linesOf(bytes)) {
    if (++lines > limits.maxEvents * LINES_AN_EVENT) return [faultOf('too-large', 'too many lines', bytes)];
    if (!isBlank(line)) decoded.push(...decodeLine(line, limits, limits.maxEvents + 1));
    if (decoded.length > limits.maxEvents) break;
  }
  return decoded.length === 1 || decoded.some((entry) => entry.ok) ? decoded : [whole];
}
