import type { Sequences } from './transcode/sequences.ts';

/** Which events a batch holds already, where it is made of several bodies. */
export class SeenEvents {
  readonly #ids = new Set<string>();
  /** Those that the fast path wrote; it knows no ids, only numbers of a session. */
  #sessions: Map<string, Sequences> | undefined;

  /** False when an event of that id is there already; from now on it is. */
  add(eventId: string): boolean {
    if (this.#ids.has(eventId) || this.#isOfSession(eventId)) return false;
    this.#ids.add(eventId);
    return true;
  }

  #isOfSession(eventId: string): boolean {
    if (!this.#sessions) return false;
    const colon = eventId.lastIndexOf(':');
    return this.#sessions.get(eventId.slice(0, colon))?.has(Number(eventId.slice(colon + 1))) === true;
  }

  /** Whether that event of a session is there. */
  has(sessionId: string, sequence: number): boolean {
    if (this.#sessions?.get(sessionId)?.has(sequence) === true) return true;
    return this.#ids.size > 0 && this.#ids.has(`${sessionId}:${sequence}`);
  }

  /** All of a body of one session. */
  addAll(sessionId: string, sequences: Sequences): void {
    this.#sessions ??= new Map<string, Sequences>();
    const known = this.#sessions.get(sessionId);
    if (known) known.addAll(sequences);
    else this.#sessions.set(sessionId, sequences);
  }
}
