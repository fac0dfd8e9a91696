import { type Scenario, minutesAfter } from '../scenario.ts';

/** A release of the application breaks starts on one class of devices. */
export const badRelease: Scenario = {
  id: 'bad-release',
  summary: 'release 4.2.0 fails to start on TVs; magnitude = share of starts that fail, 0.25',
  defaultMinutes: 180,
  defaultAgoMinutes: 60,
  incidents: ({ start, minutes, scope, magnitude = 0.25 }) => [
    {
      scenario: 'bad-release',
      scope: { deviceType: 'tv', appVersion: '4.2.0', ...scope },
      start,
      end: minutesAfter(start, minutes),
      ramp: 'step',
      metrics: ['playback_failure_pct'],
      effect: { startFailure: magnitude, startupFactor: 1.5, fatalOnStall: 0.05 },
    },
  ],
  watch: () => ['Failed starts on TVs with release 4.2.0 only, in every country.'],
};
