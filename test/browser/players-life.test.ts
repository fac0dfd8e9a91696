import { describe, expect, test } from 'vitest';
import type { WireEvent } from '../../schema/probe-wire.ts';
import { playersFixture, SOURCES, type DashVersion } from './players-fixture.ts';
import type { Kind } from './players-page.ts';
import { FRAME_MS, truthsOf } from './truth.ts';
import { kinds, only } from './verdicts.ts';

const on = playersFixture();

const CASES: { kind: Kind; dash?: DashVersion }[] = [
  { kind: 'video' },
  { kind: 'hlsjs' },
  { kind: 'shaka' },
  { kind: 'dashjs', dash: 4 },
  // What 5.x does in these cases harmless.test.ts holds already.
  ...(process.env['FRAMEWATCH_HEAVY'] ? [{ kind: 'dashjs', dash: 5 } as const] : []),
];
const TOLERANCE_MS = 50;
/** So that the file's start takes longer than a moment. */
const FILE_KBPS = 350;

/** What the show's probe has told, once it has told of so many ends. */
async function ended(show: number, ends = 1): Promise<WireEvent[]> {
  const enough = ([i, count]: readonly [number, number]) =>
    window.players.shows[i]!.told.filter(({ k }) => k === 'end').length >= count;
  await on.page.waitForFunction(enough, [show, ends] as const, { timeout: 20_000 });
  return on.page.evaluate((i) => window.players.shows[i]!.told, show);
}

const count = (names: string[], name: string) => names.filter((one) => one === name).length;

const whys = (events: WireEvent[]) => kinds(events, 'end').map(({ why }) => why);

describe.each(CASES.map((one) => ({ ...one, name: `${one.kind} ${one.dash ?? ''}`.trim() })))(
  '$name',
  ({ kind, dash }) => {
    test('how a session ends: failed, replaced, left, seen to the end', async () => {
      const { page } = on;
      await on.open(dash);
      await on.start({ kind, source: `${SOURCES[kind]}.none?token=secret` });
      await on.start({ kind });
      await on.start({ kind });
      await on.state('play', 1);
      await on.state('play', 2);
      await page.evaluate((source) => {
        window.players.shows[1]!.driver.load(source);
        window.players.shows[2]!.video.currentTime = 35;
      }, `${SOURCES[kind]}?2`);
      await ended(1);
      await on.state('play', 1);
      await page.evaluate(() => window.players.shows[1]!.driver.unload());

      const failed = await ended(0);
      expect(whys(failed)).toEqual(['vsf']);
      expect(kinds(failed, 'error').some(({ fatal }) => fatal)).toBe(true);
      expect(kinds(failed, 'error').at(-1)!.cat).toBe(kind === 'video' ? 'media' : 'manifest');
      expect(JSON.stringify(failed)).not.toContain('secret');
      const changed = await ended(1, 2);
      expect(whys(changed)).toEqual(['replaced', 'exit']);
      expect(kinds(changed, 'start')).toHaveLength(2);
      expect(kinds(changed, 'request').map(({ auto }) => auto)).toEqual([true, true]);
      const seen = await ended(2);
      expect(whys(seen)).toEqual(['completed']);
      expect(kinds(seen, 'stall')).toHaveLength(0);
      expect(kinds(seen, 'seek')).toHaveLength(1);
    });

    test('when the startup clock starts: source, attach, click', async () => {
      const { page } = on;
      await on.open(dash);
      await on.start({ kind, autoplay: false });
      await on.start({ kind, attachAfterMs: 1500 });
      // In mid-playback there is no start to be seen.
      await on.state('play', 1);
      const { told: mid } = await on.finish(1);
      expect(mid.some(({ k }) => k === 'request' || k === 'start')).toBe(false);
      expect(whys(mid)).toEqual(['exit']);
      // Nobody has asked for playback yet.
      expect(await page.evaluate(() => window.players.shows[0]!.told)).toEqual([]);
      await page.evaluate(() => {
        window.players.note(0, 'request');
        void window.players.shows[0]!.video.play();
      });
      await on.state('play');
      // Attached after the source was given, the probe still sees the start; its clock begins with `attach`.
      if (kind === 'video') await on.throttle(null, FILE_KBPS);
      // Another address: the browser keeps what it has of a file.
      await on.start({ kind, source: `${SOURCES[kind]}?late`, attachAfterMs: 30 });
      await on.state('play', 2);
      await page.waitForTimeout(300);
      const clicked = await on.finish();
      const clickTruth = only(truthsOf(clicked));
      const { ms } = only(kinds(clicked.told, 'start'));
      // The first frame was on the screen before the click: which one counts is open by one.
      expect(Math.abs(ms - clickTruth.startupMs!)).toBeLessThan(TOLERANCE_MS + FRAME_MS + clickTruth.blockedMs);
      expect(only(kinds(clicked.told, 'request')).pre).toBe(true);
      const late = await on.finish(2);
      const truth = only(truthsOf(late));
      const begun = only(kinds(late.told, 'start'));
      expect(begun.ms).toBeLessThan(truth.startupMs! + TOLERANCE_MS);
      expect(begun.ms).toBeGreaterThan(truth.startupMs! - 250 - truth.blockedMs);
    });
  },
);

test('five times attached and detached, four players of four kinds hold no listener and no timer more than before', async () => {
  const { page } = on;
  await on.open(4);
  for (const kind of ['video', 'hlsjs', 'shaka', 'dashjs'] as const) await on.start({ kind });
  for (const show of [0, 1, 2, 3]) await on.state('play', show);
  const { before, within, after } = await page.evaluate(async (endpoint) => {
    const { shows, held } = window.players;
    const detach = () => {
      for (const { probe } of shows) probe!.detach();
    };
    detach();
    const names = [held()];
    for (let i = 0; i < 5; i++) {
      for (const show of shows) show.probe = show.driver.attach({ endpoint, key: 'demo' });
      await new Promise((resolve) => setTimeout(resolve, 50));
      if (i === 4) names.push(held());
      detach();
    }
    return { before: names[0]!, within: names[1]!, after: held() };
  }, on.collector.url);
  // The players' own come and go.
  const more = (names: string[]) => names.filter((name) => count(names, name) > count(before, name));
  expect(more(within).length).toBeGreaterThan(20);
  expect(more(after)).toEqual([]);
  // Shaka's `load` is its own again.
  const isOwn = await page.evaluate(() => {
    const player = window.players.shows[2]!.driver.player as { load: unknown };
    return player.load === (Object.getPrototypeOf(player) as typeof player).load;
  });
  expect(isOwn).toBe(true);
});
