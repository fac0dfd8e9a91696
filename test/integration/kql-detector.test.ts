// Fourteen days of seeded beats, one outage of one CDN in one country; and the same days without it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startKusto, type KustoServer } from '../../local/kusto/http/server.ts';
import { detect } from '../../scripts/detect.ts';
import { openCluster, type Cluster, type Row } from '../../scripts/kql/cluster.ts';
import { deployKql } from '../../scripts/kql/deploy.ts';
import { beatsOf, BIN_MS, ingest, type Incident } from './kql-seed.ts';

const DAY_MS = 86_400_000;
const FROM = Date.UTC(2026, 9, 1);
/** Two weeks of history, then the outage. */
const OUTAGE = FROM + 14 * DAY_MS + 18 * 3_600_000;
const OUTAGE_END = OUTAGE + 9 * BIN_MS;
const TO = OUTAGE_END + 12 * BIN_MS;
const outage: Incident = { cdn: 'edge-b', country: 'FR', from: OUTAGE, to: OUTAGE_END, stallShare: 0.25, bitrate: 0.5 };
const ROOT = 'cdn=edge-b,country=FR';
/** A run of all detectors takes seconds: the nightly tests make them all. */
const IS_HEAVY = process.env['FRAMEWATCH_HEAVY'] === '1';

/** The detector runs once a bin, half a minute after data of that bin may be trusted (lag 2 min). */
const runAt = (bins: number): Date => new Date(OUTAGE + bins * BIN_MS + 150_000);
const alert = async (cluster: Cluster, asof: Date, severity = 'critical'): Promise<Map<string, number>> => {
  const rows = await cluster.query(`Alert_Anomaly(datetime(${asof.toISOString()}), "${severity}")`);
  return new Map(rows.map((row) => [String(row['scope']), row['value'] as number]));
};

let server: KustoServer;
let bad: Cluster;
let twin: Cluster;

beforeAll(async () => {
  server = await startKusto({ file: ':memory:', port: 0 });
  for (const [database, incidents] of [
    ['framewatch', [outage]],
    ['twin', []],
  ] as const) {
    await deployKql({ cluster: server.url, database, log: () => undefined });
    await ingest(server.url, 'PlaybackBeats', beatsOf({ seed: 3, from: FROM, to: TO, incidents }), database);
  }
  bad = openCluster(server.url, 'framewatch');
  twin = openCluster(server.url, 'twin');
});
afterAll(async () => {
  bad.close();
  twin.close();
  await server.close();
});

describe('an outage of one CDN in one country', () => {
  let found: Row[] = [];

  it('is not seen in one bad bin, and is after three, within two runs', async () => {
    expect(await detect(bad, runAt(0), { write: true })).toEqual([]);
    expect(await detect(bad, runAt(1), { write: true })).toEqual([]);
    await detect(bad, runAt(2), { write: true });
    for (const bins of [3, 4]) {
      found = await detect(bad, runAt(bins), { write: true });
      if (found.length > 0) break;
    }
    expect(found.length).toBeGreaterThan(0);
  });

  it('names CDN and country as the root of one incident, critical, with the first bad bin', () => {
    expect(new Set(found.map((row) => row['RootScope']))).toEqual(new Set([ROOT]));
    expect(new Set(found.map((row) => row['IncidentId'])).size).toBe(1);
    const root = found.find((row) => row['IsRoot'] === true && row['Metric'] === 'rebuffer_ratio');
    expect(root).toMatchObject({
      Scope: ROOT,
      Cdn: 'edge-b',
      Country: 'FR',
      Direction: 'up',
      Severity: 'critical',
      BinMinutes: 5,
    });
    expect(root?.['Value']).toBeCloseTo(0.25, 2);
    expect(root?.['Baseline']).toBeLessThan(0.02);
    expect(root?.['FirstBin']).toEqual(new Date(OUTAGE));
    expect(root?.['Score']).toBeGreaterThanOrEqual(4.5);
  });

  it('ranks the causes: the segment first, with nearly all of the excess', () => {
    const causes = found[0]?.['Causes'];
    const list = (typeof causes === 'string' ? JSON.parse(causes) : causes) as {
      scope: string;
      excessShare: number;
      trafficShare: number;
    }[];
    expect(list[0]).toMatchObject({ scope: ROOT });
    expect(list[0]?.excessShare).toBeGreaterThan(0.8);
    expect(list[0]?.trafficShare).toBeLessThan(0.5);
  });

  it('is told once: a second run at the same moment adds nothing', async () => {
    const before = await bad.query('Anomalies | summarize Count = count()');
    await detect(bad, runAt(4), { write: true });
    const between = await bad.query('Anomalies | summarize Count = count()');
    const more = await detect(bad, runAt(4), { write: true });
    expect(more).toEqual([]);
    expect(between[0]?.['Count']).toBeGreaterThanOrEqual(before[0]?.['Count'] as number);
    expect(await bad.query('Anomalies | summarize Count = count()')).toEqual(between);
  });

  it('keeps its incident id while it lasts', async () => {
    for (const bins of IS_HEAVY ? [5, 6, 7, 8] : [6, 8]) await detect(bad, runAt(bins), { write: true });
    const ids = await bad.query('Anomalies | distinct IncidentId');
    expect(ids).toHaveLength(1);
  });

  it('fires the alert with CDN and country as labels; a healthy all stays at 0', async () => {
    const values = await alert(bad, runAt(8));
    expect(values.get(ROOT)).toBe(1);
    expect(values.get('all')).toBe(0);
    const [row] = await bad.query(`Alert_Anomaly(datetime(${runAt(8).toISOString()}), "critical") | where value > 0`);
    expect(row).toMatchObject({ scope: ROOT, cdn: 'edge-b', country: 'FR', device: '' });
    expect((await alert(bad, runAt(8), 'warning')).get(ROOT) ?? 0).toBe(0);
  });

  it('resolves within half an hour after the outage: no new anomalies, value 0 and not a missing row', async () => {
    for (let bins = 9; bins <= 20; bins += IS_HEAVY ? 2 : 4) await detect(bad, runAt(bins), { write: true });
    expect((await bad.query('Anomalies | summarize Last = max(BinStart)'))[0]?.['Last']).toEqual(
      new Date(OUTAGE_END - BIN_MS),
    );
    const values = await alert(bad, new Date(OUTAGE_END + 30 * 60_000));
    expect(values.get(ROOT)).toBe(0);
    const incidents = await bad.query(
      `Incidents(datetime(${new Date(OUTAGE).toISOString()}), datetime(${runAt(20).toISOString()}))`,
    );
    expect(incidents).toMatchObject([{ State: 'resolved', Severity: 'critical', RootScope: ROOT }]);
  });
});

describe('silence', () => {
  it('the twin without an outage has no anomaly at any of the same moments, nor in a day of runs', async () => {
    for (let bins = 0; bins <= 12; bins += IS_HEAVY ? 2 : 4)
      expect(await detect(twin, runAt(bins), { write: false })).toEqual([]);
    for (let hour = 1; hour <= 24; hour += IS_HEAVY ? 4 : 8)
      expect(await detect(twin, new Date(OUTAGE - hour * 3_600_000), { write: false })).toEqual([]);
  });

  it('missing data is no dip: nothing is found while the watermark is behind', async () => {
    const late = new Date(TO + 20 * 60_000);
    const [mark] = await twin.query(`Watermark(datetime(${late.toISOString()}))`);
    expect(mark).toMatchObject({ IsComplete: false });
    expect(await detect(twin, late, { write: false })).toEqual([]);
  });
});
