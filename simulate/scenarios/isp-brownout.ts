import { type Scenario, minutesAfter, scopeText } from '../scenario.ts';

/** An access network is overloaded: all its viewers suffer a little, on every CDN alike. */
export const ispBrownout: Scenario = {
  id: 'isp-brownout',
  summary: 'one access network is overloaded (asn 64496 in DE); magnitude = share of watched time in stalls, 0.08',
  defaultMinutes: 90,
  defaultAgoMinutes: 40,
  incidents: ({ start, minutes, scope, magnitude = 0.08 }) => [
    {
      scenario: 'isp-brownout',
      scope: { country: 'DE', asn: 64_496, ...scope },
      start,
      end: minutesAfter(start, minutes),
      ramp: 'step',
      metrics: ['rebuffer_ratio', 'bitrate_kbps'],
      effect: {
        stalledShare: magnitude,
        stallMs: 7000,
        startupFactor: 1.8,
        segmentsSlow: 0.2,
        ttfbFactor: 2.5,
        topStep: 2,
      },
    },
  ],
  watch: ([incident]) => [`Stalls and lower renditions at ${scopeText(incident?.scope ?? {})}, on all three CDNs.`],
};
