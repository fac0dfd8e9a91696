import { describe, expect, test } from 'vitest';
import { browserFixture } from './fixture.ts';
import { detach, moves, seek } from './hand.ts';
import { play } from './stage.ts';
import { truthsOf } from './truth.ts';
import { kinds, sum } from './verdicts.ts';

const on = browserFixture();

describe('what the probe reports is what was on the screen', () => {
  test('attached after initialize it still sees the start; attached in mid-play it claims none', async () => {
    const { page, stage, collector } = on;
    await stage.throttle(150);
    await play(page, stage, { attachAfterMs: 60 });
    await collector.until((event) => event.k === 'start');
    const late = await page.evaluate(() => window.stage.attachedAt - window.stage.startedAt);
    const [truth] = truthsOf(await detach(page));
    const start = kinds(collector.events(), 'start')[0]!;
    console.log(
      `start ${start.ms} ms, on screen ${truth!.startupMs} ms after initialize, attached ${late} ms after it`,
    );
    expect(truth!.startupMs).toBeGreaterThan(late);
    expect(Math.abs(start.ms - (truth!.startupMs! - late))).toBeLessThan(50 + truth!.blockedMs);
    await stage.throttle(null);
    await play(page, stage);
    await page.evaluate(() => window.stage.probe!.detach());
    await moves(page, 24);
    const sid = await page.evaluate((endpoint) => {
      const { player } = window.stage;
      window.stage.probe = window.framewatch.attach(player, { endpoint, key: 'demo' });
      return window.stage.probe.header!.sid;
    }, collector.url);
    await moves(page, 24);
    await detach(page);
    await collector.until(() => collector.events(sid).some(({ k }) => k === 'end'));
    expect(collector.events(sid).some(({ k }) => k === 'request' || k === 'start')).toBe(false);
    expect(kinds(collector.events(sid), 'end')[0]).toMatchObject({ why: 'exit' });
  });

  test('to the end of the clip: few bytes, few requests, no preflight, and it ends as completed', async () => {
    const { page, stage, collector } = on;
    // Beats of five seconds are as big as those of ten, and each has a request of its own as well.
    await play(page, stage, { probe: { interval: 5 } });
    await collector.until(() => kinds(collector.events(), 'hb').length > 2);
    await seek(page, 34);
    const end = kinds([await collector.until((event) => event.k === 'end', 60_000)], 'end')[0]!;
    // In a minute: what came before the first beat, six beats, and the last request.
    const sizes = collector.requests.map((request) => request.bytes);
    const isBeat = collector.requests.map(({ events }) => events.some(({ e }) => e.k === 'hb'));
    const beatBytes = sizes.filter((_size, i) => isBeat[i] && i < sizes.length - 1);
    const others = sizes.filter((_size, i) => !isBeat[i] || i === sizes.length - 1);
    const bytes = sum(others) + (6 * sum(beatBytes)) / beatBytes.length;
    const requests = others.length + 6;
    console.log(`first minute ${Math.round(bytes)} B, beats ${beatBytes.join()} B; ${requests} requests/min`);
    expect(end.why).toBe('completed');
    expect(bytes).toBeLessThan(3000);
    expect(requests).toBeLessThanOrEqual(12);
    expect(new Set(collector.requests.map(({ method, contentType }) => `${method} ${contentType}`))).toEqual(
      new Set(['POST text/plain']),
    );
    const beats = kinds(collector.events(), 'hb');
    expect(sum(beats.map(({ ttfb = [] }) => sum(ttfb)))).toBeGreaterThan(5);
    expect(sum(beats.flatMap(({ ms }) => Object.values(ms)))).toBe(end.t);
    expect(beats[0]!.thr).toBeGreaterThan(0);
  });
});
