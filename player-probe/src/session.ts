import type { WireEvent } from '../../schema/probe-wire.ts';
import { Account, type State } from './account.ts';
import { Blame } from './blame.ts';
import { Interval } from './interval.ts';
import { Outgoing } from './outgoing.ts';
import { Picture } from './picture.ts';
import type {
  EndReason,
  Failure,
  Fields,
  Kind,
  Load,
  Note,
  Phase,
  Rendition,
  Sample,
  SessionConfig,
} from './signals.ts';

/** A freeze younger than this may yet turn out to be the beginning of a stall. */
const VERDICT_MS = 4000;
const FATAL_MS = 10_000;
const NUDGE_MS = 1000;
const PAUSE_NOISE_MS = 300;
const PAUSED_BEATS = 6;

/**
 * One playback as a machine: signals in, wire events out. It holds no clock and touches neither page nor player; every
 * signal brings its time. Signals may come in any order, doubled or after the end.
 */
export class Session {
  closed = false;
  started = false;
  readonly account: Account;
  readonly #config: SessionConfig;
  readonly #interval = new Interval();
  readonly #picture = new Picture();
  readonly #blame = new Blame();
  readonly #out: Outgoing;
  #paused: boolean;
  #pausedAt: number;
  #pauseSent = false;
  #seeking = false;
  #landed = false;
  #from = 0;
  #to = 0;
  #stalled = false;
  #frozen = false;
  #stall: Partial<Fields<Kind<'stall'>>> = {};

  constructor(config: SessionConfig) {
    this.#config = config;
    this.#out = new Outgoing(config.emit);
    this.account = new Account(config.at);
    this.account.hidden = config.hidden;
    this.#pausedAt = this.account.now;
    this.#paused = config.paused;
  }

  get state(): State {
    return this.account.state;
  }

  /** The viewer, or autoplay, asks for playback. The startup clock runs from here. */
  request(at: number, fields: Omit<Fields<Kind<'request'>>, 'k'> = {}): void {
    this.#on(at, () => {
      if (this.#out.open) return;
      this.#paused = false;
      this.#out.release();
      this.#emit({ k: 'request', ...fields });
    });
  }

  /** Attached in mid-playback: neither an attempt nor a start that could be timed. */
  adopt(at: number): void {
    this.#on(at, () => {
      this.started = true;
      this.#picture.forget(this.account.now);
      this.#out.release();
    });
  }

  ready(at: number, fields: Omit<Fields<Kind<'ready'>>, 'k' | 'ms'>): void {
    this.#on(at, () => this.#emit({ k: 'ready', ms: this.account.now - this.account.t0, ...fields }));
  }

  /** A phase of the startup is over. Phases add up to the startup time. */
  mark(at: number, phase: Phase): void {
    this.#on(at, () => {
      if (!this.started) this.account.mark(phase);
    });
  }

  play(at: number): void {
    this.#on(at, () => {
      if (this.#pauseSent) this.#emit({ k: 'resume' });
      this.#paused = this.#pauseSent = false;
      this.#picture.forget(this.account.now);
    });
  }

  pause(at: number): void {
    this.#on(at, () => {
      if (!this.#paused) this.#pausedAt = this.account.now;
      this.#paused = true;
      this.#stalled = this.#frozen = false;
    });
  }

  /** The element ran dry. It says so at every start and seek too; those are not stalls. */
  waiting(at: number): void {
    this.#on(at, () => {
      if (this.state === 'playing' || this.state === 'frozen') this.#stalled = true;
    });
  }

  seeking(at: number, toMs: number): void {
    this.#on(at, () => {
      const from = this.#picture.sample.pt;
      // A player's nudge over a gap in mid-stall: to the viewer still the same stall.
      if (!this.started || (this.#stalled && Math.abs(toMs - from) < NUDGE_MS)) return;
      if (!this.#seeking) {
        this.account.counters.seeks++;
        this.#from = from;
      }
      this.#to = toMs;
      this.#seeking = true;
      this.#landed = this.#stalled = this.#frozen = false;
    });
  }

  seeked(at: number): void {
    this.#on(at, () => {
      this.#landed = true;
      if (this.#paused) this.#seeking = false;
    });
  }

  /** A frame reached the screen. */
  frame(at: number, flow: boolean): void {
    this.#on(at, () => {
      this.#picture.shown(this.account.now);
      if (this.#paused || !this.#out.open) return;
      if (!this.started) this.#start();
      else this.#flows(flow);
    });
  }

  sample(at: number, sample: Sample): void {
    this.#on(at, () => this.#look(sample));
    if (this.closed || !this.#out.open) return;
    this.#on(at, () => this.#judge());
    const { account } = this;
    const every = this.#config.intervalMs();
    const calm = this.state === 'paused' && account.run > 3 * every ? PAUSED_BEATS : 1;
    if (account.now - account.beatAt >= every * calm && !this.#doubtful()) this.beat(at);
  }

  /** The rendition on screen changed: by the size of the picture or, within one size, by the player's word. */
  rendition(at: number, next: Rendition): void {
    this.#on(at, () => {
      const { kbps: to, ...how } = next;
      const from = this.account.kbps;
      this.account.kbps = to;
      if (to === from || !from || !this.started) return;
      this.account.counters[to > from ? 'up' : 'down']++;
      this.#emit({ k: 'rendition', from, to, ...how });
    });
  }

  segment(at: number, load: Load): void {
    this.#on(at, () => {
      this.#interval.load(load);
      const from = this.#blame.load(this.account.now, load);
      if (from) this.#emit({ k: 'cdn', from, to: load.cdn, why: load.why });
    });
  }

  ttfb(ms: number): void {
    this.#interval.ttfb(ms);
  }

  /** Events that only pass through. */
  note(at: number, event: Note): void {
    this.#on(at, () => {
      if (event.k === 'visibility') {
        this.account.hidden = event.to === 'hidden';
        this.#picture.forget(this.account.now);
      }
      this.#emit(event);
    });
  }

  /** An error is fatal when nothing can start after it, or later, when the playhead stays stuck: players often play on. */
  error(at: number, failure: Failure): void {
    this.#on(at, () => {
      this.account.counters.err++;
      this.#blame.failure = failure;
      if (failure.fatal && !this.started) this.#fail(failure);
      else this.#report(failure, false);
    });
  }

  /** In turn from `sample`; out of turn when the page is hidden. */
  beat(at: number): void {
    this.#on(at, () => {});
    if (!this.closed && this.#out.open) this.#beat(this.state as Kind<'hb'>['st']);
  }

  end(at: number, why: EndReason): void {
    this.#on(at, () => this.#close(why));
  }

  #on(at: number, change: () => void): void {
    if (this.closed) return;
    this.account.advance(at);
    change();
    this.#settle();
  }

  #next(): State {
    if (this.closed) return 'ended';
    if (!this.#out.open) return 'idle';
    if (this.#seeking) return 'seeking';
    if (this.#paused) return 'paused';
    if (!this.started) return 'starting';
    if (this.#stalled) return 'stalled';
    return this.#frozen ? 'frozen' : 'playing';
  }

  #settle(): void {
    const { account } = this;
    const { counters, state: left } = account;
    const next = this.#next();
    if (next === left) return;
    account.enter(next);
    let ms = account.runBefore;
    if (next === 'stalled') {
      counters.stalls++;
      const pend = this.#config.pendingMs?.();
      this.#stall = { cause: this.#blame.cause(account.now, this.#picture.sample.bl, pend), pend };
    }
    if (next === 'frozen') counters.freezes++;
    if (next === 'stalled' || next === 'frozen') {
      // It began with the last frame; and a freeze that ends in a stall was the stall's beginning.
      const moved = account.backdate(left === 'frozen' ? ms : this.#picture.still(account.now));
      if (left === 'frozen') ms -= moved;
    }
    if (left === 'stalled') this.#emit({ k: 'stall', ms, ...this.#stall });
    if (left === 'frozen' && ms) this.#emit({ k: 'freeze', ms });
    if (left === 'frozen' && !ms) counters.freezes--;
    if (left === 'seeking') {
      this.#blame.seekEnd = account.now;
      this.#picture.forget(account.now);
      this.#emit({ k: 'seek', ms, from: this.#from, to: this.#to });
    }
  }

  #look(sample: Sample): void {
    const { account, state } = this;
    const picture = this.#picture;
    const { counters, now } = account;
    const frameMs = Math.min(1000, counters.playMs / counters.tot || 0);
    const { frames, drop } = picture.look(now, sample, account.hidden, frameMs);
    counters.tot += frames;
    counters.drop += drop;
    this.#interval.look(sample);
    const alive = picture.moved && (picture.fresh || !picture.visible);
    if (this.#paused) {
      if (this.started && !this.#seeking && !this.#pauseSent && now - this.#pausedAt >= PAUSE_NOISE_MS) {
        this.#pauseSent = true;
        this.#emit({ k: 'pause' });
      }
    } else if (state === 'starting') {
      if (picture.moved && !picture.visible && !(sample.w && !account.hidden)) this.#start();
    } else if (state === 'playing') {
      const verdict = picture.verdict(now, counters.tot, frameMs);
      this.#stalled = verdict === 'stalled';
      this.#frozen = verdict === 'frozen';
    } else if (alive) this.#flows(true);
  }

  #flows(flow: boolean): void {
    if (this.#seeking) this.#seeking = !this.#landed;
    else if (flow) this.#stalled = this.#frozen = false;
  }

  #start(): void {
    this.account.mark('decode');
    this.started = true;
    this.#picture.forget(this.account.now);
    this.#emit({ k: 'start', ms: this.account.startMs, ph: this.account.phases });
  }

  /** Stuck for long: with an error behind it that was the fatal one, without one the patience ends. */
  #judge(): void {
    const { state, account } = this;
    const limit = state === 'starting' ? this.#config.startTimeoutMs : this.#config.stallTimeoutMs;
    if (state !== 'starting' && state !== 'stalled' && state !== 'seeking') return;
    const { failure } = this.#blame;
    if (failure && account.run >= FATAL_MS) this.#fail(failure);
    else if (account.run >= limit) {
      this.#report({ cat: 'other', code: `${state}-timeout` }, true);
      this.#close('timeout');
    }
  }

  /** No beat while it is open whether the picture has frozen, and whether the freeze becomes a stall. */
  #doubtful(): boolean {
    const { state, account } = this;
    const watched = state === 'playing' && this.#picture.visible && this.#picture.still(account.now) > PAUSE_NOISE_MS;
    return watched || (state === 'frozen' && account.run < VERDICT_MS);
  }

  #report({ cat, code, msg, biz }: Failure, fatal: boolean): void {
    this.#emit({ k: 'error', cat, code, msg, biz, fatal });
  }

  #fail(failure: Failure): void {
    this.#report(failure, true);
    this.#close(this.started ? 'vpf' : 'vsf');
  }

  #close(why: EndReason): void {
    const { failure } = this.#blame;
    const early = why === 'exit' || why === 'replaced';
    const stuck = failure && this.state === 'stalled';
    const broken = this.started ? 'vpf' : 'vsf';
    const verdict = early && (!this.started || stuck) ? (failure ? broken : 'ebvs') : why;
    this.closed = true;
    this.#settle();
    if (!this.#out.open) return;
    this.#beat(verdict === 'vsf' || verdict === 'vpf' ? 'failed' : 'ended');
    this.#emit({ k: 'end', why: verdict, c: { ...this.account.counters } });
  }

  #beat(st: Kind<'hb'>['st']): void {
    const { state, run } = this.account;
    if (state === 'stalled') this.#emit({ k: 'stall', ms: run, open: true, ...this.#stall });
    if (state === 'frozen') this.#emit({ k: 'freeze', ms: run, open: true });
    const { rate, target } = this.#picture.sample;
    const interval = { ...this.account.interval(), ...this.#interval.take(target) };
    this.#emit({ k: 'hb', st, rate, ...interval, ...this.#config.box?.() });
  }

  #emit(fields: Fields<WireEvent>): void {
    const { now, t0, kbps } = this.account;
    const { pt, bl, w, h } = this.#picture.sample;
    const stamp = { t: now - t0, pt, bl, kbps: kbps || undefined, w: w || undefined, h: h || undefined };
    this.#out.tell({ ...fields, ...stamp, cdn: this.#blame.cdn });
  }
}
