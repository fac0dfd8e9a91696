import { describe, expect, test } from 'vitest';
import { browserFixture } from './fixture.ts';
import { clickPlay, detach, moves } from './hand.ts';
import { play } from './stage.ts';
import { truthsOf } from './truth.ts';
import { kinds } from './verdicts.ts';

const on = browserFixture();

describe('the probe does no harm', () => {
  test('detach leaves no listener and no timer on the page or the player', async () => {
    const { page, stage, collector } = on;
    await play(page, stage);
    await on.state('playing');
    const before = await page.evaluate(() => {
      window.stage.probe!.detach();
      return window.stage.held();
    });
    await collector.until((event) => event.k === 'end');
    for (let i = 0; i < 5; i++) {
      await page.evaluate((endpoint) => {
        const { player } = window.stage;
        window.stage.probe = window.framewatch.attach(player, { endpoint, key: 'demo' });
      }, collector.url);
      await on.state('playing');
      const [within, after] = await page.evaluate(() => {
        const held = window.stage.held();
        window.stage.probe!.detach();
        return [held, window.stage.held()];
      });
      expect(within.length).toBeGreaterThan(before.length);
      expect(after).toEqual(before);
    }
  });

  test('a probe whose every event throws and whose server is away does not disturb the playback', async () => {
    const { page, stage } = on;
    const faults: string[] = [];
    page.on('pageerror', ({ message }) => faults.push(message));
    await page.goto(`${stage.origin}/stage/`);
    await page.evaluate(async (source) => {
      const attach = window.framewatch.attach;
      window.framewatch.attach = (player, options) =>
        attach(player, {
          ...options,
          onEvent: () => {
            throw new Error('from within the probe');
          },
        });
      await window.stage.play({ source, endpoint: 'http://127.0.0.1:9', bufferS: 4 });
    }, '/demo/clip/stage/clip.mpd');
    await page.waitForFunction(() => window.stage.frames.length > 60, null, { timeout: 20_000 });
    expect(faults).toEqual([]);
  });

  test('a manifest that is not there is a failed start, fatal, and no exit before start', async () => {
    const { page, stage, collector } = on;
    await play(page, stage, { source: '/demo/clip/stage/none.mpd?token=secret' });
    const end = kinds([await collector.until((event) => event.k === 'end')], 'end')[0]!;
    expect(end.why).toBe('vsf');
    const errors = kinds(collector.events(), 'error');
    expect(errors).toMatchObject([{ cat: 'manifest', fatal: true }]);
    expect(JSON.stringify(collector.requests)).not.toContain('secret');
  });

  test('another source is another session; a reset without one is an exit', async () => {
    const { page, stage, collector } = on;
    await play(page, stage);
    await on.state('playing');
    const first = await page.evaluate(() => window.stage.probe!.header!.sid);
    await page.evaluate((source) => window.stage.player!.attachSource(source), '/demo/clip/stage/clip.mpd?2');
    await page.waitForFunction((sid) => window.stage.probe!.header!.sid !== sid, first);
    await on.state('playing');
    const second = await page.evaluate(() => window.stage.probe!.header!.sid);
    await moves(page);
    await page.evaluate(() => window.stage.player!.reset());
    await collector.until(() => collector.events(second).some(({ k }) => k === 'end'));
    expect(kinds(collector.events(first), 'end').map(({ why }) => why)).toEqual(['replaced']);
    expect(kinds(collector.events(second), 'end').map(({ why }) => why)).toEqual(['exit']);
    expect(kinds(collector.events(second), 'start')).toHaveLength(1);
  });

  test('without autoplay the startup clock starts at the click', async () => {
    const { page, stage, collector } = on;
    await play(page, stage, { autoplay: false });
    await page.waitForFunction(() => document.querySelector('video')!.readyState > 2);
    await page.waitForTimeout(1000);
    expect(collector.requests).toHaveLength(0);
    await clickPlay(page);
    const start = kinds([await collector.until((event) => event.k === 'start')], 'start')[0]!;
    const [truth] = truthsOf(await detach(page));
    expect(Math.abs(start.ms - truth!.startupMs!)).toBeLessThan(50 + truth!.blockedMs);
  });

  test('no cookie, no storage; with Global Privacy Control no viewer either', async () => {
    const { page, stage, collector } = on;
    await page.addInitScript(() => Object.defineProperty(navigator, 'globalPrivacyControl', { value: true }));
    await play(page, stage, { probe: { viewerId: 'viewer-7' } });
    await collector.until((event) => event.k === 'start');
    const kept = await page.evaluate(() => [
      document.cookie,
      ...Object.keys(sessionStorage),
      ...Object.keys(localStorage).filter((name) => !name.startsWith('dashjs')),
    ]);
    expect(kept).toEqual(['']);
    const { h } = collector.requests[0]!.events[0]!;
    expect(h.consent).toBe(0);
    expect(h.vid).toBeUndefined();
  });
});
