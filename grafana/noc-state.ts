// The upper part: how it stands now, what is open, which CDN.
import { FILTERS, RANGE } from './data-source.ts';
import { ALERT_FOLDER, PANEL, type PanelList } from './noc-ids.ts';
import { alerts, look, number, states, table, tile } from './panels.ts';
import { LEVELS } from './targets.ts';

/** The newest values. */
export const tiles = (): PanelList => [
  tile({
    id: PANEL.viewers,
    title: 'Concurrent viewers',
    at: { x: 0, y: 0, w: 4, h: 4 },
    unit: 'locale',
    decimals: 0,
    description: 'Σ time covered by heartbeats / bin width, each session weighted by 1 / sample rate.',
    query: `Concurrent(${RANGE}, "all", ${FILTERS}) | project Bin, Viewers = ConcurrentViewers`,
  }),
  tile({
    id: PANEL.startFailures,
    title: 'Start failures',
    at: { x: 4, y: 0, w: 4, h: 4 },
    unit: 'percent',
    decimals: 2,
    levels: LEVELS.startFailurePct,
    description: 'Start failure % = sessions ended by a fatal technical error before the first frame / attempts.',
    query: `PlaybackFailures(${RANGE}, ${FILTERS}) | project Bin, Failed = VsfPct`,
  }),
  tile({
    id: PANEL.startup,
    title: 'Startup time',
    at: { x: 8, y: 0, w: 4, h: 4 },
    unit: 'ms',
    decimals: 1,
    levels: LEVELS.startupMs,
    description: 'First request to first frame, playbacks that started: median and 95th percentile.',
    query: `StartupTime(${RANGE}, ${FILTERS}) | project Bin, p50 = StartupP50Ms, p95 = StartupP95Ms`,
  }),
  tile({
    id: PANEL.rebuffering,
    title: 'Rebuffer ratio',
    at: { x: 12, y: 0, w: 4, h: 4 },
    unit: 'percentunit',
    decimals: 2,
    levels: LEVELS.rebufferRatio,
    description: 'CTA-2066: Σ stalled / Σ watched; watched = startup + play + stalls + seeks, user pauses excluded.',
    query: `RebufferRatio(${RANGE}, ${FILTERS}) | project Bin, Stalled = RebufferRatio`,
  }),
  tile({
    id: PANEL.bitrate,
    title: 'Bitrate',
    at: { x: 16, y: 0, w: 3, h: 4 },
    unit: 'Kbits',
    decimals: 1,
    levels: LEVELS.bitrateKbps,
    description: 'Σ bits played / Σ playing time; video bitrate as the manifest declares it.',
    query: `VideoQuality(${RANGE}, ${FILTERS}) | project Bin, Mean = BitrateKbps`,
  }),
  number({
    id: 6,
    title: 'Open',
    at: { x: 19, y: 0, w: 2, h: 4 },
    unit: 'none',
    decimals: 0,
    levels: LEVELS.incidents,
    description: 'Incidents whose newest anomalous bin is not older than three bins at the end of the range.',
    query: 'Incidents($__timeTo - 1d, $__timeTo) | where State == "active" | summarize Active = count()',
  }),
  number({
    id: PANEL.freshness,
    title: 'Data age',
    at: { x: 21, y: 0, w: 3, h: 4 },
    unit: 's',
    decimals: 0,
    levels: LEVELS.freshnessSeconds,
    description: 'End of the range minus the newest minute that holds data. Under 3 min is healthy.',
    query: 'Watermark($__timeTo) | project Age = ($__timeTo - NewestBin) / 1s',
  }),
];

/** Incidents, alerts, CDN status. */
export const now = (): PanelList => [
  table({
    id: PANEL.incidents,
    title: 'Incidents',
    at: { x: 0, y: 4, w: 16, h: 8 },
    description:
      'Anomalies of one cause are one incident. Root scope = the scope with the largest share of the excess beyond its share of the traffic. Impact = viewing minutes touched beyond what was expected.',
    query:
      'Incidents($__timeFrom, $__timeTo) | project State, Severity, RootScope, Worst, Metrics, Started, DurationMinutes, ImpactMinutes',
  })
    .overrideByName('State', look({ width: 80 }))
    .overrideByName('Severity', look({ width: 80 }))
    .overrideByName('RootScope', look({ name: 'Root scope', width: 190 }))
    .overrideByName('Started', look({ width: 160 }))
    .overrideByName('DurationMinutes', look({ name: 'Duration', unit: 'm', decimals: 0, width: 85 }))
    .overrideByName('Worst', look({ width: 230 }))
    .overrideByName('ImpactMinutes', look({ name: 'Impact', unit: 'm', decimals: 0, width: 80 }))
    .noValue('No incidents in this range'),
  alerts(
    9,
    'Active alerts',
    'Rules of the folder Framewatch that fire, wait, or have no data.',
    { x: 16, y: 4, w: 8, h: 8 },
    ALERT_FOLDER,
  ),
  states(
    {
      id: 10,
      title: 'CDN status',
      at: { x: 0, y: 12, w: 24, h: 5 },
      description:
        'Per CDN and bin: bad when rebuffer ratio ≥ 3 % or failures ≥ 3 % of outcomes, degraded from 1 % of either, else good. Bins with under 1 watched minute are left open.',
      query: `QoeBy(${RANGE}, "cdn", ${FILTERS}) | where Segment != "(unknown)" and WatchedHours >= 0.0167 | extend Rebuffer = coalesce(RebufferRatio, 0.0), Failed = coalesce(PlaybackFailurePct_outcomes, 0.0) | project Bin, CDN = Segment, Status = case(Rebuffer >= 0.03 or Failed >= 3.0, 2, Rebuffer >= 0.01 or Failed >= 1.0, 1, 0) | sort by Bin asc, CDN asc`,
    },
    [
      ['0', 'good', 'green'],
      ['1', 'degraded', 'yellow'],
      ['2', 'bad', 'red'],
    ],
  ),
];
