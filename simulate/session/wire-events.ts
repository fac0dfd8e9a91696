import type { WireBeat, WireEvent } from '../../schema/probe-wire.ts';
import { Random } from '../random.ts';
import { Counters, type Interval } from './counters.ts';
import type { Plan } from './plan.ts';
import type { Moment, Span, Timeline } from './timeline.ts';

type Draft = WireEvent extends infer E ? (E extends { n: number } ? Omit<E, 'n'> : never) : never;

const SCREENS: Readonly<Record<string, [number, number]>> = {
  tv: [1920, 1080],
  console: [1920, 1080],
  desktop: [1280, 720],
  tablet: [1024, 576],
  mobile: [812, 375],
};
const LATENCY_TARGET_MS = { l: 18_000, ll: 3500 };

/** The fields of a heartbeat that come from its interval alone. */
const intervalFields = (
  interval: Interval,
  iv: number,
): Pick<WireBeat, 'iv' | 'ms' | 'bits' | 'fr' | 'by' | 'sg' | 'ttfb' | 'ns'> => ({
  iv,
  ms: interval.ms,
  bits: interval.bits,
  fr: { tot: interval.frames, drop: interval.dropped },
  by: interval.bytes,
  sg: { n: interval.segments, err: interval.errors, slow: interval.slow },
  ttfb: interval.ttfb,
  ...(interval.stalls > 0 ? { ns: interval.stalls } : {}),
});

/** Cuts a timeline into what the probe would send: its events and a heartbeat every `beatMs` and at the end, numbered from 0. */
class Reporter {
  readonly #plan: Plan;
  readonly #timeline: Timeline;
  readonly #beatMs: number;
  readonly #random: Random;
  readonly #counters: Counters;
  readonly #events: WireEvent[] = [];
  #nextMoment = 0;
  #lastBeat = 0;
  #playhead = 0;

  constructor(plan: Plan, timeline: Timeline, beatMs: number) {
    this.#plan = plan;
    this.#timeline = timeline;
    this.#beatMs = beatMs;
    this.#random = new Random(`${plan.key} beats`);
    this.#counters = new Counters(this.#random, plan.device.dropShare);
  }

  run(): WireEvent[] {
    const { spans, length, endReason } = this.#timeline;
    for (const span of spans) this.#live(span);
    const last = spans.at(-1);
    this.#tell(length, last);
    if (last !== undefined && length > this.#lastBeat) this.#beat(length, last, true);
    this.#push({ k: 'end', t: length, pt: this.#playhead, why: endReason, c: { ...this.#counters.total } });
    return this.#events;
  }

  #push(event: Draft): void {
    this.#events.push({ ...event, n: this.#events.length });
  }

  #live(span: Span): void {
    let at = span.from;
    this.#tell(at, span);
    while (at < span.to) {
      const nextBeat = this.#lastBeat + this.#beatMs;
      const to = Math.min(span.to, nextBeat);
      this.#counters.spend(span, to - at, at === span.from);
      if (span.state === 'playing') this.#playhead += to - at;
      at = to;
      // What ends a span is told after it, so a beat on its very end comes first only when something follows.
      if (at === nextBeat && at < this.#timeline.length) this.#beat(at, span, false);
    }
  }

  /** Tells what has happened up to a moment. */
  #tell(until: number, span: Span | undefined): void {
    for (;;) {
      const moment = this.#timeline.moments[this.#nextMoment];
      if (moment === undefined || moment.t > until) return;
      this.#nextMoment++;
      this.#counters.note(moment);
      this.#playhead = moment.pt;
      this.#push({ ...moment.event, ...this.#instant(moment, span), t: moment.t, pt: moment.pt });
    }
  }

  /** Rendition, buffer and CDN at the moments where the probe knows them. */
  #instant({ event }: Moment, span: Span | undefined) {
    if (span === undefined || event.k === 'request') return {};
    const { kbps, w, h } = span.step;
    if (event.k === 'start') return { kbps, w, h, cdn: span.cdn, bl: this.#random.integer(2000, 6000) };
    if (event.k === 'stall') return { kbps, w, h, cdn: span.cdn, bl: this.#random.integer(1000, 3000) };
    if (event.k === 'error') return { kbps, cdn: span.cdn };
    if (event.k === 'rendition') return { w, h, cdn: span.cdn };
    return {};
  }

  #beat(t: number, span: Span, isLast: boolean): void {
    const interval = this.#counters.cut();
    const { content, device } = this.#plan;
    const { kbps, w, h } = span.step;
    const isOut = interval.stalls > 0 || interval.ms.stalled !== undefined;
    const least = isOut ? 0 : this.#random.integer(6000, 14_000);
    const [pw, ph] = SCREENS[device.type] ?? [1280, 720];
    const isFailed = isLast && (this.#timeline.endReason === 'vsf' || this.#timeline.endReason === 'vpf');
    const state = isFailed ? 'failed' : isLast ? 'ended' : span.state;
    const speed = isOut ? this.#random.between(0.7, 1.4) : this.#random.between(1.6, 4);
    this.#push({
      k: 'hb',
      t,
      pt: this.#playhead,
      st: state,
      ...intervalFields(interval, t - this.#lastBeat),
      thr: Math.round(kbps * speed),
      blMin: least,
      bl: span.state === 'stalled' ? 0 : least + this.#random.integer(0, 12_000),
      ...(content.streamType === 'v' ? {} : { ltc: this.#latency(content.streamType, interval) }),
      rate: span.state === 'playing' ? 1 : 0,
      pw,
      ph,
      kbps,
      w,
      h,
      cdn: span.cdn,
      c: { ...this.#counters.total },
    });
    this.#lastBeat = t;
  }

  #latency(streamType: 'l' | 'll', interval: Interval) {
    const target = LATENCY_TARGET_MS[streamType];
    // A stall puts the player behind until it catches up.
    const mean = Math.round(target * this.#random.between(0.98, 1.08) + (interval.ms.stalled ?? 0) / 2);
    return { mean, max: Math.round(mean * this.#random.between(1.02, 1.2)) + (interval.ms.stalled ?? 0), target };
  }
}

export const wireEventsOf = (plan: Plan, timeline: Timeline, beatMs: number): WireEvent[] =>
  new Reporter(plan, timeline, beatMs).run();
