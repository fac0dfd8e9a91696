import { setTimeout as sleep } from 'node:timers/promises';

const SLICE_MS = 50;

/** One visitor's line: bytes pass one after the other at `kbps`, or freely when that is null. The rate may change at any time. */
export class TokenBucket {
  kbps: number | null = null;
  latencyMs = 0;
  #turn: Promise<void> = Promise.resolve();

  /** Resolves when the bytes may pass. */
  take(bytes: number): Promise<void> {
    this.#turn = this.#turn.then(() => this.#wait(bytes * 8));
    return this.#turn;
  }

  async #wait(bits: number): Promise<void> {
    // In slices, so that a new rate takes effect within one of them.
    for (let rest = bits; rest > 0 && this.kbps !== null;) {
      const ms = Math.min(SLICE_MS, rest / this.kbps);
      const kbps = this.kbps;
      await sleep(ms);
      rest -= ms * kbps;
    }
  }
}

const MAX_VISITORS = 200;

/** A bucket for each visitor; the one that came first is forgotten when there are too many. */
export function createBuckets(): (visitor: string) => TokenBucket {
  const buckets = new Map<string, TokenBucket>();
  return (visitor) => {
    const known = buckets.get(visitor);
    if (known) return known;
    const [oldest] = buckets.keys();
    if (buckets.size >= MAX_VISITORS && oldest !== undefined) buckets.delete(oldest);
    const bucket = new TokenBucket();
    buckets.set(visitor, bucket);
    return bucket;
  };
}
