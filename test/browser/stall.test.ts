import { describe, expect, test } from 'vitest';
import { browserFixture } from './fixture.ts';
import { play } from './stage.ts';
import { interruptions, isComplete, kinds, only, sum } from './verdicts.ts';

const on = browserFixture();

describe('what the probe reports is what was on the screen', () => {
  test('a stall on a throttled line within 10 %, the startup within 100 ms', async () => {
    const { page, stage, collector } = on;
    await play(page, stage);
    const start = only(kinds([await collector.until((event) => event.k === 'start')], 'start'));
    await page.waitForTimeout(2000);
    await stage.throttle(12);
    await on.state('stalled');
    await page.waitForTimeout(4000);
    await stage.throttle(null);
    await on.state('playing');
    await page.waitForTimeout(1500);
    await page.evaluate(() => window.stage.probe!.detach());
    const end = kinds([await collector.until((event) => event.k === 'end')], 'end')[0]!;
    const { frames, startedAt } = await page.evaluate(() => window.stage);
    const events = collector.events();
    const truth = sum(interruptions(frames));
    const reported = end.c.stallMs + end.c.freezeMs;
    console.log(
      `startup ${start.ms} ms, on screen ${Math.round(frames[0]! - startedAt)} ms; interruption ${reported} ms, on screen ${Math.round(truth)} ms`,
    );
    expect(Math.abs(start.ms - (frames[0]! - startedAt))).toBeLessThan(100);
    expect(sum(Object.values(start.ph ?? {}))).toBe(start.ms);
    expect(truth).toBeGreaterThan(3000);
    expect(Math.abs(reported - truth) / truth).toBeLessThan(0.1);
    expect(end.c.stalls).toBe(1);
    const stall = only(kinds(events, 'stall').filter((event) => !event.open));
    expect(stall.cause).toBe('network');
    expect(stall.ms).toBe(end.c.stallMs);
    expect(isComplete(events)).toBe(true);
  });

  test('a picture that stands while the sound runs on', async () => {
    const { page, stage, collector } = on;
    let hold = false;
    const held: (() => void)[] = [];
    stage.intercept((req) => {
      if (!hold || !/\/[012]-\d+\.m4s$/.test(req.url ?? '')) return false;
      // Released later as a failed request: the player asks again.
      held.push(() => req.socket.destroy());
      return true;
    });
    await play(page, stage, { bufferS: 3 });
    await on.state('playing');
    await page.waitForTimeout(2000);
    hold = true;
    await on.state('frozen');
    await page.waitForTimeout(500);
    hold = false;
    for (const release of held) release();
    await on.state('playing');
    await page.waitForTimeout(2500);
    await page.evaluate(() => window.stage.probe!.detach());
    const { c } = kinds([await collector.until((event) => event.k === 'end')], 'end')[0]!;
    const truth = sum(interruptions(await page.evaluate(() => window.stage.frames)));
    console.log(`frozen ${c.freezeMs} ms + stalled ${c.stallMs} ms, on screen ${Math.round(truth)} ms`);
    expect(c.freezes + c.stalls).toBeGreaterThan(0);
    expect(Math.abs(c.freezeMs + c.stallMs - truth) / truth).toBeLessThan(0.1);
  });

  test('neither the startup nor a seek is a stall, and a rendition is what has that size on the screen', async () => {
    const { page, stage, collector } = on;
    await stage.throttle(400);
    await play(page, stage);
    await on.state('playing');
    await page.waitForTimeout(2000);
    for (const to of [24, 6, 30]) {
      await page.evaluate((seconds) => window.stage.player!.seek(seconds), to);
      await on.state('seeking');
      await on.state('playing');
      await page.waitForTimeout(1000);
    }
    const sizes = await page.evaluate(() => window.stage.sizes);
    await page.evaluate(() => window.stage.probe!.detach());
    const { c } = kinds([await collector.until((event) => event.k === 'end')], 'end')[0]!;
    const events = collector.events();
    expect(c).toMatchObject({ stalls: 0, seeks: 3 });
    expect(kinds(events, 'stall')).toHaveLength(0);
    expect(kinds(events, 'seek').map(({ to }) => Math.round(to! / 1000))).toEqual([24, 6, 30]);
    expect(sum(kinds(events, 'seek').map(({ ms }) => ms))).toBe(c.seekMs);
    expect(kinds(events, 'rendition')).toHaveLength(sizes.length - 1);
  });

  test('attached after initialize it still sees the start; attached in mid-play it claims none', async () => {
    const { page, stage, collector } = on;
    await play(page, stage, { attachAfterMs: 60 });
    const start = kinds([await collector.until((event) => event.k === 'start')], 'start')[0]!;
    const { frames, startedAt } = await page.evaluate(() => window.stage);
    expect(Math.abs(start.ms - (frames[0]! - startedAt - 60))).toBeLessThan(100);
    await play(page, stage, { attachAfterMs: 3000 });
    await on.state('playing');
    const sid = await page.evaluate(() => window.stage.probe!.header!.sid);
    await page.evaluate(() => window.stage.probe!.detach());
    await collector.until(() => collector.events(sid).some(({ k }) => k === 'end'));
    expect(collector.events(sid).some(({ k }) => k === 'request' || k === 'start')).toBe(false);
    expect(kinds(collector.events(sid), 'end')[0]).toMatchObject({ why: 'exit' });
  });

  test('the whole clip: few bytes, few requests, no preflight, and it ends as completed', async () => {
    const { page, stage, collector } = on;
    await play(page, stage, { probe: { interval: 10 } });
    const end = kinds([await collector.until((event) => event.k === 'end', 60_000)], 'end')[0]!;
    // The clip is shorter than a minute: the first and the last request once, and the beats between them at six a minute.
    const sizes = collector.requests.map((request) => request.bytes);
    const beatBytes = sizes.slice(1, -1);
    const bytes = sizes[0]! + sizes.at(-1)! + (6 * sum(beatBytes)) / beatBytes.length;
    const requests = collector.requests.length / (end.t / 60_000);
    console.log(
      `first minute ${Math.round(bytes)} B, beats ${beatBytes.join()} B; ${requests.toFixed(1)} requests/min`,
    );
    expect(end.why).toBe('completed');
    expect(bytes).toBeLessThan(3000);
    expect(requests).toBeLessThanOrEqual(12);
    expect(new Set(collector.requests.map(({ method, contentType }) => `${method} ${contentType}`))).toEqual(
      new Set(['POST text/plain']),
    );
    const beats = kinds(collector.events(), 'hb');
    expect(sum(beats.map(({ ttfb = [] }) => sum(ttfb)))).toBeGreaterThan(10);
    expect(sum(beats.flatMap(({ ms }) => Object.values(ms)))).toBe(end.t);
    expect(beats[0]!.thr).toBeGreaterThan(0);
  });
});
