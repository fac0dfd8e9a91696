import type { LeanBeat, LeanEvent } from '../../schema/probe-wire-v2.ts';
import type { EndReason, Failure, Fields, Kind, Load, Sample, Session, SessionConfig } from './signals.ts';
import type { State, Totals } from './totals.ts';

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

const { max, min, round } = Math;
/** Told as events when they are over. */
const isTrouble = (state: State): state is 'stall' | 'freeze' | 'seek' => /ll|f|k/.test(state);
/** Nothing goes on: one waits for what comes next. */
const isStuck = (state: State) => /st|ee/.test(state);
const isOut = (state: State): state is 'stall' | 'freeze' => /ll|f/.test(state);

/**
 * One playback as a machine: looks at the element and the player's signals in, wire events out. It holds no clock and
 * touches neither page nor player; every signal brings its time. Signals may come in any order, doubled or after the end.
 * It begins at `at` with the element as `view` shows it; without `request` in mid-playback: no attempt, no startup time.
 * (A closure of small functions and not a class: local names minify, members do not, and the probe has a size budget.)
 */
export function createSession(
  config: SessionConfig,
  at: number,
  view: Sample,
  request?: Omit<Fields<Kind<'request'>>, 'k'> | false,
): Session {
  const t0 = round(at);
  const totals: Totals = {};
  /** Since the last beat. */
  let gains: Totals = {};
  let started = !request;
  let state: State = started ? 'play' : 'start';
  let sequence = 0;
  let last = view;
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
  /** How long nothing has moved that should. */
  let still = 0;
  /** There is a picture on the screen. */
  let isSeen: boolean;
  let frameMs = 0;
  let seekAt: number | undefined;
  let troubleAt: number | undefined;
  let pauseTold = false;
  let failure: Failure | undefined;
  let cdn: string | undefined;

  const tell = (event: Fields<LeanEvent>) => {
    const { pt, bl, w, h } = view;
    config.emit({ n: sequence++, ...event, t: now - t0, pt, bl, kbps, w, h, cdn } as LeanEvent);
  };

  /** Counts for the next beat alone: nobody asks for it by session. */
  const gain = (name: keyof Totals, by: number | null | undefined, to = gains) => {
    if (by! > 0) to[name] = (to[name] ?? 0) + by!;
  };
  const add = (name: keyof Totals, by: number | null | undefined) => {
    gain(name, by);
    gain(name, by, totals);
  };
  /** Takes back, but not what a beat has told. */
  const take = (name: keyof Totals, by: number): number => {
    by = max(0, min(gains[name] ?? 0, by));
    if (by) {
      gains[name] -= by;
      totals[name] -= by;
    }
    return by;
  };

  /** Wraps a signal: the time since the last one is booked to the present state. */
  const live =
    <A extends unknown[], R>(signal: (...args: A) => R) =>
    (at: number, ...args: A): R | undefined => {
      if (state === 'end') return undefined;
      const ms = max(0, round(at) - now) || 0;
      now += ms;
      run += ms;
      add(`${state}Ms`, ms);
      if (state === 'play') add('bits', ms * kbps);
      if (view.isHidden) gain('hiddenMs', ms);
      return signal(...args);
    };

  const beat = (st: LeanBeat['st'] = state) => {
    const i = gains;
    gains = {};
    beatAt = now;
    tell({ k: 'hb', st, i, c: { ...totals }, ...config.more?.() });
  };

  /** From one state to the next, with the event of what is over. */
  const enter = (next: State) => {
    const left = state;
    const was = detail;
    let ms = run;
    state = next;
    run = 0;
    detail = {};
    if (next === 'stall')
      detail.cause =
        now - seekAt! < AFTER_SEEK_MS
          ? 'seek'
          : view.bl > SECOND_MS || view.force
            ? 'decode'
            : now - troubleAt! < LONG_MS
              ? 'cdn'
              : 'network';
    if (next === 'seek') detail.from = last.pt;
    if (isTrouble(next)) add(`${next}s`, 1);
    if (isOut(next) && /y|f/.test(left)) {
      // It began when the last frame's time was over, and a freeze that ends in a stall was its beginning. What a beat has
      // told stays.
      run = take(`${left}Ms`, min(left === 'play' ? round(still - frameMs) : ms, ms));
      add(`${next}Ms`, run);
      if (left === 'play') take('bits', run * kbps);
      ms -= run;
    }
    if (left === 'seek') seekAt = frameAt = moveAt = now;
    if (left === 'freeze' && !ms) totals.freezes!--;
    else if (isTrouble(left)) tell({ k: left, ms, ...was });
  };

  const end = (why: EndReason) => {
    if (/x|r/.test(why))
      why = failure && (!started || isStuck(state)) ? (started ? 'vpf' : 'vsf') : started ? why : 'ebvs';
    enter('end');
    beat(why);
    tell({ k: 'end', why, c: totals });
  };

  /** Counts frames and says whether what should move does: the picture, or without one the playhead. */
  const watch = (shown: boolean | undefined): boolean => {
    const { flow, isHidden } = view;
    const frames = view.frames - last.frames;
    const moved = last.flow && flow && view.pt > last.pt;
    isSeen = view.w > 0 && !isHidden;
    add('tot', frames);
    frameMs = totals.playMs! / totals.tot! || 0;
    add('drop', view.lost - last.lost);
    if (moved) moveAt = now;
    // Frames that stopped between two looks: count on from the earlier one.
    if (frames > 0) frameAt = max(frameAt, min(now, lookAt + frames * frameMs));
    // A frame of before the seek or of the starved player is no sign of life.
    shown &&= flow || !started;
    if (shown) frameAt = now;
    // Pause, seek, ad: none is due. Who pauses to mend a broken element comes from play.
    if (/[ukd]/.test(state) || isHidden !== last.isHidden) frameAt = moveAt = now;
    lookAt = now;
    return isSeen ? shown || (moved && frames > 0) : moved;
  };

  /** All flows, they say: has the picture frozen, or everything stopped without a word? */
  const suspect = (alive: boolean): State => {
    const idle = now - moveAt;
    still = isSeen ? now - frameAt : idle;
    // Sound and picture rarely end together.
    if (alive || view.isLast || still < STILL_MS) return 'play';
    if (idle >= STILL_MS) return 'stall';
    return isSeen && totals.tot! > KNOWN_FRAMES && idle < RECENT_MS && still > 3 * frameMs ? 'freeze' : 'play';
  };

  /** The state that the element shows, given the one before. */
  const judge = (alive: boolean): State => {
    const { isPaused, flow } = view;
    const suspected = suspect(alive);
    // What is mended before the first frame still is the start.
    if (view.force && (started || view.force === 'ad')) return view.force;
    if (!started) return isPaused && !view.force ? 'pause' : 'start';
    // A player's nudge over a gap in mid-stall: to the viewer still the same stall.
    if (view.isSeeking) return state === 'stall' && Math.abs(view.pt - last.pt) < SECOND_MS ? state : 'seek';
    if (isPaused) return 'pause';
    if (!alive && isTrouble(state) && (flow || state !== 'freeze')) return state;
    // At the first frame it may not flow yet: that still belongs to the start.
    return !flow && !view.isEnded && (last.flow || /e/.test(state)) ? 'stall' : suspected;
  };

  const rendition = () => {
    const from = kbps;
    // A size that no frame has shown yet is nobody's rendition.
    if (!started || state === 'play') kbps = view.kbps || from;
    if (!started || !from || kbps === from) return;
    add(kbps > from ? 'up' : 'down', 1);
    tell({ k: 'rendition', from, to: kbps });
  };

  const look = (next: Sample, shown?: boolean) => {
    last = view;
    view = next;
    const { isPaused, force } = view;
    const alive = watch(shown);
    if (!started && !isPaused && alive && !force) {
      started = true;
      // What came before was nobody's rendition.
      kbps = view.kbps;
      tell({ k: 'start', ms: totals.startMs ?? 0 });
    }
    const seen = judge(alive);
    if (seen !== state) enter(seen);
    if (view.isSeeking && seen === 'seek') detail.to = view.pt;
    // A pause of a moment is a seek's or the end's.
    if (started && !force && isPaused !== pauseTold && (!isPaused || run >= RECENT_MS)) {
      pauseTold = isPaused;
      tell({ k: isPaused ? 'pause' : 'resume' });
    }
    rendition();
    // A player that takes garbage for media comes to its end without a frame.
    if (!view.isEnded) patience();
    else if (started) end('completed');
    else fail('no-frame', 'vsf');
    return state !== 'play' || still < STILL_MS / 2;
  };

  const fail = (code: string, why: EndReason) => {
    tell({ k: 'error', code, ...failure, fatal: true });
    end(failure ? 'exit' : why);
  };

  /** Gives up on what is stuck for too long; beats when it is time and it is not open whether a freeze has begun. */
  const patience = () => {
    if (isStuck(state) && run >= (failure ? LONG_MS : started ? STALL_TIMEOUT_MS : START_TIMEOUT_MS))
      fail(`${state}-timeout`, 'timeout');
    else if (
      now - beatAt >= 1000 * config.interval * (state === 'pause' ? PAUSED_BEATS : 1) &&
      !(state === 'freeze' ? run < VERDICT_MS : state === 'play' && still > 1.5 * frameMs)
    )
      beat();
  };

  const segment = ({ ty, by, failed, cdn: to }: Load) => {
    if (state === 'end') return;
    gain('sg', 1);
    gain('by', by);
    if (failed) {
      gain('bad', 1);
      troubleAt = now;
      return;
    }
    if (ty === 'video' && !view.force) failure = undefined;
    const from = cdn;
    cdn = to || from;
    if (!from || from === cdn) return;
    tell({ k: 'cdn', from, to });
    troubleAt = now;
  };

  if (request) tell({ k: 'request', ...request });
  return {
    get state() {
      return state;
    },
    totals,
    look: live(look),
    segment,
    end: live(end),
    beat: live(beat),
    error: live((next: Failure) => {
      failure = next;
      add('err', 1);
      const fatal = next.fatal && !started;
      tell({ k: 'error', ...next, fatal });
      if (fatal) end('exit');
    }),
    tell: live(tell),
    book: live(() => undefined),
    count: gain,
  };
}
