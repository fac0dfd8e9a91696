import { Random } from '../random.ts';
import { LADDER, type Step } from '../world/devices.ts';
import { type Cdn, CDNS } from '../world/regions.ts';
import type { Incident } from '../incident.ts';
import { type Conditions, conditionsAt } from './conditions.ts';
import type { Plan } from './plan.ts';
import type { EndReason, Happening, Moment, Span, SpanState, Timeline } from './timeline.ts';

const HOUR = 3_600_000;
const STARTUP_MS = 880;
const STARTUP_SIGMA = 0.45;
const STALL_SIGMA = 0.75;
const LONGEST_STALL_MS = 90_000;
const EXIT_BEFORE_START = 0.01;
const SWITCHES_PER_HOUR = 0.5;
const PAUSE_CHANCE = 0.12;
const SEEK_CHANCE = 0.1;
const FATAL_CHANCE = 0.0015;
const CDN_SWITCH_AFTER_STALL = 0.01;

/** Lives one session through: from the request to its end, stall by stall. */
class Viewing {
  readonly #plan: Plan;
  readonly #random: Random;
  readonly #incidents: readonly Incident[];
  readonly #spans: Span[] = [];
  readonly #moments: Moment[] = [];
  readonly #touched = new Set<Incident>();
  #t = 0;
  #playhead = 0;
  #cdn: Cdn;
  #step: number;
  /** Play time until the next planned rendition switch, and its size. */
  #nextSwitch = { inMs: 0, by: 1 };

  constructor(plan: Plan, incidents: readonly Incident[]) {
    this.#plan = plan;
    this.#incidents = incidents;
    this.#random = new Random(`${plan.key} viewing`);
    this.#cdn = plan.cdn;
    this.#step = Math.min(plan.device.topStep, 2);
    this.#nextSwitch = { inMs: this.#random.between(8000, 25_000), by: plan.device.topStep - this.#step };
  }

  run(): Timeline {
    this.#happen({ k: 'request', auto: this.#random.chance(0.3) });
    const begun = this.#begin();
    const endReason = begun ?? this.#watch();
    const startedAt = begun === undefined ? { startedAt: this.#spans[0]?.to ?? 0 } : {};
    return {
      spans: this.#spans,
      moments: this.#moments,
      endReason,
      length: this.#t,
      touched: this.#touched,
      ...startedAt,
    };
  }

  #conditions(): Conditions {
    const now = conditionsAt(this.#plan, this.#plan.start + this.#t, this.#cdn, this.#incidents);
    for (const incident of now.concerned) this.#touched.add(incident);
    return now;
  }

  #rung(): Step {
    const step = LADDER[this.#step];
    if (step === undefined) throw new RangeError(`no rendition ${this.#step}`);
    return step;
  }

  #happen(event: Happening): void {
    this.#moments.push({ t: this.#t, pt: Math.round(this.#playhead), event });
  }

  #spend(state: SpanState, ms: number, { ttfbMs, segmentErrors, segmentsSlow }: Conditions): void {
    const to = this.#t + ms;
    const [step, cdn] = [this.#rung(), this.#cdn];
    if (ms > 0) this.#spans.push({ state, from: this.#t, to, step, cdn, ttfbMs, segmentErrors, segmentsSlow });
    this.#t = to;
    if (state === 'playing') this.#playhead += ms;
  }

  /** Up to the first frame, or the reason why there is none. */
  #begin(): EndReason | undefined {
    const random = this.#random;
    const now = this.#conditions();
    const startup = random.logNormal(STARTUP_MS, STARTUP_SIGMA) * this.#plan.device.startupFactor * now.startupFactor;
    const ms = Math.round(Math.max(120, startup));
    const isFailing = random.chance(now.startFailure);
    const isLeaving = random.chance(EXIT_BEFORE_START);
    const wait = Math.round(random.between(1200, 9000));
    if (isFailing) {
      this.#spend('starting', wait, now);
      const isManifest = random.chance(0.3);
      const code = isManifest ? '25' : '27';
      this.#happen({
        k: 'error',
        cat: isManifest ? 'manifest' : 'segment',
        code,
        msg: 'download failed',
        fatal: true,
        biz: false,
      });
      return 'vsf';
    }
    if (isLeaving || ms > this.#plan.patienceMs) {
      this.#spend('starting', isLeaving ? wait : this.#plan.patienceMs, now);
      return 'ebvs';
    }
    this.#spend('starting', ms, now);
    this.#happen({ k: 'start', ms, ph: phasesOf(ms, random) });
    return undefined;
  }

  #watch(): EndReason {
    const random = this.#random;
    const { playMs, isWholeTitle } = this.#plan;
    const pauseAt = random.chance(PAUSE_CHANCE) ? playMs * random.between(0.1, 0.9) : Infinity;
    const seekAt = random.chance(SEEK_CHANCE) ? playMs * random.between(0.05, 0.9) : Infinity;
    const fatalAt = random.chance(FATAL_CHANCE) ? playMs * random.between(0.02, 0.98) : Infinity;
    const breaks = [pauseAt, seekAt, fatalAt].map(Math.round);
    const fates: (() => EndReason | undefined)[] = [
      () => this.#pause(),
      () => this.#seek(),
      () => this.#fail('media', '3'),
    ];
    let played = 0;
    // Exponential budget: a stall comes when the rate, summed over the time played, has used it up.
    let budget = random.exponential();
    while (played < playMs) {
      const now = this.#conditions();
      this.#fitTo(now);
      const toNextBreak = Math.min(...breaks.map((at) => (at > played ? at - played : Infinity)));
      const calm = Math.min(
        playMs - played,
        now.until - this.#plan.start - this.#t,
        toNextBreak,
        this.#nextSwitch.inMs,
      );
      const ms = Math.max(1, Math.round(Math.min(calm, budget / now.stallRate)));
      const isStall = budget / now.stallRate <= calm;
      this.#spend('playing', ms, now);
      played += ms;
      budget -= ms * now.stallRate;
      this.#nextSwitch.inMs -= ms;
      const due = breaks.indexOf(played);
      const ending =
        (due === -1 ? undefined : fates[due]?.()) ?? (isStall && played < playMs ? this.#stall(now) : undefined);
      if (ending !== undefined) return ending;
      if (isStall) budget = random.exponential();
      if (this.#nextSwitch.inMs <= 0) this.#switchAsPlanned();
    }
    return isWholeTitle ? 'completed' : 'exit';
  }

  #stall(now: Conditions): EndReason | undefined {
    const random = this.#random;
    // The median that gives the wanted mean of a log-normal.
    const drawn = random.logNormal(now.stallMs * Math.exp(-(STALL_SIGMA ** 2) / 2), STALL_SIGMA);
    const ms = Math.round(Math.min(Math.max(drawn, 250), LONGEST_STALL_MS));
    const isIncident = now.active.length > 0;
    const [isQuitting, isFatal] = [random.chance(now.quitOnStall), random.chance(now.fatalOnStall)];
    const [isSwitchingDown, isChangingCdn, isSegmentError] = [
      random.chance(0.25),
      random.chance(CDN_SWITCH_AFTER_STALL),
      random.chance(0.2),
    ];
    this.#spend('stalled', ms, now);
    this.#happen({
      k: 'stall',
      ms,
      cause: isIncident ? 'cdn' : 'network',
      pend: Math.round(ms * random.between(0.6, 1)),
    });
    if (isIncident && isSegmentError) {
      this.#happen({
        k: 'error',
        cat: 'segment',
        code: '27',
        msg: 'segment download failed',
        fatal: isFatal,
        biz: false,
      });
      if (isFatal) return 'vpf';
    } else if (isFatal) {
      return this.#fail('segment', '27');
    }
    if (isQuitting) return 'exit';
    if (isChangingCdn) this.#changeCdn();
    if (isSwitchingDown && this.#step > 0) {
      this.#switchTo(Math.max(0, this.#step - random.integer(1, 2)), 'InsufficientBufferRule');
      this.#nextSwitch = { inMs: random.between(30_000, 90_000), by: 2 };
    }
    return undefined;
  }

  #fail(cat: 'media' | 'segment', code: string): EndReason {
    this.#happen({
      k: 'error',
      cat,
      code,
      msg: cat === 'media' ? 'decode error' : 'segment download failed',
      fatal: true,
      biz: false,
    });
    return 'vpf';
  }

  #pause(): undefined {
    this.#happen({ k: 'pause' });
    this.#spend('paused', Math.round(Math.min(this.#random.logNormal(70_000, 1), 900_000)), this.#conditions());
    this.#happen({ k: 'resume' });
  }

  #seek(): undefined {
    const from = Math.round(this.#playhead);
    const ms = Math.round(this.#random.logNormal(600, 0.5));
    this.#spend('seeking', ms, this.#conditions());
    this.#playhead = Math.max(0, this.#playhead + this.#random.pick([-30_000, -10_000, 10_000], () => 1));
    this.#happen({ k: 'seek', ms, from, to: Math.round(this.#playhead) });
  }

  #changeCdn(): void {
    const to = this.#random.pick(
      CDNS.filter((cdn) => cdn !== this.#cdn),
      () => 1,
    );
    this.#happen({ k: 'cdn', from: this.#cdn, to, why: 'failover' });
    this.#cdn = to;
  }

  /** Drops at once what the conditions no longer carry. */
  #fitTo(now: Conditions): void {
    if (this.#step <= now.topStep) return;
    this.#switchTo(now.topStep, 'ThroughputRule');
    this.#nextSwitch = { inMs: this.#random.between(60_000, 120_000), by: 1 };
  }

  #switchAsPlanned(): void {
    const top = Math.min(this.#plan.device.topStep, this.#conditions().topStep);
    this.#switchTo(Math.min(top, Math.max(0, this.#step + this.#nextSwitch.by)), 'ThroughputRule');
    // Mostly small dips from the best; what is below it climbs back.
    const by = this.#step < top ? top - this.#step : -1;
    this.#nextSwitch = {
      inMs: by > 0 ? this.#random.between(40_000, 150_000) : this.#random.exponential(HOUR / SWITCHES_PER_HOUR),
      by,
    };
  }

  #switchTo(step: number, reason: string): void {
    if (step === this.#step) return;
    const from = this.#rung().kbps;
    this.#step = step;
    this.#happen({ k: 'rendition', from, to: this.#rung().kbps, auto: true, reason });
  }
}

/** Splits the startup time so that the parts sum to it exactly. */
const phasesOf = (ms: number, random: Random) => {
  const [player, manifest, init] = [0.08, 0.22, 0.14].map((share) => Math.round(ms * share * random.between(0.8, 1.2)));
  const decode = Math.round(ms * 0.08);
  const segment = ms - (player ?? 0) - (manifest ?? 0) - (init ?? 0) - decode;
  return { player: player ?? 0, manifest: manifest ?? 0, init: init ?? 0, segment, decode };
};

/** What happens to a planned session under the incidents: the same plan and incidents always give the same timeline. */
export const timelineOf = (plan: Plan, incidents: readonly Incident[]): Timeline => new Viewing(plan, incidents).run();
