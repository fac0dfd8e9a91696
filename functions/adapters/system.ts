import { randomBytes } from 'node:crypto';
import type { Clock, Ids } from '../pipeline/ports.ts';

export const systemClock: Clock = { now: () => Date.now() };

/** Batch ids: 48 bits of time, 80 of chance, hex. Unique across instances and sorted by time. */
export function batchIds(clock: Clock): Ids {
  return { next: () => clock.now().toString(16).padStart(12, '0') + randomBytes(10).toString('hex') };
}
