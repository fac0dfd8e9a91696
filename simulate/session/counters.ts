import type { WireCounters } from '../../schema/probe-wire.ts';
import type { Random } from '../random.ts';
import { TTFB_EDGES_MS } from '../../schema/playback-beats.ts';
import type { Moment, Span, SpanState } from './timeline.ts';

const FPS = 25;
const SEGMENT_MS = 4000;
const TTFB_SIGMA = 0.7;

/** What one heartbeat tells of its interval, before it gets its wire names. */
export interface Interval {
  ms: Partial<Record<SpanState, number>>;
  bits: number;
  frames: number;
  dropped: number;
  bytes: number;
  segments: number;
  errors: number;
  slow: number;
  /** By TTFB_EDGES_MS, the last bucket open. */
  ttfb: number[];
  stalls: number;
}

const emptyInterval = (): Interval => ({
  ms: {},
  bits: 0,
  frames: 0,
  dropped: 0,
  bytes: 0,
  segments: 0,
  errors: 0,
  slow: 0,
  ttfb: Array.from({ length: TTFB_EDGES_MS.length + 1 }, () => 0),
  stalls: 0,
});

const noCounters = (): WireCounters => {
  const experience = { stalls: 0, stallMs: 0, freezes: 0, freezeMs: 0, seeks: 0, seekMs: 0, playMs: 0, watchMs: 0 };
  return { ...experience, bits: 0, drop: 0, tot: 0, err: 0, up: 0, down: 0 };
};

/** Adds up a session as it goes: since the last heartbeat and since its start. */
export class Counters {
  interval = emptyInterval();
  readonly total: WireCounters = noCounters();
  readonly #random: Random;
  readonly #dropShare: number;
  /** Fractions of a frame and of a segment left over from the last part. */
  #frameRest = 0;
  #segmentRest = 0;

  constructor(random: Random, dropShare: number) {
    this.#random = random;
    this.#dropShare = dropShare;
  }

  /** Accounts for `ms` of a span; `isOpening` when the span begins with them. */
  spend(span: Span, ms: number, isOpening: boolean): void {
    const { interval, total } = this;
    interval.ms[span.state] = (interval.ms[span.state] ?? 0) + ms;
    if (span.state !== 'paused') total.watchMs += ms;
    if (span.state === 'stalled') {
      total.stallMs += ms;
      if (isOpening) {
        total.stalls++;
        interval.stalls++;
      }
    } else if (span.state === 'seeking') {
      total.seekMs += ms;
      if (isOpening) total.seeks++;
    } else if (span.state === 'playing') {
      this.#play(span, ms);
    }
  }

  note({ event }: Moment): void {
    if (event.k === 'error') this.total.err++;
    if (event.k === 'rendition') {
      if (event.to > (event.from ?? 0)) this.total.up++;
      else this.total.down++;
    }
  }

  /** Hands out the interval and begins the next. */
  cut(): Interval {
    const done = this.interval;
    this.interval = emptyInterval();
    return done;
  }

  #play(span: Span, ms: number): void {
    const { interval, total } = this;
    // kbit/s times ms is bits.
    const bits = span.step.kbps * ms;
    const frames = this.#frameRest + (ms * FPS) / 1000;
    const segments = this.#segmentRest + ms / SEGMENT_MS;
    const [wholeFrames, wholeSegments] = [Math.floor(frames), Math.floor(segments)];
    [this.#frameRest, this.#segmentRest] = [frames - wholeFrames, segments - wholeSegments];
    const dropped = Math.min(wholeFrames, this.#random.poisson(wholeFrames * this.#dropShare));
    total.playMs += ms;
    total.bits += bits;
    total.tot += wholeFrames;
    total.drop += dropped;
    interval.bits += bits;
    interval.frames += wholeFrames;
    interval.dropped += dropped;
    interval.bytes += Math.round((bits / 8) * 1.06);
    interval.segments += wholeSegments;
    interval.errors += this.#among(wholeSegments, span.segmentErrors);
    interval.slow += this.#among(wholeSegments, span.segmentsSlow);
    for (let i = 0; i < wholeSegments; i++) {
      const bucket = this.#bucketOf(span.ttfbMs);
      interval.ttfb[bucket] = (interval.ttfb[bucket] ?? 0) + 1;
    }
  }

  #among(count: number, share: number): number {
    return Math.min(count, this.#random.poisson(count * share));
  }

  #bucketOf(medianMs: number): number {
    const ttfb = this.#random.logNormal(medianMs, TTFB_SIGMA);
    let bucket = 0;
    for (const edge of TTFB_EDGES_MS) {
      if (ttfb <= edge) return bucket;
      bucket++;
    }
    return bucket;
  }
}
