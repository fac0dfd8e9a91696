import { gzipSync } from 'node:zlib';
import type { TableName } from '../../schema/tables.ts';
import type { RowText } from '../pipeline/row-text.ts';
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
  readonly text: RowText;
  readonly arrivedMs: number;
  readonly refusals: RowRefusal[];
  open: number;
  resolve(refusals: RowRefusal[]): void;
  reject(error: Error): void;
}

/** Rows `from` up to but without `to` of what one waiter gave. */
interface Piece {
  readonly waiter: Waiter;
  readonly from: number;
  readonly to: number;
}

const startOf = ({ text }: Waiter, row: number): number => (row === 0 ? 0 : (text.ends[row - 1] ?? 0));
const bytesOf = ({ waiter, from, to }: Piece): Uint8Array =>
  waiter.text.bytes.subarray(startOf(waiter, from), startOf(waiter, to));
const rowsIn = (pieces: readonly Piece[]): number => pieces.reduce((sum, { from, to }) => sum + to - from, 0);

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** How many rows of a piece fit a call that holds `rows` rows and `size` bytes; a row too large for any call goes alone. */
function fitting({ waiter, from, to }: Piece, rows: number, size: number): number {
  const start = startOf(waiter, from);
  const most = Math.min(to, from + CALL_ROWS - rows);
  const isFitting = (end: number): boolean => size + startOf(waiter, end) - start <= CALL_BYTES;
  if (most > from && isFitting(most)) return most - from;
  let end = from;
  while (end < most && isFitting(end + 1)) end++;
  return end === from && rows === 0 ? 1 : end - from;
}

/** Splits rows into calls of at most {@link CALL_BYTES} and {@link CALL_ROWS}. */
function callsOf(pieces: readonly Piece[]): Piece[][] {
  const calls: Piece[][] = [];
  let call: Piece[] = [];
  let rows = 0;
  let size = 0;
  for (const piece of pieces) {
    let rest = piece;
    while (rest.from < rest.to) {
      const count = fitting(rest, rows, size);
      if (count > 0) {
        const part = { ...rest, to: rest.from + count };
        call.push(part);
        rows += count;
        size += bytesOf(part).length;
        rest = { ...rest, from: part.to };
      }
      if (rest.from < rest.to) {
        calls.push(call);
        call = [];
        rows = 0;
        size = 0;
      }
    }
  }
  if (call.length > 0) calls.push(call);
  return calls;
}

/** The pieces of a call in two halves, by rows. */
function halves(pieces: readonly Piece[]): [first: Piece[], second: Piece[]] {
  let left = rowsIn(pieces) >> 1;
  const first: Piece[] = [];
  const second: Piece[] = [];
  for (const piece of pieces) {
    const middle = Math.min(piece.to, piece.from + left);
    left -= middle - piece.from;
    if (middle > piece.from) first.push({ ...piece, to: middle });
    if (middle < piece.to) second.push({ ...piece, from: middle });
  }
  return [first, second];
}

/** The body of a call: rows with a newline between them, gzipped once. */
function gzipped(pieces: readonly Piece[]): Uint8Array {
  const text = Buffer.concat(pieces.map(bytesOf));
  return gzipSync(text.subarray(0, -1), { level: 1 });
}

export class TableWriter {
  readonly #table: TableName;
  readonly #send: (gzipped: Uint8Array) => Promise<void>;
  readonly #options: WriterOptions;
  #pending: Piece[] = [];
  #rows = 0;
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
    return new SinkUnavailable(unavailable(this.#closedBy).message, Math.max(OPEN_MS, this.#closedUntilMs - now));
  }

  #schedule(): void {
    if (this.#calls >= this.#options.maxCalls) return;
    if (this.#rows >= CALL_ROWS) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), this.#options.lingerMs);
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#pending.length === 0 || this.#calls >= this.#options.maxCalls) return;
    const closed = this.#closed(this.#options.clock.now());
    if (closed) {
      for (const { waiter } of this.#pending) waiter.reject(closed);
      this.#wait([]);
      return;
    }
    this.#dropLate();
    const calls = callsOf(this.#pending);
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
        if (this.#pending.length > 0) this.#schedule();
      });
    }
  }

  /** What has waited longer than its deadline is not sent any more: its sender has been promised an answer by now. */
  #dropLate(): void {
    const oldestMs = this.#options.clock.now() - this.#options.deadlineMs - this.#options.lingerMs;
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
    const error = unavailable(failure);
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
    const body = gzipped(pieces);
    for (let attempt = 0; ; attempt++) {
      const pause = this.#notBeforeMs - clock.now();
      // Nobody is made to wait for the end of a long Retry-After: these rows go to the spill, or their sender comes again.
      if (pause > 0 && clock.now() + pause > arrivedMs + deadlineMs)
        return { kind: 'throttled', detail: 'no call before the end of Retry-After', retryAfterMs: pause };
      if (pause > 0) await sleep(pause);
      try {
        await this.#send(body);
        counters.add('sink_calls_total', 1, 'stored');
        counters.add('sink_rows_total', rowsIn(pieces), this.#table);
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
          this.#closedUntilMs = now + (asked ?? Math.min(OPEN_MS * 2 ** this.#strikes++, OPEN_LONGEST_MS));
          return failure;
        }
        await sleep(wait);
      }
    }
  }
}
