import { describe, expect, test } from 'vitest';
import { browserFixture } from './fixture.ts';
import { changeSource, clickPlay, detach, moves } from './hand.ts';
import { play } from './stage.ts';
import { truthsOf } from './truth.ts';
import { kinds } from './verdicts.ts';

const on = browserFixture();

describe('the probe does no harm', () => {
  test('after a hundred times attach and detach no listener, no timer and less than 10 KB a time are left', async () => {
    const { page, stage } = on;
    await play(page, stage);
    await moves(page, 2);
    const client = await page.context().newCDPSession(page);
    // The page's own view of every listener and interval, and the browser's of those on the three objects that outlive a probe.
    const held = async () => {
      const counts: number[] = [];
      for (const expression of ['window', 'document', 'document.querySelector("video")']) {
        const { result } = await client.send('Runtime.evaluate', { expression });
        const { listeners } = await client.send('DOMDebugger.getEventListeners', { objectId: result.objectId! });
        counts.push(listeners.length);
      }
      return { counts, held: await page.evaluate(() => window.stage.held()) };
    };
    const heap = async () => {
      // Twice: what the first pass lets go of may hold more.
      await client.send('HeapProfiler.collectGarbage');
      await client.send('HeapProfiler.collectGarbage');
      return (await client.send('Runtime.getHeapUsage')).usedSize;
    };
    const cycles = (count: number) =>
      page.evaluate(
        async ([times, endpoint]) => {
          const { player } = window.stage;
          let listeners = 0;
          for (let i = 0; i < times; i++) {
            const probe = window.framewatch.attach(player, { endpoint, key: 'demo' });
            listeners = Math.max(listeners, window.stage.held().length);
            await new Promise((resolve) => setTimeout(resolve, 30));
            probe.detach();
            await probe.flush();
          }
          return listeners;
        },
        [count, on.collector.url] as const,
      );
    await page.evaluate(() => {
      window.stage.probe!.detach();
      // The frames that the oracle keeps are not the probe's.
      window.stage.frames.push = () => 0;
    });
    await cycles(20);
    const before = { ...(await held()), heap: await heap() };
    const within = await cycles(100);
    const after = { ...(await held()), heap: await heap() };
    const growth = (after.heap - before.heap) / 100;
    console.log(`heap ${Math.round(growth)} B a cycle; listeners ${after.counts.join()}, within ${within}`);
    expect(within).toBeGreaterThan(before.held.length);
    expect(after.held).toEqual(before.held);
    expect(after.counts).toEqual(before.counts);
    expect(growth).toBeLessThan(10_000);
  });

  test('in calm play it looks at the frame counter twice a second and asks for no frame', async () => {
    const { page, stage } = on;
    await play(page, stage, { bufferS: 12 });
    await page.waitForFunction(() => {
      const { buffered, currentTime } = document.querySelector('video')!;
      return currentTime > 1 && buffered.length === 1 && buffered.end(0) - currentTime > 8;
    });
    const { looks, frames, seconds } = await page.evaluate(async () => {
      // dash.js and the oracle do the same: who asks is told by the stack.
      const seen = { looks: 0, frames: 0 };
      const isOwn = () => /framewatch\.js/.test(new Error('asked').stack ?? '');
      const { prototype } = HTMLVideoElement;
      // oxlint-disable-next-line typescript/unbound-method -- kept to be called with its element
      const { getVideoPlaybackQuality: quality, requestVideoFrameCallback: request } = prototype;
      prototype.getVideoPlaybackQuality = function look() {
        if (isOwn()) seen.looks++;
        return quality.call(this);
      };
      prototype.requestVideoFrameCallback = function ask(callback) {
        if (isOwn()) seen.frames++;
        return request.call(this, callback);
      };
      const from = performance.now();
      await new Promise((resolve) => setTimeout(resolve, 3000));
      Object.assign(prototype, { getVideoPlaybackQuality: quality, requestVideoFrameCallback: request });
      return { ...seen, seconds: (performance.now() - from) / 1000 };
    });
    console.log(`${looks} looks in ${seconds.toFixed(1)} s`);
    expect(looks).toBeGreaterThan(0);
    // Where the machine makes frames late it looks more often for a moment; without calm it would be four times a second.
    expect(looks).toBeLessThan(3.5 * seconds);
    expect(frames).toBe(0);
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
    const sidOf = () => page.evaluate(() => window.stage.probe!.header!.sid);
    await play(page, stage);
    await collector.until((event) => event.k === 'start');
    const first = await sidOf();
    await changeSource(page, '/demo/clip/stage/clip.mpd?2');
    await page.waitForFunction((sid) => window.stage.probe!.header!.sid !== sid, first);
    const second = await sidOf();
    await collector.until(() => collector.events(second).some(({ k }) => k === 'start'));
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
      // The oracle's own.
      ...Object.keys(sessionStorage).filter((name) => name !== 'told'),
      ...Object.keys(localStorage).filter((name) => !name.startsWith('dashjs')),
    ]);
    expect(kept).toEqual(['']);
    const { h } = collector.requests[0]!.events[0]!;
    expect(h.consent).toBe(0);
    expect(h.vid).toBeUndefined();
  });

  test('a collector of the page’s own origin gets the events without the page’s cookies', async () => {
    const { page, stage } = on;
    const asked: (readonly [path: string, cookie: string | undefined])[] = [];
    stage.intercept((req, res) => {
      const path = (req.url ?? '').split('?')[0]!;
      asked.push([path, req.headers.cookie]);
      if (path !== '/api/v1/events') return false;
      res.writeHead(202, { 'content-type': 'application/json' }).end('{}');
      return true;
    });
    await page.addInitScript(() => (document.cookie = 'member=7'));
    await play(page, stage, { endpoint: stage.origin });
    const cookies = (wanted: string) => asked.filter(([path]) => path.endsWith(wanted)).map(([, cookie]) => cookie);
    await expect.poll(() => cookies('/api/v1/events').length, { timeout: 30_000 }).toBeGreaterThan(0);
    // What else the page asks for has them.
    await page.evaluate(() => fetch('/stage/away'));
    expect(cookies('/stage/away')).toEqual(['member=7']);
    expect(new Set(cookies('/api/v1/events'))).toEqual(new Set([undefined]));
  });
});
