import { type Scenario, minutesAfter, scopeText } from '../scenario.ts';

/** One CDN serves one country badly: stalls, failed and slow starts, viewers who leave. */
export const cdnOutage: Scenario = {
  id: 'cdn-outage',
  summary: 'one CDN fails in one country (edge-b in DE); magnitude = share of watched time in stalls, 0.5',
  defaultMinutes: 45,
  defaultAgoMinutes: 25,
  incidents: ({ start, minutes, scope, magnitude = 0.5 }) => [
    {
      scenario: 'cdn-outage',
      scope: { cdn: 'edge-b', country: 'DE', ...scope },
      start,
      end: minutesAfter(start, minutes),
      ramp: 'step',
      metrics: ['rebuffer_ratio', 'playback_failure_pct', 'startup_slow_share', 'bitrate_kbps'],
      effect: {
        stalledShare: magnitude,
        stallMs: 14_000,
        startFailure: Math.min(0.9, 0.6 * magnitude),
        startupFactor: 1 + 8 * magnitude,
        quitOnStall: 0.008,
        fatalOnStall: 0.004,
        segmentErrors: Math.min(0.9, 0.8 * magnitude),
        segmentsSlow: Math.min(0.95, 1.5 * magnitude),
        ttfbFactor: 1 + 20 * magnitude,
        topStep: 2,
      },
    },
  ],
  watch: ([incident]) => [
    `Rebuffer ratio of ${scopeText(incident?.scope ?? {})} rises from about 0.5 % to tens of percent; starts fail and slow down there.`,
    'Within two runs of the detector Anomalies names this CDN and country, and the alert rule fires; it resolves after the end.',
  ],
};
