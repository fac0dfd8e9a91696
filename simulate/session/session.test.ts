import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { WireBeat, WireEvent } from '../../schema/probe-wire.ts';
import type { Incident } from '../incident.ts';
import { cdnOutage } from '../scenarios/cdn-outage.ts';
import { SCENARIOS } from '../scenarios/registry.ts';
import { type SourceOptions, sessionsIn } from '../session-source.ts';
import { arrivalsIn, MEAN_SESSION_MINUTES, MINUTE_MS } from './arrivals.ts';
import { LOOKBACK_MS } from './plan.ts';
import { eventsOf, headerOf, type Session, sessionOf } from './session.ts';

const MONDAY = Date.parse('2026-11-09T00:00:00Z');
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const source = (more: Partial<SourceOptions> = {}): SourceOptions => ({
  seed: '1',
  concurrent: 60,
  incidents: [],
  eras: [{ from: 0, beatMs: 60_000 }],
  blobShare: 0,
  isOnlyTouched: false,
  ...more,
});
const sessionsBetween = (options: SourceOptions, from: number, to: number): Session[] => {
  const all: Session[] = [];
  for (let at = from; at < to; at += MINUTE_MS)
    all.push(...sessionsIn(options, at / MINUTE_MS).map(({ session }) => session));
  return all;
};
const isBeat = (event: WireEvent): event is WireEvent & WireBeat => event.k === 'hb';
const outage = (start: number, minutes: number): Incident[] => cdnOutage.incidents({ start, minutes });

/** Watched and stalled ms of the beats that lie in a stretch of time, by CDN and country. */
const ratioOf = (sessions: Session[], cdn: string, country: string, from: number, to: number) => {
  let [watched, stalled] = [0, 0];
  for (const session of sessions) {
    if (session.plan.region.country !== country) continue;
    for (const event of eventsOf(session).filter(isBeat)) {
      const at = session.plan.start + event.t;
      if (event.cdn !== cdn || at - event.iv < from || at > to) continue;
      watched += event.iv - (event.ms.paused ?? 0);
      stalled += event.ms.stalled ?? 0;
    }
  }
  return { ratio: stalled / watched, minutes: watched / MINUTE_MS };
};

const CUMULATIVE = [
  'stalls',
  'stallMs',
  'seeks',
  'seekMs',
  'playMs',
  'watchMs',
  'bits',
  'drop',
  'tot',
  'err',
  'up',
  'down',
] as const;

const assertValid = (session: Session): void => {
  const events = eventsOf(session);
  const beats = events.filter(isBeat);
  expect(events.map(({ n }) => n)).toEqual(events.map((_, i) => i));
  expect(events.every((event, i) => event.t >= (events[i - 1]?.t ?? 0))).toBe(true);
  expect(events[0]!.k).toBe('request');
  const end = events.at(-1)!;
  if (end.k !== 'end') throw new Error(`ends with ${end.k}`);
  let [last, stalls] = [0, 0];
  const before = Object.fromEntries(CUMULATIVE.map((key) => [key, 0]));
  for (const beat of beats) {
    // Each beat covers the time since the one before it, all of it, state by state.
    expect(beat.t - last).toBe(beat.iv);
    expect(beat.iv).toBeLessThanOrEqual(session.beatMs);
    expect(Object.values(beat.ms).reduce((sum, ms) => sum + ms, 0)).toBe(beat.iv);
    expect(beat.ttfb!.reduce((sum, count) => sum + count, 0)).toBe(beat.sg!.n);
    expect(beat.fr!.drop).toBeLessThanOrEqual(beat.fr!.tot);
    for (const key of CUMULATIVE) {
      expect(beat.c[key]).toBeGreaterThanOrEqual(before[key]!);
      before[key] = beat.c[key];
    }
    stalls += beat.ns ?? 0;
    last = beat.t;
  }
  const sum = (state: 'playing' | 'stalled' | 'paused') => beats.reduce((total, { ms }) => total + (ms[state] ?? 0), 0);
  const stallEvents = events.filter((event) => event.k === 'stall');
  expect(end.t).toBe(last);
  expect(end.c.stallMs).toBe(sum('stalled'));
  expect(end.c.stallMs).toBe(stallEvents.reduce((total, event) => total + event.ms, 0));
  expect([end.c.stalls, stalls]).toEqual([stallEvents.length, stallEvents.length]);
  expect(end.c.playMs).toBe(sum('playing'));
  expect(end.c.watchMs).toBe(last - sum('paused'));
  expect(end.c.bits).toBe(beats.reduce((total, { bits = 0 }) => total + bits, 0));
  expect(end.c.err).toBe(events.filter(({ k }) => k === 'error').length);
  expect(end.c.up + end.c.down).toBe(events.filter(({ k }) => k === 'rendition').length);
  expect(events.some(({ k }) => k === 'start')).toBe(end.why !== 'vsf' && end.why !== 'ebvs');
  expect(end.t).toBeLessThan(LOOKBACK_MS);
  const start = events.find((event) => event.k === 'start');
  if (start) expect(Object.values(start.ph!).reduce((total, ms) => total + ms, 0)).toBe(start.ms);
};

test(
  'sessions of any seed, moment, pace and scenario are valid on the wire, and their sums agree',
  { timeout: 60_000 },
  () => {
    const arbitrary = fc.record({
      seed: fc.string(),
      offset: fc.integer({ min: 0, max: 14 * 24 * 60 }),
      beatMs: fc.constantFrom(10_000, 60_000, 300_000),
      scenario: fc.constantFrom(...SCENARIOS),
    });
    let checked = 0;
    fc.assert(
      fc.property(arbitrary, ({ seed, offset, beatMs, scenario }) => {
        const start = MONDAY + offset * MINUTE_MS;
        const incidents = scenario.incidents({ start: start - 10 * MINUTE_MS, minutes: 60 });
        for (const { session } of sessionsIn(
          source({ seed, incidents, eras: [{ from: 0, beatMs }] }),
          start / MINUTE_MS,
        )) {
          assertValid(session);
          checked++;
        }
      }),
      { numRuns: 150 },
    );
    expect(checked).toBeGreaterThan(100);
  },
);

test('the same seed and minute give the same sessions, byte for byte; ids are unique and change with what changes the events', () => {
  const [from, to] = [MONDAY, MONDAY + 4 * HOUR];
  const text = (options: SourceOptions) =>
    sessionsBetween(options, from, to).map((session) => JSON.stringify([headerOf(session), eventsOf(session)]));
  const ids = (options: SourceOptions) => sessionsBetween(options, from, to).map(({ id }) => id);
  expect(text(source())).toEqual(text(source()));
  const base = new Set(ids(source()));
  expect(base.size).toBe(ids(source()).length);
  for (const id of base) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  for (const other of [
    source({ seed: '2' }),
    source({ concurrent: 61 }),
    source({ eras: [{ from: 0, beatMs: 300_000 }] }),
  ]) {
    expect(ids(other).filter((id) => base.has(id))).toEqual([]);
  }
});

test('an incident changes the sessions it touches, id included, and no other byte', { timeout: 60_000 }, () => {
  const [from, to] = [MONDAY + 12 * HOUR, MONDAY + 20 * HOUR];
  const incidents = outage(MONDAY + 17 * HOUR, 60);
  const calm = sessionsBetween(source(), from, to);
  const hit = sessionsBetween(source({ incidents }), from, to);
  expect(hit).toHaveLength(calm.length);
  let touched = 0;
  for (const [i, session] of hit.entries()) {
    const twin = calm[i]!;
    const isTouched = session.timeline.touched.size > 0;
    touched += Number(isTouched);
    if (isTouched) expect(session.id).not.toBe(twin.id);
    else expect([session.id, eventsOf(session)]).toEqual([twin.id, eventsOf(twin)]);
  }
  expect(touched).toBeGreaterThan(20);
  expect(touched).toBeLessThan(hit.length / 3);
  const overlay = sessionsBetween(source({ incidents, isOnlyTouched: true }), from, to);
  expect(overlay.map(({ id }) => id)).toEqual(
    hit.filter(({ timeline }) => timeline.touched.size > 0).map(({ id }) => id),
  );
});

test('quality on a normal day is that of a good service', { timeout: 60_000 }, () => {
  const sessions = sessionsBetween(source({ concurrent: 100 }), MONDAY, MONDAY + 2 * DAY);
  const events = sessions.map(eventsOf);
  const beats = events.flat().filter(isBeat);
  const watched = beats.reduce((sum, beat) => sum + beat.iv - (beat.ms.paused ?? 0), 0);
  const stalled = beats.reduce((sum, beat) => sum + (beat.ms.stalled ?? 0), 0);
  expect(stalled / watched).toBeGreaterThan(0.003);
  expect(stalled / watched).toBeLessThan(0.008);
  const startups = events
    .flat()
    .flatMap((event) => (event.k === 'start' ? [event.ms] : []))
    .sort((a, b) => a - b);
  const quantile = (q: number) => startups[Math.floor(q * startups.length)]!;
  expect(quantile(0.5)).toBeGreaterThan(800);
  expect(quantile(0.5)).toBeLessThan(1000);
  expect(quantile(0.95)).toBeLessThan(2500);
  const ends = sessions.map(({ timeline }) => timeline.endReason);
  const share = (why: string) => ends.filter((reason) => reason === why).length / ends.length;
  expect(share('vsf') + share('vpf')).toBeGreaterThan(0.004);
  expect(share('vsf') + share('vpf')).toBeLessThan(0.011);
  expect(share('ebvs')).toBeLessThan(0.02);
  const meanMinutes = sessions.reduce((sum, { timeline }) => sum + timeline.length, 0) / sessions.length / MINUTE_MS;
  expect(Math.abs(meanMinutes - MEAN_SESSION_MINUTES)).toBeLessThan(1.5);
});

test(
  'the stalled share inside the scope and time of an outage is the one on its label, and usual elsewhere',
  { timeout: 60_000 },
  () => {
    const [start, minutes] = [MONDAY + 18 * HOUR, 90];
    const [end, hour] = [start + minutes * MINUTE_MS, HOUR];
    for (const magnitude of [0.2, 0.5]) {
      const incidents = cdnOutage.incidents({ start, minutes, magnitude });
      const sessions = sessionsBetween(source({ concurrent: 400, incidents }), start - 4 * hour, end);
      const inside = ratioOf(sessions, 'edge-b', 'DE', start, end);
      expect(inside.minutes).toBeGreaterThan(1000);
      expect(Math.abs(inside.ratio - magnitude)).toBeLessThan(0.15 * magnitude);
      expect(ratioOf(sessions, 'edge-a', 'DE', start, end).ratio).toBeLessThan(0.01);
      expect(ratioOf(sessions, 'edge-b', 'FR', start, end).ratio).toBeLessThan(0.012);
      expect(ratioOf(sessions, 'edge-b', 'DE', start - 2 * hour, start).ratio).toBeLessThan(0.01);
    }
  },
);

test('in an outage starts fail and slow down inside the scope only', () => {
  const start = MONDAY + 18 * HOUR;
  const sessions = sessionsBetween(source({ concurrent: 400, incidents: outage(start, 60) }), start, start + HOUR);
  const failures = (cdn: string) => {
    const inScope = sessions.filter(({ plan }) => plan.cdn === cdn && plan.region.country === 'DE');
    return inScope.filter(({ timeline }) => timeline.endReason === 'vsf').length / inScope.length;
  };
  expect(failures('edge-b')).toBeGreaterThan(0.2);
  expect(failures('edge-a')).toBeLessThan(0.05);
});

test('a flash crowd adds sessions in its country and leaves the usual ones alone', () => {
  const start = MONDAY + 18 * HOUR;
  const incidents = SCENARIOS.find(({ id }) => id === 'flash-crowd')!.incidents({ start, minutes: 60 });
  const audience = { seed: '1', concurrent: 400 };
  const count = (at: number, given: Incident[]) => arrivalsIn(audience, at / MINUTE_MS, given);
  let [usual, crowd] = [0, 0];
  for (let at = start; at < start + HOUR; at += MINUTE_MS) {
    const [before, after] = [count(at, []), count(at, incidents)];
    const keys = new Set(after.map(({ key }) => key));
    expect(before.every(({ key }) => keys.has(key))).toBe(true);
    usual += before.filter(({ region }) => region.country === 'GB').length;
    crowd += after.filter(({ region }) => region.country === 'GB').length;
    expect(after.length - before.length).toBe(
      after.filter(({ region }) => region.country === 'GB').length -
        before.filter(({ region }) => region.country === 'GB').length,
    );
  }
  expect(crowd / usual).toBeGreaterThan(4);
  expect(crowd / usual).toBeLessThan(6);
});

test('a session keeps its pace and id when the pace of later sessions changes', () => {
  const evening = MONDAY / MINUTE_MS + 18 * 60;
  const plan = arrivalsIn({ seed: '1', concurrent: 600 }, evening)[0]!;
  const eras = [
    { from: 0, beatMs: 300_000 },
    { from: plan.start + 1, beatMs: 60_000 },
  ];
  const [first] = sessionsIn(source({ concurrent: 600, eras }), evening);
  expect(first!.session.id).toBe(sessionOf(plan, [], 300_000).id);
});
