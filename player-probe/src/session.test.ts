import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { WireCounters, WireEvent } from '../../schema/probe-wire.ts';
import type { LeanEvent } from '../../schema/probe-wire-v2.ts';
import { upgradeEvent } from '../../schema/probe-upgrade.ts';
import { createSession } from './session.ts';
import type { Sample, Session } from './signals.ts';
import { SAMPLE_LOOK as LOOK } from '../../test/support/sample-look.ts';

const FRAME_MS = 40;

/** As the server stores it. */
const told = (event: LeanEvent) => upgradeEvent(structuredClone(event)) as WireEvent;

type EventOf<K> = Extract<WireEvent, { k: K }>;
const of = <K extends WireEvent['k']>(events: WireEvent[], k: K) => events.filter((e): e is EventOf<K> => e.k === k);

/** A player on a stage: plays 25 frames a second, 250 ms a look. */
function stage(intervalMs = 10_000, request: object | undefined = { auto: true }) {
  const events: WireEvent[] = [];
  let at = 1000;
  let look: Sample = { ...LOOK, flow: false };
  const session = createSession(
    {
      emit: (event) => events.push(told(event)),
      interval: intervalMs / 1000,
    },
    at,
    look,
    request,
  );
  const see = (change: Partial<Sample> = {}, shown = false) => session.look(at, (look = { ...look, ...change }), shown);
  /** Lets time pass; the element does each 250 ms what `step` says. */
  const run = (ms: number, step: (tick: number) => Partial<Sample>) => {
    for (const end = at + ms; at < end;) {
      const tick = Math.min(250, end - at);
      at += tick;
      see(step(tick));
    }
  };
  const playing = (tick: number) => ({ flow: true, pt: look.pt + tick, frames: look.frames + tick / FRAME_MS });
  return {
    session,
    events,
    see,
    run,
    start: () => {
      run(500, () => ({}));
      see({ flow: true, frames: 3 }, true);
    },
    play: (ms: number) => run(ms, playing),
    /** The picture stands, the sound runs on. */
    freeze: (ms: number) => run(ms, (tick) => ({ pt: look.pt + tick })),
    starve: (ms: number) => run(ms, () => ({ flow: false, bl: 0 })),
    stand: (ms: number) => run(ms, () => ({})),
    resume: () => see({ flow: true, bl: 3000 }, true),
    end: (why: 'exit' | 'replaced' = 'exit') => session.end(at, why),
    get look() {
      return look;
    },
    get at() {
      return at;
    },
  };
}

describe('what counts and what does not', () => {
  test('the startup runs to the first frame; waiting for it is no stall', () => {
    const s = stage();
    s.start();
    s.play(1000);
    expect(of(s.events, 'start')[0]).toMatchObject({ ms: 500, kbps: 800 });
    expect(of(s.events, 'stall')).toHaveLength(0);
  });

  test('a first frame before the data flow is a start, not a stall; one that nothing follows is a stall', () => {
    const s = stage();
    s.stand(500);
    s.see({ frames: 1 }, true);
    s.stand(80);
    s.play(2000);
    expect(of(s.events, 'stall')).toHaveLength(0);
    const stuck = stage();
    stuck.see({ frames: 1 }, true);
    stuck.stand(1000);
    expect(stuck.session.state).toBe('stall');
  });

  test('a blocked autoplay stops the startup clock', () => {
    const s = stage();
    s.stand(500);
    s.see({ isPaused: true });
    s.stand(5000);
    s.see({ isPaused: false });
    s.stand(300);
    s.see({ flow: true, frames: 2 }, true);
    expect(of(s.events, 'start')[0]?.ms).toBe(800);
  });

  test('a stall begins when the time of the last frame is over and ends with the next', () => {
    const s = stage();
    s.start();
    s.play(3000);
    s.starve(2000);
    s.resume();
    s.play(1000);
    const [stall] = of(s.events, 'stall');
    expect(stall!.ms).toBeGreaterThanOrEqual(2000 - FRAME_MS);
    expect(stall!.ms).toBeLessThanOrEqual(2000);
    expect(stall!.cause).toBe('network');
  });

  test('a freeze is told by the frame counter; one that ends in a stall is part of it', () => {
    const s = stage();
    s.start();
    s.play(3000);
    s.freeze(1500);
    expect(s.session.state).toBe('freeze');
    s.see({ frames: s.look.frames + 1 }, true);
    s.play(2000);
    s.freeze(2000);
    s.starve(3000);
    s.resume();
    s.end();
    const [freeze, stall] = [of(s.events, 'freeze'), of(s.events, 'stall').filter(({ open }) => !open)];
    expect([freeze.length, stall.length]).toEqual([1, 1]);
    expect(Math.abs(freeze[0]!.ms - 1500)).toBeLessThan(FRAME_MS);
    expect(Math.abs(stall[0]!.ms - 5000)).toBeLessThan(FRAME_MS);
    const { c } = of(s.events, 'end')[0]!;
    expect(c).toMatchObject({ stalls: 1, stallMs: stall[0]!.ms, freezes: 1, freezeMs: freeze[0]!.ms });
  });

  test('what the player does to mend a broken element is one stall: no pause, no seek, and decoding is its cause', () => {
    const s = stage();
    s.start();
    s.play(2000);
    s.see({ force: 'stall', flow: false, isPaused: true });
    s.stand(500);
    s.see({ isSeeking: true, pt: 0 });
    s.see({ isSeeking: false, isPaused: false, pt: 2000 });
    s.stand(500);
    s.see({ force: undefined, flow: true, pt: 2040, frames: s.look.frames + 1 }, true);
    s.play(1000);
    s.end();
    expect(of(s.events, 'stall')).toMatchObject([{ cause: 'decode' }]);
    expect(s.events.filter(({ k }) => /pause|resume|seek/.test(k))).toEqual([]);
  });

  test('a picture that stood before its player mends a broken element stands from its last frame on', () => {
    const s = stage();
    s.start();
    s.play(2000);
    s.freeze(480);
    s.see({ force: 'stall', flow: false, isPaused: true, frames: 0 });
    s.stand(1000);
    s.see({ force: undefined, isPaused: false, flow: true, frames: 1 }, true);
    s.play(1000);
    s.end();
    const [stall, ...more] = of(s.events, 'stall');
    expect(more).toEqual([]);
    expect(Math.abs(stall!.ms - 1480)).toBeLessThanOrEqual(FRAME_MS);
    expect(of(s.events, 'end')[0]!.c).toMatchObject({ freezes: 0, stalls: 1, stallMs: stall!.ms });
  });

  test('an advertisement is neither startup nor watched time, and no freeze, stall or pause of the content', () => {
    const s = stage();
    s.stand(300);
    s.see({ force: 'ad' });
    s.run(5000, () => ({ flow: true, frames: s.look.frames + 3 }));
    s.see({ force: undefined, flow: false });
    s.stand(200);
    s.see({ flow: true, frames: s.look.frames + 1 }, true);
    s.play(1000);
    s.see({ force: 'ad', isPaused: true });
    s.stand(4000);
    s.see({ force: undefined, isPaused: false });
    s.play(1000);
    s.end();
    const beats = of(s.events, 'hb');
    expect(of(s.events, 'start')).toMatchObject([{ ms: 500 }]);
    expect(beats.reduce((ms, beat) => ms + (beat.ms.ad ?? 0), 0)).toBe(9000);
    expect(of(s.events, 'end')[0]!.c).toMatchObject({ watchMs: 2500, stalls: 0, freezes: 0 });
    expect(of(s.events, 'pause')).toEqual([]);
  });

  test('a hidden page and the last second freeze nothing', () => {
    const hidden = stage();
    hidden.start();
    hidden.play(2000);
    hidden.see({ isHidden: true });
    hidden.freeze(3000);
    hidden.see({ isHidden: false });
    expect(hidden.session.state).toBe('play');
    const last = stage();
    last.start();
    last.play(2000);
    last.see({ isLast: true });
    last.freeze(800);
    expect(last.session.state).toBe('play');
  });

  test('a playhead that stands without a word is a stall', () => {
    const s = stage();
    s.start();
    s.play(2000);
    s.stand(1000);
    expect(s.session.state).toBe('stall');
  });

  test('a seek lasts to the first frame, is no stall, and several at once are one', () => {
    const s = stage();
    s.start();
    s.play(2000);
    s.see({ isSeeking: true, flow: false, pt: 20_000 });
    s.stand(300);
    s.see({ pt: 30_000 });
    s.stand(300);
    s.see({ isSeeking: false });
    s.stand(200);
    s.resume();
    s.play(1000);
    expect(of(s.events, 'seek')).toMatchObject([{ ms: 800, from: 2000, to: 30_000 }]);
    expect(of(s.events, 'stall')).toHaveLength(0);
  });

  test('a stall within two seconds of a seek is the seek’s', () => {
    const s = stage();
    s.start();
    s.play(2000);
    s.see({ isSeeking: true, flow: false, pt: 20_000 });
    s.see({ isSeeking: false });
    s.resume();
    s.play(500);
    s.starve(1000);
    s.resume();
    expect(of(s.events, 'stall')[0]?.cause).toBe('seek');
  });

  test('the player’s nudge over a gap does not cut a stall in two', () => {
    const s = stage();
    s.start();
    s.play(2000);
    s.starve(1000);
    s.see({ isSeeking: true, pt: s.look.pt + 200 });
    s.see({ isSeeking: false });
    s.starve(1000);
    s.resume();
    expect(of(s.events, 'stall')).toHaveLength(1);
    expect(of(s.events, 'seek')).toHaveLength(0);
  });

  test('the pause of a moment around a seek is not told, a real one is, and its time is not watched', () => {
    const s = stage();
    s.start();
    s.play(1000);
    s.see({ isPaused: true });
    s.see({ isPaused: false });
    expect(of(s.events, 'pause')).toHaveLength(0);
    s.see({ isPaused: true });
    s.stand(5000);
    s.see({ isPaused: false });
    s.play(1000);
    s.end();
    expect(of(s.events, 'pause')).toHaveLength(1);
    expect(of(s.events, 'resume')).toHaveLength(1);
    expect(of(s.events, 'end')[0]!.c.watchMs).toBe(2500);
  });

  test('a size that comes with the first frame is that of the start and no switch', () => {
    const s = stage();
    s.see({ kbps: 800 });
    s.stand(500);
    s.see({ flow: true, frames: 3, kbps: 200, w: 320, h: 180 }, true);
    s.play(2000);
    expect(of(s.events, 'start').map(({ kbps }) => kbps)).toEqual([200]);
    expect(of(s.events, 'rendition')).toEqual([]);
    expect(s.session.totals.bits).toBe(2000 * 200);
  });

  test('a rendition is what is on screen; the first one is no switch', () => {
    const s = stage();
    s.see({ kbps: 0 });
    s.see({ kbps: 800 });
    s.start();
    s.play(1000);
    s.see({ kbps: 200, w: 320, h: 180 });
    s.see({ kbps: 800, w: 640, h: 360 });
    expect(of(s.events, 'rendition').map(({ from, to }) => [from, to])).toEqual([
      [800, 200],
      [200, 800],
    ]);
    expect(s.session.totals).toMatchObject({ up: 1, down: 1 });
  });
});

describe('how it ends', () => {
  const failure = { cat: 'segment', code: '27' } as const;
  test.each([
    ['before the first frame', (s: ReturnType<typeof stage>) => s.end(), 'ebvs'],
    [
      'by an error that nothing can start after',
      (s) => s.session.error(s.at, { cat: 'manifest', code: '25', fatal: true }),
      'vsf',
    ],
    ['before the first frame, after an error', (s) => (s.session.error(s.at, failure), s.end()), 'vsf'],
    ['stuck at the start after an error', (s) => (s.session.error(s.at, failure), s.stand(11_000)), 'vsf'],
    ['with nothing ever arriving', (s) => s.stand(61_000), 'timeout'],
    ['in mid-play', (s) => (s.start(), s.play(1000), s.end()), 'exit'],
    ['with another source', (s) => (s.start(), s.play(1000), s.end('replaced')), 'replaced'],
    ['at the end', (s) => (s.start(), s.play(1000), s.see({ isEnded: true, flow: false })), 'completed'],
    [
      'stuck after an error',
      (s) => (s.start(), s.play(1000), s.session.error(s.at, failure), s.play(5000), s.starve(11_000)),
      'vpf',
    ],
    ['stuck for good', (s) => (s.start(), s.play(1000), s.starve(121_000)), 'timeout'],
  ] satisfies [string, (s: ReturnType<typeof stage>) => void, string][])('%s', (_, act, why) => {
    const s = stage();
    act(s);
    expect(of(s.events, 'end').map((event) => event.why)).toEqual([why]);
    expect(of(s.events, 'error').filter((event) => event.fatal).length).toBe(
      /timeout|vpf/.test(why) || (why === 'vsf' && s.events.some((e) => e.k === 'error' && e.fatal)) ? 1 : 0,
    );
  });

  test('an error that the player plays on after is not fatal', () => {
    const s = stage();
    s.start();
    s.session.error(s.at, failure);
    s.session.segment({ ty: 'video', cdn: 'b', by: 1000, failed: false });
    s.play(20_000);
    s.starve(15_000);
    s.resume();
    s.end();
    expect(of(s.events, 'end')[0]?.why).toBe('exit');
  });
});

const changes = fc.record(
  {
    pt: fc.integer({ min: 0, max: 60_000 }),
    bl: fc.integer({ min: 0, max: 30_000 }),
    isLast: fc.boolean(),
    frames: fc.integer({ min: 0, max: 2000 }),
    lost: fc.integer({ min: 0, max: 100 }),
    w: fc.constantFrom(0, 320, 640),
    kbps: fc.constantFrom(0, 200, 800),
    isPaused: fc.boolean(),
    isSeeking: fc.boolean(),
    isEnded: fc.constantFrom(false, false, false, false, true),
    flow: fc.boolean(),
    isHidden: fc.boolean(),
    force: fc.constantFrom(undefined, undefined, undefined, 'ad' as const, 'stall' as const),
  },
  { requiredKeys: [] },
);
const signal = fc.oneof(
  { weight: 8, arbitrary: fc.tuple(fc.constant('look' as const), changes, fc.boolean()) },
  fc.tuple(
    fc.constantFrom(
      'beat' as const,
      'error' as const,
      'fatal' as const,
      'segment' as const,
      'mark' as const,
      'ready' as const,
    ),
  ),
);
const script = fc.array(
  fc.tuple(fc.oneof(fc.integer({ min: 0, max: 3000 }), fc.constant(-50), fc.constant(NaN)), signal),
  { maxLength: 80 },
);

function perform(
  steps: typeof script extends fc.Arbitrary<infer T> ? T : never,
  begun: boolean,
): { events: WireEvent[]; wallMs: number } {
  const events: WireEvent[] = [];
  let look = LOOK;
  let at = 5000.4;
  let latest = 5000;
  const session: Session = createSession(
    {
      emit: (event) => events.push(told(event)),
      interval: 10,
    },
    at,
    look,
    begun ? {} : undefined,
  );
  for (const [ms, [kind, change, shown]] of steps) {
    at = (Number.isNaN(ms) ? 0 : at) + (ms || 0);
    // What is counted brings no time.
    if (session.state !== 'end' && kind !== 'segment' && kind !== 'mark') latest = Math.max(latest, Math.round(at));
    if (kind === 'look') session.look(at, (look = { ...look, ...change }), shown);
    else if (kind === 'beat') session.beat(at);
    else if (kind === 'segment') session.segment({ ty: 'video', cdn: `cdn-${ms % 3}`, by: 500, failed: ms % 2 === 1 });
    else if (kind === 'mark') session.count('dl', 7);
    else if (kind === 'ready') session.tell(at, { k: 'blocked' } as never);
    else session.error(at, { cat: 'media', code: '3', fatal: kind === 'fatal' });
  }
  if (session.state !== 'end') {
    latest = Math.max(latest, Math.round(at));
    session.end(at, 'exit');
  }
  return { events, wallMs: latest - 5000 };
}

describe('whatever the order of signals', () => {
  test('the states of the beats add up to the wall time, and the counters to the sum of the beats', () => {
    fc.assert(
      fc.property(script, fc.boolean(), (steps, begun) => {
        const { events, wallMs } = perform(steps, begun);
        const beats = of(events, 'hb');
        const sum = (state: keyof EventOf<'hb'>['ms']) => beats.reduce((ms, beat) => ms + (beat.ms[state] ?? 0), 0);
        const states = (['starting', 'playing', 'stalled', 'frozen', 'seeking', 'paused', 'ad'] as const).map(sum);
        expect(states.reduce((a, b) => a + b)).toBe(wallMs);
        for (const { iv, ms } of beats) {
          const { hidden = 0, ...exclusive } = ms;
          expect(Object.values(exclusive).reduce((a, b) => a + b, 0)).toBe(iv);
          expect(hidden).toBeLessThanOrEqual(iv);
        }
        const { c } = of(events, 'end')[0]!;
        expect([c.playMs, c.stallMs, c.freezeMs, c.seekMs]).toEqual(states.slice(1, 5));
      }),
      { numRuns: 500 },
    );
  });

  test('told stalls, freezes and seeks add up to their counters; numbers have no gap; nothing follows the end', () => {
    fc.assert(
      fc.property(script, fc.boolean(), (steps, begun) => {
        const { events } = perform(steps, begun);
        const { c } = of(events, 'end')[0]!;
        const closed = (k: 'stall' | 'freeze') => of(events, k).filter((event) => !event.open);
        expect([closed('stall').length, closed('freeze').length, of(events, 'seek').length]).toEqual([
          c.stalls,
          c.freezes,
          c.seeks,
        ]);
        const total = (list: { ms: number }[]) => list.reduce((ms, event) => ms + event.ms, 0);
        expect([total(closed('stall')), total(closed('freeze')), total(of(events, 'seek'))]).toEqual([
          c.stallMs,
          c.freezeMs,
          c.seekMs,
        ]);
        expect(events.map(({ n }) => n)).toEqual(events.map((_, i) => i));
        expect(events.at(-1)!.k).toBe('end');
        expect(events.filter(({ k }) => k === 'end')).toHaveLength(1);
      }),
      { numRuns: 500 },
    );
  });

  test('counters never fall, no figure is negative or broken', () => {
    fc.assert(
      fc.property(script, fc.boolean(), (steps, begun) => {
        const { events } = perform(steps, begun);
        let before: WireCounters | undefined;
        for (const event of events) {
          expect(JSON.stringify(event)).not.toMatch(/null|:-\d/);
          if (event.k !== 'hb' && event.k !== 'end') continue;
          const { c } = event as { c?: WireCounters };
          // The last beat has none: the end follows.
          if (!c) continue;
          for (const [name, value] of Object.entries(before ?? {}))
            expect(c[name as keyof WireCounters]).toBeGreaterThanOrEqual(value);
          before = c;
        }
      }),
      { numRuns: 500 },
    );
  });
});
