import { expect, test } from 'vitest';
import { playersFixture } from './players-fixture.ts';
import { createLiveOrigin } from './scenarios/live-origin.ts';
import { kinds, sum } from './verdicts.ts';

const on = playersFixture();
const isHeavy = process.env['FRAMEWATCH_HEAVY'] === '1';
const SEGMENT_S = 2;

test.runIf(isHeavy)('how far behind a live channel the picture is, in Shaka and hls.js', async () => {
  const { page } = on;
  const live = createLiveOrigin(28);
  const players = ['shaka', 'hlsjs'] as const;
  on.intercept(live.answer);
  await on.open();
  for (const [show, kind] of players.entries()) {
    await on.start({ kind, source: kind === 'hlsjs' ? live.hls : live.path, probe: { interval: 0.5 } });
    await on.state('play', show);
  }
  for (const show of players.keys())
    await page.waitForFunction((i) => window.players.shows[i]!.told.filter(({ k }) => k === 'hb').length > 3, show);
  const epoch = await page.evaluate(() => performance.timeOrigin);
  for (const [show, kind] of players.entries()) {
    const { frames, told } = await on.finish(show);
    // hls.js puts its zero at the first segment that its first playlist lists.
    const zero = kind === 'hlsjs' ? (live.firstListed! - 1) * SEGMENT_S * 1000 : 0;
    const behind = frames.map(({ at, media }) => epoch + at - live.startedAt - media * 1000 - zero);
    const truth = sum(behind) / behind.length;
    // The first beat has looks at the player before its first frame.
    const means = kinds(told, 'hb').flatMap(({ ltc }, i) => (ltc && i ? [ltc.mean] : []));
    const mean = sum(means) / means.length;
    console.log(`${kind}: latency ${Math.round(mean)} of ${Math.round(truth)} ms`);
    expect(means.length).toBeGreaterThan(1);
    expect(Math.abs(mean - truth)).toBeLessThan(0.05 * truth);
  }
});
