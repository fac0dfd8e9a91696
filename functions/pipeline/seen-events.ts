import { ByteSet } from './transcode/byte-set.ts';
import type { Sequences } from './transcode/sequences.ts';

const COLON = new Uint8Array([0x3a]);
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** Part of a text in UTF-8. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** Which events a batch holds already, where it is made of several bodies. */
export class SeenEvents {
  readonly #ids = new Set<string>();
  /** Those that a fast path wrote: of envelopes it knows no ids, only numbers of a session, and of records only their bytes. */
  #sessions: Map<string, Sequences> | undefined;
  #records: ByteSet | undefined;

  /** Forgets all; the memory serves the next batch. */
  clear(): void {
    this.#ids.clear();
    this.#sessions = undefined;
    this.#records?.clear();
  }

  /** False when an event of that id is there already; from now on it is. */
  add(eventId: string): boolean {
    if (this.#ids.has(eventId) || this.#isOfSession(eventId) || this.#isOfRecord(eventId)) return false;
    this.#ids.add(eventId);
    return true;
  }

  /** The same of an id `session:event`, whose parts stand in valid UTF-8. */
  addRecord(bytes: Uint8Array, session: ByteRange, event: ByteRange): boolean {
    const records = (this.#records ??= new ByteSet());
    records.begin();
    records.part(bytes, session.start, session.end);
    records.part(COLON, 0, 1);
    records.part(bytes, event.start, event.end);
    if (this.#ids.size > 0 || this.#sessions) {
      const text = ({ start, end }: ByteRange): string => decoder.decode(bytes.subarray(start, end));
      const id = `${text(session)}:${text(event)}`;
      if (this.#ids.has(id) || this.#isOfSession(id)) return false;
    }
    return records.keep();
  }

  #isOfSession(eventId: string): boolean {
    if (!this.#sessions) return false;
    const colon = eventId.lastIndexOf(':');
    return this.#sessions.get(eventId.slice(0, colon))?.has(Number(eventId.slice(colon + 1))) === true;
  }

  #isOfRecord(eventId: string): boolean {
    const records = this.#records;
    // What is not well-formed would be encoded as something else.
    if (!records || records.size === 0 || !eventId.isWellFormed()) return false;
    const bytes = encoder.encode(eventId);
    records.begin();
    records.part(bytes, 0, bytes.length);
    return records.has();
  }

  /** Whether that event of a session is there. */
  has(sessionId: string, sequence: number): boolean {
    if (this.#sessions?.get(sessionId)?.has(sequence) === true) return true;
    if (this.#ids.size === 0 && !this.#records) return false;
    const id = `${sessionId}:${sequence}`;
    return this.#ids.has(id) || this.#isOfRecord(id);
  }

  /** All of a body of one session. */
  addAll(sessionId: string, sequences: Sequences): void {
    this.#sessions ??= new Map<string, Sequences>();
    const known = this.#sessions.get(sessionId);
    if (known) known.addAll(sequences);
    else this.#sessions.set(sessionId, sequences);
  }
}
