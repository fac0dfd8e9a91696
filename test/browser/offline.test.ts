import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ConsentProbe } from '../../player-probe/src/gate.ts';
import { bundleProbe } from '../../scripts/build-probe.ts';
import { launchChromium } from './chromium.ts';
import { startCollector, type Collector } from './collector.ts';
import { detach, leave, moves } from './hand.ts';
import { play, startStage, type Stage } from './stage.ts';
import { kinds } from './verdicts.ts';

const isHeavy = process.env['FRAMEWATCH_HEAVY'] === '1';
/** When nothing may be kept; `hasControl`: the browser has Global Privacy Control. */
const WITHOUT: [when: string, probe: Record<string, unknown>, hasControl: boolean][] = [
  ['without consent', { offline: true, consent: false }, false],
  ['when it is not asked for', {}, false],
  ['where the browser says no', { offline: true }, true],
];

let browser: Browser;
let script: Uint8Array;
let collector: Collector;
let stage: Stage;
let page: Page;

beforeAll(async () => {
  const source = fileURLToPath(new URL('./kept-page.ts', import.meta.url));
  script = Buffer.from(await bundleProbe(source, { format: 'iife', globalName: 'framewatch' }));
  browser = await launchChromium();
});
afterAll(() => browser?.close());
beforeEach(async () => {
  collector = await startCollector();
  stage = await startStage(collector.url, script);
  page = await browser.newPage();
});
afterEach(async () => {
  await page.close();
  await stage.close();
  await collector.close();
});

/** Nothing listens at the collector's address: the browser's connections are refused. */
const goesDown = () => collector.close();
const comesBack = async () => {
  collector = await startCollector(Number(new URL(collector.url).port));
};
/** What the probe keeps in the browser. */
const kept = () =>
  page.evaluate(() =>
    Object.keys(localStorage)
      .filter((name) => name.startsWith('framewatch'))
      .map((name) => localStorage.getItem(name)),
  );
const told = async () => (await page.evaluate(() => sessionStorage.getItem('told')!)).trim().split(' ').sort();
const taken = () =>
  collector.requests.flatMap(({ status, events }) => (status === 202 ? events : [])).map(({ h, e }) => ({ h, e }));
const ids = () => taken().map(({ h, e }) => `${h.sid}:${e.n}`);

/** Plays a page to its end while nobody listens; `first` is its session. */
async function playUnheard(probe: Record<string, unknown>, frames = 6): Promise<string> {
  await goesDown();
  await play(page, stage, { probe: { interval: 0.5, ...probe } });
  await moves(page, frames);
  const first = await page.evaluate(() => window.stage.probe!.header!.sid);
  await leave(page);
  return first;
}

describe('a queue that outlives the page', () => {
  test('a page that nobody heard, with its end, arrives from the next one, each event once; then nothing is kept', async () => {
    const first = await playUnheard({ offline: true }, 40);
    expect(await kept()).toHaveLength(1);
    const before = await told();
    expect(before.length).toBeGreaterThan(4);
    await comesBack();
    await play(page, stage, { probe: { interval: 0.5, offline: true } });
    await expect.poll(() => before.filter((id) => !ids().includes(id)), { timeout: 30_000 }).toEqual([]);
    const events = collector.events(first);
    expect(kinds(events, 'end')).toHaveLength(1);
    expect(kinds(events, 'end')[0]!.why).toBe('exit');
    expect(events.map(({ n }) => n).sort((a, b) => a - b)).toEqual(events.map((_, i) => i));
    // Its own time, not that of the page that sent it.
    const request = collector.requests.find((one) => one.events.some(({ h }) => h.sid === first))!;
    const { h, e } = request.events[0]!;
    expect(Math.abs(h.sent - request.at)).toBeLessThan(2000);
    expect(h.t0 + e.t).toBeLessThan(await page.evaluate(() => performance.timeOrigin));
    await expect.poll(kept, { timeout: 20_000 }).toEqual([]);
    await detach(page);
    await expect.poll(kept, { timeout: 20_000 }).toEqual([]);
    await collector.until((event) => event.k === 'end' && kinds(collector.events(), 'end').length === 2);
    expect(new Set(ids())).toEqual(new Set(await told()));
    expect(taken().every(({ e: one }) => !one.d)).toBe(true);
  });

  test.each(isHeavy ? WITHOUT : WITHOUT.slice(0, 1))('nothing is kept %s', async (_when, probe, hasControl) => {
    if (hasControl)
      await page.addInitScript(() => Object.defineProperty(navigator, 'globalPrivacyControl', { value: true }));
    await playUnheard(probe);
    expect(await kept()).toEqual([]);
  });

  test.runIf(isHeavy)('what was kept waits for the answer of a viewer who is asked, and a no removes it', async () => {
    for (const isGranted of [true, false]) {
      const first = await playUnheard({ offline: true });
      await comesBack();
      await play(page, stage, { probe: { interval: 0.5, offline: true, asks: true } });
      await moves(page, 12);
      expect(collector.requests).toHaveLength(0);
      expect(await kept()).toHaveLength(1);
      await page.evaluate((yes) => (window.stage.probe as ConsentProbe).consent(yes), isGranted);
      await collector.until((event) => event.k === 'hb');
      await detach(page);
      await collector.until((event) => event.k === 'end');
      await expect.poll(kept, { timeout: 20_000 }).toEqual([]);
      expect(taken().some(({ h }) => h.sid === first)).toBe(isGranted);
    }
  });

  test('what is too old or broken is dropped, and counted', async () => {
    await page.goto(`${stage.origin}/stage/away`);
    await page.evaluate(() => {
      const old = { sid: 'old', t0: Date.now() - 25 * 3_600_000 };
      localStorage.setItem('framewatch:1', JSON.stringify([[old, ['{"n":0}', '{"n":1}']]]));
      localStorage.setItem('framewatch:2', 'no json');
    });
    await play(page, stage, { probe: { interval: 0.5, offline: true } });
    await collector.until((event) => event.k === 'start');
    expect(taken().some(({ h }) => h.sid === 'old')).toBe(false);
    expect(taken().every(({ e }) => e.d === 2)).toBe(true);
    await detach(page);
    await expect.poll(kept, { timeout: 20_000 }).toEqual([]);
  });
});
