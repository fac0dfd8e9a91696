// The middle: the course of each metric.
import { FILTERS, RANGE } from './data-source.ts';
import type { PanelList } from './noc-ids.ts';
import { lines } from './panels.ts';
import { LEVELS } from './targets.ts';

/** Viewers, startup, rebuffering, failures, bitrate, errors. */
export const trends = (): PanelList => [
  lines({
    id: 11,
    title: 'Concurrent viewers by CDN',
    at: { x: 0, y: 18, w: 12, h: 8 },
    unit: 'short',
    description: 'Σ time covered by heartbeats / bin width, per CDN. The open bin is left out.',
    query: `Concurrent(${RANGE}, "cdn", ${FILTERS}) | project Bin, CDN = Segment, Viewers = ConcurrentViewers`,
  }),
  lines({
    id: 12,
    title: 'Startup time',
    at: { x: 12, y: 18, w: 12, h: 8 },
    unit: 'ms',
    levels: LEVELS.startupMs,
    description:
      'First request to first frame, playbacks that started. Percentiles within 3 %, from a logarithmic histogram.',
    query: `StartupTime(${RANGE}, ${FILTERS}) | project Bin, p50 = StartupP50Ms, p95 = StartupP95Ms, mean = StartupMeanMs`,
  }),
  lines({
    id: 13,
    title: 'Rebuffering by CDN',
    at: { x: 0, y: 26, w: 12, h: 8 },
    unit: 'percentunit',
    levels: LEVELS.rebufferRatio,
    description: 'Σ stalled / Σ watched per CDN (CTA-2066).',
    query: `QoeBy(${RANGE}, "cdn", ${FILTERS}) | where WatchedHours > 0.0 | project Bin, CDN = Segment, Rebuffering = RebufferRatio | sort by Bin asc, CDN asc`,
  }),
  lines({
    id: 14,
    title: 'Failures and exits',
    at: { x: 12, y: 26, w: 12, h: 8 },
    unit: 'percent',
    levels: LEVELS.startFailurePct,
    description:
      'Start failures / attempts; playback failures / plays; exits before start (no fatal error, waited ≥ 1 s) / attempts.',
    query: `PlaybackFailures(${RANGE}, ${FILTERS}) | project Bin, ["Start failures"] = VsfPct, ["Playback failures"] = VpfPct, ["Exits before start"] = EbvsPct`,
  }),
  lines({
    id: 15,
    title: 'Bitrate by device',
    at: { x: 0, y: 34, w: 12, h: 8 },
    unit: 'Kbits',
    description: 'Σ bits played / Σ playing time per device class.',
    query: `QoeBy(${RANGE}, "device", ${FILTERS}) | where WatchedHours > 0.0 | project Bin, Device = Segment, Bitrate = BitrateKbps | sort by Bin asc, Device asc`,
  }),
  lines({
    id: 16,
    title: 'Errors',
    at: { x: 12, y: 34, w: 12, h: 8 },
    unit: 'short',
    description: 'Errors and fatal errors reported by players per bin.',
    query: `PlaybackFailures(${RANGE}, ${FILTERS}) | project Bin, Errors, Fatal = FatalErrors`,
  }),
];
