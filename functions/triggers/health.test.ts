import type { HttpHandler, HttpRequest, HttpResponseInit, InvocationContext } from '@azure/functions';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { REJECT_REASONS } from '../../schema/operations.ts';
import { readPrometheus } from '../../test/support/prometheus.ts';
import { counterStore } from '../adapters/counters.ts';
import { booksAudit } from '../pipeline/books-audit.ts';
import { causeOf, healthChecks, type Probe } from '../pipeline/health.ts';
import { tellZeros } from '../pipeline/known-labels.ts';
import { COUNTERS, GAUGES, type CounterName, type GaugeName } from '../pipeline/ports.ts';
import { health, readyz } from './health.ts';
import { metrics, prometheusText } from './metrics.ts';

const ask = async (handler: HttpHandler, path = '/', accept = '*/*'): Promise<HttpResponseInit & { text: string }> => {
  const url = new URL(path, 'http://127.0.0.1');
  const request = { query: url.searchParams, headers: new Headers({ accept }) } as unknown as HttpRequest;
  const answer = (await handler(request, {} as InvocationContext)) as HttpResponseInit;
  return { ...answer, text: typeof answer.body === 'string' ? answer.body : '' };
};

const secretError = Object.assign(new Error('AccountKey=canary at https://canary.example'), { code: 'ECONNREFUSED' });
const setup = (states: Record<string, { role: Probe['role']; error?: unknown }>) => {
  const clock = { ms: 1_800_000_000_000, now: () => clock.ms };
  const counters = counterStore(clock);
  const probes = Object.entries(states).map(([name, state]) => ({
    name,
    role: state.role,
    run: () => (state.error === undefined ? Promise.resolve() : Promise.reject(state.error)),
  }));
  const options = { check: healthChecks(probes, clock), isDraining: () => false, readCounters: () => counters.read() };
  return { clock, counters, options, states };
};

describe('readiness and health', () => {
  it.each([
    ['all is well', {}, 200, 'pass'],
    ['the store is away, the spill takes', { kusto: secretError }, 200, 'warn'],
    ['only the salts are away', { salts: secretError }, 200, 'warn'],
    ['neither store nor spill takes', { kusto: secretError, spill: secretError }, 503, 'fail'],
  ])('tell the truth when %s', async (_what, errors: Record<string, unknown>, status, verdict) => {
    const { options } = setup({
      kusto: { role: 'way', error: errors['kusto'] },
      spill: { role: 'way', error: errors['spill'] },
      salts: { role: 'support', error: errors['salts'] },
    });
    const [plain, verbose, whole] = [
      await ask(readyz(options)),
      await ask(readyz(options), '/?verbose'),
      await ask(health(options)),
    ];
    expect([plain.status, verbose.status, whole.status]).toEqual([status, status, status]);
    expect(JSON.parse(whole.text)).toMatchObject({ status: verdict });
    expect(verbose.text.split('\n')).toHaveLength(4);
    for (const name of Object.keys(errors))
      expect(verbose.text).toContain(`[-] ${name} failed: not reachable: ECONNREFUSED`);
    expect(plain.text + verbose.text + whole.text).not.toMatch(/canary|AccountKey/);
  });

  it('names latency, cause and since when, which a second look does not move', async () => {
    const { clock, options, states } = setup({ kusto: { role: 'way' }, spill: { role: 'way' } });
    const began = clock.ms;
    await ask(health(options));
    clock.ms += 6000;
    const read = async (): Promise<Record<string, Record<string, unknown>[]>> =>
      (JSON.parse((await ask(health(options))).text) as { checks: Record<string, Record<string, unknown>[]> }).checks;
    expect((await read())['kusto:responseTime']?.[0]).toMatchObject({
      status: 'pass',
      observedUnit: 'ms',
      affectedSince: new Date(began).toISOString(),
    });
    states['kusto']!.error = { statusCode: 403, message: 'canary' };
    clock.ms += 6000;
    await read();
    clock.ms += 6000;
    expect((await read())['kusto:responseTime']?.[0]).toMatchObject({
      status: 'fail',
      output: 'answered 403',
      affectedSince: new Date(clock.ms - 6000).toISOString(),
    });
  });

  it('an open breaker, a filled spill and unaccounted events are warnings', async () => {
    const { counters, options } = setup({ kusto: { role: 'way' } });
    counters.set('breaker_open', 1, 'PlaybackEvents');
    counters.set('unaccounted_events', 3);
    counters.set('spill_blobs', 0);
    const answer = await ask(health(options));
    expect(JSON.parse(answer.text)).toMatchObject({
      status: 'warn',
      checks: {
        'sink:openBreakers': [{ observedValue: 1, status: 'warn' }],
        'spill:depth': [{ status: 'pass' }],
        'books:unaccounted': [{ observedValue: 3, status: 'warn' }],
      },
    });
  });

  it('the cause of a failure is of a closed kind, whatever the error says', () => {
    fc.assert(
      fc.property(fc.anything(), (error) => {
        expect(causeOf(error)).toMatch(
          /^(failed|takes no writes|no answer within 1000 ms|answered [1-5]\d\d(\.\d+)?|not reachable: E[A-Z_]+)$/,
        );
      }),
    );
  });
});

describe('metrics', () => {
  it('are in the exposition format for any label, each family once', () => {
    const names = [...Object.keys(COUNTERS), ...Object.keys(GAUGES)] as (CounterName | GaugeName)[];
    const entry = fc.tuple(fc.constantFrom(...names), fc.string({ unit: 'binary' }), fc.nat());
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 40 }), (entries) => {
        const counters = counterStore();
        for (const [name, label, value] of entries)
          if (name in COUNTERS) counters.add(name as CounterName, value, label);
          else counters.set(name as GaugeName, value, label);
        const families = readPrometheus(prometheusText(counters.read(), { version: '1.0.0"\\' }));
        expect(families.size).toBe(new Set(entries.map(([name]) => name)).size + 1);
      }),
      { numRuns: 30 },
    );
  }, 30_000);

  it('known labels are there at 0 before anything happened, and every metric stands on the page for operators', () => {
    const counters = counterStore();
    tellZeros(counters, ['http', 'blob']);
    const families = readPrometheus(prometheusText(counters.read(), {}));
    expect(families.get('framewatch_events_received_total')?.samples).toEqual(
      new Map([
        ['{door="http"}', 0],
        ['{door="blob"}', 0],
      ]),
    );
    expect([...(families.get('framewatch_events_rejected_total')?.samples.keys() ?? [])]).toEqual(
      REJECT_REASONS.map((reason) => `{reason="${reason}"}`),
    );
    expect(families.get('framewatch_breaker_open')?.samples.get('{table="IngestLedger"}')).toBe(0);
    const page = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');
    for (const name of [...Object.keys(COUNTERS), ...Object.keys(GAUGES)]) expect(page).toContain(`\`${name}\``);
  });

  it('the reader of this test sees broken text', () => {
    const head = '# HELP a_total x\n# TYPE a_total counter\n';
    for (const text of [
      `${head}a_total{b="c} 1\n`,
      `${head}a_total 1\na_total 2\n`,
      'a_total 1\n',
      head,
      `${head}a_total -1\n`,
      `${head}a_total{b="c",b="d"} 1\n`,
      `${head}a_total 1`,
      '# HELP a x\n# TYPE a counter\na 1\n',
    ])
      expect(() => readPrometheus(text), text).toThrow();
    expect(readPrometheus(`${head}a_total{b="c\\"\\n"} 1.5e3\n`).get('a_total')?.samples).toEqual(
      new Map([['{b="c\\"\\n"}', 1500]]),
    );
  });

  it('come as JSON by Accept or by ?format=json, with rates, and never wait for an audit', async () => {
    const { clock, counters, options } = setup({ kusto: { role: 'way' } });
    let audits = 0;
    const answers: ((rows: readonly Readonly<Record<string, unknown>>[]) => void)[] = [];
    const query = () =>
      new Promise<readonly Readonly<Record<string, unknown>>[]>((resolve) => {
        audits++;
        answers.push(resolve);
      });
    const handler = metrics({ ...options, audit: booksAudit({ clock, counters, query }), build: { version: '1' } });
    for (let second = 0; second < 120; second++) {
      counters.add('events_received_total', 50, 'http');
      clock.ms += 1000;
    }
    const text = readPrometheus((await ask(handler)).text);
    expect(text.has('framewatch_unaccounted_events'), 'not known is not 0').toBe(false);
    expect(text.get('framewatch_events_per_second')?.samples.get('{door="http"}')).toBeCloseTo(50, 0);
    expect(text.get('framewatch_build_info')?.samples).toEqual(new Map([['{version="1"}', 1]]));
    answers[0]?.([{ Batches: 4, Unaccounted: 2 }]);
    await Promise.resolve();
    for (const [path, accept] of [
      ['/?format=json', '*/*'],
      ['/', 'application/json'],
    ] as const) {
      const json = JSON.parse((await ask(handler, path, accept)).text) as Record<string, Record<string, number>>;
      expect(json).toMatchObject({
        unaccounted_events: { '': 2 },
        audited_batches: { '': 4 },
        events_received_total: { http: 6000 },
      });
    }
    expect(audits, 'a scrape is no audit').toBe(1);
    clock.ms += 6 * 60_000;
    await ask(handler);
    expect(audits).toBe(2);
  });
});
