import { createHmac, createSecretKey, hash, type KeyObject } from 'node:crypto';
import type { Counters, Digests } from '../pipeline/ports.ts';
import { Recent } from './recent.ts';

const DAY_MS = 86_400_000;
const PSEUDONYM_LENGTH = 32;
/** Viewers whose pseudonym of the day is at hand: their events come in a row, and a keyed hash costs more than all else of an event. */
const MAX_CACHED = 4000;

/** The salts of days, as far as they are at hand. */
export interface Salts {
  /** Of a day since the epoch; undefined when it is not at hand. */
  of(day: number): Buffer | undefined;
  /** Resolves when the salt of that moment is at hand, or cannot be had for now. Never rejects. */
  prepare(atMs: number): Promise<void>;
}

/** A salt that follows from the secret: whoever has the secret can make it again, for ever. */
export const derivedSalt = (day: number): string => `framewatch-salt-${day}`;

/** What keys the pseudonyms of a day. Neither the secret nor the salt alone suffices. */
export const dayKey = (secret: string, salt: string | Buffer): KeyObject =>
  // As a key object: Node 24 takes ten times as long for a key that comes as bytes.
  createSecretKey(createHmac('sha256', secret).update(salt).digest());

/** Pseudonym of a viewer under the key of a day: 128 bits, hex. */
export const pseudonymOf = (key: KeyObject, tenant: string, viewerId: string): string =>
  createHmac('sha256', key).update(`${tenant}\0${viewerId}`).digest('hex').slice(0, PSEUDONYM_LENGTH);

const sha256 = (text: string): string => hash('sha256', text, 'hex');

/**
 * Digests keyed by a secret and a salt of the day, so that the same viewer has unrelated pseudonyms on two days.
 * Without `stored` the salt follows from the secret; with it, a day whose salt is not at hand gives no pseudonyms.
 */
export function digestsOf(secret: string, stored?: { readonly salts: Salts; readonly counters: Counters }): Digests {
  let current = -1;
  let key: KeyObject | undefined;
  let known = new Recent<string>(MAX_CACHED);
  const keyOf = (atMs: number): KeyObject | undefined => {
    const day = Math.floor(atMs / DAY_MS);
    if (day === current && key) return key;
    const salt = stored ? stored.salts.of(day) : derivedSalt(day);
    current = day;
    key = salt === undefined ? undefined : dayKey(secret, salt);
    known = new Recent(MAX_CACHED);
    return key;
  };
  return {
    sha256,
    prepare: async (atMs) => stored?.salts.prepare(atMs),
    pseudonym(tenant, viewerId, atMs) {
      const dayKeyNow = keyOf(atMs);
      if (dayKeyNow) {
        const name = `${tenant}\0${viewerId}`;
        let pseudonym = known.get(name);
        if (pseudonym === undefined) known.set(name, (pseudonym = pseudonymOf(dayKeyNow, tenant, viewerId)));
        return pseudonym;
      }
      stored?.counters.add('pseudonyms_missing_total', 1);
      return undefined;
    },
  };
}
