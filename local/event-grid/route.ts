import type { BlobEvent } from './blob-event.ts';
import type { Obituary } from './dead-letter.ts';
import type { Journal } from './journal.ts';
import { outcomeOf, verdictOn } from './retry-schedule.ts';
import { deliver, handshake, nameOf, type Subscription } from './subscription.ts';

export interface SubscriptionStats {
  /** The endpoint has passed the handshake. */
  isValidated: boolean;
  delivered: number;
  failedAttempts: number;
  deadLettered: number;
  pending: number;
}

export interface DeliveryOptions {
  journal: Journal;
  bury: (obituary: Obituary) => Promise<void>;
  /** Factor on Event Grid's waits; 1 is Azure's pace. */
  scale: number;
  /** How long an endpoint may take to answer. */
  timeoutMs: number;
  /** Deliveries under way at once, per subscription. */
  concurrency: number;
  log: (line: string) => void;
}

interface Letter {
  event: BlobEvent;
  attempts: number;
}

const HANDSHAKE_EVERY_MS = 500;
const BURY_AGAIN_MS = 5000;

/** Waits; ends early, without an error, when the signal is raised. */
const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const finish = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', finish);
      resolve();
    };
    const timer = setTimeout(finish, ms);
    signal.addEventListener('abort', finish, { once: true });
  });

const causeOf = (error: unknown): string => String(error instanceof Error ? (error.cause ?? error) : error);

/** One subscription's way: the handshake first, then deliveries side by side, each with its own retries up to the dead letter. */
export class Route {
  readonly name: string;
  readonly subscription: Subscription;
  readonly stats: SubscriptionStats = {
    isValidated: false,
    delivered: 0,
    failedAttempts: 0,
    deadLettered: 0,
    pending: 0,
  };
  readonly #options: DeliveryOptions;
  readonly #stopped: AbortSignal;
  readonly #queue: Letter[] = [];
  readonly #running = new Set<Promise<void>>();
  readonly #validating: Promise<void>;

  constructor(subscription: Subscription, options: DeliveryOptions, stopped: AbortSignal) {
    this.subscription = subscription;
    this.name = nameOf(subscription);
    this.#options = options;
    this.#stopped = stopped;
    this.#validating = this.#validate();
  }

  accept(event: BlobEvent): void {
    this.stats.pending++;
    this.#enqueue({ event, attempts: 0 });
  }

  /** Resolves when nothing is under way any more; to be called after the stop signal. */
  async idle(): Promise<void> {
    await this.#validating;
    await Promise.all(this.#running);
  }

  #enqueue(letter: Letter): void {
    this.#queue.push(letter);
    this.#pump();
  }

  #pump(): void {
    while (this.stats.isValidated && !this.#stopped.aborted && this.#running.size < this.#options.concurrency) {
      const letter = this.#queue.shift();
      if (letter === undefined) return;
      const run = this.#attempt(letter).finally(() => {
        this.#running.delete(run);
        this.#pump();
      });
      this.#running.add(run);
    }
  }

  #settle(letter: Letter): void {
    this.#options.journal.done(letter.event.id, this.name);
    this.stats.pending--;
  }

  async #validate(): Promise<void> {
    const { log, timeoutMs } = this.#options;
    let complained = '';
    while (!this.#stopped.aborted) {
      try {
        await handshake(this.subscription, AbortSignal.any([this.#stopped, AbortSignal.timeout(timeoutMs)]));
        this.stats.isValidated = true;
        log(`${this.name} passed the handshake`);
        return this.#pump();
      } catch (error) {
        const why = causeOf(error);
        if (why !== complained && !this.#stopped.aborted) log(`waiting for the handshake of ${this.name}: ${why}`);
        complained = why;
        await pause(HANDSHAKE_EVERY_MS, this.#stopped);
      }
    }
  }

  async #attempt(letter: Letter): Promise<void> {
    const { timeoutMs, scale, log } = this.#options;
    const signal = AbortSignal.any([this.#stopped, AbortSignal.timeout(timeoutMs)]);
    letter.attempts++;
    let status: number | undefined;
    let trouble = '';
    try {
      status = await deliver(this.subscription, letter.event, letter.attempts - 1, signal);
    } catch (error) {
      // Broken off by our own close: not the endpoint's fault, the journal keeps it.
      if (this.#stopped.aborted) return;
      trouble = causeOf(error);
    }
    const ageMs = Date.now() - Date.parse(letter.event.eventTime);
    const verdict = verdictOn({ status, attempts: letter.attempts, ageMs, scale });
    if (verdict.kind === 'delivered') {
      this.stats.delivered++;
      return this.#settle(letter);
    }
    this.stats.failedAttempts++;
    if (verdict.kind === 'deadLetter') return this.#bury(letter, verdict.reason, outcomeOf(status));
    log(
      `${this.name} answered ${status ?? trouble} to ${letter.event.subject}; again in ${Math.round(verdict.waitMs)} ms`,
    );
    void pause(verdict.waitMs, this.#stopped).then(() => this.#enqueue(letter));
  }

  async #bury(letter: Letter, deadLetterReason: string, lastDeliveryOutcome: string): Promise<void> {
    const { bury, log } = this.#options;
    const { event, attempts: deliveryAttempts } = letter;
    const [publishTime, lastDeliveryAttemptTime] = [new Date(event.eventTime), new Date()];
    const reasons = { deadLetterReason, deliveryAttempts, lastDeliveryOutcome, publishTime, lastDeliveryAttemptTime };
    while (!this.#stopped.aborted) {
      try {
        await bury({ subscription: this.subscription, event, ...reasons });
        this.stats.deadLettered++;
        log(`dead letter for ${this.name}: ${event.subject}, ${deadLetterReason} after ${deliveryAttempts} attempts`);
        return this.#settle(letter);
      } catch (error) {
        log(`cannot write the dead letter of ${event.subject} yet: ${causeOf(error)}`);
        await pause(BURY_AGAIN_MS, this.#stopped);
      }
    }
  }
}
