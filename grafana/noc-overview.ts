// The board on the wall of the operations room: is something wrong, where, since when, how bad.
import {
  AnnotationQueryBuilder,
  DashboardBuilder,
  DashboardCursorSync,
  type Dashboard,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DATA_SOURCE, FILTERS, kql, RANGE, WHOLE } from './data-source.ts';
import { variables } from './noc-variables.ts';
import { alerts, bars, heading, lines, look, note, number, states, table, tile } from './panels.ts';
import { LEVELS } from './targets.ts';

export const NOC_UID = 'framewatch-noc';
export const ALERT_FOLDER = 'Framewatch';
/** Panels that alert rules point to. */
export const PANEL = {
  viewers: 1,
  startFailures: 2,
  startup: 3,
  rebuffering: 4,
  bitrate: 5,
  incidents: 8,
  freshness: 7,
  ingestion: 32,
} as const;

const NARROW = `/d/${NOC_UID}/noc-overview?\${__url_time_range}`;
const toCdn = { title: 'Only this CDN', url: `${NARROW}&var-cdn=\${__value.raw}` };
const toCountry = { title: 'Only this country', url: `${NARROW}&var-country=\${__value.raw}` };

const tiles = (): Parameters<DashboardBuilder['withPanel']>[0][] => [
  tile({
    id: PANEL.viewers,
    title: 'Concurrent viewers',
    at: { x: 0, y: 0, w: 4, h: 4 },
    unit: 'short',
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
    title: 'Active incidents',
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

const now = (): Parameters<DashboardBuilder['withPanel']>[0][] => [
  table({
    id: PANEL.incidents,
    title: 'Incidents',
    at: { x: 0, y: 4, w: 16, h: 8 },
    description:
      'Anomalies of one cause are one incident. Root scope = the scope with the largest share of the excess beyond its share of the traffic. Impact = viewing minutes touched beyond what was expected.',
    query:
      'Incidents($__timeFrom, $__timeTo) | project State, Severity, RootScope, Worst, Metrics, Started, DurationMinutes, ImpactMinutes, MaxScore, Anomalies',
  })
    .overrideByName('State', look({ width: 80 }))
    .overrideByName('Severity', look({ width: 80 }))
    .overrideByName('RootScope', look({ name: 'Root scope', width: 190 }))
    .overrideByName('Started', look({ width: 160 }))
    .overrideByName('DurationMinutes', look({ name: 'Duration', unit: 'm', decimals: 0, width: 85 }))
    .overrideByName('ImpactMinutes', look({ name: 'Impact', unit: 'm', decimals: 0, width: 80 }))
    .overrideByName('MaxScore', look({ name: 'Score', decimals: 1, width: 70 }))
    .overrideByName('Anomalies', look({ decimals: 0, width: 90 })),
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

const trends = (): Parameters<DashboardBuilder['withPanel']>[0][] => [
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

const COLUMNS =
  'WatchedHours, Plays, StartupMeanMs, RebufferRatio, PlaybackFailurePct = PlaybackFailurePct_outcomes, BitrateKbps';

const breakdown = (
  id: number,
  title: string,
  dimension: string,
  column: string,
  x: number,
  link: { title: string; url: string },
): Parameters<DashboardBuilder['withPanel']>[0] =>
  table({
    id,
    title,
    at: { x, y: 43, w: 12, h: 8 },
    description:
      'Over the whole range. Rebuffering = Σ stalled / Σ watched; failures = fatal / (plays + start failures + exits before start); bitrate = Σ bits / Σ playing time.',
    query: `QoeBy(${WHOLE}, "${dimension}", ${FILTERS}) | project ${column} = Segment, ${COLUMNS} | sort by WatchedHours desc | take 25`,
  })
    .overrideByName(column, look({ link }))
    .overrideByName('WatchedHours', look({ name: 'Watched', unit: 'h', decimals: 1 }))
    .overrideByName('Plays', look({ unit: 'short', decimals: 0 }))
    .overrideByName('StartupMeanMs', look({ name: 'Startup', unit: 'ms', levels: LEVELS.startupMs }))
    .overrideByName(
      'RebufferRatio',
      look({ name: 'Rebuffering', unit: 'percentunit', decimals: 2, levels: LEVELS.rebufferRatio }),
    )
    .overrideByName(
      'PlaybackFailurePct',
      look({ name: 'Failures', unit: 'percent', decimals: 2, levels: LEVELS.playFailurePct }),
    )
    .overrideByName('BitrateKbps', look({ name: 'Bitrate', unit: 'Kbits', decimals: 1, levels: LEVELS.bitrateKbps }));

const where = (): Parameters<DashboardBuilder['withPanel']>[0][] => [
  breakdown(21, 'By CDN', 'cdn', 'CDN', 0, toCdn),
  breakdown(22, 'By country', 'country', 'Country', 12, toCountry),
  table({
    id: 23,
    title: 'Most degraded scopes',
    at: { x: 0, y: 51, w: 14, h: 9 },
    description:
      'The last 15 min of the range against the same quarter of an hour on the 7 days before. Bad minutes = (rebuffer ratio − usual) · watched + excess failures · 1 min.',
    query: `DegradedScopes($__timeTo, ${FILTERS})`,
  })
    .overrideByName(
      'RebufferRatio',
      look({ name: 'Rebuffering', unit: 'percentunit', decimals: 2, levels: LEVELS.rebufferRatio }),
    )
    .overrideByName('UsualRebufferRatio', look({ name: 'usually', unit: 'percentunit', decimals: 2 }))
    .overrideByName(
      'FailurePct',
      look({ name: 'Failures', unit: 'percent', decimals: 2, levels: LEVELS.playFailurePct }),
    )
    .overrideByName('UsualFailurePct', look({ name: 'Failures usually', unit: 'percent', decimals: 2 }))
    .overrideByName('WatchedMinutes', look({ name: 'Watched', unit: 'm', decimals: 0 }))
    .overrideByName('BadMinutes', look({ name: 'Bad minutes', unit: 'none', decimals: 1 })),
  bars({
    id: 24,
    title: 'How long starting takes',
    at: { x: 14, y: 51, w: 10, h: 9 },
    unit: 'short',
    description: 'Starts per class of startup time over the whole range.',
    query: `StartupHistogram($__timeFrom, $__timeTo, ${FILTERS}) | project Class = substring(Class, 3), Starts`,
  }),
];

const ingestion = (): Parameters<DashboardBuilder['withPanel']>[0][] => [
  lines({
    id: 31,
    title: 'Events by front door',
    at: { x: 0, y: 61, w: 8, h: 7 },
    unit: 'short',
    description: 'Events received per second and door, from the ledger; one point a minute or a bin.',
    query:
      'IngestLag1m_v1 | where Bin >= $__timeFrom and Bin < $__timeTo | summarize Events = sum(Received) * 1.0 / (max_of($__timeInterval, 1m) / 1s) by Bin = bin(Bin, max_of($__timeInterval, 1m)), Door | sort by Bin asc, Door asc',
  }),
  table({
    id: PANEL.ingestion,
    title: 'Ingestion',
    at: { x: 8, y: 61, w: 10, h: 7 },
    description:
      'Per door and source at the end of the range: lag = stored − newest event, last 15 min; rejected and duplicate shares of received.',
    query:
      'IngestHealth($__timeTo) | project Door, Source, SecondsSinceLast, EventsPerSecond, LagP50Seconds, LagP95Seconds, RejectedPct, DuplicatePct',
  })
    .overrideByName(
      'SecondsSinceLast',
      look({ name: 'Last batch', unit: 's', decimals: 0, levels: LEVELS.freshnessSeconds }),
    )
    .overrideByName('EventsPerSecond', look({ name: 'Events/s', decimals: 1 }))
    .overrideByName('LagP50Seconds', look({ name: 'Lag p50', unit: 's', decimals: 1 }))
    .overrideByName('LagP95Seconds', look({ name: 'Lag p95', unit: 's', decimals: 1, levels: LEVELS.lagSeconds }))
    .overrideByName('RejectedPct', look({ name: 'Rejected', unit: 'percent', decimals: 2, levels: LEVELS.rejectedPct }))
    .overrideByName('DuplicatePct', look({ name: 'Duplicates', unit: 'percent', decimals: 2 })),
  note(
    33,
    'Reading this board',
    'Where the numbers come from.',
    { x: 18, y: 61, w: 6, h: 7 },
    [
      'Numbers come from the KQL functions under `kql/functions`; the formula stands in each panel’s description.',
      '',
      '**Yellow and red** are fixed levels. **Incidents** are not: each scope is compared with its own last 14 days at the same time of day.',
      '',
      'A click on a CDN or country narrows the board to it.',
    ].join('\n'),
  ),
];

/** The NOC overview as classic dashboard JSON. */
export function nocOverview(): Dashboard {
  const dashboard = new DashboardBuilder('Framewatch: NOC overview')
    .uid(NOC_UID)
    .description(
      'Is something wrong with playback, where, since when, and how bad. Alerts and incidents first, then the four horsemen, then where it hurts.',
    )
    .tags(['framewatch', 'qoe', 'noc'])
    .timezone('browser')
    .readonly()
    .tooltip(DashboardCursorSync.Crosshair)
    .refresh('30s')
    .time({ from: 'now-6h', to: 'now' })
    .variables(variables())
    .annotation(
      new AnnotationQueryBuilder()
        .name('Incidents')
        .datasource(DATA_SOURCE)
        .enable(true)
        .iconColor('red')
        .target(
          kql(
            'Incidents($__timeFrom, $__timeTo) | project ["time"] = Started, timeEnd = min_of(ActiveUntil, $__timeTo), title = strcat(Severity, ": ", RootScope), text = Worst, tags = Metrics',
            { resultFormat: 'table', refId: 'Anno' },
          ),
        ),
    );
  for (const panel of [...tiles(), ...now()]) dashboard.withPanel(panel);
  dashboard.withRow(heading(100, 'Trends', 17));
  for (const panel of trends()) dashboard.withPanel(panel);
  dashboard.withRow(heading(101, 'Where', 42));
  for (const panel of where()) dashboard.withPanel(panel);
  dashboard.withRow(heading(102, 'Ingestion', 60));
  for (const panel of ingestion()) dashboard.withPanel(panel);
  return dashboard.build();
}
