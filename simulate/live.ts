import { setTimeout as wait } from 'node:timers/promises';
import type { WireEvent } from '../schema/probe-wire.ts';
import type { Doors, Window } from './backfill.ts';
import { noteSent, type Summary } from './books.ts';
import { type AcmeLine, acmeLinesOf } from './doors/acme-lines.ts';
import { envelopesOf, Packer } from './doors/envelopes.ts';
import type { ProgressMeter } from './progress.ts';
import { MINUTE_MS } from './session/arrivals.ts';
import { LOOKBACK_MS } from './session/plan.ts';
import { eventsOf, type Session } from './session/session.ts';
import { sessionsIn, type SourceOptions } from './session-source.ts';

/** A session under way and its events not sent yet. */
interface Viewer {
  session: Session;
  events: WireEvent[];
  next: number;
}

const BLOB_EVERY_MS = 60_000;

export interface LiveOptions {
  /** Simulated time, epoch ms. */
  now: () => number;
  /** Real time between two rounds. */
  tickMs: number;
  meter: ProgressMeter;
  signal: AbortSignal;
  /** Called after a round with the moment up to which everything is answered. */
  onSettled: (until: number) => Promise<void>;
}

/** Sends events as they happen on the given clock, from `from` until `to`. */
export class LiveShow {
  readonly #source: SourceOptions;
  readonly #window: Window;
  readonly #doors: Doors;
  readonly #summary: Summary;
  readonly #options: LiveOptions;
  readonly #viewers = new Set<Viewer>();
  #lines: AcmeLine[] = [];
  #nextMinute: number;
  #blobsAt = 0;

  constructor(source: SourceOptions, window: Window, doors: Doors, summary: Summary, options: LiveOptions) {
    this.#source = source;
    this.#window = window;
    this.#doors = doors;
    this.#summary = summary;
    this.#options = options;
    this.#nextMinute = Math.floor(Math.max(window.from - LOOKBACK_MS, source.eras[0]?.from ?? window.from) / MINUTE_MS);
  }

  /** Ends at `to`, or when the signal is raised; resolves with the moment reached. @throws what a door throws. */
  async run(): Promise<number> {
    const { now, tickMs, meter, signal, onSettled } = this.#options;
    const { to } = this.#window;
    for (;;) {
      const at = Math.min(now(), to);
      await this.#round(at, at >= to || signal.aborted);
      await onSettled(at);
      meter.reach(at, at >= to);
      if (at >= to || signal.aborted) return at;
      await wait(tickMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async #round(until: number, isLast: boolean): Promise<void> {
    this.#admit(until);
    const packer = new Packer();
    for (const viewer of this.#viewers) {
      const { session, events } = viewer;
      const due: WireEvent[] = [];
      for (let event = events[viewer.next]; event !== undefined; event = events[viewer.next]) {
        if (session.plan.start + event.t >= until) break;
        due.push(event);
        viewer.next++;
      }
      if (viewer.next === events.length) this.#viewers.delete(viewer);
      if (due.length === 0) continue;
      noteSent(this.#summary, due);
      for (const envelope of envelopesOf(session, due)) {
        const batch = packer.add(envelope);
        if (batch !== undefined) await this.#doors.http.send(batch);
      }
    }
    const rest = packer.take();
    if (rest !== undefined) await this.#doors.http.send(rest);
    await this.#dropLines(until, isLast);
    await this.#doors.http.settle();
  }

  /** Lets in the sessions that have begun. Whole minutes are drawn at once; their later events wait in the viewer. */
  #admit(until: number): void {
    const { from } = this.#window;
    for (; this.#nextMinute * MINUTE_MS < until; this.#nextMinute++) {
      for (const { session, isBlob } of sessionsIn(this.#source, this.#nextMinute)) {
        const { start } = session.plan;
        if (start + session.timeline.length < from) continue;
        if (isBlob && this.#doors.blob !== undefined) {
          this.#lines.push(...acmeLinesOf(session).filter(({ at }) => at >= from));
          if (start >= from) this.#summary.blobSessions++;
          continue;
        }
        const events = eventsOf(session).filter((event) => start + event.t >= from);
        if (events.length === 0) continue;
        this.#viewers.add({ session, events, next: 0 });
        if (start >= from) this.#summary.sessions++;
      }
    }
  }

  async #dropLines(until: number, isLast: boolean): Promise<void> {
    if (this.#doors.blob === undefined || (!isLast && Date.now() - this.#blobsAt < BLOB_EVERY_MS)) return;
    this.#blobsAt = Date.now();
    const due = this.#lines.filter(({ at }) => at < until).sort((a, b) => a.at - b.at);
    this.#lines = this.#lines.filter(({ at }) => at >= until);
    for (const line of due) await this.#doors.blob.add(line);
    await this.#doors.blob.flush();
  }
}
