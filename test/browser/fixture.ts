import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { launchChromium } from './chromium.ts';
import { startCollector, type Collector } from './collector.ts';
import { startStage, type Stage } from './stage.ts';

export interface Fixture {
  browser: Browser;
  collector: Collector;
  stage: Stage;
  page: Page;
}

/** One Chromium for the file; a fresh collector, server and page for each test. `makeProbe`: another script in the probe's place. */
export function browserFixture(makeProbe?: () => Promise<Uint8Array>): Fixture {
  const fixture = {} as Fixture;
  let probe: Uint8Array | undefined;
  beforeAll(async () => {
    probe = await makeProbe?.();
    fixture.browser = await launchChromium();
  });
  afterAll(() => fixture.browser?.close());
  beforeEach(async () => {
    fixture.collector = await startCollector();
    fixture.stage = await startStage(fixture.collector.url, probe);
    fixture.page = await fixture.browser.newPage();
  });
  afterEach(async () => {
    await fixture.page.close();
    await fixture.stage.close();
    await fixture.collector.close();
  });
  return fixture;
}
