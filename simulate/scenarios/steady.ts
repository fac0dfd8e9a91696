import type { Scenario } from '../scenario.ts';

export const steady: Scenario = {
  id: 'steady',
  summary: 'an ordinary audience; detectors must stay silent',
  defaultMinutes: 0,
  defaultAgoMinutes: 0,
  incidents: () => [],
  watch: () => ['Nothing should fire.'],
};
