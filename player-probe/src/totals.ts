import type { WireBeat, WireCounters } from '../../schema/probe-wire.ts';

/** What the viewer sees. `ended`: no more. */
export type State = Exclude<WireBeat['st'], 'failed' | 'ad'>;

/** States that are told as events when they are over: their kind, and with it their counters `<kind>s` and `<kind>Ms`. */
export const KIND = { stalled: 'stall', frozen: 'freeze', seeking: 'seek' } as const;
export type Trouble = keyof typeof KIND;

const NAMES = 'stalls,stallMs,freezes,freezeMs,seeks,seekMs,playMs,watchMs,bits,drop,tot,err,up,down';

/** Everything a session adds up, from its first to its last event. */
export const noCounters = (): WireCounters =>
  Object.fromEntries(NAMES.split(',').map((name) => [name, 0])) as unknown as WireCounters;

/** What is added up between two beats only. */
export interface Interval {
  /** ms per state; states that did not occur are absent. */
  ms: WireBeat['ms'];
  by: number;
  sg: { n: number; err: number; slow: number };
  /** Throughput of the segments and live latency of the looks. */
  thr: number[];
  ltc: number[];
  ttfb?: number[];
  blMin: number;
}

export const noInterval = (blMin: number): Interval => ({
  ms: {},
  by: 0,
  sg: { n: 0, err: 0, slow: 0 },
  thr: [],
  ltc: [],
  blMin,
});
