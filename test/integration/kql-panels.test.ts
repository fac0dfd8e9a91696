// Every query of the committed dashboard and alert rules, run on the engine over seeded data.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startKusto, type KustoServer } from '../../local/kusto/http/server.ts';
import type { Dashboard } from '../../local/viewer/model/dashboard.ts';
import type { IngestLedgerRow } from '../../schema/tables.ts';
import { openCluster, type Cluster, type Row } from '../../scripts/kql/cluster.ts';
import { deployKql } from '../../scripts/kql/deploy.ts';
import { identity, ingest, sessionsOf } from './kql-seed.ts';

const read = (name: string): unknown =>
  JSON.parse(readFileSync(join(import.meta.dirname, '../../grafana/generated', name), 'utf8'));
const dashboard = read('dashboards/noc-overview.json') as Dashboard;
const rules = (
  read('alerts.json') as { groups: { rules: { uid: string; data: { model: { query?: string } }[] }[] }[] }
).groups.flatMap((group) => group.rules);

const FROM = Date.UTC(2026, 9, 5, 12);
const TO = FROM + 3_600_000;
const MINUTE_MS = 60_000;
const kqlTime = (ms: number): string => `datetime(${new Date(ms).toISOString()})`;
const filled = (query: string, to = TO): string =>
  query
    .replaceAll('$__timeFrom', kqlTime(FROM))
    .replaceAll('$__timeTo', kqlTime(to))
    .replaceAll('$__timeInterval', '300000ms')
    .replaceAll(/\$(cdn|country|device)\b/g, "'*'");

/** One batch a minute. */
const ledger = (from: number, to: number, rejected = 0): IngestLedgerRow[] =>
  Array.from({ length: (to - from) / MINUTE_MS }, (_, minute) => {
    const at = from + minute * MINUTE_MS;
    return {
      batchId: `batch-${at}`,
      receivedAt: new Date(at).toISOString(),
      storedAt: new Date(at + 400).toISOString(),
      door: 'http',
      tenant: 'demo',
      source: 'probe',
      received: 100,
      stored: 100 - rejected,
      rejected,
      duplicate: 0,
      dropped: 0,
      lastEventTime: new Date(at - 5000).toISOString(),
      lagMs: 5400,
    };
  });

let server: KustoServer;
let cluster: Cluster;
const rowsOf = (query: string): Promise<Row[]> => cluster.query(query);

beforeAll(async () => {
  server = await startKusto({ file: ':memory:', port: 0 });
  await deployKql({ cluster: server.url, database: 'framewatch', log: () => undefined });
  cluster = openCluster(server.url, 'framewatch');
  const { events, beats } = sessionsOf(11, 1500, FROM, TO - FROM);
  await ingest(server.url, 'PlaybackEvents', events);
  await ingest(server.url, 'PlaybackBeats', beats);
  await ingest(server.url, 'IngestLedger', ledger(FROM - 26 * 3_600_000, TO));
  const anomaly = {
    anomalyId: 'a1',
    incidentId: 'i1',
    detectedAt: new Date(TO - 2 * MINUTE_MS).toISOString(),
    binStart: new Date(TO - 10 * MINUTE_MS).toISOString(),
    firstBin: new Date(TO - 20 * MINUTE_MS).toISOString(),
    binMinutes: 5,
    detector: 'Detect_All',
    metric: 'rebuffer_ratio',
    scope: 'cdn=edge-a',
    cdn: 'edge-a',
    rootScope: 'cdn=edge-a',
    isRoot: true,
    value: 0.2,
    baseline: 0.01,
    score: 12,
    direction: 'up',
    badBins: 3,
    traffic: 100,
    impactMinutes: 19,
    severity: 'critical',
    causes: [],
  };
  await ingest(server.url, 'Anomalies', [anomaly]);
});
afterAll(async () => {
  cluster.close();
  await server.close();
});

describe('dashboard queries', () => {
  const panels = (dashboard.panels ?? []).filter(({ targets }) => (targets ?? []).length > 0);

  it.each(panels.map((panel) => [panel.title ?? '', panel] as const))('%s answers with rows', async (_, panel) => {
    for (const { query = '', resultFormat } of panel.targets ?? []) {
      const rows = await rowsOf(filled(query));
      expect(rows.length).toBeGreaterThan(0);
      if (resultFormat !== 'time_series') continue;
      const times = rows.map((row) => (row['Bin'] as Date).getTime());
      expect(times).toEqual(times.toSorted((a, b) => a - b));
    }
  });

  it('variables offer the values that are in the data', async () => {
    const wanted: Record<string, string[]> = {
      cdn: ['edge-a', 'edge-b', 'edge-c'],
      country: ['BR', 'DE', 'FR', 'US'],
      device: ['mobile', 'tv'],
    };
    for (const { name, query } of dashboard.templating?.list ?? []) {
      const values = wanted[name];
      if (values === undefined || typeof query !== 'object') continue;
      expect((await rowsOf(filled(query.query ?? ''))).flatMap((row) => Object.values(row))).toEqual(values);
    }
  });

  it('annotations tell of the incident', async () => {
    const query = dashboard.annotations?.list?.find(({ target }) => target?.query !== undefined)?.target?.query ?? '';
    expect(await rowsOf(filled(query))).toMatchObject([
      { title: 'critical: cdn=edge-a', time: new Date(TO - 20 * MINUTE_MS) },
    ]);
  });
});

const values = async (query: string): Promise<Record<string, unknown>[]> =>
  (await rowsOf(query)).map((row) => ({ ...row }));
/** What an alert function says of one of its label sets. */
const valueOf = async (query: string, labels: Record<string, string>): Promise<unknown> =>
  (await values(query)).find((row) => Object.entries(labels).every(([name, value]) => row[name] === value))?.['value'];

describe('alert rules', () => {
  it.each(rules.map((rule) => [rule.uid, rule.data[0]?.model.query ?? ''] as const))(
    '%s: rows with distinct labels and one number each',
    async (_, query) => {
      const rows = await rowsOf(filled(query));
      expect(rows.length).toBeGreaterThan(0);
      for (const row of rows) expect(typeof row['value']).toBe('number');
      const labels = rows.map(({ value: _value, ...rest }) => JSON.stringify(rest));
      expect(new Set(labels).size).toBe(labels.length);
    },
  );

  it('an active incident is 1, and 0 once it is over', async () => {
    expect(await valueOf(`Alert_Anomaly(${kqlTime(TO)})`, { scope: 'cdn=edge-a' })).toBe(1);
    expect(await valueOf(`Alert_Anomaly(${kqlTime(TO + 40 * MINUTE_MS)})`, { scope: 'cdn=edge-a' })).toBe(0);
  });

  it('ingestion: fresh is 0; seven minutes of nothing is stale, for all and for the regular door', async () => {
    expect(await valueOf(`Alert_IngestStale(${kqlTime(TO)})`, { check: 'no data', door: 'all' })).toBe(0);
    const late = `Alert_IngestStale(${kqlTime(TO + 8 * MINUTE_MS)})`;
    expect(await valueOf(late, { check: 'no data', door: 'all' })).toBeGreaterThan(6);
    expect(await valueOf(late, { check: 'no data', door: 'http' })).toBeGreaterThan(6);
  });

  it('ingestion: many rejected events are told as lost, and the detectors do not trust the data', async () => {
    await ingest(server.url, 'IngestLedger', ledger(TO + 60 * MINUTE_MS, TO + 75 * MINUTE_MS, 40));
    const asof = kqlTime(TO + 75 * MINUTE_MS);
    expect(await valueOf(`Alert_IngestStale(${asof})`, { check: 'lost' })).toBeCloseTo(40, 5);
    expect(await rowsOf(`Watermark(${asof})`)).toMatchObject([{ IsComplete: false }]);
  });

  it('SLO burn: a hard outage of starts is seen two minutes after it begins, on its CDN and overall, and not before', async () => {
    const start = TO + 24 * 3_600_000;
    const rows = Array.from({ length: 12 * 60 }, (_, at) => {
      const time = start - 10 * MINUTE_MS + at * 1000;
      const cdn = at % 2 === 0 ? 'edge-a' : 'edge-b';
      const isBad = time >= start && cdn === 'edge-a';
      return {
        ...identity(`slo-${at}`, 0, time),
        cdn,
        country: 'DE',
        deviceType: 'tv',
        ...(isBad ? { kind: 'end', endReason: 'vsf' } : { kind: 'start', durationMs: 800 }),
      };
    });
    await ingest(server.url, 'PlaybackEvents', rows);
    const burn = (asof: number, scope: string): Promise<unknown> =>
      valueOf(`Alert_SloBurn(${kqlTime(asof)})`, { slo: 'starts', scope });
    expect(await burn(start, 'all')).toBe(0);
    expect(await burn(start + 2 * MINUTE_MS, 'cdn=edge-a')).toBeGreaterThanOrEqual(14.4);
    expect(await burn(start + 2 * MINUTE_MS, 'cdn=edge-b')).toBe(0);
    expect(await burn(start + 2 * MINUTE_MS, 'all')).toBeGreaterThanOrEqual(14.4);
  });
});

describe('the books', () => {
  it('IngestAudit finds the batch whose rows are missing, and balances the others', async () => {
    const at = TO + 200 * MINUTE_MS;
    const [row] = ledger(at, at + MINUTE_MS);
    await ingest(server.url, 'IngestLedger', [
      { ...row, batchId: 'short', received: 3, stored: 2, rejected: 1 },
      { ...row, batchId: 'short', received: 3, stored: 2, rejected: 1 },
    ]);
    await ingest(server.url, 'PlaybackEvents', [
      { ...identity('audit', 0, at), batchId: 'short', receivedAt: new Date(at).toISOString(), kind: 'request' },
    ]);
    const audit = await rowsOf(`IngestAudit(${kqlTime(at - MINUTE_MS)}, ${kqlTime(at + MINUTE_MS)})`);
    expect(audit).toMatchObject([{ BatchId: 'short', Balance: 0, Found: 1, Missing: 1, MissingRejects: 1 }]);
  });

  it('IngestHealth tells door, lag and rates', async () => {
    const [row] = await rowsOf(`IngestHealth(${kqlTime(TO)})`);
    expect(row).toMatchObject({ Door: 'http', Source: 'probe', RejectedPct: 0 });
    expect(row?.['LagP50Seconds']).toBeGreaterThan(4.5);
    expect(row?.['LagP50Seconds']).toBeLessThan(6.5);
    expect(row?.['EventsPerSecond']).toBeCloseTo(100 / 60, 1);
  });
});
