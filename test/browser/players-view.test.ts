import { beforeEach, expect, test } from 'vitest';
import { toP1203 } from '../../player-probe/src/p1203.ts';
import { playersFixture } from './players-fixture.ts';
import type { WireEvent } from '../../schema/probe-wire.ts';
import { kinds, only } from './verdicts.ts';

// How a player stands on its page, advertisements, and the session as input of P.1203; of an hls.js player.

const on = playersFixture();
const isHeavy = process.env['FRAMEWATCH_HEAVY'] === '1';

interface Fact {
  from?: unknown;
  to?: unknown;
  q?: string;
  ms?: number;
}
/** Events whose kind shares its shape with others. */
const facts = (events: WireEvent[], kind: WireEvent['k']) => events.filter(({ k }) => k === kind) as unknown as Fact[];

beforeEach(async () => {
  await on.open();
});

test.runIf(isHeavy)('what becomes of the player on its page, each told once with what it was and is', async () => {
  const { page } = on;
  await on.start({ kind: 'hlsjs', view: true, probe: { interval: 0.5 } });
  await on.state('play');
  // So that it has looked once before anything changes: in calm play it may be a second until then.
  await page.evaluate(() => document.dispatchEvent(new Event('fullscreenchange')));
  // After each the probe has looked.
  const told = (k: string, to: unknown) =>
    page.waitForFunction(
      ([kind, value]) =>
        window.players.shows[0]!.told.some((event) => event.k === kind && (event as { to?: unknown }).to === value),
      [k, to] as const,
    );
  await page.evaluate(() => (window.players.shows[0]!.video.muted = false));
  await told('mute', false);
  await page.evaluate(() => (window.players.shows[0]!.video.volume = 0));
  await told('mute', true);
  await page.evaluate(() => (window.players.shows[0]!.video.style.width = '400px'));
  await told('resize', '400x180');
  await page.evaluate(() => (window.players.shows[0]!.video.playbackRate = 1.5));
  await told('rate', 1.5);
  await page.locator('video').click();
  await page.evaluate(() => window.players.shows[0]!.video.requestFullscreen());
  await told('fullscreen', true);
  await page.evaluate(() => document.exitFullscreen());
  await told('fullscreen', false);
  await page.evaluate(() => {
    Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true });
    Object.defineProperty(document, 'hidden', { value: true, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  });
  await told('visibility', 'hidden');
  const { told: events } = await on.finish();
  expect(facts(events, 'mute').map(({ from, to }) => [from, to])).toEqual([
    [true, false],
    [false, true],
  ]);
  expect(facts(events, 'rate').map(({ from, to }) => [from, to])).toEqual([[1, 1.5]]);
  expect(facts(events, 'fullscreen').map(({ to }) => to)).toEqual([true, false]);
  expect(facts(events, 'visibility').map(({ to }) => to)).toEqual(['hidden']);
  const [first] = facts(events, 'resize');
  expect([first!.from, first!.to]).toEqual(['320x180', '400x180']);
  const beat = kinds(events, 'hb').at(-1)!;
  expect([beat.pw, beat.ph, beat.rate]).toEqual([400, 180, 1.5]);
});

test.runIf(isHeavy)('a break is neither startup nor watched time; the rest is what P.1203 asks for', async () => {
  const { page } = on;
  await on.start({ kind: 'hlsjs', view: true, probe: { interval: 0.5 } });
  await on.state('play');
  await page.waitForTimeout(800);
  const breakMs = await page.evaluate(async () => {
    const { video, probe } = window.players.shows[0]!;
    const tell = window.players.ads(probe!);
    const at = performance.now();
    tell('breakStart', { id: 'b1', pos: 'mid' });
    video.pause();
    tell('start', { id: 'a1' });
    await new Promise((resolve) => setTimeout(resolve, 700));
    tell('end', { id: 'a1' });
    tell('breakEnd', { id: 'b1' });
    const ms = performance.now() - at;
    await video.play();
    return ms;
  });
  await on.state('play');
  await page.waitForTimeout(800);
  const headS = await page.evaluate(() => window.players.shows[0]!.video.currentTime);
  const { told: events } = await on.finish();
  const [began, ended] = facts(events, 'adBreak');
  expect([began!.q, ended!.q]).toEqual(['breakStart', 'breakEnd']);
  expect(Math.abs(ended!.ms! - breakMs)).toBeLessThan(20);
  expect(facts(events, 'ad').map(({ q }) => q)).toEqual(['start', 'end']);
  const adMs = kinds(events, 'hb').reduce((sum, { ms }) => sum + (ms.ad ?? 0), 0);
  expect(Math.abs(adMs - breakMs)).toBeLessThan(20);
  const { c, t } = only(kinds(events, 'end'));
  expect(Math.abs(c.watchMs + adMs - t)).toBeLessThan(50 + (t - adMs) * 0.05);
  expect(kinds(events, 'pause')).toEqual([]);
  const input = toP1203(events, { codec: 'h264' });
  expect(input.IGen.displaySize).toBe('320x180');
  const [segment] = input.I13.segments;
  expect(segment).toMatchObject({ start: 0, codec: 'h264', resolution: '640x360' });
  const played = input.I13.segments.reduce((sum, { duration }) => sum + duration, 0);
  // Nobody has jumped; what was played since the last look, a second ago at most, is not in it.
  expect(played).toBeLessThan(headS + 0.1);
  expect(played).toBeGreaterThan(headS - 1.1);
  expect(input.I23.stalling[0]).toEqual([0, only(kinds(events, 'start')).ms / 1000]);
});
