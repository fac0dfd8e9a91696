import type { WireBeat } from '../../schema/probe-wire.ts';
import type { Load, Sample } from './signals.ts';

const FIRST_EDGE_MS = 50;
const BUCKETS = 8;

/** What a beat tells beside the states: segments, time to first byte, throughput, least buffer, live latency. */
export class Interval {
  #by = 0;
  #count = { n: 0, err: 0, slow: 0 };
  #ttfb: number[] = [];
  #kbps: number[] = [];
  #latency: number[] = [];
  #least = Infinity;

  load({ by = 0, ms = 0, mediaMs = 0, failed }: Load): void {
    this.#count.n++;
    this.#by += by;
    if (failed) this.#count.err++;
    else if (mediaMs && ms > mediaMs) this.#count.slow++;
    if (by && ms > 0) this.#kbps.push((by * 8) / ms);
  }

  /** Time to first byte of one segment, in ms, into the histogram whose edges double from 50 ms. */
  ttfb(ms: number): void {
    if (!this.#ttfb.length) this.#ttfb = Array<number>(BUCKETS).fill(0);
    const bucket = Math.min(BUCKETS - 1, Math.max(0, Math.ceil(Math.log2(ms / FIRST_EDGE_MS))));
    this.#ttfb[bucket]! += 1;
  }

  look({ bl, ltc }: Sample): void {
    this.#least = Math.min(this.#least, bl);
    if (ltc) this.#latency.push(ltc);
  }

  /** The interval's figures; the next interval begins. */
  take(target: number | undefined): Partial<WireBeat> {
    const taken: Partial<WireBeat> = {};
    if (this.#count.n) Object.assign(taken, { by: this.#by, sg: this.#count });
    if (this.#ttfb.length) taken.ttfb = this.#ttfb;
    const median = this.#kbps.sort((a, b) => a - b)[this.#kbps.length >> 1];
    if (median) taken.thr = Math.round(median);
    if (this.#least < Infinity) taken.blMin = this.#least;
    const all = this.#latency;
    if (all.length) {
      const mean = Math.round(all.reduce((sum, ms) => sum + ms, 0) / all.length);
      taken.ltc = { mean, max: Math.max(...all), ...(target && { target }) };
    }
    this.#by = 0;
    this.#count = { n: 0, err: 0, slow: 0 };
    this.#ttfb = [];
    this.#kbps = [];
    this.#latency = [];
    this.#least = Infinity;
    return taken;
  }
}
