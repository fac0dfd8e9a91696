import type { HttpHandler } from '@azure/functions';
import type { CounterName, GaugeName } from '../pipeline/ports.ts';

export interface Reading {
  readonly name: CounterName | GaugeName;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  readonly values: readonly { readonly label: string; readonly value: number }[];
}

export interface MetricsOptions {
  readonly readCounters: () => readonly Reading[];
  /** Has the books audited when that is due; returns at once. */
  readonly audit: () => void;
  /** Says which build this is: label → value. */
  readonly build: Readonly<Record<string, string>>;
}

/** Name of the label of each metric that has one. */
const LABEL_OF: Readonly<Record<CounterName | GaugeName, string | undefined>> = {
  events_received_total: 'door',
  events_stored_total: 'door',
  events_rejected_total: 'reason',
  events_duplicate_total: 'door',
  events_spilled_total: 'door',
  events_drained_total: 'door',
  pseudonyms_missing_total: undefined,
  requests_total: 'status',
  sink_calls_total: 'outcome',
  sink_rows_total: 'table',
  blob_runs_total: 'outcome',
  event_grid_ignored_total: 'cause',
  hub_messages_total: 'outcome',
  detector_runs_total: 'outcome',
  audits_total: 'outcome',
  rows_pending: 'table',
  breaker_open: 'table',
  spill_blobs: undefined,
  spill_oldest_seconds: undefined,
  events_per_second: 'door',
  unaccounted_events: undefined,
  audited_batches: undefined,
  audit_timestamp_seconds: undefined,
  catalog_entries: 'catalog',
  catalog_timestamp_seconds: 'catalog',
  ingest_lag_seconds: 'door',
};

/** As the exposition format escapes label values: https://prometheus.io/docs/instrumenting/exposition_formats/ */
const escaped = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');

const labelsText = (labels: Readonly<Record<string, string>>): string => {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
};

const family = (name: string, type: string, help: string, samples: readonly string[]): string[] =>
  samples.length === 0
    ? []
    : [
        `# HELP framewatch_${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`,
        `# TYPE framewatch_${name} ${type}`,
        ...samples.map((sample) => `framewatch_${name}${sample}`),
      ];

/** Prometheus text, version 0.0.4. */
export function prometheusText(readings: readonly Reading[], build: Readonly<Record<string, string>>): string {
  const families = readings.map(({ name, type, help, values }) => {
    const label = LABEL_OF[name] ?? 'label';
    const samples = values.map((one) => `${labelsText(one.label === '' ? {} : { [label]: one.label })} ${one.value}`);
    return family(name, type, help, samples);
  });
  const info = family('build_info', 'gauge', '1, with what this build is in its labels.', [`${labelsText(build)} 1`]);
  return `${[...families.flat(), ...info].join('\n')}\n`;
}

/** The same as one object: metric → label → value; `""` where a metric has no label. */
export function metricsJson(readings: readonly Reading[], build: Readonly<Record<string, string>>): string {
  const entries = readings.map(({ name, values }) => [
    name,
    Object.fromEntries(values.map(({ label, value }) => [label, value])),
  ]);
  return JSON.stringify({ ...Object.fromEntries(entries), build_info: build });
}

/** Counters and gauges of this instance: Prometheus text, or JSON by `Accept` or `?format=json`. */
export function metrics({ readCounters, audit, build }: MetricsOptions): HttpHandler {
  return (request) => {
    audit();
    const readings = readCounters();
    const isJson =
      request.query.get('format') === 'json' || (request.headers.get('accept') ?? '').includes('application/json');
    const headers = { 'cache-control': 'no-store', vary: 'Accept' };
    return isJson
      ? { body: metricsJson(readings, build), headers: { ...headers, 'content-type': 'application/json' } }
      : {
          body: prometheusText(readings, build),
          headers: { ...headers, 'content-type': 'text/plain; version=0.0.4; charset=utf-8' },
        };
  };
}
