import type { WireBeat, WireCounters, WireEvent } from '../../schema/probe-wire.ts';
import type { EndReason, Failure, Fields, Kind, Load, Phase, Sample, SessionConfig } from './signals.ts';
import { KIND, noCounters, noInterval, type State, type Trouble } from './totals.ts';

/** A picture that stands this long over a running playhead is frozen. */
const STILL_MS = 500;
const RECENT_MS = 300;
/** Chromium says `waiting` up to 3 s after the picture stopped: so long a freeze may turn out a stall. */
const VERDICT_MS = 4000;
const LONG_MS = 10_000;
const START_TIMEOUT_MS = 60_000;
const STALL_TIMEOUT_MS = 120_000;
const AFTER_SEEK_MS = 2000;
const SECOND_MS = 1000;
/** Below this many frames the frame rate is a guess. */
const KNOWN_FRAMES = 10;
const PAUSED_BEATS = 6;
const FIRST_EDGE_MS = 50;

export interface Session {
  readonly state: State;
  readonly totals: Readonly<WireCounters>;
  /** The element as it is now. `shown`: a frame has just reached the screen. */
  look: (at: number, look: Sample, shown?: boolean) => void;
  ready: (at: number, reps: Kind<'ready'>['reps']) => void;
  /** A phase of the startup is over. Phases add up to the startup time. */
  mark: (at: number, phase: Phase) => void;
  segment: (at: number, load: Load) => void;
  /** Time to first byte of one segment, ms. */
  ttfb: (at: number, ms: number) => void;
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
  { emit, intervalMs, box }: SessionConfig,
  at: number,
  view: Sample,
  request?: Omit<Fields<Kind<'request'>>, 'k'>,
): Session {
  const t0 = Math.round(at);
  const totals = noCounters();
  const phases: Kind<'start'>['ph'] = {};
  let told = noCounters();
  let interval = noInterval(view.bl);
  let started = !request;
  let state: State = started ? 'playing' : 'starting';
  let sequence = 0;
  let { kbps } = view;
  let now = t0;
  let beatAt = t0;
  /** ms in the present state, and what is to be told of it. */
  let run = 0;
  let detail: { cause?: NonNullable<Kind<'stall'>['cause']>; from?: number; to?: number } = {};
  /** Last look, last frame seen, last time the playhead moved. */
  let lookAt = t0;
  let frameAt = t0;
  let moveAt = t0;
  let seekAt = -Infinity;
  let troubleAt = -Infinity;
  let pauseTold = false;
  let failure: Failure | undefined;
  let cdn: string | undefined;
  let startMs = 0;
  let markedMs = 0;

  const tell = (fields: Fields<WireEvent>) => {
    const { pt, bl, w, h } = view;
    emit({ n: sequence++, ...fields, t: now - t0, pt, bl, ...(w && { kbps, w, h }), cdn } as WireEvent);
  };

  const book = (where: Exclude<State, 'ended'> | 'hidden', ms: number) => {
    interval.ms[where] = (interval.ms[where] ?? 0) + ms;
    if (where === 'hidden' || where === 'paused') return;
    totals.watchMs += ms;
    if (where === 'starting') startMs += ms;
    else if (where === 'playing') {
      totals.playMs += ms;
      totals.bits = Math.max(told.bits, totals.bits + ms * kbps);
    } else totals[`${KIND[where]}Ms`] += ms;
  };

  /** Wraps a signal: the time since the last one is booked to the present state. */
  const live =
    <A extends unknown[]>(signal: (...args: A) => void) =>
    (at: number, ...args: A) => {
      if (state === 'ended') return;
      const ms = Math.max(0, Math.round(at) - now) || 0;
      now += ms;
      run += ms;
      if (ms) book(state, ms);
      if (ms && view.visibility === 'hidden') book('hidden', ms);
      signal(...args);
    };

  const visible = () => view.w > 0 && view.visibility !== 'hidden';
  const frameMs = () => totals.playMs / totals.tot || 0;
  const still = () => now - (visible() ? frameAt : moveAt);

  const beat = (st: WireBeat['st'] = state) => {
    const c = { ...totals };
    const { thr, ltc, sg } = interval;
    if (st === 'stalled' || st === 'frozen') tell({ k: KIND[st], ms: run, open: true, ...detail });
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

  const mark = (phase: Phase) => {
    if (started || phases[phase] !== undefined) return;
    phases[phase] = startMs - markedMs;
    markedMs = startMs;
  };

  /** From one state to the next, with the event of what is over. */
  const enter = (next: State, last = view) => {
    const left = state;
    const was = detail;
    let ms = run;
    state = next;
    run = 0;
    detail = {};
    if (next === 'stalled') {
      const network = now - troubleAt < LONG_MS ? 'cdn' : 'network';
      detail.cause = now - seekAt < AFTER_SEEK_MS ? 'seek' : view.bl > SECOND_MS || failure?.stops ? 'decode' : network;
    }
    if (next === 'seeking') detail.from = last.pt;
    if (next in KIND) totals[`${KIND[next as Trouble]}s`]++;
    if ((next === 'stalled' || next === 'frozen') && (left === 'playing' || left === 'frozen')) {
      // It began when the last frame's time was over, and a freeze that ends in a stall was its beginning. What a beat has
      // told stays.
      run = Math.round(Math.max(0, Math.min(left === 'frozen' ? ms : still() - frameMs(), ms, interval.ms[left] ?? 0)));
      book(left, -run);
      book(next, run);
      ms -= run;
    }
    if (left === 'seeking') seekAt = frameAt = moveAt = now;
    if (left === 'frozen' && !ms) totals.freezes--;
    else if (left in KIND) tell({ k: KIND[left as Trouble], ms, ...was });
  };

  const end = (why: EndReason) => {
    const broken = started ? 'vpf' : 'vsf';
    if (why === 'exit' || why === 'replaced') {
      if (failure && (!started || state === 'stalled')) why = broken;
      else if (!started) why = 'ebvs';
    }
    enter('ended');
    beat(why === broken ? 'failed' : 'ended');
    tell({ k: 'end', why, c: { ...totals } });
  };

  const error = (next: Failure, fatal: boolean) => {
    const { cat, code, msg } = next;
    tell({ k: 'error', cat, code, msg, fatal });
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
    // A frame of before the seek or of the starved player is no sign of life.
    shown &&= view.flow || !started;
    if (shown) frameAt = now;
    if (view.paused || view.seeking || view.visibility !== last.visibility) frameAt = moveAt = now;
    lookAt = now;
    return visible() ? shown || (moved && frames > 0) : moved;
  };

  /** All flows, they say: has the picture frozen, or everything stopped without a word? */
  const suspect = (): State => {
    const idle = now - moveAt;
    // Sound and picture rarely end together.
    if (view.left < SECOND_MS || still() < STILL_MS) return 'playing';
    if (idle >= STILL_MS) return 'stalled';
    return visible() && totals.tot > KNOWN_FRAMES && idle < RECENT_MS && still() > 3 * frameMs() ? 'frozen' : 'playing';
  };

  /** What the player does to an element to mend it is no pause and no seek of the viewer's. */
  const isBroken = (alive: boolean): boolean => {
    if (alive && failure?.stops) failure = undefined;
    return !!failure?.stops;
  };

  /** The state that the element shows, given the one before. */
  const judge = (last: Sample, alive: boolean): State => {
    const { paused, seeking, flow, ended } = view;
    if (!started) {
      if (paused) return 'paused';
      if (!alive) return 'starting';
      mark('decode');
      started = true;
      tell({ k: 'start', ms: startMs, ph: phases });
    }
    if (isBroken(alive)) return 'stalled';
    // A player's nudge over a gap in mid-stall: to the viewer still the same stall.
    if (seeking) return state === 'stalled' && Math.abs(view.pt - last.pt) < SECOND_MS ? state : 'seeking';
    if (state === 'seeking' && !paused && !alive) return state;
    if (paused) return 'paused';
    // At the first frame it may not flow yet: that still belongs to the start.
    if (!flow && !ended && (last.flow || /stalled|frozen|paused/.test(state))) return 'stalled';
    return (state === 'stalled' || state === 'frozen') && !alive ? state : suspect();
  };

  /** Gives up on what is stuck for too long; beats when it is time and it is not open whether a freeze has begun. */
  const patience = () => {
    const late = run >= (started ? STALL_TIMEOUT_MS : START_TIMEOUT_MS);
    if (/starting|stalled|seeking/.test(state) && (late || (failure && run >= LONG_MS))) {
      error(failure ?? { cat: 'other', code: `${state}-timeout` }, true);
      end(!failure ? 'timeout' : started ? 'vpf' : 'vsf');
      return;
    }
    const doubt = state === 'frozen' ? run < VERDICT_MS : state === 'playing' && still() > RECENT_MS;
    if (!doubt && now - beatAt >= intervalMs() * (state === 'paused' ? PAUSED_BEATS : 1)) beat();
  };

  const rendition = () => {
    const from = kbps;
    // A size that no frame has shown yet is nobody's rendition.
    if (!started || state === 'playing') kbps = view.kbps || from;
    if (!started || !from || kbps === from) return;
    totals[kbps > from ? 'up' : 'down']++;
    tell({ k: 'rendition', from, to: kbps });
  };

  const look = (next: Sample, shown = false) => {
    const last = view;
    const { paused, visibility } = (view = next);
    const seen = judge(last, watch(last, shown));
    if (seen !== state) enter(seen, last);
    if (next.seeking && seen === 'seeking') detail.to = next.pt;
    // A pause of a moment is a seek's or the end's.
    if (started && !failure?.stops && paused !== pauseTold && (run >= RECENT_MS || !paused)) {
      pauseTold = paused;
      tell({ k: paused ? 'pause' : 'resume' });
    }
    if (visibility !== last.visibility) tell({ k: 'visibility', from: last.visibility, to: visibility });
    rendition();
    if (next.ended && !started) {
      // A player that takes garbage for media comes to its end without a frame.
      error(failure ?? { cat: 'media', code: 'no-frame' }, true);
      end('vsf');
    } else if (next.ended) end('completed');
    else patience();
  };

  const segment = ({ ty, by, ms, mediaMs, failed, cdn: next }: Load) => {
    const { sg, thr } = interval;
    sg.n++;
    interval.by += by;
    if (failed) {
      sg.err++;
      troubleAt = now;
      return;
    }
    if (ms > mediaMs) sg.slow++;
    if (ms > 0 && by) thr.push(Math.round((by * 8) / ms));
    if (ty === 'video' && !failure?.stops) failure = undefined;
    const from = cdn;
    cdn = next || from;
    if (!from || from === cdn) return;
    troubleAt = now;
    tell({ k: 'cdn', from, to: cdn! });
  };

  if (request) tell({ k: 'request', ...request });
  return {
    get state() {
      return state;
    },
    totals,
    look: live(look),
    mark: live(mark),
    segment: live(segment),
    end: live(end),
    beat: live(() => beat()),
    error: live((next: Failure) => {
      const fatal = !!next.fatal && !started;
      failure = next;
      totals.err++;
      error(next, fatal);
      if (fatal) end('vsf');
    }),
    ready: live((reps: Kind<'ready'>['reps']) => tell({ k: 'ready', ms: now - t0, reps })),
    // Edges double from 50 ms; the eighth bucket takes the rest.
    ttfb: live((ms: number) => {
      const bucket = Math.min(7, Math.max(0, Math.ceil(Math.log2(ms / FIRST_EDGE_MS))));
      (interval.ttfb ??= [0, 0, 0, 0, 0, 0, 0, 0])[bucket]!++;
    }),
  };
}
