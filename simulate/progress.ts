import type { Summary } from './books.ts';

export interface Progress {
  phase: 'backfill' | 'replay' | 'live';
  /** Simulated moment reached, epoch ms. */
  at: number;
  sessions: number;
  events: number;
  accepted: number;
  rejected: number;
  duplicate: number;
  retries: number;
  /** Answered events per second of this phase. */
  eventsPerSecond: number;
  /** 0…1 of the window; absent when it has no end. */
  fraction?: number;
  etaSeconds?: number;
}

const EVERY_MS = 500;

/** Tells of the progress twice a second at most. */
export class ProgressMeter {
  readonly #summary: Summary;
  readonly #phase: Progress['phase'];
  readonly #window: { from: number; to: number };
  readonly #tell: (progress: Progress) => void;
  readonly #began = Date.now();
  readonly #receivedBefore: number;
  #told = 0;

  constructor(
    phase: Progress['phase'],
    window: { from: number; to: number },
    summary: Summary,
    tell: (progress: Progress) => void,
  ) {
    this.#phase = phase;
    this.#window = window;
    this.#summary = summary;
    this.#tell = tell;
    this.#receivedBefore = summary.received;
  }

  reach(at: number, isLast = false): void {
    const now = Date.now();
    if (!isLast && now - this.#told < EVERY_MS) return;
    this.#told = now;
    const seconds = (now - this.#began) / 1000;
    const { from, to } = this.#window;
    const fraction = Number.isFinite(to) ? Math.min(1, Math.max(0, (at - from) / Math.max(1, to - from))) : undefined;
    const { sessions, events, received, accepted, rejected, duplicate, retries } = this.#summary;
    this.#tell({
      phase: this.#phase,
      at,
      sessions,
      events,
      accepted,
      rejected,
      duplicate,
      retries,
      eventsPerSecond: seconds > 0 ? (received - this.#receivedBefore) / seconds : 0,
      ...(fraction === undefined ? {} : { fraction }),
      ...(fraction === undefined || fraction === 0 ? {} : { etaSeconds: (seconds / fraction) * (1 - fraction) }),
    });
  }
}
