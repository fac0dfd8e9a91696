// How long a call waits for company, from what came lately.
//
// A call of five rows costs as much as one of five hundred rows does besides its bytes. So where senders come and go on their own, rows
// gather, and the more time may pass the fewer calls leave. But a sender that waits for its answer before it sends again is all there
// is for its call, and waiting for others would only slow it down: silence ends the wait, and where few came the next calls do not wait.

export interface LingerOptions {
  /** Wait of a call that expects no company, ms. */
  readonly lingerMs: number;
  /** Longest wait of any call, ms. */
  readonly longestMs: number;
}

/** Weight of the latest pause between arrivals in their mean. */
const WEIGHT = 0.25;
/** Company is worth waiting for when so many are to be expected. */
const EXPECTED = 4;
/** Nobody comes any more when it is silent for so many mean pauses: one in 400 pauses of independent senders is longer. */
const SILENT = 6;
/** A call with fewer arrivals whose wait ended in silence has waited in vain; one that waited to the end, with fewer than expected. */
const FEW = 8;
/** Calls that do not wait after one that waited in vain; doubled each time. */
const MOST_SKIPPED = 64;

/** Decides for one table when its gathered rows leave. Times are epoch ms of the caller's clock. */
export class Linger {
  /** Longest wait of any call, ms. */
  readonly longestMs: number;
  readonly #lingerMs: number;
  /** Mean pause between arrivals, ms. */
  #pauseMs = Infinity;
  #lastMs = -Infinity;
  #firstMs = 0;
  #arrivals = 0;
  #skip = 0;
  #skipped = 0;
  /** Whether senders still came when the last call had waited to the end: they do not wait for us, and looks for silence are in vain. */
  #isSteady = false;

  constructor({ lingerMs, longestMs }: LingerOptions) {
    this.#lingerMs = lingerMs;
    this.longestMs = Math.max(lingerMs, longestMs);
  }

  /** One sender's rows have come. */
  arrive(nowMs: number): void {
    const pauseMs = Math.min(Math.max(0, nowMs - this.#lastMs), 1000);
    this.#pauseMs = Number.isFinite(this.#pauseMs) ? this.#pauseMs + (pauseMs - this.#pauseMs) * WEIGHT : pauseMs;
    this.#lastMs = nowMs;
    if (this.#arrivals++ === 0) this.#firstMs = nowMs;
  }

  /** Ms until the gathered rows leave, unless more come by then; 0: now. */
  waitMs(nowMs: number, isBusy: boolean): number {
    const endMs = this.#firstMs + this.longestMs;
    // What is under way ends soon, and what gathers until then goes in one call.
    if (isBusy) return Math.max(0, endMs - nowMs);
    if (!this.#isWorthIt()) return Math.max(0, this.#firstMs + this.#lingerMs - nowMs);
    return Math.max(0, (this.#isSteady ? endMs : Math.min(endMs, this.#silentMs)) - nowMs);
  }

  /** When nobody is to be expected any more, unless someone comes. */
  get #silentMs(): number {
    return this.#lastMs + Math.max(this.#lingerMs, this.#pauseMs * SILENT);
  }

  /** The gathered rows leave. */
  leave(nowMs: number): void {
    if (this.#skip > 0) this.#skip--;
    else if (this.#isWorthIt()) {
      const isSilence = nowMs < this.#firstMs + this.longestMs;
      this.#isSteady = !isSilence && nowMs < this.#silentMs;
      const inVain = this.#arrivals < (isSilence ? FEW : EXPECTED);
      this.#skipped = inVain ? Math.min(MOST_SKIPPED, this.#skipped * 2 || 1) : 0;
      this.#skip = this.#skipped;
    }
    this.#arrivals = 0;
  }

  #isWorthIt(): boolean {
    return this.#skip === 0 && this.#pauseMs * EXPECTED <= this.longestMs;
  }
}
