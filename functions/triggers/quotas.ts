import type { Clock } from '../pipeline/ports.ts';
import type { WriteKey } from '../config.ts';

// How much may come: token buckets of this instance, for each write key and for each network of senders.
// A limit across instances belongs to the gateway before it.

/** Seconds of the rate that a quiet sender may send at once. */
const BURST_SECONDS = 10;
/** Networks remembered at once. A bucket that is forgotten is full again, as ten quiet seconds make it anyway. */
const MAX_NETWORKS = 50_000;
/** A sender's network pays one event for each KiB at least: bodies that hold no events cost work too. */
const BYTES_AN_EVENT = 1024;
/** What adding fractions of events leaves behind. */
const ROUNDING = 1e-6;

interface Bucket {
  tokens: number;
  atMs: number;
}

/**
 * Buckets of one kind, in two generations: when the young are half of what may be, the old are forgotten, those not used since.
 * A single `Map` that drops its oldest key would walk over the places of the keys it dropped before.
 */
class Buckets {
  #young = new Map<string, Bucket>();
  #old = new Map<string, Bucket>();
  readonly #clock: Clock;
  readonly #most: number;

  constructor(clock: Clock, most = Infinity) {
    this.#clock = clock;
    this.#most = most;
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /** Ms until there is enough for `amount`; 0 when there is now. More than the whole bucket is enough when it is full. */
  waitMs(name: string, rate: number, amount: number): number {
    const missing = Math.min(amount, rate * BURST_SECONDS) - this.#filled(name, rate).tokens;
    return missing > ROUNDING ? (missing / rate) * 1000 : 0;
  }

  take(name: string, rate: number, amount: number): void {
    this.#filled(name, rate).tokens -= amount;
  }

  #filled(name: string, rate: number): Bucket {
    const now = this.#clock.now();
    const capacity = rate * BURST_SECONDS;
    const bucket = this.#find(name) ?? { tokens: capacity, atMs: now };
    // A clock that jumps back earns nothing.
    bucket.tokens = Math.min(capacity, bucket.tokens + (Math.max(0, now - bucket.atMs) / 1000) * rate);
    bucket.atMs = now;
    if (!this.#young.has(name)) this.#add(name, bucket);
    return bucket;
  }

  #find(name: string): Bucket | undefined {
    return this.#young.get(name) ?? this.#old.get(name);
  }

  #add(name: string, bucket: Bucket): void {
    if (this.#young.size >= this.#most / 2) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#old.delete(name);
    this.#young.set(name, bucket);
  }
}

export type Allowance = { ok: true } | { ok: false; code: 'quota' | 'address-quota'; retryAfterMs: number };

export interface Sender {
  readonly key: WriteKey;
  /** Cut to /24 or /48; absent: not known, or of no interest because the key is that of a server of ours. */
  readonly network?: string | undefined;
}

export interface Quota {
  /** Whether anything may come from this sender now. Takes nothing: it is asked before a body is looked at. */
  look(sender: Sender): Allowance;
  /** Takes `events` from the key's allowance and from the network's, or from neither. `bytes`: of the body, inflated. */
  take(sender: Sender, events: number, bytes: number): Allowance;
  /** Networks remembered. */
  readonly networks: number;
}

/** @param networkEventsPerSecond rate of each network; 0 sets no limit */
export function quotas(clock: Clock, networkEventsPerSecond: number): Quota {
  const ofKeys = new Buckets(clock);
  const ofNetworks = new Buckets(clock, MAX_NETWORKS);
  const rate = networkEventsPerSecond;
  const ask = ({ key, network }: Sender, events: number, cost: number): Allowance => {
    const keyMs = ofKeys.waitMs(key.key, key.eventsPerSecond, events);
    if (keyMs > 0) return { ok: false, code: 'quota', retryAfterMs: keyMs };
    const networkMs = network === undefined || rate === 0 ? 0 : ofNetworks.waitMs(network, rate, cost);
    return networkMs > 0 ? { ok: false, code: 'address-quota', retryAfterMs: networkMs } : { ok: true };
  };
  return {
    look: (sender) => ask(sender, 1, 1),
    take(sender, events, bytes) {
      const cost = Math.max(events, Math.ceil(bytes / BYTES_AN_EVENT));
      const allowance = ask(sender, events, cost);
      if (!allowance.ok) return allowance;
      ofKeys.take(sender.key.key, sender.key.eventsPerSecond, events);
      if (sender.network !== undefined && rate > 0) ofNetworks.take(sender.network, rate, cost);
      return allowance;
    },
    get networks() {
      return ofNetworks.size;
    },
  };
}
