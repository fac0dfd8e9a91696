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

const LABEL_OF: Readonly<Partial<Record<CounterName | GaugeName, string>>> = {
  rows_pending: 'table',
  breaker_open: 'table',
  events_rejected_total: 'reason',
  requests_total: 'status',
  sink_calls_total: 'outcome',
  sink_rows_total: 'table',
  blob_runs_total: 'outcome',
  event_grid_ignored_total: 'cause',
  detector_runs_total: 'outcome',
  audits_total: 'outcome',
  catalog_entries: 'catalog',
  catalog_timestamp_seconds: 'catalog',
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
    const label = LABEL_OF[name] ?? 'door';
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
