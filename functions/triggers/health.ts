import type { HttpHandler, HttpResponseInit } from '@azure/functions';
import { isReady, overall, type Check } from '../pipeline/health.ts';
import type { Reading } from './metrics.ts';

export interface HealthOptions {
  check(): Promise<readonly Check[]>;
  isDraining(): boolean;
  readCounters(): readonly Reading[];
}

const NO_STORE = { 'cache-control': 'no-store' };

const text = (status: number, body: string, type = 'text/plain; charset=utf-8'): HttpResponseInit => ({
  status,
  body,
  headers: { ...NO_STORE, 'content-type': type },
});

/** The process answers. Asks nothing of anyone. */
export const livez = (): HttpHandler => () => text(200, 'ok');

const checkLine = ({ name, status, output }: Check): string =>
  status === 'pass' ? `[+] ${name} ok` : `[-] ${name} failed: ${output ?? ''}`;

/**
 * 200 when a batch sent now could be stored or, while the store is away, spilled. `?verbose` lists every dependency; the
 * verdict is the same.
 */
export function readyz(options: HealthOptions): HttpHandler {
  return async (request) => {
    if (options.isDraining()) return text(503, 'draining');
    const checks = await options.check();
    const ready = isReady(checks);
    const lines = checks.filter(({ status }) => request.query.has('verbose') || (!ready && status === 'fail'));
    if (request.query.has('verbose'))
      return text(ready ? 200 : 503, [...lines.map(checkLine), ready ? 'ready' : 'not ready'].join('\n'));
    return ready ? text(200, 'ok') : text(503, lines.map(checkLine).join('\n'));
  };
}

const sumOf = (readings: readonly Reading[], name: Reading['name']): number | undefined => {
  const values = readings.find((reading) => reading.name === name)?.values ?? [];
  return values.length === 0 ? undefined : values.reduce((sum, { value }) => sum + value, 0);
};

type Entry = Readonly<Record<string, unknown>>;

/** What this instance knows of itself, without asking anyone. */
function ownEntries(readings: readonly Reading[], time: string): [string, Entry[]][] {
  const entry = (name: string, observedValue: number | undefined, observedUnit: string): [string, Entry[]][] =>
    observedValue === undefined
      ? []
      : [
          [
            name,
            [
              {
                componentType: 'component',
                status: observedValue === 0 ? 'pass' : 'warn',
                observedValue,
                observedUnit,
                time,
              },
            ],
          ],
        ];
  return [
    ...entry('sink:openBreakers', sumOf(readings, 'breaker_open'), 'tables'),
    ...entry('spill:depth', sumOf(readings, 'spill_blobs'), 'blobs'),
    ...entry('spill:oldest', sumOf(readings, 'spill_oldest_seconds'), 's'),
    ...entry('books:unaccounted', sumOf(readings, 'unaccounted_events'), 'events'),
  ];
}

/** `application/health+json` (draft-inadarei-api-health-check): every dependency with its latency and since when. */
export function health(options: HealthOptions): HttpHandler {
  return async () => {
    const checks = await options.check();
    const status = options.isDraining() ? 'fail' : overall(checks);
    const dependencies = checks.map((check): [string, Entry[]] => [
      `${check.name}:responseTime`,
      [
        {
          componentType: 'datastore',
          status: check.status,
          observedValue: check.observedMs,
          observedUnit: 'ms',
          time: new Date(check.atMs).toISOString(),
          affectedSince: new Date(check.sinceMs).toISOString(),
          ...(check.output === undefined ? {} : { output: check.output }),
        },
      ],
    ]);
    const time = new Date(checks[0]?.atMs ?? 0).toISOString();
    const own = ownEntries(options.readCounters(), time);
    const worst = status === 'pass' && own.some(([, [one]]) => one?.['status'] === 'warn') ? 'warn' : status;
    const body = JSON.stringify({
      status: worst,
      serviceId: 'framewatch-functions',
      checks: Object.fromEntries([...dependencies, ...own]) as unknown,
    });
    return text(worst === 'fail' ? 503 : 200, body, 'application/health+json');
  };
}
