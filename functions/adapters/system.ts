import { randomUUID } from 'node:crypto';
import type { Clock, Ids } from '../pipeline/ports.ts';

export const systemClock: Clock = { now: () => Date.now() };

/** The last 80 bits of a random UUID; six of them are not chance. */
const CHANCE_DIGITS = 20;

/** Batch ids: 48 bits of time, then chance, hex. Unique across instances and sorted by time. */
export function batchIds(clock: Clock): Ids {
  return {
    // Node draws the bytes of UUIDs in bulk: a tenth of the cost of asking for ten bytes each time.
    next: () => clock.now().toString(16).padStart(12, '0') + randomUUID().replaceAll('-', '').slice(-CHANCE_DIGITS),
  };
}
