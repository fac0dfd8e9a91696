import type { Scenario } from '../scenario.ts';
import { badRelease } from './bad-release.ts';
import { cdnOutage } from './cdn-outage.ts';
import { flashCrowd } from './flash-crowd.ts';
import { ispBrownout } from './isp-brownout.ts';
import { slowDrift } from './slow-drift.ts';
import { steady } from './steady.ts';

/** Every scenario; a new one is a file and a line here. */
export const SCENARIOS: readonly Scenario[] = [steady, cdnOutage, ispBrownout, badRelease, flashCrowd, slowDrift];

/** @throws when there is none of that name, listing those there are. */
export const scenarioOf = (id: string): Scenario => {
  const found = SCENARIOS.find((scenario) => scenario.id === id);
  if (found !== undefined) return found;
  throw new Error(`no scenario is called ${id}; there are ${SCENARIOS.map((scenario) => scenario.id).join(', ')}`);
};
