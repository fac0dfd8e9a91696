import { isIdentityKey } from '../identity.ts';
import { ByteTable } from './byte-table.ts';
import type { JsonCursor } from './json-cursor.ts';
import { pieceOf, type Piece, type RowBuffer } from './row-buffer.ts';

// Values of `dynamic` columns that need no cleaning: short lists of numbers, the phases of a start, a bare host name.

const [COMMA, COLON, OPEN, CLOSE, OPEN_LIST, CLOSE_LIST] = [0x2c, 0x3a, 0x7b, 0x7d, 0x5b, 0x5d] as const;
const LONGEST = 1024;
/** Longest name in the DNS. */
const LONGEST_HOST = 253;
const PHASES = ['player', 'manifest', 'init', 'drm', 'segment', 'decode'].filter((name) => !isIdentityKey(name));
const phases = new ByteTable(PHASES.map((name, index) => [name, 1 << index]));
const SOURCE = pieceOf('{"src":');
const SOURCE_END = pieceOf('}');
const PRIOR = { true: pieceOf('{"pre":true}'), false: pieceOf('{"pre":false}') };

/** The phases of a start as they are told; undefined when they are anything but numbers under known names. */
export function takePhases(cursor: JsonCursor): unknown {
  const start = cursor.at;
  if (cursor.bytes[start] !== OPEN || !readPhases(cursor)) return undefined;
  return JSON.parse(cursor.textFrom(start, cursor.at));
}

/** Copies a list of numbers or an object of phases, verbatim; false when it is anything else or there are blanks in it. */
export function putDynamic(cursor: JsonCursor, out: RowBuffer, name: Piece): boolean {
  const start = cursor.at;
  const isFine = cursor.bytes[start] === OPEN ? readPhases(cursor) : readList(cursor);
  if (!isFine || cursor.at - start > LONGEST) return false;
  out.put(name);
  out.copy(cursor, start);
  return true;
}

function readList(cursor: JsonCursor): boolean {
  const { bytes } = cursor;
  if (bytes[cursor.at] !== OPEN_LIST) return false;
  if (bytes[cursor.at + 1] === CLOSE_LIST) {
    cursor.at += 2;
    return true;
  }
  do {
    cursor.at++;
    if (!cursor.number() || !cursor.isCanonical) return false;
  } while (bytes[cursor.at] === COMMA);
  return bytes[cursor.at++] === CLOSE_LIST;
}

function readPhases(cursor: JsonCursor): boolean {
  const { bytes } = cursor;
  if (bytes[cursor.at + 1] === CLOSE) {
    cursor.at += 2;
    return true;
  }
  let seen = 0;
  do {
    const name = ++cursor.at + 1;
    if (!cursor.plainText()) return false;
    const phase = phases.find(bytes, name, cursor.at - 1);
    if (phase === undefined || (seen & phase) !== 0 || bytes[cursor.at++] !== COLON) return false;
    seen |= phase;
    if (!cursor.number() || !cursor.isCanonical) return false;
  } while (bytes[cursor.at] === COMMA);
  return bytes[cursor.at++] === CLOSE;
}

const isHostByte = (byte: number): boolean =>
  (byte >= 0x61 && byte <= 0x7a) || (byte >= 0x30 && byte <= 0x39) || byte === 0x2d || byte === 0x2e;

/** Writes `props` with the source's host; false when the text is more than a host in small letters. */
export function putSource(cursor: JsonCursor, out: RowBuffer, name: Piece): boolean {
  const start = cursor.at;
  if (!cursor.plainText()) return false;
  const length = cursor.at - start - 2;
  if (length === 0 || length > LONGEST_HOST) return false;
  for (let at = start + 1; at < cursor.at - 1; at++) if (!isHostByte(cursor.bytes[at]!)) return false;
  out.put(name);
  out.put(SOURCE);
  out.copy(cursor, start);
  out.put(SOURCE_END);
  return true;
}

/** Writes `props` with whether there was media before the request; false when the value is neither true nor false. */
export function putPrior(cursor: JsonCursor, out: RowBuffer, name: Piece): boolean {
  const word = cursor.takeFlag();
  if (word === undefined) return false;
  out.put(name);
  out.put(word ? PRIOR.true : PRIOR.false);
  return true;
}
