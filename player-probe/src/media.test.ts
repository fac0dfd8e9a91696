import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { LeanEvent } from '../../schema/probe-wire-v2.ts';
import { Film, FRAME_MS } from '../../test/support/film.ts';
import { createCore, type Core, type ProbeOptions } from './core.ts';
import { attach } from './video.ts';

// The rhythm of looks, on the real core with a clock of the test's own.

const STARTS_AT = 500;
let told: LeanEvent[];
const OPTIONS: ProbeOptions = {
  endpoint: 'http://127.0.0.1:1',
  key: 'demo',
  interval: 30,
  // Nothing is sent.
  plugins: [(core: Core) => (core.emit = (event) => void told.push(event))],
};

/** Nothing has been told, and it is 0 o'clock. */
function begin(): void {
  told = [];
  vi.useFakeTimers({
    now: 0,
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance', 'Date'],
  });
}
beforeEach(() => {
  vi.stubGlobal('document', Object.assign(new EventTarget(), { hidden: false }));
  vi.stubGlobal('addEventListener', () => undefined);
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const since = (at: number) => Math.max(0, at - STARTS_AT);
const framesOf = (ms: number) => Math.floor(ms / FRAME_MS);

describe('calm play is looked at once a second', () => {
  /** The picture stands from `from` on for `ms`, the sound runs on; later frames are as late. */
  function freeze(from: number, ms: number) {
    begin();
    const film = new Film({
      head: since,
      shown: (at) => framesOf(since(at < from ? at : Math.max(from, at - ms))),
      ahead: () => 10_000,
      readyState: (at) => (at < STARTS_AT ? 1 : 4),
    });
    let looks = 0;
    const video = film as unknown as HTMLVideoElement;
    const core = createCore(OPTIONS, { name: 'test', ver: '1', video: () => video, kbps: () => 800 });
    core.look();
    film.start();
    const { session } = core;
    const { look } = session!;
    session!.look = (...args) => (looks++, look(...args));
    vi.advanceTimersByTime(8000);
    core.detach();
    return { totals: session!.totals, looks };
  }

  test('a picture that freezes for 0.85 s is seen whenever it begins', () => {
    for (let from = 4000; from < 5000; from += 10) {
      const { totals } = freeze(from, 850);
      expect({ from, freezes: totals.freezes }).toEqual({ from, freezes: 1 });
      expect(Math.abs(totals.freezeMs! - 850)).toBeLessThan(3 * FRAME_MS);
    }
  });

  test('without one it is left alone three times in four', () => {
    const { totals, looks } = freeze(20_000, 850);
    expect(totals.freezes).toBe(undefined);
    // 8 s are 32 ticks.
    expect(looks).toBeLessThan(16);
  });
});

describe('a file that runs dry while the browser guesses much ahead', () => {
  const DECODED_AHEAD = 4;
  const BACK_AT = 9000;

  /** The file ends for now at `ends` ms of its media; `guess` ms more are said to be there. */
  function starve(ends: number, guess: number) {
    begin();
    const dryAt = STARTS_AT + ends;
    const head = (at: number) => Math.min(since(at), ends) + Math.max(0, at - BACK_AT);
    const have = (at: number) => framesOf(at < BACK_AT ? ends : Infinity);
    const film = new Film({
      head,
      shown: (at) => framesOf(head(at)),
      decoded: (at) => Math.min(have(at), framesOf(head(at)) + DECODED_AHEAD),
      ahead: (at) => (at < BACK_AT ? Math.max(0, ends - head(at)) + guess : 30_000),
      readyState: (at) => (at < STARTS_AT ? 1 : at < dryAt || at >= BACK_AT ? 4 : 2),
    });
    const probe = attach(film as unknown as HTMLVideoElement, OPTIONS);
    film.start();
    for (let at = STARTS_AT; at < 10_000; at += 250) film.says('timeupdate', at);
    film.says('waiting', dryAt);
    vi.advanceTimersByTime(10_000);
    probe.detach();
    return told.filter(({ k }) => k === 'stall');
  }

  test('the stall begins when the time of the last frame on the screen is over, and its cause is the line', () => {
    for (let ends = 3000; ends < 3300; ends += 10) {
      const stalls = starve(ends, 1700);
      expect(stalls).toMatchObject([{ cause: 'network' }]);
      const { ms } = stalls[0] as Extract<LeanEvent, { k: 'stall' }>;
      const trueMs = BACK_AT - STARTS_AT - ends;
      expect({ ends, ms, isRight: Math.abs(ms - trueMs) <= FRAME_MS + 1 }).toEqual({ ends, ms, isRight: true });
    }
  });
});
