import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { playersFixture } from './players-fixture.ts';
import type { Frame } from './oracle.ts';
import type { Kind } from './players-page.ts';
import { FRAME_MS } from './truth.ts';
import { kinds, only, sum } from './verdicts.ts';

// A segment of the picture that the browser cannot take, once; the next time it is sound.

const on = playersFixture();
const isHeavy = process.env['FRAMEWATCH_HEAVY'] === '1';
const JITTER_MS = 2 * FRAME_MS;
/** Who mends it sooner has interrupted nobody: a picture that stands is frozen from half a second on. */
const SEEN_MS = 750;
const NEAR_MS = 100;
const CLIP = new URL('../../player-probe/demo/clip/', import.meta.url);

/** The segment with the lengths of its pictures out of all measure. */
function broken(name: string): Buffer {
  const data = readFileSync(new URL(name, CLIP));
  const media = data.indexOf('mdat', 0, 'latin1') + 4;
  data.fill(0xff, media, media + 64);
  return data;
}

/** The times between two frames that are longer than that, ms, without the one frame's time that each has. */
const waited = (frames: Frame[], leastMs: number) =>
  frames
    .map(({ at }, i) => at - (frames[i - 1]?.at ?? at))
    .reduce((ms, gap) => (gap > leastMs ? ms + gap - FRAME_MS : ms), 0);

async function playBroken(kind: Kind): Promise<void> {
  const { page } = on;
  let isBroken = true;
  on.intercept(({ url = '' }, res) => {
    const [, name] = /\/([012]-003\.m4s)/.exec(url) ?? [];
    if (!name || !isBroken) return false;
    isBroken = false;
    res.writeHead(200, { 'content-type': 'video/mp4' }).end(broken(name));
    return true;
  });
  await on.open();
  await on.start({ kind, bufferS: 1 });
  // What hls.js asks of the application where it cannot help itself.
  await page.evaluate(() => {
    const player = window.players.shows[0]!.driver.player as {
      recoverMediaError?: () => void;
      on?: (type: string, listener: (type: string, data: { fatal?: boolean; type?: string }) => void) => void;
    };
    if (!player.recoverMediaError) return;
    player.on!('hlsError', (_type, { fatal, type }) => {
      if (fatal && type === 'mediaError') player.recoverMediaError!();
    });
  });
}

test.runIf(isHeavy).each(['hlsjs', 'dashjs'] as const)(
  '%s mends a broken segment: one playback, and the time without a picture is told',
  async (kind) => {
    await playBroken(kind);
    const isPast = () => (window.players.shows[0]!.frames.at(-1)?.media ?? 0) > 6.5;
    await on.page.waitForFunction(isPast, null, { timeout: 25_000 });
    const { told, frames, blocks } = await on.finish();
    const { c, why } = only(kinds(told, 'end'));
    const [least, most] = [waited(frames, SEEN_MS), waited(frames, JITTER_MS)];
    const allowed = NEAR_MS + 0.05 * most + sum(blocks.map(({ ms }) => ms));
    // A player that jumps over what it has lost seeks.
    const reported = c.stallMs + c.freezeMs + c.seekMs;
    console.log(
      `${kind}: without a picture ${reported} of ${Math.round(least)} to ${Math.round(most)} ms (${c.stalls} stalls, ${c.freezes} freezes, ${c.seeks} seeks)`,
    );
    expect(why).toBe('exit');
    expect(kinds(told, 'request')).toHaveLength(1);
    expect(kinds(told, 'error')[0]).toMatchObject({ cat: 'media' });
    expect(reported).toBeGreaterThan(least - allowed);
    expect(reported).toBeLessThan(most + allowed);
  },
);

test.runIf(isHeavy)('shaka stalls over it, and then either stands paused or has failed for good', async () => {
  await playBroken('shaka');
  await on.state('stall');
  const isOver = () => window.players.shows[0]!.told.some(({ k }) => k === 'pause' || k === 'end');
  await on.page.waitForFunction(isOver, null, { timeout: 40_000 });
  const { told } = await on.finish();
  const [why] = kinds(told, 'end').map((end) => end.why);
  expect(kinds(told, 'error')[0]).toMatchObject({ cat: 'media' });
  expect(kinds(told, 'stall').length).toBeGreaterThan(0);
  // Who stands paused may go on at a click, and left by himself.
  expect(why).toBe(kinds(told, 'pause').length ? 'exit' : 'vpf');
  expect(kinds(told, 'error').at(-1)!.fatal).toBe(why === 'vpf');
});
