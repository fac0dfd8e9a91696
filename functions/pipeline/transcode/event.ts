import { phasesOf } from '../../../schema/probe-upgrade.ts';
import { cdnNamed } from '../catalogs.ts';
import { eventTime } from '../event-time.ts';
import { putChange, putFlag, putMessage, putNumber, putState, putText } from './column-values.ts';
import { putDynamic, putPrior, putSource, takePhases } from './loose-values.ts';
import type { JsonCursor } from './json-cursor.ts';
import { keyOf, type Named } from './key-table.ts';
import { endGains, endTotals, gainCounts, totalCounts, type BeatLatency } from './lean-columns.ts';
import { isWithin, type Members, type Plan, type Plans, type Slot } from './plan.ts';
import { bytesOf, pieceOf, type RowBuffer } from './row-buffer.ts';
import type { SessionText } from './session-text.ts';

const [QUOTE, COMMA, OPEN, CLOSE, DOT] = [0x22, 0x2c, 0x7b, 0x7d, 0x2e] as const;
const [NUMBER, KIND] = [keyOf('n'), keyOf('k')];
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

function hasDot(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (bytes[at] === DOT) return true;
  return false;
}

/** Writes events of the probe's wire as rows without making objects of them. One for each version of the wire. */
export class EventTranscoder {
  readonly cursor: JsonCursor;
  readonly events: RowBuffer;
  readonly beats: RowBuffer;
  readonly #plans: Plans;
  readonly #seen: Uint32Array;
  readonly #gains = gainCounts();
  readonly #totals = totalCounts();
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
    if (!cursor.take(OPEN)) return undefined;
    // The probe's events begin with their number; what the kind is decides where that is written.
    const number = cursor.at;
    const isNumbered = cursor.takeKey(NUMBER);
    if (isNumbered && !(cursor.number() && cursor.take(COMMA))) return undefined;
    const plan = this.#plan();
    if (!plan) return undefined;
    const out = plan.isBeat ? this.beats : this.events;
    // It may move what is written.
    out.reserve(ROW_BYTES + session.propsEnd);
    const start = out.at;
    this.#begin();
    out.putLong(session.head);
    out.put(plan.kind);
    const isWritten =
      (!isNumbered || this.#numberAt(number, plan.sequence, out, session)) &&
      this.#members(plan.members, out, session) &&
      this.#end(plan, out, session);
    if (isWritten) return out;
    out.at = start;
    return undefined;
  }

  /** The plan of the kind that is said here; the cursor stands at the next member then. */
  #plan(): Plan | undefined {
    const { cursor } = this;
    if (!cursor.takeKey(KIND)) return undefined;
    const start = cursor.at + 1;
    if (!cursor.plainText()) return undefined;
    const plan = this.#plans.byKind.find(cursor.bytes, start, cursor.at - 1);
    return cursor.take(COMMA) ? plan : undefined;
  }

  /** The number that stands before the kind. */
  #numberAt(at: number, slot: Slot, out: RowBuffer, session: SessionText): boolean {
    const { cursor } = this;
    const behind = cursor.at;
    cursor.at = at;
    this.#seen[slot.index] = this.#epoch;
    const isWritten = cursor.takeKey(NUMBER) && this.#sequence(slot, out, session);
    cursor.at = behind;
    return isWritten;
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
  #members(members: Members, out: RowBuffer, session: SessionText): boolean {
    const { cursor } = this;
    let named: Named<Slot> | undefined;
    do {
      named = members.take(cursor, named);
      if (named === undefined) return false;
      const slot = named.value;
      if (this.#seen[slot.index] === this.#epoch) return false;
      this.#seen[slot.index] = this.#epoch;
      if (!this.#value(slot, out, session)) return false;
    } while (cursor.take(COMMA));
    return cursor.take(CLOSE);
  }

  #value(slot: Slot, out: RowBuffer, session: SessionText): boolean {
    const { cursor } = this;
    switch (slot.action) {
      case 'number':
        return putNumber(cursor, out, slot);
      case 'text':
        return putText(cursor, out, slot);
      case 'nested':
        return this.#nested(slot, out, session);
      case 'time': {
        if (!putNumber(cursor, out, slot)) return false;
        this.#sessionTimeMs = cursor.value;
        return true;
      }
      case 'gains':
        this.#hasGains = true;
        return this.#gains.read(cursor, out);
      case 'totals':
        this.#hasTotals = true;
        return this.#totals.read(cursor, out);
      case 'state':
        return putState(cursor, out, slot);
      case 'cdn':
        return this.#cdn(slot, out, session);
      case 'sequence':
        return this.#sequence(slot, out, session);
      case 'flag':
        return putFlag(cursor, out, slot);
      case 'dynamic':
        return putDynamic(cursor, out, slot.column.name);
      default:
        return this.#rareValue(slot, out, session);
    }
  }

  #rareValue(slot: Slot, out: RowBuffer, session: SessionText): boolean {
    const { cursor } = this;
    switch (slot.action) {
      case 'change':
        return putChange(cursor, out, slot);
      case 'message':
        return putMessage(cursor, out, slot);
      case 'source':
        return this.#ownProps(session) && putSource(cursor, out, slot.column.name);
      case 'prior':
        return this.#ownProps(session) && putPrior(cursor, out, slot.column.name);
      case 'dropped':
        if (!putNumber(cursor, out, slot)) return false;
        this.dropped = cursor.value;
        return true;
      case 'duration':
        if (!putNumber(cursor, out, slot)) return false;
        this.#durationMs = cursor.value;
        return true;
      case 'phases':
        this.#phases = takePhases(cursor);
        return this.#phases !== undefined;
      case 'latencyMax':
        if (!cursor.number()) return false;
        this.#latency.max = cursor.value;
        return true;
      case 'latencyTarget':
        if (!cursor.number()) return false;
        this.#latency.target = cursor.value;
        return true;
      default:
        return false;
    }
  }

  /** False when there are props already: to put them together is left to the long way. */
  #ownProps(session: SessionText): boolean {
    const isFirst = !this.#hasProps && !session.hasProps;
    this.#hasProps = true;
    return isFirst;
  }

  #cdn(slot: Slot, out: RowBuffer, { catalogs }: SessionText): boolean {
    const { cursor } = this;
    const { at, bytes } = cursor;
    const start = out.at;
    if (slot.isNothingEmpty && bytes[at] === QUOTE && bytes[at + 1] === QUOTE) {
      cursor.at += 2;
      return true;
    }
    this.#hasOwnCdn = true;
    if (!putText(cursor, out, slot)) return false;
    if (!catalogs || !hasDot(bytes, at, cursor.at)) return true;
    out.at = start;
    out.put(slot.column.name);
    out.putLong(bytesOf(JSON.stringify(cdnNamed(cursor.textFrom(at + 1, cursor.at - 1), catalogs))));
    return true;
  }

  #sequence({ column }: Slot, out: RowBuffer, session: SessionText): boolean {
    const { cursor } = this;
    const start = cursor.at;
    if (!cursor.number() || !cursor.isCanonical) return false;
    const { value } = cursor;
    if (!isWithin(column, value)) return false;
    this.sequence = value;
    out.copyRange(session, session.headEnd, session.idEnd);
    out.copy(cursor, start);
    out.put(SEQUENCE);
    out.copy(cursor, start);
    return true;
  }

  #nested({ nested }: Slot, out: RowBuffer, session: SessionText): boolean {
    const { cursor } = this;
    if (!nested || !cursor.take(OPEN)) return false;
    if (cursor.bytes[cursor.at] === CLOSE) return cursor.take(CLOSE);
    return this.#members(nested, out, session);
  }

  /** What follows from all of the event, and what its session says. */
  #end(plan: Plan, out: RowBuffer, session: SessionText): boolean {
    for (const index of plan.required) if (this.#seen[index] !== this.#epoch) return false;
    if (this.#hasGains && !endGains(out, this.#gains, this.#latency)) return false;
    if (this.#phases !== undefined) {
      out.put(PHASES);
      out.putLong(bytesOf(JSON.stringify(phasesOf(this.#phases, this.#durationMs))));
    }
    if (this.#hasTotals && !endTotals(out, this.#totals)) return false;
    const { eventMs, flag } = eventTime(session.t0 + this.#sessionTimeMs, session.receivedMs, session.skewMs);
    this.eventMs = eventMs;
    out.put(EVENT_TIME);
    out.time(eventMs);
    out.put(flag === undefined ? TEXT_END : FLAGS[flag]);
    if (!this.#hasOwnCdn && session.cdnEnd > session.idEnd) out.copyRange(session, session.idEnd, session.cdnEnd);
    if (!this.#hasProps && session.hasProps) out.copyRange(session, session.cdnEnd, session.propsEnd);
    out.put(ROW_END);
    return true;
  }
}
