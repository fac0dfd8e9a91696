import type { Clock } from '../pipeline/ports.ts';

// Who may send, from where and how much. A browser's key is public: it names a tenant with a quota, it is not a secret.

export interface SenderKey {
  readonly key: string;
  readonly tenant: string;
  readonly origins: readonly string[];
  readonly isTrusted: boolean;
  readonly eventsPerSecond: number;
}

export type Admission = { ok: true; key: SenderKey } | { ok: false; status: 401 | 403; code: string; message: string };

export interface KeyRing {
  admit(key: string | null, origin: string | null): Admission;
  /** Whether any key allows this origin: all that can be known at a preflight, which carries no key. */
  allowsOrigin(origin: string): boolean;
}

export function keyRing(keys: readonly SenderKey[]): KeyRing {
  const byKey = new Map(keys.map((key) => [key.key, key]));
  const origins = new Set(keys.flatMap((key) => key.origins));
  return {
    admit(text, origin) {
      if (text === null || text === '')
        return {
          ok: false,
          status: 401,
          code: 'no-key',
          message: 'A write key is required: header x-framewatch-key, or ?k=.',
        };
      const key = byKey.get(text);
      if (!key) return { ok: false, status: 403, code: 'unknown-key', message: 'This write key is not known.' };
      const isAllowed = key.isTrusted
        ? origin === null || key.origins.includes(origin)
        : origin !== null && key.origins.includes(origin);
      if (!isAllowed)
        return {
          ok: false,
          status: 403,
          code: 'origin-not-allowed',
          message: 'This write key may not be used from this origin.',
        };
      return { ok: true, key };
    },
    allowsOrigin: (origin) => origins.has(origin),
  };
}

/** Seconds of the rate that a quiet key may send at once. */
const BURST_SECONDS = 10;

export interface Quota {
  /** Takes `events` from the key's allowance; otherwise says after how many ms there will be enough. */
  take(key: SenderKey, events: number): { ok: true } | { ok: false; retryAfterMs: number };
}

/** Token buckets of this instance. A limit across instances belongs to the gateway before it. */
export function quotas(clock: Clock): Quota {
  const buckets = new Map<string, { tokens: number; atMs: number }>();
  return {
    take({ key, eventsPerSecond }, events) {
      const capacity = eventsPerSecond * BURST_SECONDS;
      const now = clock.now();
      const bucket = buckets.get(key) ?? { tokens: capacity, atMs: now };
      const tokens = Math.min(capacity, bucket.tokens + (Math.max(0, now - bucket.atMs) / 1000) * eventsPerSecond);
      // A batch larger than the whole bucket passes when the bucket is full: otherwise it never would.
      const isEnough = tokens >= Math.min(events, capacity);
      buckets.set(key, { tokens: isEnough ? tokens - events : tokens, atMs: now });
      return isEnough
        ? { ok: true }
        : { ok: false, retryAfterMs: ((Math.min(events, capacity) - tokens) / eventsPerSecond) * 1000 };
    },
  };
}
