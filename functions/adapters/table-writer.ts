import type { TableName } from '../../schema/tables.ts';
import type { RowText } from '../pipeline/row-text.ts';
import { CallMemory } from './call-memory.ts';
import { Linger } from './linger.ts';
import { callsOf, halves, joined, rowsIn, type Piece, type RowRefusal, type Waiter } from './row-pieces.ts';
import { SinkUnavailable, type Clock, type Counters, type Gauges } from '../pipeline/ports.ts';
import { unavailable, type KustoFailure } from './kusto-errors.ts';

// Group commit for one table: what arrives within a while leaves in one call, and everyone waits for its acknowledgement.

/** What a writer has to know of where its rows go. */
export interface Destination {
  /** As messages name it. */
  readonly name: string;
  /** Bytes of one call before it is packed. */
  readonly callBytes: number;
  /** The body of a call, from rows with a newline between them. */
  pack(rows: Uint8Array): Uint8Array;
  classify(error: unknown, nowMs: number): KustoFailure;
}

export interface WriterOptions {
  readonly clock: Clock;
  readonly counters: Counters & Gauges;
  /** Wait for company of a call that expects none, ms. */
  readonly lingerMs: number;
  /** Longest wait where company is to be expected, ms; absent: as long as the other. */
  readonly longestLingerMs?: number | undefined;
  /** Most calls under way at once. */
  readonly maxCalls: number;
  /** Longest time from arrival to verdict, ms. */
  readonly deadlineMs: number;
}

const BACKOFF_MS = 200;
/** Rows that wait for no more: what a call costs besides its bytes is little by then. */
const FULL_ROWS = 2500;
/** How long the breaker stays open after the first failure; doubled by each that follows. */
const OPEN_MS = 1000;
const OPEN_LONGEST_MS = 10_000;
/** So many refusals in a row without one success speak of the destination, not of the rows. */
const ALL_REFUSED = 8;
/** Rows that may wait at once: beyond that senders are told to come again, instead of filling the memory. */
const MAX_PENDING = 50_000;
/** Setting a timer anew for less is not worth it, ms. */
const MUCH_EARLIER_MS = 10;
const OVERLOAD_RETRY_MS = 2000;

const overloaded = (): SinkUnavailable =>
  new SinkUnavailable('more is coming in than the store takes', OVERLOAD_RETRY_MS);

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export class TableWriter {
  readonly #table: TableName;
  readonly #send: (body: Uint8Array) => Promise<void>;
  readonly #destination: Destination;
  readonly #options: WriterOptions;
  readonly #linger: Linger;
  readonly #memory: CallMemory;
  #pending: Piece[] = [];
  #rows = 0;
  #timer: NodeJS.Timeout | undefined;
  /** When the timer rings, ms of the clock that never jumps. */
  #dueMs = 0;
  #calls = 0;
  /** Until then Kusto has asked to be left alone, or fails every call. */
  #closedUntilMs = 0;
  #closedBy: KustoFailure | undefined;
  /** Failures since the last success, and whether a call is under way that tries again. */
  #strikes = 0;
  #isProbing = false;
  /** Kusto's Retry-After: no call of this table leaves earlier. */
  #notBeforeMs = 0;

  constructor(
    table: TableName,
    send: (body: Uint8Array) => Promise<void>,
    options: WriterOptions,
    destination: Destination,
  ) {
    this.#table = table;
    this.#send = send;
    this.#options = options;
    this.#destination = destination;
    const { lingerMs, longestLingerMs: longestMs = lingerMs } = options;
    this.#linger = new Linger({ lingerMs, longestMs });
    this.#memory = new CallMemory(options.maxCalls);
  }

  /** Resolves with the refused rows when all others are acknowledged. */
  write(text: RowText): Promise<RowRefusal[]> {
    const rows = text.ends.length;
    if (rows === 0) return Promise.resolve([]);
    const now = this.#options.clock.now();
    const closed = this.#closed(now);
    if (closed) return Promise.reject(closed);
    if (this.#rows + rows > MAX_PENDING) return Promise.reject(overloaded());
    return new Promise((resolve, reject) => {
      const waiter: Waiter = { text, arrivedMs: now, refusals: [], open: rows, resolve, reject };
      this.#pending.push({ waiter, from: 0, to: rows });
      this.#rows += rows;
      this.#options.counters.set('rows_pending', this.#rows, this.#table);
      this.#linger.arrive(performance.now());
      this.#schedule();
    });
  }

  #wait(pieces: Piece[]): void {
    this.#pending = pieces;
    this.#rows = rowsIn(pieces);
    this.#options.counters.set('rows_pending', this.#rows, this.#table);
  }

  #closed(now: number): SinkUnavailable | undefined {
    if (!this.#closedBy || (now >= this.#closedUntilMs && !this.#isProbing)) return undefined;
    return new SinkUnavailable(this.#unavailable(this.#closedBy).message, Math.max(OPEN_MS, this.#closedUntilMs - now));
  }

  #unavailable(failure: KustoFailure): SinkUnavailable {
    return unavailable(failure, this.#destination.name);
  }

  #schedule(): void {
    if (this.#calls >= this.#options.maxCalls) return;
    if (this.#rows >= FULL_ROWS) this.#flush();
    else this.#wakeBy(this.#waitMs());
  }

  /** From a clock that never jumps. */
  #waitMs(): number {
    return this.#linger.waitMs(performance.now(), this.#calls > 0);
  }

  /** A burst shortens the wait that its first arrival began with; a timer that rings too early is left, it costs less than a new one. */
  #wakeBy(waitMs: number): void {
    const dueMs = performance.now() + waitMs;
    if (this.#timer && dueMs > this.#dueMs - MUCH_EARLIER_MS) return;
    clearTimeout(this.#timer);
    this.#dueMs = dueMs;
    this.#timer = setTimeout(() => this.#look(), waitMs);
  }

  /** Others may have come meanwhile, and more be expected. */
  #look(): void {
    this.#timer = undefined;
    const waitMs = this.#waitMs();
    if (waitMs > 0) this.#wakeBy(waitMs);
    else this.#flush();
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#linger.leave(performance.now());
    if (this.#pending.length === 0 || this.#calls >= this.#options.maxCalls) return;
    const closed = this.#closed(this.#options.clock.now());
    if (closed) {
      for (const { waiter } of this.#pending) waiter.reject(closed);
      this.#wait([]);
      return;
    }
    this.#dropLate();
    const calls = callsOf(this.#pending, this.#destination.callBytes);
    // After a failure one call tries whether Kusto is back; the others do not wait for it.
    const isTrial = this.#closedBy !== undefined;
    const now = calls.splice(0, isTrial ? 1 : this.#options.maxCalls - this.#calls);
    this.#wait(calls.flat());
    this.#isProbing = isTrial && now.length > 0;
    for (const call of now) {
      this.#calls++;
      void this.#commit(call).finally(() => {
        this.#calls--;
        this.#isProbing = false;
        clearTimeout(this.#timer);
        this.#timer = undefined;
        if (this.#pending.length > 0) this.#schedule();
      });
    }
  }

  /** What has waited longer than its deadline is not sent any more: its sender has been promised an answer by now. */
  #dropLate(): void {
    const oldestMs = this.#options.clock.now() - this.#options.deadlineMs - this.#linger.longestMs;
    if ((this.#pending[0]?.waiter.arrivedMs ?? Infinity) >= oldestMs) return;
    const late = new Set(this.#pending.map(({ waiter }) => waiter).filter(({ arrivedMs }) => arrivedMs < oldestMs));
    for (const waiter of late) waiter.reject(overloaded());
    this.#wait(this.#pending.filter(({ waiter }) => !late.has(waiter)));
  }

  /** Settles every row of a call, one way or the other. */
  async #commit(pieces: readonly Piece[]): Promise<void> {
    const streak = { refused: 0, stored: 0 };
    const failure = await this.#deliver(pieces, streak, pieces[0]?.waiter.arrivedMs ?? 0);
    if (!failure) return;
    const error = this.#unavailable(failure);
    for (const waiter of new Set(pieces.map(({ waiter }) => waiter))) waiter.reject(error);
  }

  /** Sends rows; halves the call on a permanent refusal until the rows at fault stand alone. */
  async #deliver(
    pieces: readonly Piece[],
    streak: { refused: number; stored: number },
    arrivedMs: number,
  ): Promise<KustoFailure | undefined> {
    const rows = rowsIn(pieces);
    const failure = await this.#attempt(pieces, arrivedMs);
    if (!failure) {
      streak.stored += rows;
      for (const { waiter, from, to } of pieces) this.#settle(waiter, to - from);
      return undefined;
    }
    if (failure.kind !== 'permanent' && failure.kind !== 'too-large') return failure;
    const [only] = pieces;
    if (rows === 1 && only) {
      if (++streak.refused >= ALL_REFUSED && streak.stored === 0)
        return { kind: 'configuration', detail: failure.detail };
      only.waiter.refusals.push({ index: only.from, detail: failure.detail });
      this.#settle(only.waiter, 1);
      return undefined;
    }
    const [first, second] = halves(pieces);
    return (await this.#deliver(first, streak, arrivedMs)) ?? (await this.#deliver(second, streak, arrivedMs));
  }

  #settle(waiter: Waiter, rows: number): void {
    waiter.open -= rows;
    if (waiter.open === 0) waiter.resolve(waiter.refusals);
  }

  /** One delivery with retries inside the deadline. */
  async #attempt(pieces: readonly Piece[], arrivedMs: number): Promise<KustoFailure | undefined> {
    const { clock, counters, deadlineMs } = this.#options;
    const { bytes, memory } = joined(pieces, this.#memory);
    const body = this.#destination.pack(bytes);
    for (let attempt = 0; ; attempt++) {
      const pause = this.#notBeforeMs - clock.now();
      // Nobody is made to wait for the end of a long Retry-After: these rows go to the spill, or their sender comes again.
      if (pause > 0 && clock.now() + pause > arrivedMs + deadlineMs)
        return { kind: 'throttled', detail: 'no call before the end of Retry-After', retryAfterMs: pause };
      if (pause > 0) await sleep(pause);
      try {
        await this.#send(body);
        // Nobody reads any more what was acknowledged at once: an attempt that was given up may still be on its way.
        if (memory && attempt === 0) this.#memory.giveBack(memory);
        counters.add('sink_calls_total', 1, 'stored');
        counters.add('sink_rows_total', rowsIn(pieces), this.#table);
        this.#closedBy = undefined;
        this.#strikes = 0;
        counters.set('breaker_open', 0, this.#table);
        return undefined;
      } catch (error) {
        const now = clock.now();
        const failure = this.#destination.classify(error, now);
        counters.add('sink_calls_total', 1, failure.kind);
        if (failure.kind === 'permanent' || failure.kind === 'too-large') return failure;
        const asked = 'retryAfterMs' in failure ? failure.retryAfterMs : undefined;
        if (asked !== undefined) this.#notBeforeMs = Math.max(this.#notBeforeMs, now + asked);
        const wait = asked ?? BACKOFF_MS * 2 ** attempt * (0.5 + Math.random() / 2);
        if (failure.kind === 'configuration' || this.#isProbing || now + wait > arrivedMs + deadlineMs) {
          this.#closedBy = failure;
          counters.set('breaker_open', 1, this.#table);
          this.#closedUntilMs = now + (asked ?? Math.min(OPEN_MS * 2 ** this.#strikes++, OPEN_LONGEST_MS));
          return failure;
        }
        await sleep(wait);
      }
    }
  }
}
