import { isUtf8 } from 'node:buffer';
import type { Batch, Outcome } from '../batch.ts';
import { Books } from '../books.ts';
import { eventTime } from '../event-time.ts';
import type { IngestPorts } from '../group-rows.ts';
import type { SeenEvents } from '../seen-events.ts';
import { JsonCursor } from './json-cursor.ts';
import { RecordColumnWriter } from './record-columns.ts';
import { takeName } from './record-name.ts';
import { RecordPlan, type CompiledKind, type RecordSlot } from './record-plan.ts';
import { RecordProps } from './record-props.ts';
import { RecordShared, SHARED_VALUES } from './record-shared.ts';
import type { RecordSpec } from './record-spec.ts';
import { pieceOf, RowBuffer } from './row-buffer.ts';
import { StampReader } from './stamp.ts';

// The fast path of flat records: from the bytes of a line to the text of its row. Like that of the probe's envelopes it takes
// what it knows to be exactly what the long way would store; `record.test.ts` holds the two against each other.

const [COMMA, COLON, OPEN, CLOSE, NEWLINE] = [0x2c, 0x3a, 0x7b, 0x7d, 0x0a] as const;
/** More than a row holds besides what its record brings. */
const ROW_BYTES = 4 * 1024;
/** By so much JSON can grow when its numbers are written anew: 1e20. */
const LONGER = 8;
/** Longer records are rare; the long way looks at their bounds. */
const LONGEST = 16 * 1024;
const MOST_FIELDS = 100;
/** A record holds so much of an id of its own. */
const LONGEST_ID = 64;
const COUNTRY = SHARED_VALUES.indexOf('country');

const EVENT_ID = pieceOf(',"eventId":');
const ID_COLON = pieceOf(':');
const SEQUENCE = pieceOf('","sequence":');
const EVENT_TIME = pieceOf(',"eventTime":"');
const REPLACED = pieceOf('","timeFlag":"replaced"');
const TEXT_END = pieceOf('"');
const ROW_END = pieceOf('}\n');

interface Range {
  start: number;
  end: number;
}

/** Reads the records of one blob. */
export class RecordLines {
  readonly #spec: RecordSpec;
  readonly #ports: IngestPorts;
  readonly #plan: RecordPlan;
  readonly #shared: RecordShared;
  readonly #columns: RecordColumnWriter;
  readonly #props = new RecordProps();
  readonly #cursor = new JsonCursor();
  readonly #out = new RowBuffer();
  readonly #stamps = new StampReader();
  /** Which slots there were in the record under way. */
  readonly #seenSlots = new Uint32Array(512);
  readonly #session: Range = { start: 0, end: 0 };
  readonly #id: Range = { start: 0, end: 0 };
  /** Memory that lines stand in, and up to where it is UTF-8. */
  #memory: Uint8Array | undefined;
  #validEnd = -1;
  /** Memory that was found not to be. */
  #brokenMemory: Uint8Array | undefined;
  #epoch = 0;
  #kind: CompiledKind | undefined;
  #claimedMs: number | undefined;
  #batch: Batch | undefined;
  #seen: SeenEvents | undefined;
  #books: Books | undefined;
  /** Records taken since the last outcome. */
  waiting = 0;
  #eventMs = 0;

  constructor(spec: RecordSpec, ports: IngestPorts) {
    this.#spec = spec;
    this.#ports = ports;
    this.#plan = new RecordPlan(spec);
    this.#shared = new RecordShared(spec.source, ports);
    this.#columns = new RecordColumnWriter(this.#cursor, this.#out, this.#shared);
  }

  /** What follows is of this batch, which holds `seen` already. */
  open(batch: Batch, seen: SeenEvents): void {
    this.#batch = batch;
    this.#seen = seen;
    this.#books = new Books(batch, this.#ports.digests, seen);
    this.#shared.open(batch);
  }

  /**
   * Writes the record of a line, which stands in `memory` from `start` to `end`, in turn with other lines; false, with nothing
   * written, when the long way has to look at it.
   */
  take(memory: Uint8Array, line: number, start = 0, end = memory.length): boolean {
    const { head } = this.#shared;
    const books = this.#books;
    const length = end - start;
    const isOurs = this.#batch?.isTrusted === true && length <= LONGEST && memory[start] === OPEN;
    if (!head || !books || !isOurs) return false;
    if (!this.#open(memory, start, end))
      return length < memory.length && this.#takeAlone(memory.slice(start, end), line);
    const out = this.#out;
    out.reserve(ROW_BYTES + head.length + LONGER * length);
    this.#begin(length);
    out.putLong(head);
    if (!this.#members(end) || !this.#end(line)) {
      out.dropRow();
      return false;
    }
    this.waiting++;
    if (this.#seen!.addRecord(memory, this.#session, this.#id)) {
      out.endRow();
      books.count(this.#eventMs);
    } else {
      out.dropRow();
      books.drop();
    }
    return true;
  }

  /** Writes the record of a line whose memory holds something that is not UTF-8. */
  #takeAlone(bytes: Uint8Array, line: number): boolean {
    return isUtf8(bytes) && this.take(bytes, line);
  }

  /**
   * Puts the cursor at the start of a line. False when there is something in its memory that is not UTF-8: whether it is in this
   * very line has to be seen. Memory is looked at once, for all of its lines.
   */
  #open(memory: Uint8Array, start: number, end: number): boolean {
    if (memory === this.#brokenMemory) return false;
    if (memory !== this.#memory) {
      this.#memory = memory;
      // What stands behind the last line may break off within a character.
      const last = Math.max(end, memory.lastIndexOf(NEWLINE));
      this.#validEnd = isUtf8(memory.subarray(start, last)) ? last : -1;
      if (this.#validEnd >= 0) this.#cursor.open(memory.subarray(0, last));
      else this.#brokenMemory = memory;
    }
    this.#cursor.at = start;
    return end <= this.#validEnd;
  }

  /** What was taken since the last outcome. Its rows stand until the next record is taken. */
  outcome(): Outcome {
    const books = this.#books!;
    books.source = this.#spec.source;
    const outcome = books.close({ PlaybackEvents: this.#out.release() });
    this.#out.reuse();
    this.#books = new Books(outcome.batch, this.#ports.digests, this.#seen);
    this.waiting = 0;
    return outcome;
  }

  #begin(bytes: number): void {
    this.#epoch++;
    this.#kind = undefined;
    this.#claimedMs = undefined;
    this.#columns.begin();
    this.#session.end = 0;
    this.#id.end = 0;
    this.#props.begin(ROW_BYTES + LONGER * bytes);
    this.#shared.begin();
  }

  #members(end: number): boolean {
    const cursor = this.#cursor;
    if (!cursor.take(OPEN)) return false;
    let before: RecordSlot | undefined;
    let fields = 0;
    do {
      const slot = this.#slot(before);
      if (!slot || ++fields > MOST_FIELDS || this.#seenSlots[slot.index] === this.#epoch) return false;
      this.#seenSlots[slot.index] = this.#epoch;
      if (!this.#value(slot)) return false;
      before = slot;
    } while (cursor.take(COMMA));
    return cursor.takeLast(CLOSE, end);
  }

  /** The slot of the name that begins here; the cursor stands at its value then. */
  #slot(before: RecordSlot | undefined): RecordSlot | undefined {
    const cursor = this.#cursor;
    const { at } = cursor;
    const guess = before ? before.next : this.#plan.first;
    if (guess && takeName(cursor, guess.key)) return guess;
    if (!cursor.plainText()) return undefined;
    const slot = this.#plan.slot(cursor.textFrom(at + 1, cursor.at - 1));
    if (before) before.next = slot;
    else this.#plan.first = slot;
    return cursor.take(COLON) ? slot : undefined;
  }

  #value(slot: RecordSlot): boolean {
    const cursor = this.#cursor;
    const start = cursor.at;
    switch (slot.action) {
      case 'column':
        return this.#columns.put(slot.column!);
      case 'claim':
        if (!cursor.plainText()) return false;
        this.#shared.set(slot.claim, start + 1, cursor.at - 1);
        // Any other country is told in words, which are kept.
        return slot.claim !== COUNTRY || isCode(cursor.bytes, start + 1, cursor.at - 1);
      case 'prop': {
        if (!slot.ofKind) return this.#props.put(slot, cursor);
        // Whether it is a column, the kind says, and it has to be known by now.
        if (!this.#kind) return false;
        const column = slot.ofKind.get(this.#kind.name);
        return column ? this.#columns.put(column) : this.#props.put(slot, cursor);
      }
      case 'session':
        if (!this.#range(this.#session, Infinity)) return false;
        cursor.at = start;
        return this.#columns.put(slot.column!);
      case 'id':
        return this.#range(this.#id, LONGEST_ID);
      case 'time':
        this.#claimedMs = this.#stamps.read(cursor);
        return this.#claimedMs !== undefined;
      case 'kind':
        if (!cursor.plainText()) return false;
        this.#kind = this.#plan.kinds.find(cursor.bytes, start + 1, cursor.at - 1);
        if (this.#kind) this.#out.put(this.#kind.text);
        return this.#kind !== undefined;
      case 'ignored':
        return cursor.plainText() || cursor.number();
      default:
        return false;
    }
  }

  /** A text that is not empty. */
  #range(range: Range, longest: number): boolean {
    const cursor = this.#cursor;
    range.start = cursor.at + 1;
    if (!cursor.plainText()) return false;
    range.end = cursor.at - 1;
    return range.end > range.start && range.end - range.start <= longest;
  }

  /** What follows from all of the record. */
  #end(line: number): boolean {
    const kind = this.#kind;
    const out = this.#out;
    if (!kind || this.#claimedMs === undefined || this.#session.end === 0 || this.#id.end === 0) return false;
    if (kind.net && !this.#columns.putNet(kind.net)) return false;
    const { label } = this.#props;
    const { label: labelled } = this.#plan;
    if (label !== undefined) {
      const number = labelled.of.get(label);
      if (number !== undefined) {
        out.put(labelled.column.name);
        out.put(number);
      }
    }
    this.#props.end(out);
    this.#putIdentity(line, this.#claimedMs);
    const shared = this.#shared;
    if (!shared.find(this.#cursor) || (this.#columns.hasNamed && shared.isNamed)) return false;
    shared.put(out);
    out.put(ROW_END);
    return true;
  }

  #putIdentity(line: number, claimedMs: number): void {
    const out = this.#out;
    out.put(EVENT_ID);
    out.copyRange(this.#cursor, this.#session.start - 1, this.#session.end);
    out.put(ID_COLON);
    out.copyRange(this.#cursor, this.#id.start, this.#id.end);
    out.put(SEQUENCE);
    out.number(line);
    const { eventMs, flag } = eventTime(claimedMs, this.#batch!.receivedMs, 0);
    this.#eventMs = eventMs;
    out.put(EVENT_TIME);
    out.time(eventMs);
    out.put(flag === undefined ? TEXT_END : REPLACED);
  }
}

/** Two characters of one byte each. */
const isCode = (bytes: Uint8Array, start: number, end: number): boolean =>
  end - start === 2 && bytes[start]! < 0x80 && bytes[start + 1]! < 0x80;
