import { describe, expect, test } from 'vitest';
import { browserFixture } from './fixture.ts';
import { detach, hide, leave, moves, stands } from './hand.ts';
import { play } from './stage.ts';
import { truthsOf } from './truth.ts';
import { isComplete, kinds } from './verdicts.ts';

const on = browserFixture();

describe('delivery', () => {
  test('answers 503 are retried as the server asks; nothing is lost and nothing is taken twice', async () => {
    const { page, stage, collector } = on;
    for (let i = 0; i < 3; i++) collector.answers.push({ status: 503, headers: { 'retry-after': '1' } });
    await play(page, stage, { probe: { interval: 1 } });
    await collector.until((event) => event.k === 'hb');
    await detach(page);
    await collector.until((event) => event.k === 'end');
    const refused = collector.requests.filter(({ status }) => status === 503);
    expect(refused).toHaveLength(3);
    for (const [i, request] of collector.requests.slice(1, 4).entries())
      expect(request.at - collector.requests[i]!.at).toBeGreaterThan(950);
    expect(isComplete(collector.events())).toBe(true);
  });

  test('the server sets the pace of the beats', async () => {
    const { page, stage, collector } = on;
    collector.answers.push({ status: 202, body: { interval: 1 } });
    await play(page, stage, { probe: { interval: 60 } });
    await collector.until(() => kinds(collector.events(), 'hb').length > 2);
    const { t } = kinds(collector.events(), 'hb')[2]!;
    expect(t).toBeLessThan(60_000);
  });

  test('who leaves in mid-stall has left once, with the stall’s length, in one beacon', async () => {
    const { page, stage, collector } = on;
    await play(page, stage, { probe: { interval: 30 } });
    await collector.until((event) => event.k === 'start');
    await moves(page, 40);
    await stage.throttle(8);
    await stands(page, 2000);
    const before = collector.requests.length;
    const [truth] = truthsOf(await leave(page));
    await collector.until((event) => event.k === 'end');
    // A second beacon would come at once.
    await page.waitForTimeout(500);
    const events = collector.events();
    expect(collector.requests.length - before).toBe(1);
    expect(isComplete(events)).toBe(true);
    expect(kinds(events, 'end')).toHaveLength(1);
    expect(kinds(events, 'end')[0]).toMatchObject({ why: 'exit', c: { stalls: 1 } });
    const stall = kinds(events, 'stall').at(-1)!;
    expect(Math.abs(stall.ms - truth!.interruptionMs)).toBeLessThan(0.05 * truth!.interruptionMs + truth!.blockedMs);
  });

  test('a hidden page sends what it has, once, and its time is told', async () => {
    const { page, stage, collector } = on;
    await play(page, stage, { probe: { interval: 30 } });
    await collector.until((event) => event.k === 'start');
    await hide(page, true);
    await collector.until((event) => event.k === 'hb');
    await moves(page, 24);
    const { log } = await detach(page);
    await collector.until((event) => event.k === 'end');
    const events = collector.events();
    const [from, to] = ['hidden', 'over'].map((what) => log.find((entry) => entry.what === what)!.at);
    expect(isComplete(events)).toBe(true);
    const told = kinds(events, 'hb').reduce((ms, hb) => ms + (hb.ms.hidden ?? 0), 0);
    expect(Math.abs(told - (to! - from!))).toBeLessThan(50);
    expect(kinds(events, 'freeze')).toHaveLength(0);
  });
});
