import { gzipSync } from 'node:zlib';
import type { TableName } from '../../schema/tables.ts';
import { SinkUnavailable, type Clock, type Counters, type Gauges } from '../pipeline/ports.ts';
import { classify, unavailable, type KustoFailure } from './kusto-errors.ts';

// Group commit for one table: what arrives within a few milliseconds leaves in one call, and everyone waits for its acknowledgement.

export interface WriterOptions {
  readonly clock: Clock;
  readonly counters: Counters & Gauges;
  /** Longest wait for company, ms. */
  readonly lingerMs: number;
  /** Most calls under way at once. */
  readonly maxCalls: number;
  /** Longest time from arrival to verdict, ms. */
  readonly deadlineMs: number;
}

export interface RowRefusal {
  readonly index: number;
  readonly detail: string;
}

/** Uncompressed bytes of one call. Kusto takes 4 MB; the rest is headroom for its own overhead. */
const CALL_BYTES = 3_500_000;
const CALL_ROWS = 5000;
const BACKOFF_MS = 200;
/** How long the breaker stays open after the first failure; doubled by each that follows. */
const OPEN_MS = 1000;
const OPEN_LONGEST_MS = 10_000;
/** So many refusals in a row without one success speak of the destination, not of the rows. */
const ALL_REFUSED = 8;
/** Rows that may wait at once: beyond that senders are told to come again, instead of filling the memory. */
const MAX_PENDING = 50_000;
const OVERLOAD_RETRY_MS = 2000;

const overloaded = (): SinkUnavailable => new SinkUnavailable('more is coming in than Kusto takes', OVERLOAD_RETRY_MS);

interface Waiter {
  readonly lines: readonly string[];
  readonly arrivedMs: number;
  readonly refusals: RowRefusal[];
  open: number;
  resolve(refusals: RowRefusal[]): void;
  reject(error: Error): void;
}

interface Line {
  readonly waiter: Waiter;
  readonly index: number;
  readonly text: string;
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Splits lines into calls of at most {@link CALL_BYTES}, counted in UTF-16 units times the worst growth only when near the limit. */
function callsOf(lines: readonly Line[]): Line[][] {
  const calls: Line[][] = [];
  let call: Line[] = [];
  let size = 0;
  for (const line of lines) {
    const length = Buffer.byteLength(line.text) + 1;
    if (call.length > 0 && (size + length > CALL_BYTES || call.length >= CALL_ROWS)) {
      calls.push(call);
      call = [];
      size = 0;
    }
    call.push(line);
    size += length;
  }
  if (call.length > 0) calls.push(call);
  return calls;
}

export class TableWriter {
  readonly #table: TableName;
  readonly #send: (gzipped: Uint8Array) => Promise<void>;
  readonly #options: WriterOptions;
  #pending: Line[] = [];
  #timer: NodeJS.Timeout | undefined;
  #calls = 0;
  /** Until then Kusto has asked to be left alone, or fails every call. */
  #closedUntilMs = 0;
  #closedBy: KustoFailure | undefined;
  /** Failures since the last success, and whether a call is under way that tries again. */
  #strikes = 0;
  #isProbing = false;
  /** Kusto's Retry-After: no call of this table leaves earlier. */
  #notBeforeMs = 0;

  constructor(table: TableName, send: (gzipped: Uint8Array) => Promise<void>, options: WriterOptions) {
    this.#table = table;
    this.#send = send;
    this.#options = options;
  }

  /** Resolves with the refused lines when all others are acknowledged. */
  write(lines: readonly string[]): Promise<RowRefusal[]> {
    if (lines.length === 0) return Promise.resolve([]);
    const now = this.#options.clock.now();
    const closed = this.#closed(now);
    if (closed) return Promise.reject(closed);
    if (this.#pending.length + lines.length > MAX_PENDING) return Promise.reject(overloaded());
    return new Promise((resolve, reject) => {
      const waiter: Waiter = { lines, arrivedMs: now, refusals: [], open: lines.length, resolve, reject };
      lines.forEach((text, index) => this.#pending.push({ waiter, index, text }));
      this.#options.counters.set('rows_pending', this.#pending.length, this.#table);
      this.#schedule();
    });
  }

  #closed(now: number): SinkUnavailable | undefined {
    if (!this.#closedBy || (now >= this.#closedUntilMs && !this.#isProbing)) return undefined;
    return new SinkUnavailable(unavailable(this.#closedBy).message, Math.max(OPEN_MS, this.#closedUntilMs - now));
  }

  #schedule(): void {
    if (this.#calls >= this.#options.maxCalls) return;
    if (this.#pending.length >= CALL_ROWS) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), this.#options.lingerMs);
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#pending.length === 0 || this.#calls >= this.#options.maxCalls) return;
    const closed = this.#closed(this.#options.clock.now());
    if (closed) {
      for (const { waiter } of this.#pending.splice(0)) waiter.reject(closed);
      return;
    }
    this.#dropLate();
    const calls = callsOf(this.#pending);
    // After a failure one call tries whether Kusto is back; the others do not wait for it.
    const isTrial = this.#closedBy !== undefined;
    const now = calls.splice(0, isTrial ? 1 : this.#options.maxCalls - this.#calls);
    this.#pending = calls.flat();
    this.#options.counters.set('rows_pending', this.#pending.length, this.#table);
    this.#isProbing = isTrial && now.length > 0;
    for (const call of now) {
      this.#calls++;
      void this.#commit(call).finally(() => {
        this.#calls--;
        this.#isProbing = false;
        if (this.#pending.length > 0) this.#schedule();
      });
    }
  }

  /** What has waited longer than its deadline is not sent any more: its sender has been promised an answer by now. */
  #dropLate(): void {
    const oldestMs = this.#options.clock.now() - this.#options.deadlineMs - this.#options.lingerMs;
    if ((this.#pending[0]?.waiter.arrivedMs ?? Infinity) >= oldestMs) return;
    const late = new Set(this.#pending.map((line) => line.waiter).filter((waiter) => waiter.arrivedMs < oldestMs));
    for (const waiter of late) waiter.reject(overloaded());
    this.#pending = this.#pending.filter((line) => !late.has(line.waiter));
  }

  /** Settles every line of a call, one way or the other. */
  async #commit(lines: readonly Line[]): Promise<void> {
    const streak = { refused: 0, stored: 0 };
    const failure = await this.#deliver(lines, streak, lines[0]?.waiter.arrivedMs ?? 0);
    if (!failure) return;
    const error = unavailable(failure);
    for (const waiter of new Set(lines.map((line) => line.waiter))) waiter.reject(error);
  }

  /** Sends lines; halves the call on a permanent refusal until the rows at fault stand alone. */
  async #deliver(
    lines: readonly Line[],
    streak: { refused: number; stored: number },
    arrivedMs: number,
  ): Promise<KustoFailure | undefined> {
    const failure = await this.#attempt(lines, arrivedMs);
    if (!failure) {
      streak.stored += lines.length;
      for (const { waiter } of lines) this.#settle(waiter);
      return undefined;
    }
    if (failure.kind !== 'permanent' && failure.kind !== 'too-large') return failure;
    const [only] = lines;
    if (lines.length === 1 && only) {
      if (++streak.refused >= ALL_REFUSED && streak.stored === 0)
        return { kind: 'configuration', detail: failure.detail };
      only.waiter.refusals.push({ index: only.index, detail: failure.detail });
      this.#settle(only.waiter);
      return undefined;
    }
    const middle = lines.length >> 1;
    const first = await this.#deliver(lines.slice(0, middle), streak, arrivedMs);
    return first ?? (await this.#deliver(lines.slice(middle), streak, arrivedMs));
  }

  #settle(waiter: Waiter): void {
    if (--waiter.open === 0) waiter.resolve(waiter.refusals);
  }

  /** One delivery with retries inside the deadline. */
  async #attempt(lines: readonly Line[], arrivedMs: number): Promise<KustoFailure | undefined> {
    const { clock, counters, deadlineMs } = this.#options;
    const gzipped = gzipSync(lines.map((line) => line.text).join('\n'), { level: 1 });
    for (let attempt = 0; ; attempt++) {
      const pause = this.#notBeforeMs - clock.now();
      if (pause > 0) await sleep(pause);
      try {
        await this.#send(gzipped);
        counters.add('sink_calls_total', 1, 'stored');
        counters.add('sink_rows_total', lines.length, this.#table);
        this.#closedBy = undefined;
        this.#strikes = 0;
        counters.set('breaker_open', 0, this.#table);
        return undefined;
      } catch (error) {
        const now = clock.now();
        const failure = classify(error, now);
        counters.add('sink_calls_total', 1, failure.kind);
        if (failure.kind === 'permanent' || failure.kind === 'too-large') return failure;
        const asked = 'retryAfterMs' in failure ? failure.retryAfterMs : undefined;
        if (asked !== undefined) this.#notBeforeMs = Math.max(this.#notBeforeMs, now + asked);
        const wait = asked ?? BACKOFF_MS * 2 ** attempt * (0.5 + Math.random() / 2);
        if (failure.kind === 'configuration' || this.#isProbing || now + wait > arrivedMs + deadlineMs) {
          this.#closedBy = failure;
          counters.set('breaker_open', 1, this.#table);
          this.#closedUntilMs = now + Math.min(asked ?? OPEN_MS * 2 ** this.#strikes++, OPEN_LONGEST_MS);
          return failure;
        }
        await sleep(wait);
      }
    }
  }
}
