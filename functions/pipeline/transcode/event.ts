import { phasesOf } from '../../../schema/probe-upgrade.ts';
import { eventTime } from '../event-time.ts';
import { freeText } from '../identity.ts';
import { startsWith } from './byte-table.ts';
import { putDynamic, putSource, takePhases } from './loose-values.ts';
import type { JsonCursor } from './json-cursor.ts';
import { LeanCounts, putGains, putTotals, type BeatLatency } from './lean-counts.ts';
import { leanStates, type Plan, type Plans, type Slot } from './plan.ts';
import { bytesOf, pieceOf, type RowBuffer } from './row-buffer.ts';
import type { SessionText } from './session-text.ts';

const [QUOTE, COMMA, COLON, OPEN, CLOSE] = [0x22, 0x2c, 0x3a, 0x7b, 0x7d] as const;
const KIND = bytesOf('"k":');
const [TRUE, FALSE] = [bytesOf('true'), bytesOf('false')];
const SEQUENCE = pieceOf('","sequence":');
const PHASES = pieceOf(',"startupPhases":');
const EVENT_TIME = pieceOf(',"eventTime":"');
const TEXT_END = pieceOf('"');
const ROW_END = pieceOf('}\n');
const FLAGS = {
  corrected: pieceOf('","timeFlag":"corrected"'),
  replaced: pieceOf('","timeFlag":"replaced"'),
};
/** More than one event's own columns can take: every string is bounded by its column. */
const ROW_BYTES = 12 * 1024;

/** Writes events of the probe's wire as rows without making objects of them. One for each version of the wire. */
export class EventTranscoder {
  readonly cursor: JsonCursor;
  readonly events: RowBuffer;
  readonly beats: RowBuffer;
  readonly #plans: Plans;
  readonly #seen: Uint32Array;
  readonly #gains = new LeanCounts();
  readonly #totals = new LeanCounts();
  readonly #latency: BeatLatency = { max: undefined, target: undefined };
  #epoch = 0;
  #durationMs: number | undefined;
  #phases: unknown;
  #hasGains = false;
  #hasTotals = false;
  #hasOwnCdn = false;
  #hasProps = false;
  /** Of the event written last. */
  sequence = 0;
  eventMs = 0;
  /** Events the client has dropped, by the event written last; −1 when it does not say. */
  dropped = -1;
  #sessionTimeMs = 0;

  constructor(plans: Plans, cursor: JsonCursor, events: RowBuffer, beats: RowBuffer) {
    this.#plans = plans;
    this.#seen = new Uint32Array(plans.slots);
    this.cursor = cursor;
    this.events = events;
    this.beats = beats;
  }

  /**
   * Writes the event that begins at the cursor, and moves behind it. Undefined, with nothing written, when there is
   * anything in it that this path does not know to be exactly what the long way would store: the cursor is then anywhere.
   * Otherwise where it was written; the row is not ended yet.
   */
  write(session: SessionText): RowBuffer | undefined {
    const { cursor } = this;
    if (!cursor.take(OPEN) || !cursor.takeName(KIND)) return undefined;
    const kind = cursor.at + 1;
    if (!cursor.plainText()) return undefined;
    const plan = this.#plans.byKind.find(cursor.bytes, kind, cursor.at - 1);
    if (!plan) return undefined;
    const out = plan.isBeat ? this.beats : this.events;
    const start = out.at;
    out.reserve(ROW_BYTES + session.head.length);
    this.#begin();
    out.putLong(session.head);
    out.put(plan.kind);
    if (cursor.take(COMMA) && this.#members(plan, out, session) && this.#end(plan, out, session)) return out;
    out.at = start;
    return undefined;
  }

  #begin(): void {
    this.#epoch++;
    this.#durationMs = undefined;
    this.#phases = undefined;
    this.#hasGains = false;
    this.#hasTotals = false;
    this.#hasOwnCdn = false;
    this.#hasProps = false;
    this.#latency.max = undefined;
    this.#latency.target = undefined;
    this.dropped = -1;
  }

  /** The members of an object from the name of one of them to behind its end. */
  #members(plan: Plan, out: RowBuffer, session: SessionText): boolean {
    const { cursor } = this;
    let before: Slot | undefined;
    do {
      const slot = this.#slot(plan, before);
      if (!slot || this.#seen[slot.index] === this.#epoch) return false;
      this.#seen[slot.index] = this.#epoch;
      if (!this.#value(slot, out, session)) return false;
      before = slot;
    } while (cursor.take(COMMA));
    return cursor.take(CLOSE);
  }

  /** The slot of the name that begins here; the cursor stands at its value then. */
  #slot(plan: Plan, before: Slot | undefined): Slot | undefined {
    const { cursor } = this;
    const { bytes, at } = cursor;
    const guess = before ? before.next : plan.first;
    if (guess && cursor.takeKey(guess.key)) return guess;
    if (!cursor.plainText()) return undefined;
    const slot = plan.slots.find(bytes, at + 1, cursor.at - 1);
    if (before) before.next = slot;
    else plan.first = slot;
    return cursor.take(COLON) ? slot : undefined;
  }

  #value(slot: Slot, out: RowBuffer, session: SessionText): boolean {
    switch (slot.action) {
      case 'number':
        return this.#number(slot, out);
      case 'text':
        return this.#text(slot, out);
      case 'nested':
        return this.#nested(slot, out, session);
      case 'time': {
        if (!this.#number(slot, out)) return false;
        this.#sessionTimeMs = this.cursor.value;
        return true;
      }
      case 'sequence':
        return this.#sequence(slot, out, session);
      case 'flag':
        return this.#flag(slot, out);
      case 'dynamic':
        return putDynamic(this.cursor, out, slot.column.name);
      default:
        return this.#rareValue(slot, out, session);
    }
  }

  #rareValue(slot: Slot, out: RowBuffer, session: SessionText): boolean {
    const { cursor } = this;
    switch (slot.action) {
      case 'change':
        return this.#change(slot, out);
      case 'message': {
        const start = cursor.at + 1;
        if (!this.#text(slot, out)) return false;
        // What may be part of a URL, an address or a secret is looked at the long way.
        const { buffer, byteOffset } = cursor.bytes;
        const text = Buffer.from(buffer, byteOffset + start, cursor.at - 1 - start).toString('utf8');
        return freeText(text) === text;
      }
      case 'source':
        this.#hasProps = true;
        return session.props === undefined && putSource(cursor, out, slot.column.name);
      case 'dropped':
        if (!this.#number(slot, out)) return false;
        this.dropped = cursor.value;
        return true;
      case 'duration':
        if (!this.#number(slot, out)) return false;
        this.#durationMs = cursor.value;
        return true;
      case 'phases':
        this.#phases = takePhases(cursor);
        return this.#phases !== undefined;
      case 'gains':
        this.#hasGains = true;
        return this.#gains.read(cursor);
      case 'totals':
        this.#hasTotals = true;
        return this.#totals.read(cursor);
      case 'latencyMax':
        if (!cursor.number()) return false;
        this.#latency.max = cursor.value;
        return true;
      case 'latencyTarget':
        if (!cursor.number()) return false;
        this.#latency.target = cursor.value;
        return true;
      default:
        return this.#state(slot, out);
    }
  }

  #number(slot: Slot, out: RowBuffer): boolean {
    const { cursor } = this;
    const start = cursor.at;
    if (!cursor.number()) return false;
    const { value } = cursor;
    const { column } = slot;
    if (slot.isNothingEmpty && value === 0) return true;
    if (value < column.low || value > column.high || (column.isWhole && !Number.isInteger(value))) return false;
    out.put(column.name);
    if (cursor.isCanonical) out.copy(cursor.bytes, start, cursor.at);
    else out.number(value);
    return true;
  }

  #text({ column, isNothingEmpty, isCdn }: Slot, out: RowBuffer): boolean {
    const { cursor } = this;
    const start = cursor.at;
    if (!cursor.plainText()) return false;
    const length = cursor.at - start - 2;
    if (isNothingEmpty && length === 0) return true;
    const isFine = column.oneOf ? column.oneOf.find(cursor.bytes, start + 1, cursor.at - 1) : length <= column.maxBytes;
    if (isFine !== true) return false;
    if (isCdn) this.#hasOwnCdn = true;
    out.put(column.name);
    out.copy(cursor.bytes, start, cursor.at);
    return true;
  }

  /** Players report rates as numbers and what is on or off as booleans; the column holds texts. */
  #change(slot: Slot, out: RowBuffer): boolean {
    const { cursor } = this;
    const start = cursor.at;
    if (cursor.bytes[start] === QUOTE) return this.#text(slot, out);
    out.put(slot.column.name);
    out.put(TEXT_END);
    if (startsWith(cursor.bytes, start, TRUE)) cursor.at += TRUE.length;
    else if (startsWith(cursor.bytes, start, FALSE)) cursor.at += FALSE.length;
    else if (!cursor.number() || !cursor.isCanonical) return false;
    out.copy(cursor.bytes, start, cursor.at);
    out.put(TEXT_END);
    return true;
  }

  #flag({ column }: Slot, out: RowBuffer): boolean {
    const { cursor } = this;
    const word = cursor.bytes[cursor.at] === TRUE[0] ? TRUE : FALSE;
    if (!startsWith(cursor.bytes, cursor.at, word)) return false;
    cursor.at += word.length;
    out.put(column.name);
    out.putLong(word);
    return true;
  }

  #sequence({ column }: Slot, out: RowBuffer, session: SessionText): boolean {
    const { cursor } = this;
    const start = cursor.at;
    if (!cursor.number() || !cursor.isCanonical) return false;
    const { value } = cursor;
    if (!Number.isInteger(value) || value < column.low || value > column.high) return false;
    this.sequence = value;
    out.putLong(session.id);
    out.copy(cursor.bytes, start, cursor.at);
    out.put(SEQUENCE);
    out.copy(cursor.bytes, start, cursor.at);
    return true;
  }

  #nested({ nested }: Slot, out: RowBuffer, session: SessionText): boolean {
    const { cursor } = this;
    if (!nested || !cursor.take(OPEN)) return false;
    if (cursor.bytes[cursor.at] === CLOSE) return cursor.take(CLOSE);
    return this.#members(nested, out, session);
  }

  #state({ column }: Slot, out: RowBuffer): boolean {
    const { cursor } = this;
    const start = cursor.at;
    if (!cursor.plainText()) return false;
    const state = leanStates.find(cursor.bytes, start + 1, cursor.at - 1);
    if (!state) return false;
    out.put(column.name);
    out.put(state);
    return true;
  }

  /** What follows from all of the event, and what its session says. */
  #end(plan: Plan, out: RowBuffer, session: SessionText): boolean {
    for (const index of plan.required) if (this.#seen[index] !== this.#epoch) return false;
    if (this.#hasGains && !putGains(out, this.#gains, this.#latency)) return false;
    if (this.#phases !== undefined) {
      out.put(PHASES);
      out.putLong(bytesOf(JSON.stringify(phasesOf(this.#phases, this.#durationMs))));
    }
    if (this.#hasTotals && !putTotals(out, this.#totals)) return false;
    const { eventMs, flag } = eventTime(session.t0 + this.#sessionTimeMs, session.receivedMs, session.skewMs);
    this.eventMs = eventMs;
    out.put(EVENT_TIME);
    out.time(eventMs);
    out.put(flag === undefined ? TEXT_END : FLAGS[flag]);
    if (session.props && !this.#hasProps) out.putLong(session.props);
    if (!this.#hasOwnCdn) out.putLong(session.cdn);
    out.put(ROW_END);
    return true;
  }
}
