import type { LeanCounters, LeanState } from '../../schema/probe-wire-v2.ts';

/** What the viewer sees. `end`: no more. */
export type State = LeanState;

/** Everything a session adds up, from its first to its last event; what is absent is 0. */
export type Totals = LeanCounters;
