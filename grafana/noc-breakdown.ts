// The lower part: where it hurts, and whether the telemetry itself can be trusted.
import { FILTERS, WHOLE } from './data-source.ts';
import { NOC_UID, PANEL, type PanelList } from './noc-ids.ts';
import { bars, lines, look, note, number, table } from './panels.ts';
import { LEVELS } from './targets.ts';

const NARROW = `/d/${NOC_UID}/noc-overview?\${__url_time_range}`;
const toCdn = { title: 'Only this CDN', url: `${NARROW}&var-cdn=\${__value.raw}` };
const toCountry = { title: 'Only this country', url: `${NARROW}&var-country=\${__value.raw}` };

const COLUMNS =
  'WatchedHours, Plays, StartupMeanMs, RebufferRatio, PlaybackFailurePct = PlaybackFailurePct_outcomes, BitrateKbps';

const breakdown = (
  id: number,
  title: string,
  dimension: string,
  column: string,
  x: number,
  link: { title: string; url: string },
): PanelList[number] =>
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

/** By CDN, by country, worst scopes, startup histogram. */
export const where = (): PanelList => [
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

/** Doors, lag, rejects. */
export const ingestion = (): PanelList => [
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
  number({
    id: 34,
    title: 'Unaccounted events',
    at: { x: 18, y: 61, w: 6, h: 3 },
    unit: 'none',
    decimals: 0,
    levels: LEVELS.unaccounted,
    description:
      'Rows and rejects that the ledger tells and the tables do not hold, in the hour that ended 5 min before the end of the range, plus batches whose books do not balance. Anything but 0 is loss or an accounting fault; IngestAudit() names the batches.',
    query: 'IngestAudit($__timeTo - 65m, $__timeTo - 5m) | summarize Unaccounted = sum(Unaccounted)',
  }),
  note(
    33,
    'Reading this board',
    'Where the numbers come from.',
    { x: 18, y: 64, w: 6, h: 4 },
    [
      'Numbers come from the KQL functions under `kql/functions`; the formula stands in each panel’s description.',
      '',
      '**Yellow and red** are fixed levels. **Incidents** are not: each scope is compared with its own last 14 days at the same time of day.',
      '',
      'A click on a CDN or country narrows the board to it.',
    ].join('\n'),
  ),
];
