import { objectRanges } from './json-scan.ts';

// Bytes in any cut → lines, in bounded memory. Where the stream is cut has no influence on what comes out:
// a run that resumes must see the very same lines.

const NEWLINE = 0x0a;
/** A line longer than this is cut after its last complete object, for files that have no newlines at all. */
export const WINDOW_BYTES = 64 * 1024;
/** A line that stays longer than this is given up. */
export const MAX_LINE_BYTES = 1024 * 1024;

export interface Line {
  /** Counted from 0, blank lines included. */
  readonly number: number;
  /** Without its newline; undefined when it was too long to keep. */
  readonly bytes: Uint8Array | undefined;
}

function joined(head: Uint8Array, tail: Uint8Array): Uint8Array {
  if (head.length === 0) return tail;
  const both = new Uint8Array(head.length + tail.length);
  both.set(head);
  both.set(tail, head.length);
  return both;
}

export class LineSplitter {
  #rest: Uint8Array = new Uint8Array(0);
  #number = 0;
  /** The line under way is too long: everything up to its newline is thrown away. */
  #isSkipping = false;

  /** The lines that are complete with this chunk. They share memory with it. */
  push(chunk: Uint8Array): Line[] {
    const lines: Line[] = [];
    this.#rest = joined(this.#rest, chunk);
    let cut = this.#cut(this.#rest, false);
    let at = 0;
    while (cut) {
      if (cut.line) lines.push({ number: this.#number++, bytes: cut.line.bytes });
      at += cut.length;
      cut = this.#cut(this.#rest.subarray(at), false);
    }
    this.#rest = this.#rest.slice(at);
    return lines;
  }

  /** What remains when the stream is over: a last line without a newline. */
  end(): Line[] {
    const lines: Line[] = [];
    let rest = this.#rest;
    while (rest.length > 0 && !this.#isSkipping) {
      const cut = this.#cut(rest, true) ?? { length: rest.length, line: { bytes: rest } };
      if (cut.line) lines.push({ number: this.#number++, bytes: cut.line.bytes });
      rest = rest.subarray(cut.length);
    }
    this.#rest = new Uint8Array(0);
    return lines;
  }

  /** Takes one line, or one piece of a long line, off the front of `bytes`; undefined when more bytes are needed to tell. */
  #cut(bytes: Uint8Array, isEnd: boolean): { length: number; line?: { bytes: Uint8Array | undefined } } | undefined {
    const newline = bytes.indexOf(NEWLINE);
    if (this.#isSkipping) {
      if (newline === -1) return bytes.length === 0 ? undefined : { length: bytes.length };
      this.#isSkipping = false;
      return { length: newline + 1 };
    }
    const end = newline === -1 ? bytes.length : newline;
    if (newline !== -1 && end <= WINDOW_BYTES) return { length: end + 1, line: { bytes: bytes.subarray(0, end) } };
    if (end <= WINDOW_BYTES) return undefined;
    const last = objectRanges(bytes.subarray(0, WINDOW_BYTES)).at(-1);
    if (last) return { length: last.end, line: { bytes: bytes.subarray(0, last.end) } };
    if (end > MAX_LINE_BYTES) {
      this.#isSkipping = newline === -1 && !isEnd;
      return { length: newline === -1 ? bytes.length : end + 1, line: { bytes: undefined } };
    }
    return newline === -1 ? undefined : { length: end + 1, line: { bytes: bytes.subarray(0, end) } };
  }
}
