import type { WireEvent } from '../../schema/probe-wire.ts';
import type { Incident } from '../incident.ts';
import type { Step } from '../world/devices.ts';
import type { Cdn } from '../world/regions.ts';

export type SpanState = 'starting' | 'playing' | 'stalled' | 'seeking' | 'paused';

/** A stretch of a session in one state. Times are whole ms since its start, so that sums are exact. */
export interface Span {
  state: SpanState;
  from: number;
  to: number;
  step: Step;
  cdn: Cdn;
  ttfbMs: number;
  segmentErrors: number;
  segmentsSlow: number;
}

/** What a discrete event adds to the fields every event has. */
export type Happening = WireEvent extends infer E
  ? E extends { k: infer K }
    ? K extends 'hb' | 'end'
      ? never
      : Omit<E, 'n' | 't'>
    : never
  : never;

export interface Moment {
  t: number;
  /** Playhead, ms. */
  pt: number;
  event: Happening;
}

export type EndReason = 'completed' | 'exit' | 'ebvs' | 'vsf' | 'vpf';

/** Everything that happens in a session, before it is cut into heartbeats. */
export interface Timeline {
  spans: Span[];
  moments: Moment[];
  endReason: EndReason;
  /** Length in ms. */
  length: number;
  /** First frame, ms since the start; absent when there was none. */
  startedAt?: number;
  /** Incidents that had a hand in it. */
  touched: ReadonlySet<Incident>;
}
