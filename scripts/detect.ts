// `npm run detect -- --asof T` runs the detectors over stored data, as they would have run at T.
import { parseArgs } from 'node:util';
import { openCluster, type Cluster, type Row } from './kql/cluster.ts';
import { runCommand } from './command-line.ts';

const HELP = `Runs the QoE detectors over stored data.

  --asof T            the moment to look from (RFC 3339); default: now
  --from T --to T     run for every step from … to instead
  --every 5m          step, in minutes (5m), hours (1h) or seconds (30s); default 5m
  --write             append what is new to Anomalies
  --cluster URL       default http://127.0.0.1:8080
  --database NAME     default framewatch
`;

const log = (line: string): void => console.log(line);

/** A KQL literal of an instant. */
const literal = (asof: Date): string => `datetime(${asof.toISOString()})`;

/** Anomalies at `asof`. With `write`, only those that were not in the table; they are now. */
export async function detect(cluster: Cluster, asof: Date, options: { readonly write: boolean }): Promise<Row[]> {
  if (!options.write) return cluster.query(`Detect_All(${literal(asof)})`);
  // One run of the detectors: what it appended is read back.
  const extents = await cluster.command(`.set-or-append Anomalies <| Detect_New(${literal(asof)})`);
  const appended = extents.reduce((total, { RowCount }) => total + Number(RowCount), 0);
  return appended === 0 ? [] : cluster.query(`Anomalies | where DetectedAt == ${literal(asof)}`);
}

const instant = (text: string, option: string): Date => {
  const time = new Date(text);
  if (Number.isNaN(time.getTime()))
    throw new Error(`--${option}: expected a time such as 2026-11-01T12:00:00Z, got '${text}'`);
  return time;
};

function stepMs(text: string): number {
  const match = /^(\d+)([smh])$/.exec(text);
  const ms = Number(match?.[1]) * ({ s: 1000, m: 60_000, h: 3_600_000 }[match?.[2] ?? ''] ?? Number.NaN);
  if (!(ms > 0)) throw new Error(`--every: expected a duration such as 5m, got '${text}'`);
  return ms;
}

const text = (value: unknown): string => {
  if (value instanceof Date) return value.toISOString().slice(0, 16).replace('T', ' ');
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : value.toPrecision(4);
  return typeof value === 'string' ? value : value === undefined || value === null ? '' : JSON.stringify(value);
};

const SHOWN = [
  'BinStart',
  'BinMinutes',
  'Severity',
  'Metric',
  'Scope',
  'RootScope',
  'Value',
  'Baseline',
  'Score',
  'BadBins',
  'ImpactMinutes',
  'IncidentId',
] as const;

function show(asof: Date, rows: readonly Row[], elapsedMs: number): void {
  log(`asof ${asof.toISOString()}: ${rows.length} anomalies (${Math.round(elapsedMs)} ms)`);
  if (rows.length === 0) return;
  const lines = [SHOWN.map(String), ...rows.map((row) => SHOWN.map((column) => text(row[column])))];
  const widths = SHOWN.map((_, at) => Math.max(...lines.map((line) => (line[at] ?? '').length)));
  for (const line of lines)
    log(
      line
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    );
}

function times(values: {
  asof?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
  every: string;
}): Date[] {
  if (values.from === undefined && values.to === undefined)
    return [values.asof === undefined ? new Date() : instant(values.asof, 'asof')];
  if (values.from === undefined || values.to === undefined) throw new Error('--from and --to go together');
  const [from, to, step] = [
    instant(values.from, 'from').getTime(),
    instant(values.to, 'to').getTime(),
    stepMs(values.every),
  ];
  return Array.from({ length: Math.max(0, Math.floor((to - from) / step) + 1) }, (_, at) => new Date(from + at * step));
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      asof: { type: 'string' },
      from: { type: 'string' },
      to: { type: 'string' },
      every: { type: 'string', default: '5m' },
      write: { type: 'boolean', default: false },
      cluster: { type: 'string', default: 'http://127.0.0.1:8080' },
      database: { type: 'string', default: 'framewatch' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    log(HELP);
    return;
  }
  const cluster = openCluster(values.cluster, values.database);
  try {
    for (const asof of times(values)) {
      const started = performance.now();
      const rows = await detect(cluster, asof, { write: values.write });
      show(asof, rows, performance.now() - started);
    }
  } finally {
    cluster.close();
  }
}

if (import.meta.main) await runCommand(main);
