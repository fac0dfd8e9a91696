import { objectRanges } from './json-scan.ts';

// Bytes in any cut → lines, in bounded memory. Where the stream is cut has no influence on what comes out:
// a run that resumes must see the very same lines.

const NEWLINE = 0x0a;
/** A line longer than this is cut after its last complete object, for files that have no newlines at all. */
export const WINDOW_BYTES = 64 * 1024;
/** A line that stays longer than this is given up. */
export const MAX_LINE_BYTES = 1024 * 1024;

export class Line {
  /** Counted from 0, blank lines included. */
  readonly number: number;
  /** Where it stands, from `start` to `end`, without its newline; undefined when it was too long to keep. */
  readonly memory: Uint8Array | undefined;
  readonly start: number;
  readonly end: number;

  constructor(number: number, memory: Uint8Array | undefined, start = 0, end = memory?.length ?? 0) {
    this.number = number;
    this.memory = memory;
    this.start = start;
    this.end = end;
  }

  /** Without its newline; undefined when it was too long to keep. */
  get bytes(): Uint8Array | undefined {
    return this.memory?.subarray(this.start, this.end);
  }
}

function joined(head: Uint8Array, tail: Uint8Array): Uint8Array {
  const both = new Uint8Array(head.length + tail.length);
  both.set(head);
  both.set(tail, head.length);
  return both;
}

interface Cut {
  readonly length: number;
  /** Absent: the bytes belong to a line that was given up. Its length is undefined when it is given up with this. */
  readonly line?: { readonly length: number | undefined };
}

const NOTHING = new Uint8Array(0);

export class LineSplitter {
  #rest: Uint8Array = NOTHING;
  #number = 0;
  /** Of a line that two chunks share: memory that the next such line takes. */
  readonly #joint = new Uint8Array(WINDOW_BYTES);
  /** The line under way is too long: everything up to its newline is thrown away. */
  #isSkipping = false;

  /** The lines that are complete with this chunk. They share memory with it, and stand until the next chunk is pushed. */
  push(chunk: Uint8Array): Line[] {
    const lines: Line[] = [];
    const bytes = this.#begun(chunk, lines);
    let at = 0;
    for (;;) {
      const newline = this.#isSkipping ? -1 : bytes.indexOf(NEWLINE, at);
      // Nearly all lines are so.
      if (newline !== -1 && newline - at <= WINDOW_BYTES) {
        lines.push(new Line(this.#number++, bytes, at, newline));
        at = newline + 1;
        continue;
      }
      const cut = this.#cut(bytes, at, false);
      if (!cut) break;
      this.#take(cut, bytes, at, lines);
      at += cut.length;
    }
    // It keeps its chunk alive until the next one is there.
    this.#rest = at < bytes.length ? bytes.subarray(at) : NOTHING;
    return lines;
  }

  #take({ line }: Cut, bytes: Uint8Array, at: number, lines: Line[]): void {
    if (!line) return;
    const number = this.#number++;
    lines.push(line.length === undefined ? new Line(number, undefined) : new Line(number, bytes, at, at + line.length));
  }

  /** Ends the line that the chunk before began; what is left to cut. Only that line is copied, unless it is a long one. */
  #begun(chunk: Uint8Array, lines: Line[]): Uint8Array {
    const rest = this.#rest;
    if (rest.length === 0) return chunk;
    const newline = chunk.indexOf(NEWLINE);
    if (newline === -1 || rest.length + newline > WINDOW_BYTES) return joined(rest, chunk);
    const length = rest.length + newline;
    this.#joint.set(rest);
    this.#joint.set(chunk.subarray(0, newline), rest.length);
    lines.push(new Line(this.#number++, this.#joint.subarray(0, length)));
    return chunk.subarray(newline + 1);
  }

  /** What remains when the stream is over: a last line without a newline. */
  end(): Line[] {
    const lines: Line[] = [];
    const rest = this.#rest;
    let at = 0;
    while (at < rest.length && !this.#isSkipping) {
      const left = rest.length - at;
      const cut = this.#cut(rest, at, true) ?? { length: left, line: { length: left } };
      this.#take(cut, rest, at, lines);
      at += cut.length;
    }
    this.#rest = NOTHING;
    return lines;
  }

  /** Takes one line, or one piece of a long line, that begins at `at`; undefined when more bytes are needed to tell. */
  #cut(bytes: Uint8Array, at: number, isEnd: boolean): Cut | undefined {
    const newline = bytes.indexOf(NEWLINE, at);
    const rest = bytes.length - at;
    if (this.#isSkipping) {
      if (newline === -1) return rest === 0 ? undefined : { length: rest };
      this.#isSkipping = false;
      return { length: newline + 1 - at };
    }
    const length = newline === -1 ? rest : newline - at;
    if (newline !== -1 && length <= WINDOW_BYTES) return { length: length + 1, line: { length } };
    if (length <= WINDOW_BYTES) return undefined;
    const last = objectRanges(bytes.subarray(at, at + WINDOW_BYTES)).at(-1);
    if (last) return { length: last.end, line: { length: last.end } };
    if (length > MAX_LINE_BYTES) {
      this.#isSkipping = newline === -1 && !isEnd;
      return { length: newline === -1 ? rest : length + 1, line: { length: undefined } };
    }
    return newline === -1 ? undefined : { length: length + 1, line: { length } };
  }
}
