import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { WireEvent } from '../../schema/probe-wire.ts';
import { launchChromium } from './chromium.ts';
import { startCollector, type Collector } from './collector.ts';
import { play, startStage, type Stage } from './stage.ts';
import { interruptions, kinds, only } from './verdicts.ts';

let browser: Browser;
let collector: Collector;
let stage: Stage;
let page: Page;

beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser.close());
beforeEach(async () => {
  collector = await startCollector();
  stage = await startStage(collector.url);
  page = await browser.newPage();
});
afterEach(async () => {
  await page.close();
  await stage.close();
  await collector.close();
});

describe('a throttled line', () => {
  test('the stall and the startup that the probe reports are those on the screen', async () => {
    await play(page, stage, { endpoint: collector.url });
    const start = only(kinds([await collector.until((event) => event.k === 'start')], 'start'));
    await page.waitForTimeout(2000);
    await stage.throttle(12);
    await page.waitForFunction(() => window.stage.probe!.state === 'stalled', null, { timeout: 30_000 });
    await page.waitForTimeout(4000);
    await stage.throttle(null);
    await collector.until((event: WireEvent) => event.k === 'stall' && !event.open);
    await page.waitForTimeout(1500);
    const { frames, startedAt } = await page.evaluate(() => window.stage);
    const events = collector.events();
    const gaps = interruptions(frames);
    const reported = kinds(events, 'stall').filter((event) => !event.open);
    const frozen = kinds(events, 'freeze').filter((event) => !event.open);
    console.log({ gaps, reported, frozen, start: start.ms, true: frames[0]! - startedAt, ph: start.ph });
    expect(Math.abs(start.ms - (frames[0]! - startedAt))).toBeLessThan(100);
    expect(reported).toHaveLength(gaps.length);
  });
});
