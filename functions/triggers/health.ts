import type { HttpHandler, HttpResponseInit } from '@azure/functions';
import type { Check } from '../pipeline/health.ts';
import type { CounterName, GaugeName } from '../pipeline/ports.ts';

export interface HealthOptions {
  check(): Promise<readonly Check[]>;
  isDraining(): boolean;
  readCounters(): readonly {
    readonly name: CounterName | GaugeName;
    readonly type: 'counter' | 'gauge';
    readonly help: string;
    readonly values: readonly { readonly label: string; readonly value: number }[];
  }[];
}

const NO_STORE = { 'cache-control': 'no-store' };

const text = (status: number, body: string, type = 'text/plain; charset=utf-8'): HttpResponseInit => ({
  status,
  body,
  headers: { ...NO_STORE, 'content-type': type },
});

/** The process answers. Asks nothing of anyone. */
export const livez = (): HttpHandler => () => text(200, 'ok');

/** 200 when a batch sent now could be stored or, while the store is away, spilled. */
export function readyz(options: HealthOptions): HttpHandler {
  return async () => {
    if (options.isDraining()) return text(503, 'draining');
    const checks = await options.check();
    const isReady = checks.some((check) => check.status === 'pass');
    return isReady ? text(200, 'ok') : text(503, checks.map((check) => `${check.name}: fail`).join('\n'));
  };
}

/** `application/health+json` (draft-inadarei-api-health-check). */
export function health(options: HealthOptions): HttpHandler {
  return async () => {
    const checks = await options.check();
    const passed = checks.filter((check) => check.status === 'pass').length;
    const status = passed === 0 || options.isDraining() ? 'fail' : passed < checks.length ? 'warn' : 'pass';
    const entries = checks.map((check) => [
      `${check.name}:responseTime`,
      [
        {
          componentType: 'datastore',
          status: check.status,
          observedValue: check.observedMs,
          observedUnit: 'ms',
          time: new Date(check.atMs).toISOString(),
          affectedSince: new Date(check.sinceMs).toISOString(),
        },
      ],
    ]);
    const body = JSON.stringify({
      status,
      serviceId: 'framewatch-functions',
      checks: Object.fromEntries(entries) as unknown,
    });
    return text(status === 'fail' ? 503 : 200, body, 'application/health+json');
  };
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
  hub_messages_total: 'outcome',
};

const labelled = (name: CounterName | GaugeName, label: string): string =>
  label === '' ? '' : `{${LABEL_OF[name] ?? 'door'}="${label.replace(/[\\"\n]/g, '_')}"}`;

/** Counters and gauges of this instance: Prometheus text, or JSON when the caller asks for it. */
export function metrics(options: HealthOptions): HttpHandler {
  return (request) => {
    const counters = options.readCounters();
    if ((request.headers.get('accept') ?? '').includes('application/json')) {
      const entries = counters.map(({ name, values }) => [
        name,
        Object.fromEntries(values.map(({ label, value }) => [label, value])),
      ]);
      return text(200, JSON.stringify(Object.fromEntries(entries)), 'application/json');
    }
    const lines = counters.flatMap(({ name, type, help, values }) => [
      `# HELP framewatch_${name} ${help}`,
      `# TYPE framewatch_${name} ${type}`,
      ...values.map(({ label, value }) => `framewatch_${name}${labelled(name, label)} ${value}`),
    ]);
    return text(200, `${lines.join('\n')}\n`, 'text/plain; version=0.0.4; charset=utf-8');
  };
}
