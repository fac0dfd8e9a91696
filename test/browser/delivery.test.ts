import { describe, expect, test } from 'vitest';
import { browserFixture } from './fixture.ts';
import { play } from './stage.ts';
import { isComplete, kinds } from './verdicts.ts';

const on = browserFixture();

describe('delivery', () => {
  test('answers 503 are retried as the server asks; nothing is lost and nothing is taken twice', async () => {
    const { page, stage, collector } = on;
    for (let i = 0; i < 3; i++) collector.answers.push({ status: 503, headers: { 'retry-after': '1' } });
    await play(page, stage, { probe: { interval: 1 } });
    await page.waitForTimeout(7000);
    await page.evaluate(() => window.stage.probe!.detach());
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
    await page.waitForTimeout(6000);
    expect(kinds(collector.events(), 'hb').length).toBeGreaterThan(2);
  });

  test('who leaves in mid-stall has left once, with the stall’s length, in one beacon', async () => {
    const { page, stage, collector } = on;
    await play(page, stage, { probe: { interval: 30 } });
    await collector.until((event) => event.k === 'start');
    await page.waitForTimeout(2000);
    await stage.throttle(8);
    await on.state('stalled');
    await page.waitForTimeout(1500);
    const before = collector.requests.length;
    await page.goto('about:blank');
    await collector.until((event) => event.k === 'end');
    await page.waitForTimeout(500);
    const events = collector.events();
    expect(collector.requests.length - before).toBe(1);
    expect(isComplete(events)).toBe(true);
    expect(kinds(events, 'end')).toHaveLength(1);
    expect(kinds(events, 'end')[0]).toMatchObject({ why: 'exit', c: { stalls: 1 } });
    expect(kinds(events, 'stall').at(-1)!.ms).toBeGreaterThanOrEqual(1400);
  });

  test('a hidden page sends what it has, once, and its time is told', async () => {
    const { page, stage, collector } = on;
    await play(page, stage, { probe: { interval: 30 } });
    await collector.until((event) => event.k === 'start');
    await page.evaluate(() => {
      Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true });
      Object.defineProperty(document, 'hidden', { value: true, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    });
    await collector.until((event) => event.k === 'hb', 3000);
    await page.waitForTimeout(1000);
    await page.evaluate(() => window.stage.probe!.detach());
    await collector.until((event) => event.k === 'end');
    const events = collector.events();
    expect(isComplete(events)).toBe(true);
    expect(kinds(events, 'hb').at(-1)!.ms.hidden).toBeGreaterThan(900);
    expect(kinds(events, 'freeze')).toHaveLength(0);
  });
});
