import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launchChromium } from '../chromium.ts';
import { runScenario, SCENARIOS, shareOf } from './run-scenario.ts';

// What the probe says of a playback, against what was on the screen. `FRAMEWATCH_SEED` draws other moments, rates and, in
// the default run, other scenarios.

const isHeavy = process.env['FRAMEWATCH_HEAVY'] === '1';
const seed = Number(process.env['FRAMEWATCH_SEED'] ?? 1);
const only = process.env['FRAMEWATCH_SCENARIO'];
const named = only === undefined ? undefined : SCENARIOS.filter(({ name }) => name.includes(only));
/** In the default run 4.7 has the scenarios that nothing goes without. */
const chosen = (dash: 4 | 5) => named ?? (isHeavy ? SCENARIOS : shareOf(seed, dash === 5 ? 3 : 0));

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser?.close());

// No retry: a fault must not get a second chance. The scenario itself repeats a run that the machine disturbed.
describe.each([5, 4] as const)('dash.js %i', (dash) => {
  test.for(chosen(dash))('$name', { retry: 0, timeout: 400_000 }, async (scenario) => {
    const { lines, faults, blockedMs } = await runScenario(browser, scenario, seed, { dash });
    console.log(`${scenario.name}: ${lines.join('\n  ')}${blockedMs ? `; blocked ${Math.round(blockedMs)} ms` : ''}`);
    expect(faults).toEqual([]);
  });
});
