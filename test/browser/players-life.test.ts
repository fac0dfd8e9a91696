import { describe, expect, test } from 'vitest';
import type { WireEvent } from '../../schema/probe-wire.ts';
import { playersFixture, SOURCES } from './players-fixture.ts';
import { truthsOf } from './truth.ts';
import { kinds, only } from './verdicts.ts';

const on = playersFixture();

/** What the show's probe has told, once it has told of an end. */
async function ended(show: number, ends = 1): Promise<WireEvent[]> {
  const enough = ([i, count]: readonly [number, number]) =>
    window.players.shows[i]!.told.filter(({ k }) => k === 'end').length >= count;
  await on.page.waitForFunction(enough, [show, ends] as const, { timeout: 20_000 });
  return on.page.evaluate((i) => window.players.shows[i]!.told, show);
}

const count = (names: string[], name: string) => names.filter((one) => one === name).length;

const whys = (events: WireEvent[]) => kinds(events, 'end').map(({ why }) => why);

describe.each(['video', 'hlsjs', 'shaka'] as const)('%s', (kind) => {
  test('how a session ends: failed, replaced, left, seen to the end', async () => {
    const { page } = on;
    await on.open();
    await on.start({ kind, source: `${SOURCES[kind]}.none?token=secret` });
    const failed = await ended(0);
    expect(whys(failed)).toEqual(['vsf']);
    expect(kinds(failed, 'error').some(({ fatal }) => fatal)).toBe(true);
    expect(kinds(failed, 'error').at(-1)!.cat).toBe(kind === 'video' ? 'media' : 'manifest');
    expect(JSON.stringify(failed)).not.toContain('secret');

    await on.start({ kind });
    await on.state('playing', 1);
    await page.evaluate((source) => window.players.shows[1]!.driver.load(source), `${SOURCES[kind]}?2`);
    await ended(1);
    await on.state('playing', 1);
    await page.waitForTimeout(500);
    await page.evaluate(() => window.players.shows[1]!.driver.unload());
    const changed = await ended(1, 2);
    expect(whys(changed)).toEqual(['replaced', 'exit']);
    expect(kinds(changed, 'start')).toHaveLength(2);
    expect(kinds(changed, 'request').map(({ auto }) => auto)).toEqual([true, true]);

    await on.start({ kind });
    await on.state('playing', 2);
    await page.evaluate(() => {
      window.players.shows[2]!.video.currentTime = 35;
    });
    const seen = await ended(2);
    expect(whys(seen)).toEqual(['completed']);
    expect(kinds(seen, 'stall')).toHaveLength(0);
  });

  test('when the startup clock starts: source, attach, click', async () => {
    const { page } = on;
    await on.open();
    // Attached after the source was given, the probe still sees the start; its clock begins with `attach`.
    await on.start({ kind, attachAfterMs: 30 });
    await on.state('playing');
    await page.waitForTimeout(300);
    const late = await on.finish();
    const begun = only(kinds(late.told, 'start'));
    const truth = only(truthsOf(late));
    expect(begun.ms).toBeLessThan(truth.startupMs! + 50);
    expect(begun.ms).toBeGreaterThan(truth.startupMs! - 250 - truth.blockedMs);

    // In mid-playback there is no start to be seen.
    await on.start({ kind, attachAfterMs: 2500 });
    await on.state('playing', 1);
    const { told: mid } = await on.finish(1);
    expect(mid.some(({ k }) => k === 'request' || k === 'start')).toBe(false);
    expect(whys(mid)).toEqual(['exit']);

    await on.start({ kind, autoplay: false });
    await page.waitForTimeout(1500);
    expect(await page.evaluate(() => window.players.shows[2]!.told)).toEqual([]);
    await page.evaluate(() => {
      window.players.note(2, 'request');
      void window.players.shows[2]!.video.play();
    });
    await on.state('playing', 2);
    await page.waitForTimeout(300);
    const clicked = await on.finish(2);
    const { ms } = only(kinds(clicked.told, 'start'));
    expect(ms).toBeLessThan(500 + truth.blockedMs);
    expect(Math.abs(ms - only(truthsOf(clicked)).startupMs!)).toBeLessThan(50 + truth.blockedMs);
    expect(only(kinds(clicked.told, 'request')).pre).toBe(true);
  });

  test('detach leaves no listener, no timer and no method of its own', async () => {
    const { page } = on;
    await on.open();
    await on.start({ kind });
    await on.state('playing');
    const [before, within, after] = await page.evaluate(async (endpoint) => {
      const show = window.players.shows[0]!;
      show.probe!.detach();
      const names = [window.players.held()];
      for (let i = 0; i < 5; i++) {
        show.probe = show.driver.attach({ endpoint, key: 'demo' });
        await new Promise((resolve) => setTimeout(resolve, 50));
        if (i === 4) names.push(window.players.held());
        show.probe.detach();
      }
      return [...names, window.players.held()] as const;
    }, on.collector.url);
    // The player's own come and go.
    const more = (names: string[]) =>
      names.filter((name) => !before!.includes(name) || count(names, name) > count(before!, name));
    expect(more(within!).length).toBeGreaterThan(5);
    expect(more(after!)).toEqual([]);
  });
});
