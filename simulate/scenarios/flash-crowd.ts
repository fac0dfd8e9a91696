import { type Scenario, minutesAfter } from '../scenario.ts';

/** Everybody in a country comes at once: traffic is unusual, quality suffers a little. */
export const flashCrowd: Scenario = {
  id: 'flash-crowd',
  summary: 'a crowd arrives in one country (GB); magnitude = how many times the usual starts, in tens, 0.4',
  defaultMinutes: 60,
  defaultAgoMinutes: 30,
  incidents: ({ start, minutes, scope, magnitude = 0.4 }) => [
    {
      scenario: 'flash-crowd',
      scope: { country: 'GB', ...scope },
      start,
      end: minutesAfter(start, minutes),
      ramp: 'step',
      metrics: ['traffic'],
      effect: { arrivals: 1 + 10 * magnitude, startupFactor: 1.3, ttfbFactor: 1.4 },
    },
  ],
  watch: () => [
    'Traffic in the country jumps; the quality ratios stay close to normal, so no quality alert should fire.',
  ],
};
