import { UNIX_EPOCH_TICKS } from '../types.ts';

/** A JavaScript time in ms since 1970 as ticks of 100 ns since year 1. */
export const ticksOfMs = (ms: number): bigint => UNIX_EPOCH_TICKS + BigInt(Math.trunc(ms)) * 10_000n;
export const nowTicks = (): bigint => ticksOfMs(Date.now());
