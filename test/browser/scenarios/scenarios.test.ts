import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launchChromium } from '../chromium.ts';
import { runScenario, SCENARIOS, shareOf } from './run-scenario.ts';

// What the probe says of a playback, against what was on the screen. `FRAMEWATCH_SEED` draws other moments, rates and, in
// the default run, other scenarios.

const isHeavy = process.env['FRAMEWATCH_HEAVY'] === '1';
const seed = Number(process.env['FRAMEWATCH_SEED'] ?? 1);
const only = process.env['FRAMEWATCH_SCENARIO'];
const chosen = only ? SCENARIOS.filter(({ name }) => name.includes(only)) : isHeavy ? SCENARIOS : shareOf(seed, 6);

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser?.close());

// No retry: a fault must not get a second chance. The scenario itself repeats a run that the machine disturbed.
describe.each(isHeavy ? ([5, 4] as const) : ([5] as const))('dash.js %i', (dash) => {
  test.for(chosen)('$name', { retry: 0, timeout: 400_000 }, async (scenario) => {
    const { lines, faults, blockedMs } = await runScenario(browser, scenario, seed, { dash });
    console.log(`${scenario.name}: ${lines.join('\n  ')}${blockedMs ? `; blocked ${Math.round(blockedMs)} ms` : ''}`);
    expect(faults).toEqual([]);
  });
});
