import { type Scenario, minutesAfter, scopeText } from '../scenario.ts';

/** Quality decays over days: no step for a detector to see. */
export const slowDrift: Scenario = {
  id: 'slow-drift',
  summary: 'a CDN gets slowly worse over days (edge-c); magnitude = share of watched time in stalls at the end, 0.05',
  defaultMinutes: 4 * 1440,
  defaultAgoMinutes: 4 * 1440,
  incidents: ({ start, minutes, scope, magnitude = 0.05 }) => [
    {
      scenario: 'slow-drift',
      scope: { cdn: 'edge-c', ...scope },
      start,
      end: minutesAfter(start, minutes),
      ramp: 'linear',
      metrics: ['rebuffer_ratio'],
      effect: { stalledShare: magnitude, stallMs: 6500, startupFactor: 1.6, segmentsSlow: 0.1, ttfbFactor: 3 },
    },
  ],
  watch: ([incident]) => [`Rebuffer ratio of ${scopeText(incident?.scope ?? {})} creeps up day by day.`],
};
