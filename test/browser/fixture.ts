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

/** One Chromium for the file; a fresh collector, server and page for each test. */
export function browserFixture(): Fixture {
  const fixture = {} as Fixture;
  beforeAll(async () => {
    fixture.browser = await launchChromium();
  });
  afterAll(() => fixture.browser?.close());
  beforeEach(async () => {
    fixture.collector = await startCollector();
    fixture.stage = await startStage(fixture.collector.url);
    fixture.page = await fixture.browser.newPage();
  });
  afterEach(async () => {
    await fixture.page.close();
    await fixture.stage.close();
    await fixture.collector.close();
  });
  return fixture;
}
