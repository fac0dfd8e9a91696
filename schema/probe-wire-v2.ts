import type { WireBeat, WireEvent, WireHeader } from './probe-wire.ts';

// Version 2 of what the probe sends. It says what version 1 says with less: counters once, by one set of names; what is 0
// is absent; what follows from the rest is left to `probe-upgrade.ts`. Types only: nothing of this is in the probe's bundle.

export const LEAN_VERSION = 2;

/** As in version 1; what the application gave keeps its names. */
export interface LeanHeader extends Omit<WireHeader, 'pl' | 'sr' | 'consent'> {
  /** Sampling rate; 1 when absent. */
  sample?: number | undefined;
  /** 0 or false: no. */
  consent?: 0 | boolean;
  /** Dimensions of the application's own. */
  props?: Record<string, string | number | boolean>;
  pl?: { name: string; ver?: string | undefined; st?: 'v' | 'l' | undefined };
  contentId?: string;
  streamType?: 'v' | 'l' | 'll';
  appVersion?: string;
}

/** What the viewer sees; the name is that of its event and of its counters. */
export type LeanState = 'start' | 'play' | 'stall' | 'freeze' | 'seek' | 'pause' | 'ad' | 'end';

/** Counters, 0 when absent. */
export type LeanCounters = Partial<
  Record<
    /** Time in each state. */
    | `${LeanState}Ms`
    /** How often each was entered. */
    | 'stalls'
    | 'freezes'
    | 'seeks'
    /** Page hidden; overlaps the others. */
    | 'hiddenMs'
    /** Σ kbps · played ms. */
    | 'bits'
    | 'tot'
    | 'drop'
    | 'err'
    | 'up'
    | 'down'
    /** Segments, failed attempts, slow ones; bytes and the time they took in ms. */
    | 'sg'
    | 'bad'
    | 'slow'
    | 'by'
    | 'dl'
    /** Σ live latency over looks at it, and the number of looks. */
    | 'ltc'
    | 'ltcs'
    /** Time to first byte: t0 up to 50 ms, each next one up to double of that before; from t7 on without an upper edge. */
    | `t${number}`,
    number
  >
>;

type Kind<K> = Extract<WireEvent, { k: K }>;
type Base = Pick<WireEvent, 'n' | 't' | 'pt' | 'd' | 'kbps' | 'w' | 'h' | 'bl' | 'cdn'>;

export interface LeanBeat extends Pick<WireBeat, 'k' | 'blMin' | 'rate' | 'pw' | 'ph'> {
  /** At the end the reason for it. */
  st: LeanState | Kind<'end'>['why'];
  /** What the counters have gained since the last beat, and all of it; the last beat leaves that to the end right after it. */
  i: LeanCounters;
  c?: LeanCounters;
  /** Largest live latency of the interval and what the player aims at, ms. */
  late?: number;
  target?: number;
}

/** Kinds not named here are as in version 1. The phases of a start are told as its time when they were over. */
export type LeanEvent =
  | Exclude<WireEvent, { k: 'hb' | 'end' | 'ready' | 'error' }>
  | (Base & LeanBeat)
  | (Omit<Kind<'end'>, 'c'> & { c: LeanCounters })
  | Omit<Kind<'ready'>, 'ms'>
  | (Omit<Kind<'error'>, 'cat' | 'code'> & { cat?: Kind<'error'>['cat']; code: string | number });

/** As in version 1, but of one session a body. */
export interface LeanEnvelope {
  v: typeof LEAN_VERSION;
  h: LeanHeader;
  e: LeanEvent[];
}
