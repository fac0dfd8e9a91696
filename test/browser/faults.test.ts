import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Random } from '../../simulate/random.ts';
import { launchChromium } from './chromium.ts';
import { startCollector, type Collector } from './collector.ts';
import { faultyProbe } from './faults.ts';
import { moves } from './hand.ts';
import { CLIP, startStage, type Stage } from './stage.ts';

const isHeavy = process.env['FRAMEWATCH_HEAVY'] === '1';
const seed = process.env['FRAMEWATCH_SEED'] ?? '1';
/** Functions tried in the default run; all of them in the heavy one. */
const SHARE = 10;
/** A probe that cannot detach stays: a fresh page from time to time. */
const ROUNDS_A_PAGE = 12;

let browser: Browser;
let collector: Collector;
let stage: Stage;
let names: string[];

beforeAll(async () => {
  browser = await launchChromium();
  collector = await startCollector();
  const made = await faultyProbe();
  ({ names } = made);
  stage = await startStage(collector.url, made.script);
});
afterAll(async () => {
  await browser?.close();
  await stage?.close();
  await collector?.close();
});

/** A page with a player and listeners of its own, and a record of everything that went wrong in it. */
async function open(): Promise<Page> {
  const page = await browser.newPage();
  await page.goto(`${stage.origin}/stage/`);
  await page.evaluate(async (source) => {
    const wrong: string[] = [];
    Object.assign(window, { wrong, heard: { played: 0, loaded: 0 } });
    addEventListener('error', ({ message }) => wrong.push(message));
    addEventListener('unhandledrejection', ({ reason }) => wrong.push(`unhandled: ${String(reason)}`));
    await window.stage.play({ source, endpoint: 'http://127.0.0.1:9', bufferS: 2 });
    window.stage.probe!.detach();
  }, CLIP);
  await moves(page, 2);
  return page;
}

/** One playback with the probe attached; `target`: the function that throws. Answers what went wrong and how often it threw. */
async function playWith(page: Page, target: number): Promise<{ wrong: string[]; thrown: number }> {
  await page.evaluate(
    ([id, endpoint, source]) => {
      const { player } = window.stage;
      const state = window as unknown as { wrong: string[]; heard: { played: number; loaded: number } };
      state.wrong.length = 0;
      window.fault.target = id;
      window.fault.thrown = 0;
      try {
        window.stage.probe = window.framewatch.attach(player, { endpoint, key: 'demo', interval: 0.3 });
      } catch (error) {
        state.wrong.push(`attach threw ${String(error)}`);
      }
      // Listeners of the page behind those of the probe: whoever breaks the chain silences them.
      state.heard = { played: 0, loaded: 0 };
      const on = player as unknown as { on: (type: string, listener: () => void) => void };
      on.on('fragmentLoadingCompleted', () => state.heard.loaded++);
      document.querySelector('video')!.addEventListener('playing', () => state.heard.played++);
      window.stage.frames.length = 0;
      try {
        player!.attachSource(source);
      } catch (error) {
        state.wrong.push(`attachSource threw ${String(error)}`);
      }
    },
    [target, collector.url, `${CLIP}?${target}`] as const,
  );
  const plays = (from: number) =>
    page.waitForFunction((media) => (window.stage.frames.at(-1)?.media ?? -1) >= media, from, {
      timeout: 20_000,
      polling: 20,
    });
  try {
    await plays(0.2);
    await page.evaluate(() => window.stage.player!.seek(12));
    await plays(12);
  } catch (error) {
    return { wrong: [`the playback stands: ${String(error).slice(0, 200)}`], thrown: 1 };
  }
  return page.evaluate(async () => {
    const { wrong, heard } = window as unknown as { wrong: string[]; heard: { played: number; loaded: number } };
    const video = document.querySelector('video')!;
    const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
    document.dispatchEvent(new Event('visibilitychange'));
    video.pause();
    await pause(30);
    await video.play();
    await pause(250);
    try {
      await window.stage.probe?.flush();
      window.stage.probe?.detach();
    } catch (error) {
      wrong.push(`the probe’s methods threw ${String(error)}`);
    }
    await pause(50);
    window.fault.target = -1;
    if (!heard.played || !heard.loaded) wrong.push(`the page heard ${JSON.stringify(heard)}`);
    return { wrong, thrown: window.fault.thrown };
  });
}

describe('a probe in which something always breaks', () => {
  test('whichever of its functions throws: the playback goes on, the page hears its events and no error is left uncaught', async () => {
    const random = new Random(`faults ${seed}`);
    const all = names.map((name, id) => ({ name, id, at: random.unit() }));
    const chosen = isHeavy ? all : all.sort((a, b) => a.at - b.at).slice(0, SHARE);
    const faults: string[] = [];
    const unreached: string[] = [];
    let page: Page | undefined;
    for (const [i, { name, id }] of chosen.entries()) {
      if (i % ROUNDS_A_PAGE === 0) {
        await page?.close();
        page = await open();
      }
      const { wrong, thrown } = await playWith(page!, id);
      if (!thrown) unreached.push(name);
      // A player that stands is of no use to the next round.
      if (wrong.length) {
        await page?.close();
        page = await open();
      }
      if (wrong.length) faults.push(`${name}: ${[...new Set(wrong)].join('; ')}`);
    }
    await page?.close();
    console.log(`${chosen.length} of ${names.length} functions, not reached: ${unreached.join(' | ') || 'none'}`);
    expect(faults).toEqual([]);
    // A proof that reaches little is none.
    expect(unreached.length).toBeLessThan(chosen.length / 4);
  }, 900_000);
});
