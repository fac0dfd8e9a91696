import type { WireBeat, WireCounters } from '../../schema/probe-wire.ts';
import type { Phase } from './signals.ts';

/** What the viewer sees. `idle`: nobody has asked for playback yet; that time belongs to no session. */
export type State = Exclude<WireBeat['st'], 'failed'> | 'idle';

const COUNTER = { playing: 'playMs', stalled: 'stallMs', frozen: 'freezeMs', seeking: 'seekMs' } as const;

/**
 * Books the session's wall time to states. Each millisecond since the request is in exactly one state, so the states of
 * the beats add up to the wall time and the counters to the sum of the beats.
 */
export class Account {
  readonly counters: WireCounters = {
    stalls: 0,
    stallMs: 0,
    freezes: 0,
    freezeMs: 0,
    seeks: 0,
    seekMs: 0,
    playMs: 0,
    watchMs: 0,
    bits: 0,
    drop: 0,
    tot: 0,
    err: 0,
    up: 0,
    down: 0,
  };
  state: State = 'idle';
  readonly t0: number;
  /** Whole ms on the caller's clock; never runs backwards. */
  now: number;
  /** ms in the present state and in the one before it. */
  run = 0;
  runBefore = 0;
  /** ms in `starting`: the startup time, without pauses and blocked autoplay. */
  startMs = 0;
  hidden = false;
  kbps = 0;
  beatAt: number;
  readonly phases: Partial<Record<Phase, number>> = {};
  #marked = 0;
  #before: State = 'idle';
  #ms: Record<string, number> = {};
  #last: WireCounters;

  constructor(at: number) {
    this.t0 = this.beatAt = this.now = Math.round(at);
    this.#last = { ...this.counters };
  }

  advance(at: number): void {
    const ms = Math.max(0, Math.round(at) - this.now) || 0;
    this.now += ms;
    this.run += ms;
    this.#book(this.state, ms);
    if (this.hidden) this.#book('hidden', ms);
  }

  enter(next: State): void {
    if (this.state === 'idle') this.beatAt = this.now;
    this.#before = this.state;
    this.runBefore = this.run;
    this.state = next;
    this.run = 0;
  }

  /**
   * Moves the last `ms` of the state before to the present one: a stall begins with the last frame, not with the event
   * that tells of it. Time that a beat has already reported stays where it is. Returns what was moved.
   */
  backdate(ms: number): number {
    const moved = Math.max(0, Math.min(ms, this.runBefore, this.#ms[this.#before] ?? 0));
    this.#book(this.#before, -moved);
    this.#book(this.state, moved);
    this.run += moved;
    return moved;
  }

  /** A phase of the startup ends now, unless it has ended before. */
  mark(phase: Phase): void {
    if (phase in this.phases) return;
    this.phases[phase] = this.startMs - this.#marked;
    this.#marked = this.startMs;
  }

  /** The interval since the last beat; starts the next one. */
  interval(): Pick<WireBeat, 'iv' | 'ms' | 'bits' | 'fr' | 'ns' | 'c'> {
    const c = { ...this.counters };
    const interval = {
      iv: this.now - this.beatAt,
      ms: this.#ms,
      bits: c.bits - this.#last.bits,
      fr: { tot: c.tot - this.#last.tot, drop: c.drop - this.#last.drop },
      ns: c.stalls - this.#last.stalls,
      c,
    };
    this.#last = c;
    this.#ms = {};
    this.beatAt = this.now;
    return interval;
  }

  #book(state: State | 'hidden', ms: number): void {
    if (!ms || state === 'idle' || state === 'ended') return;
    this.#ms[state] = (this.#ms[state] ?? 0) + ms;
    if (state === 'hidden') return;
    const c = this.counters;
    if (state !== 'paused') c.watchMs += ms;
    if (state === 'starting') this.startMs += ms;
    if (state === 'playing') c.bits += ms * this.kbps;
    if (state in COUNTER) c[COUNTER[state as keyof typeof COUNTER]] += ms;
  }
}
