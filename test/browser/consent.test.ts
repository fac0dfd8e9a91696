import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { ConsentProbe } from '../../player-probe/src/gate.ts';
import { bundleProbe } from '../../scripts/build-probe.ts';
import { browserFixture } from './fixture.ts';
import { changeSource, detach, leave, moves } from './hand.ts';
import { CLIP, play } from './stage.ts';
import { truthsOf } from './truth.ts';
import { isComplete, kinds } from './verdicts.ts';

const source = fileURLToPath(new URL('./kept-page.ts', import.meta.url));
const on = browserFixture(async () =>
  Buffer.from(await bundleProbe(source, { format: 'iife', globalName: 'framewatch' })),
);

const VIEWER = 'viewer-7';
const asks = { asks: true, offline: true, viewerId: VIEWER, interval: 0.5 };
const answer = (isGranted: boolean) =>
  on.page.evaluate((yes) => (window.stage.probe as ConsentProbe).consent(yes), isGranted);
const kept = () => on.page.evaluate(() => Object.keys(localStorage).filter((name) => name.startsWith('framewatch')));
const headers = () => on.collector.requests.flatMap(({ events }) => events.map(({ h }) => h));

describe('a viewer who is asked first', () => {
  test('nothing leaves and nothing is kept before the answer; with a yes the startup of the first view is there, at its time', async () => {
    const { page, stage, collector } = on;
    await play(page, stage, { probe: asks });
    await moves(page, 40);
    expect(collector.requests).toHaveLength(0);
    expect(await kept()).toEqual([]);
    const before = await page.evaluate(() => performance.timeOrigin + performance.now());
    await answer(true);
    await collector.until((event) => event.k === 'hb');
    const sight = await detach(page);
    await collector.until((event) => event.k === 'end');
    const [truth] = truthsOf(sight);
    const events = collector.events();
    expect(isComplete(events)).toBe(true);
    const start = kinds(events, 'start')[0]!;
    expect(Math.abs(start.ms - truth!.startupMs!)).toBeLessThan(50 + truth!.blockedMs);
    const [first] = headers();
    expect(first!.t0 + start.t).toBeLessThan(before);
    expect(headers().every(({ vid, consent }) => vid === VIEWER && consent === 1)).toBe(true);
  });

  test('with a no it is sent without the viewer; a later yes names the viewer, a withdrawal takes the name from what still waits', async () => {
    const { page, stage, collector } = on;
    await play(page, stage, { probe: asks });
    await moves(page, 6);
    await answer(false);
    await collector.until((event) => event.k === 'start');
    expect(headers().every(({ vid, consent }) => vid === undefined && consent === 0)).toBe(true);
    const named = () => headers().filter(({ vid }) => vid === VIEWER).length;
    await answer(true);
    await expect.poll(named, { timeout: 20_000 }).toBeGreaterThan(0);
    collector.decide = () => ({ status: 503 });
    const refused = collector.requests.length;
    await expect.poll(() => collector.requests.length, { timeout: 20_000 }).toBeGreaterThan(refused);
    await answer(false);
    collector.decide = () => ({ status: 202 });
    await detach(page);
    await collector.until((event) => event.k === 'end');
    const after = collector.requests.slice(refused).flatMap(({ status, events }) => (status === 202 ? events : []));
    expect(after.some(({ e }) => e.k === 'end')).toBe(true);
    expect(after.every(({ h }) => h.vid === undefined && h.consent === 0)).toBe(true);
    expect(isComplete(collector.events())).toBe(true);
    expect(await kept()).toEqual([]);
  });

  test('who leaves without an answer was never there; a second view in the meantime waits as well', async () => {
    const { page, stage, collector } = on;
    await play(page, stage, { probe: asks });
    await moves(page, 6);
    await leave(page);
    await page.waitForTimeout(500);
    expect(collector.requests).toHaveLength(0);
    expect(await kept()).toEqual([]);
    await play(page, stage, { probe: asks });
    await moves(page, 6);
    await changeSource(page, `${CLIP}?2`);
    await moves(page, 12);
    await detach(page);
    expect(collector.requests).toHaveLength(0);
    await answer(true);
    const ends = () => kinds(collector.events(), 'end').map(({ why }) => why);
    await expect.poll(ends, { timeout: 20_000 }).toEqual(['replaced', 'exit']);
    const sids = [...new Set(headers().map(({ sid }) => sid))];
    expect(sids).toHaveLength(2);
    for (const sid of sids) expect(isComplete(collector.events(sid))).toBe(true);
  });
});
