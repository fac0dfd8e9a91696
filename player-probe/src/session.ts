import type { WireBeat, WireCounters, WireEvent } from '../../schema/probe-wire.ts';
import type { EndReason, Failure, Fields, Kind, Load, Phase, Sample, SessionConfig } from './signals.ts';
import { noCounters, noInterval, TIME_OF, type State } from './totals.ts';

/** A picture that stands this long over a running playhead is frozen. */
const STILL_MS = 500;
const RECENT_MS = 300;
/** Chromium says `waiting` up to 3 s after the picture stopped: so long a freeze may turn out a stall. */
const VERDICT_MS = 4000;
const LONG_MS = 10_000;
const AFTER_SEEK_MS = 2000;
const SECOND_MS = 1000;
/** Below this many frames the frame rate is a guess. */
const KNOWN_FRAMES = 10;
const PAUSED_BEATS = 6;
const FIRST_EDGE_MS = 50;

export interface Session {
  readonly state: State;
  readonly started: boolean;
  readonly totals: Readonly<WireCounters>;
  /** The element as it is now. `shown`: a frame has just reached the screen. */
  look: (at: number, look: Sample, shown?: boolean) => void;
  ready: (at: number, reps: Kind<'ready'>['reps']) => void;
  /** A phase of the startup is over. Phases add up to the startup time. */
  mark: (at: number, phase: Phase) => void;
  segment: (at: number, load: Load) => void;
  /** Time to first byte of one segment, ms. */
  ttfb: (ms: number) => void;
  /** An error is fatal when nothing can start after it, or later, when the playhead stays stuck: players often play on. */
  error: (at: number, failure: Failure) => void;
  /** In turn from `look`; out of turn when the page is hidden. */
  beat: (at: number) => void;
  end: (at: number, why: EndReason) => void;
}

/**
 * One playback as a machine: looks at the element and the player's signals in, wire events out. It holds no clock and
 * touches neither page nor player; every signal brings its time. Signals may come in any order, doubled or after the end.
 * It begins at `at` with the element as `view` shows it; without `request` in mid-playback: no attempt, no startup time.
 * (A closure of small functions and not a class: local names minify, members do not, and the probe has a size budget.)
 */
export function createSession(
  { emit, intervalMs, startTimeoutMs, stallTimeoutMs, box }: SessionConfig,
  at: number,
  view: Sample,
  request?: Omit<Fields<Kind<'request'>>, 'k'>,
): Session {
  const t0 = Math.round(at);
  const totals = noCounters();
  const phases: Kind<'start'>['ph'] = {};
  let told = noCounters();
  let interval = noInterval(view.bl);
  let state: State = 'idle';
  let started = !request;
  let sequence = 0;
  let { kbps } = view;
  let now = t0;
  let beatAt = t0;
  /** ms in the present state. */
  let run = 0;
  /** Last look, last frame seen, last time the playhead moved. */
  let lookAt = t0;
  let frameAt = t0;
  let moveAt = t0;
  let seekAt = -Infinity;
  let troubleAt = -Infinity;
  let seeking = false;
  let stalled = false;
  let frozen = false;
  let pauseTold = false;
  let from = 0;
  let to = 0;
  let cause: Kind<'stall'>['cause'];
  let failure: Failure | undefined;
  let cdn: string | undefined;
  let startMs = 0;
  let markedMs = 0;

  const tell = (fields: Fields<WireEvent>) => {
    const { pt, bl, w, h } = view;
    emit({ n: sequence++, ...fields, t: now - t0, pt, bl, ...(w && { kbps, w, h }), cdn } as WireEvent);
  };

  const book = (to: State | 'hidden', ms: number) => {
    if (!ms || to === 'idle' || to === 'ended') return;
    interval.ms[to] = (interval.ms[to] ?? 0) + ms;
    const time = TIME_OF[to as keyof typeof TIME_OF];
    if (time) totals[time] += ms;
    if (time || to === 'starting') totals.watchMs += ms;
    if (to === 'starting') startMs += ms;
    if (to === 'playing') totals.bits = Math.max(told.bits, totals.bits + ms * kbps);
  };

  /** Books the time since the last signal to the present state. */
  const advance = (at: number) => {
    const ms = Math.max(0, Math.round(at) - now) || 0;
    now += ms;
    run += ms;
    book(state, ms);
    if (view.visibility === 'hidden') book('hidden', ms);
  };

  const visible = () => view.w > 0 && view.visibility !== 'hidden';
  const frameMs = () => totals.playMs / totals.tot || 0;
  const still = () => now - (visible() ? frameAt : moveAt);
  const alarm = (fatal: boolean, { cat, code, msg }: Failure) => tell({ k: 'error', cat, code, msg, fatal });

  const beat = (at: number, st = state as WireBeat['st']) => {
    advance(at);
    const c = { ...totals };
    const open = { ms: run, open: true };
    const { thr, ltc, sg } = interval;
    if (state === 'stalled') tell({ k: 'stall', ...open, cause });
    if (state === 'frozen') tell({ k: 'freeze', ...open });
    tell({
      k: 'hb',
      st,
      iv: now - beatAt,
      ...interval,
      sg: sg.n ? sg : undefined,
      bits: c.bits - told.bits,
      fr: { tot: c.tot - told.tot, drop: c.drop - told.drop },
      ns: c.stalls - told.stalls,
      thr: thr.sort((a, b) => a - b)[thr.length >> 1],
      ltc: ltc[0]
        ? { mean: Math.round(ltc.reduce((a, b) => a + b) / ltc.length), max: Math.max(...ltc), target: view.target! }
        : undefined,
      ...box(),
      c,
    });
    told = c;
    interval = noInterval(view.bl);
    beatAt = now;
  };

  const mark = (at: number, phase: Phase) => {
    advance(at);
    if (started || phases[phase] !== undefined) return;
    phases[phase] = startMs - markedMs;
    markedMs = startMs;
  };

  /** From one state to the next, with the event of what is over. */
  const enter = (next: State) => {
    const left = state;
    let ms = run;
    state = next;
    run = 0;
    if (next === 'stalled') {
      totals.stalls++;
      cause =
        now - seekAt < AFTER_SEEK_MS
          ? 'seek'
          : view.bl > SECOND_MS
            ? 'decode'
            : now - troubleAt < LONG_MS
              ? 'cdn'
              : 'network';
    }
    if (next === 'frozen') totals.freezes++;
    if ((next === 'stalled' || next === 'frozen') && (left === 'playing' || left === 'frozen')) {
      // It began with the last frame, and a freeze that ends in a stall was its beginning. What a beat has told stays.
      run = Math.max(0, Math.min(left === 'frozen' ? ms : still(), ms, interval.ms[left] ?? 0));
      book(left, -run);
      book(next, run);
      ms -= run;
    }
    if (left === 'stalled') tell({ k: 'stall', ms, cause });
    if (left === 'frozen') {
      if (ms) tell({ k: 'freeze', ms });
      else totals.freezes--;
    }
    if (left === 'seeking') {
      seekAt = frameAt = moveAt = now;
      tell({ k: 'seek', ms, from, to });
    }
  };

  const end = (at: number, why: EndReason) => {
    if (state === 'ended') return;
    advance(at);
    const broken = started ? 'vpf' : 'vsf';
    if (why === 'exit' || why === 'replaced') {
      if (failure && (stalled || !started)) why = broken;
      else if (!started) why = 'ebvs';
    }
    const last = why === broken ? 'failed' : 'ended';
    enter('ended');
    beat(at, last);
    tell({ k: 'end', why, c: { ...totals } });
  };

  /** Counts frames and says whether the picture (without one: the playhead) moves. */
  const watch = (last: Sample, shown: boolean): boolean => {
    const frames = Math.max(0, view.frames - last.frames);
    const moved = last.flow && view.flow && view.pt > last.pt;
    totals.tot += frames;
    totals.drop += Math.max(0, view.drop - last.drop);
    interval.blMin = Math.min(interval.blMin, view.bl);
    if (view.ltc) interval.ltc.push(view.ltc);
    if (moved) moveAt = now;
    // Frames that stopped between two looks: count on from the earlier one.
    if (frames) frameAt = Math.max(frameAt, Math.min(now, Math.round(lookAt + frames * frameMs())));
    if (shown) frameAt = now;
    if (view.paused || view.seeking || view.visibility !== last.visibility) frameAt = moveAt = now;
    lookAt = now;
    return visible() ? shown || (moved && frames > 0) : moved;
  };

  /** All flows, they say: has the picture frozen, or everything stopped without a word? */
  const suspect = () => {
    const idle = now - moveAt;
    // Sound and picture rarely end together.
    if (view.left < SECOND_MS || still() < STILL_MS) return;
    if (idle >= STILL_MS) stalled = true;
    else frozen = visible() && totals.tot > KNOWN_FRAMES && idle < RECENT_MS && still() > 3 * frameMs();
  };

  const judge = (last: Sample, alive: boolean) => {
    const { paused, flow, pt } = view;
    if (!started) {
      if (paused || !alive) return;
      mark(now, 'decode');
      started = true;
      tell({ k: 'start', ms: startMs, ph: phases });
    } else if (view.seeking) {
      // A player's nudge over a gap in mid-stall: to the viewer still the same stall.
      if (stalled && Math.abs(pt - last.pt) < SECOND_MS) return;
      if (!seeking) {
        totals.seeks++;
        from = last.pt;
      }
      to = pt;
      seeking = true;
      stalled = frozen = false;
    } else if (seeking) seeking = !paused && !alive;
    else if (paused) stalled = frozen = false;
    else if (!flow) stalled = !view.ended;
    else if (alive) stalled = frozen = false;
    else if (!stalled && !frozen) suspect();
  };

  const settle = () => {
    const { paused } = view;
    const playing = stalled ? 'stalled' : frozen ? 'frozen' : 'playing';
    const next = seeking ? 'seeking' : paused ? 'paused' : started ? playing : 'starting';
    if (next !== state) enter(next);
    // A pause of a moment is a seek's or the end's.
    if (started && paused !== pauseTold && (run >= RECENT_MS || !paused)) {
      pauseTold = paused;
      tell({ k: paused ? 'pause' : 'resume' });
    }
  };

  /** Gives up on what is stuck for too long; beats when it is time and it is not open whether a freeze has begun. */
  const patience = () => {
    const late = run >= (started ? stallTimeoutMs : startTimeoutMs);
    if (/starting|stalled|seeking/.test(state) && (late || (failure && run >= LONG_MS))) {
      alarm(true, failure ?? { cat: 'other', code: `${state}-timeout` });
      end(now, !failure ? 'timeout' : started ? 'vpf' : 'vsf');
      return;
    }
    const doubt = state === 'frozen' ? run < VERDICT_MS : state === 'playing' && still() > RECENT_MS;
    if (!doubt && now - beatAt >= intervalMs() * (state === 'paused' ? PAUSED_BEATS : 1)) beat(now);
  };

  const look = (at: number, next: Sample, shown = false) => {
    const last = view;
    advance(at);
    view = next;
    judge(last, watch(last, shown));
    settle();
    if (next.visibility !== last.visibility) tell({ k: 'visibility', from: last.visibility, to: next.visibility });
    const was = kbps;
    kbps = next.kbps || was;
    if (started && was && kbps !== was) {
      totals[kbps > was ? 'up' : 'down']++;
      tell({ k: 'rendition', from: was, to: kbps });
    }
    if (next.ended) end(at, 'completed');
    else patience();
  };

  const segment = (at: number, { ty, by, ms, mediaMs, failed, cdn: next }: Load) => {
    const { sg, thr } = interval;
    advance(at);
    sg.n++;
    interval.by += by;
    if (failed) {
      sg.err++;
      troubleAt = now;
      return;
    }
    if (ms > mediaMs) sg.slow++;
    if (ms > 0) thr.push(Math.round((by * 8) / ms));
    if (ty === 'video') failure = undefined;
    const left = cdn;
    cdn = next || left;
    if (!left || left === cdn) return;
    troubleAt = now;
    tell({ k: 'cdn', from: left, to: cdn! });
  };

  const error = (at: number, next: Failure) => {
    advance(at);
    totals.err++;
    failure = next;
    const fatal = !!next.fatal && !started;
    alarm(fatal, next);
    if (fatal) end(at, 'vsf');
  };

  if (request) tell({ k: 'request', ...request });
  settle();
  const live =
    <A extends unknown[]>(signal: (...args: A) => void) =>
    (...args: A) => {
      if (state !== 'ended') signal(...args);
    };
  return {
    get state() {
      return state;
    },
    get started() {
      return started;
    },
    totals,
    look: live(look),
    mark: live(mark),
    segment: live(segment),
    error: live(error),
    end,
    ready: live((at: number, reps: Kind<'ready'>['reps']) => {
      advance(at);
      tell({ k: 'ready', ms: now - t0, reps });
    }),
    beat: live((at: number) => beat(at)),
    // Edges double from 50 ms; the eighth bucket takes the rest.
    ttfb: (ms) => {
      const bucket = Math.min(7, Math.max(0, Math.ceil(Math.log2(ms / FIRST_EDGE_MS))));
      (interval.ttfb ??= [0, 0, 0, 0, 0, 0, 0, 0])[bucket]!++;
    },
  };
}
