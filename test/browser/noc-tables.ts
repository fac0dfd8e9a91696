// Made-up but well-formed tables for every query of the NOC board: a calm wave with an outage of one CDN.
import type { Answer, Table } from './recorded-kusto.ts';

const CDNS = ['cdn-a', 'cdn-b', 'cdn-c'];
const MINUTE = 60_000;

const timesIn = (csl: string): number[] =>
  [...csl.matchAll(/datetime\(([^)]+)\)/g)].map((match) => Date.parse(match[1] as string));
const stepIn = (csl: string): number => Number(/\b(\d+)ms\b/.exec(csl)?.[1] ?? 5 * MINUTE);

/** A calm wave with a bump for the second CDN in the last third of the range: an outage. */
const level = (share: number, index: number): number =>
  1 + 0.35 * Math.sin(share * 6.3 + index) + (index === 1 && share > 0.7 && share < 0.93 ? 2.5 : 0);

function overTime(
  csl: string,
  columns: readonly string[],
  rowsAt: (iso: string, share: number) => readonly (readonly unknown[])[],
): Table {
  const [from = 0, to = 0] = timesIn(csl);
  const step = stepIn(csl);
  const rows: (readonly unknown[])[] = [];
  for (let at = Math.ceil(from / step) * step; at < to; at += step)
    rows.push(...rowsAt(new Date(at).toISOString(), (at - from) / (to - from)));
  return { columns, rows };
}

const byCdn = (csl: string, label: string, value: string, scale: number): Table =>
  overTime(csl, ['Bin:datetime', `${label}:string`, `${value}:real`], (iso, share) =>
    CDNS.map((cdn, index) => [iso, cdn, level(share, index) * scale]),
  );

const segments = (label: string, names: readonly string[]): Table => ({
  columns: [
    `${label}:string`,
    'WatchedHours:real',
    'Plays:long',
    'StartupMeanMs:real',
    'RebufferRatio:real',
    'PlaybackFailurePct:real',
    'BitrateKbps:real',
  ],
  rows: names.map((name, index) => [
    name,
    812.4 / (index + 1),
    Math.round(4210 / (index + 1)),
    900 + 260 * index,
    index === 1 ? 0.041 : 0.004 + index * 0.002,
    index === 1 ? 4.2 : 0.4,
    4800 - 600 * index,
  ]),
});

const INCIDENTS = [
  'State:string',
  'Severity:string',
  'RootScope:string',
  'Worst:string',
  'Metrics:string',
  'Started:datetime',
  'DurationMinutes:real',
  'ImpactMinutes:real',
  'MaxScore:real',
  'Anomalies:long',
];

type Maker = (csl: string) => Table;
const ago = (csl: string, minutes: number): string =>
  new Date((timesIn(csl).at(-1) ?? Date.now()) - minutes * MINUTE).toISOString();

const MAKERS: readonly (readonly [RegExp, Maker])[] = [
  [/distinct Cdn/, () => ({ columns: ['Cdn:string'], rows: CDNS.map((cdn) => [cdn]) })],
  [/distinct Country/, () => ({ columns: ['Country:string'], rows: ['BR', 'DE', 'FR', 'US'].map((one) => [one]) })],
  [
    /distinct DeviceType/,
    () => ({ columns: ['DeviceType:string'], rows: ['desktop', 'mobile', 'tv'].map((one) => [one]) }),
  ],
  [
    /Alert_Anomaly\(.*critical/,
    () => ({
      columns: ['scope:string', 'cdn:string', 'country:string', 'device:string', 'value:real'],
      rows: [
        ['all', '', '', '', 0],
        ['cdn=cdn-b,country=DE', 'cdn-b', 'DE', '', 1],
      ],
    }),
  ],
  [/^Alert_/, () => ({ columns: ['scope:string', 'value:real'], rows: [['all', 0]] })],
  [
    /\["time"\]/,
    (csl) => ({
      columns: ['time:datetime', 'timeEnd:datetime', 'title:string', 'text:string', 'tags:string'],
      rows: [
        [
          ago(csl, 100),
          ago(csl, 25),
          'critical: cdn=cdn-b,country=DE',
          'rebufferRatio 0.052 (expected 0.006)',
          'rebufferRatio, startupTime',
        ],
      ],
    }),
  ],
  [/summarize Active = count/, () => ({ columns: ['Active:long'], rows: [[1]] })],
  [
    /^Incidents/,
    (csl) => ({
      columns: INCIDENTS,
      rows: [
        [
          'active',
          'critical',
          'cdn=cdn-b,country=DE',
          'rebufferRatio 0.052 (expected 0.006)',
          'rebufferRatio, startupTime, vsf',
          ago(csl, 100),
          75,
          412.5,
          11.42,
          34,
        ],
        [
          'resolved',
          'warning',
          'device=tv',
          'startupTime 3120 (expected 1450)',
          'startupTime',
          ago(csl, 290),
          40,
          38.1,
          5.13,
          8,
        ],
      ],
    }),
  ],
  [/^Watermark/, () => ({ columns: ['Age:real'], rows: [[74.2]] })],
  [/^IngestAudit/, () => ({ columns: ['Unaccounted:long'], rows: [[0]] })],
  [
    /^Concurrent\(.*"all"/s,
    (csl) =>
      overTime(csl, ['Bin:datetime', 'Viewers:real'], (iso, share) => [[iso, Math.round(1450 * level(share, 0))]]),
  ],
  [/^Concurrent/, (csl) => byCdn(csl, 'CDN', 'Viewers', 480)],
  [
    /^StartupTime.*mean/s,
    (csl) =>
      overTime(csl, ['Bin:datetime', 'p50:real', 'p95:real', 'mean:real'], (iso, share) => [
        [iso, 620 * level(share, 2), 2300 * level(share, 1), 900 * level(share, 2)],
      ]),
  ],
  [
    /^StartupTime/,
    (csl) =>
      overTime(csl, ['Bin:datetime', 'p50:real', 'p95:real'], (iso, share) => [
        [iso, 640 * level(share, 2), 2300 * level(share, 1)],
      ]),
  ],
  [
    /^PlaybackFailures.*Failed = VsfPct/s,
    (csl) => overTime(csl, ['Bin:datetime', 'Failed:real'], (iso, share) => [[iso, 0.8 * level(share, 1)]]),
  ],
  [
    /^PlaybackFailures.*FatalErrors/s,
    (csl) =>
      overTime(csl, ['Bin:datetime', 'Errors:long', 'Fatal:long'], (iso, share) => [
        [iso, Math.round(20 * level(share, 1)), Math.round(4 * level(share, 1))],
      ]),
  ],
  [
    /^PlaybackFailures/,
    (csl) =>
      overTime(
        csl,
        ['Bin:datetime', 'Start failures:real', 'Playback failures:real', 'Exits before start:real'],
        (iso, share) => [[iso, 0.8 * level(share, 1), 0.4 * level(share, 2), 2.1 * level(share, 0)]],
      ),
  ],
  [
    /^RebufferRatio/,
    (csl) => overTime(csl, ['Bin:datetime', 'Stalled:real'], (iso, share) => [[iso, 0.006 * level(share, 1)]]),
  ],
  [
    /^VideoQuality/,
    (csl) => overTime(csl, ['Bin:datetime', 'Mean:real'], (iso, share) => [[iso, 4700 * (1.2 - level(share, 1) / 10)]]),
  ],
  [
    /Status = case/,
    (csl) =>
      overTime(csl, ['Bin:datetime', 'CDN:string', 'Status:long'], (iso, share) =>
        CDNS.map((cdn, index) => [iso, cdn, level(share, index) > 2.5 ? 2 : level(share, index) > 1.3 ? 1 : 0]),
      ),
  ],
  [/CDN = Segment, WatchedHours/, () => segments('CDN', CDNS)],
  [/Country = Segment, WatchedHours/, () => segments('Country', ['US', 'DE', 'BR', 'FR', 'IN', 'JP'])],
  [/Rebuffering = RebufferRatio/, (csl) => byCdn(csl, 'CDN', 'Rebuffering', 0.006)],
  [/Bitrate = BitrateKbps/, (csl) => byCdn(csl, 'Device', 'Bitrate', 3900)],
  [
    /^DegradedScopes/,
    () => ({
      columns: [
        'Scope:string',
        'RebufferRatio:real',
        'UsualRebufferRatio:real',
        'FailurePct:real',
        'UsualFailurePct:real',
        'WatchedMinutes:real',
        'BadMinutes:real',
      ],
      rows: [
        ['cdn=cdn-b,country=DE', 0.052, 0.006, 6.1, 0.7, 918, 61.4],
        ['cdn=cdn-b', 0.018, 0.005, 2.2, 0.6, 3120, 44.9],
        ['country=DE', 0.021, 0.005, null, 0.8, 2410, 40.2],
        ['device=tv', 0.007, 0.006, 0.9, 0.8, 4870, 3.1],
      ],
    }),
  ],
  [
    /^StartupHistogram/,
    () => ({
      columns: ['Class:string', 'Starts:long'],
      rows: [
        ['< 0.5 s', 1210],
        ['0.5-1 s', 2890],
        ['1-2 s', 1740],
        ['2-4 s', 520],
        ['4-8 s', 140],
        ['> 8 s', 37],
      ],
    }),
  ],
  [
    /^IngestLag1m/,
    (csl) =>
      overTime(csl, ['Bin:datetime', 'Door:string', 'Events:real'], (iso, share) =>
        ['http', 'blob'].map((door, index) => [iso, door, 60 * level(share, index * 2)]),
      ),
  ],
  [
    /^IngestHealth/,
    () => ({
      columns: [
        'Door:string',
        'Source:string',
        'SecondsSinceLast:real',
        'EventsPerSecond:real',
        'LagP50Seconds:real',
        'LagP95Seconds:real',
        'RejectedPct:real',
        'DuplicatePct:real',
      ],
      rows: [
        ['http', 'probe', 3.2, 57.1, 1.1, 4.8, 0.02, 0.4],
        ['blob', 'acme', 41, 12.2, 9.7, 31.5, 1.3, 0],
      ],
    }),
  ],
];

/** An answer to any query of the NOC board and its rules; others fail like a syntax error with a position. */
export function nocAnswer(csl: string): Answer {
  const maker = MAKERS.find(([pattern]) => pattern.test(csl));
  return maker === undefined
    ? { error: `Syntax error: the name 'Nope' is not known. [line:position=1:1]` }
    : maker[1](csl);
}
