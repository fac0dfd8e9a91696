import { createHmac, hash } from 'node:crypto';
import type { Counters, Digests } from '../pipeline/ports.ts';

const DAY_MS = 86_400_000;
const PSEUDONYM_LENGTH = 32;

/** The salts of days, as far as they are at hand. */
export interface Salts {
  /** Of a day since the epoch; undefined when it is not at hand. */
  of(day: number): Buffer | undefined;
  /** Resolves when the salt of that moment is at hand, or cannot be had for now. Never rejects. */
  prepare(atMs: number): Promise<void>;
}

/** A salt that follows from the secret: whoever has the secret can make it again, for ever. */
export const derivedSalt = (day: number): string => `framewatch-salt-${day}`;

/** The key of a day's pseudonyms, laid out for its two digests. */
export interface DayKey {
  /** The key's block, and room for the text behind it. */
  readonly inner: Buffer;
  /** The key's block, and room for the inner digest. */
  readonly outer: Buffer;
}

const BLOCK_BYTES = 64;
const DIGEST_BYTES = 32;
/** Texts that surely fit, in UTF-16 units: UTF-8 takes at most three bytes for one. */
const USUAL_LENGTH = 512;
const WIDEST = 3;

/** What keys the pseudonyms of a day. Neither the secret nor the salt alone suffices. */
export function dayKey(secret: string, salt: string | Buffer): DayKey {
  const key = createHmac('sha256', secret).update(salt).digest();
  const block = (turn: number, room: number): Buffer => {
    const bytes = Buffer.alloc(BLOCK_BYTES + room, turn);
    for (const [at, byte] of key.entries()) bytes[at] = byte ^ turn;
    return bytes;
  };
  return { inner: block(0x36, USUAL_LENGTH * WIDEST), outer: block(0x5c, DIGEST_BYTES) };
}

/**
 * HMAC-SHA-256 under one key, by its definition: the digest of the key's block, turned one way, and the digest of that and of the
 * block turned another way ({@link https://www.rfc-editor.org/rfc/rfc2104#section-2}). The two digests cost a third of what
 * `createHmac` takes for the objects that it makes, and a file of many viewers has little else to compute.
 */
function keyedDigest({ inner, outer }: DayKey, text: string): string {
  const isUsual = text.length <= USUAL_LENGTH;
  const message = isUsual
    ? inner.subarray(0, BLOCK_BYTES + inner.write(text, BLOCK_BYTES))
    : Buffer.concat([inner.subarray(0, BLOCK_BYTES), Buffer.from(text)]);
  outer.write(hash('sha256', message, 'binary'), BLOCK_BYTES, 'latin1');
  return hash('sha256', outer, 'hex');
}

/** Pseudonym of a viewer under the key of a day: 128 bits, hex. */
export const pseudonymOf = (key: DayKey, tenant: string, viewerId: string): string =>
  keyedDigest(key, `${tenant}\0${viewerId}`).slice(0, PSEUDONYM_LENGTH);

const sha256 = (text: string): string => hash('sha256', text, 'hex');

/**
 * Digests keyed by a secret and a salt of the day, so that the same viewer has unrelated pseudonyms on two days.
 * Without `stored` the salt follows from the secret; with it, a day whose salt is not at hand gives no pseudonyms.
 */
export function digestsOf(secret: string, stored?: { readonly salts: Salts; readonly counters: Counters }): Digests {
  let current = -1;
  let key: DayKey | undefined;
  const keyOf = (atMs: number): DayKey | undefined => {
    const day = Math.floor(atMs / DAY_MS);
    if (day === current && key) return key;
    const salt = stored ? stored.salts.of(day) : derivedSalt(day);
    current = day;
    key = salt === undefined ? undefined : dayKey(secret, salt);
    return key;
  };
  return {
    sha256,
    prepare: async (atMs) => stored?.salts.prepare(atMs),
    pseudonym(tenant, viewerId, atMs) {
      const dayKeyNow = keyOf(atMs);
      // Not remembered: to look for it among thousands, and to keep them, costs as much as it does.
      if (dayKeyNow) return pseudonymOf(dayKeyNow, tenant, viewerId);
      stored?.counters.add('pseudonyms_missing_total', 1);
      return undefined;
    },
  };
}
