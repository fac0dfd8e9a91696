// The product's promise: two weeks of audience, then one CDN fails in one country. Who is to blame is named, people are paged once, and told
// when it is over. A twin audience without the incident stays silent.
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { devConnectionString } from '../../local/azurite/azurite.ts';
import { startViewer, type Viewer } from '../../local/viewer/server.ts';
import { detect } from '../../scripts/detect.ts';
import { openCluster } from '../../scripts/kql/cluster.ts';
import { runAudience, type AudienceOptions } from '../../simulate/audience.ts';
import { newDataDir, removeDataDir, startStack, type TestStack } from '../support/stack.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const ROOT = join(import.meta.dirname, '..', '..');
/** The newest 19:00 UTC that is over: prime time in Germany, whatever the hour at which the test runs. */
const END = Math.floor((Date.now() - 19 * 60 * MINUTE) / DAY) * DAY + 19 * 60 * MINUTE;
/** Half an hour long, over 40 minutes before the end. */
const OUTAGE = { start: END - 70 * MINUTE, minutes: 30 };

interface AnomalyRow {
  Metric: string;
  Scope: string;
  Cdn: string;
  Country: string;
  RootScope: string;
  IncidentId: string;
}

/** Between two runs of the detectors, ms: each takes seconds, so the nightly tests alone make them all. */
const STEP = (process.env['FRAMEWATCH_HEAVY'] === '1' ? 5 : 10) * MINUTE;

/** Both twins share the history up to here: it is sent once, and the data folder copied. */
const FORK = OUTAGE.start - 4 * 60 * MINUTE;

const dirs: string[] = [];
const dataDir = (): string => {
  const dir = newDataDir();
  dirs.push(dir);
  return dir;
};
afterAll(() => dirs.forEach(removeDataDir));

/** Sends the audience from where `dir` left it until `to`, through both front doors. */
async function send(
  stack: TestStack,
  to: number,
  scenario: Pick<AudienceOptions, 'scenario' | 'incident'>,
): Promise<void> {
  const summary = await runAudience({
    endpoint: `${stack.functionsUrl}/api/v1/events`,
    key: 'simulator',
    blob: devConnectionString(stack.blobPort),
    from: END - 14 * DAY,
    to,
    seed: 'outage',
    stateFile: join(stack.dataDir, 'audience.json'),
    ...scenario,
  });
  const rate = Math.round(summary.events / summary.seconds);
  console.log(
    `${summary.sessions} sessions, ${summary.events} events at ${rate} events/s, ${summary.blobLines} blob lines`,
  );
  expect(summary.accepted).toBe(summary.events);
}

let history: string | undefined;

/** A copy of a data folder that holds two weeks of ordinary audience up to FORK. */
async function withHistory(): Promise<string> {
  if (history === undefined) {
    const dir = dataDir();
    const stack = await startStack({ dataDir: dir });
    try {
      await send(stack, FORK, { scenario: 'steady' });
      expect(await stack.stop()).toBe(0);
    } finally {
      await stack.kill9();
    }
    history = dir;
  }
  const copy = dataDir();
  cpSync(history, copy, { recursive: true });
  return copy;
}

async function withAudience(
  scenario: Pick<AudienceOptions, 'scenario' | 'incident'>,
  run: (stack: TestStack, viewer: Viewer) => Promise<void>,
): Promise<void> {
  const stack = await startStack({ dataDir: await withHistory() });
  const viewer = await startViewer({
    port: 0,
    kustoUrl: stack.kustoUrl,
    database: 'framewatch',
    dashboardsDir: join(ROOT, 'grafana/generated/dashboards'),
    alertsFile: join(ROOT, 'grafana/generated/alerts.json'),
    evaluateAlerts: false,
  });
  try {
    await send(stack, END, scenario);
    await run(stack, viewer);
    expect(await stack.stop()).toBe(0);
  } finally {
    await viewer.close();
    await stack.kill9().catch(() => undefined);
  }
}

/** Firing instances of the anomaly rules: rule uid and scope. */
const firing = (viewer: Viewer): string[] =>
  viewer.alerts
    .status()
    .flatMap(({ rule, instances }) =>
      instances.filter(({ state }) => state === 'Alerting').map(({ labels }) => `${rule.uid} ${labels['scope'] ?? ''}`),
    )
    .filter((text) => text.includes('anomaly'));

describe('two weeks of audience', () => {
  it('a CDN outage in one country is named within two detector runs, fires one alert, and resolves', async () => {
    await withAudience({ scenario: 'cdn-outage', incident: OUTAGE }, async (stack, viewer) => {
      const cluster = openCluster(stack.kustoUrl, 'framewatch');
      const calm = OUTAGE.start - 5 * MINUTE;
      expect(await detect(cluster, new Date(calm), { write: true })).toEqual([]);
      await viewer.alerts.evaluateAll(calm);
      expect(firing(viewer)).toEqual([]);

      const runs = [OUTAGE.start + 20 * MINUTE, OUTAGE.start + 25 * MINUTE];
      for (const asof of runs) await detect(cluster, new Date(asof), { write: true });
      const rows = await stack.query<AnomalyRow>('Anomalies');
      expect(rows.length).toBeGreaterThan(0);
      expect(new Set(rows.map((row) => row.RootScope))).toEqual(new Set(['cdn=edge-b,country=DE']));
      expect(rows.map(({ Scope, Metric }) => `${Metric} of ${Scope}`)).toContain(
        'rebuffer_ratio of cdn=edge-b,country=DE',
      );
      expect(new Set(rows.map((row) => row.IncidentId)).size, 'one outage is one incident').toBe(1);

      await viewer.alerts.evaluateAll(OUTAGE.start + 26 * MINUTE);
      expect(firing(viewer), 'one page, not a hundred').toEqual([expect.stringContaining('cdn=edge-b,country=DE')]);

      const over = OUTAGE.start + OUTAGE.minutes * MINUTE;
      for (let asof = over + STEP; asof <= END; asof += STEP) {
        await detect(cluster, new Date(asof), { write: true });
        await viewer.alerts.evaluateAll(asof);
      }
      expect(firing(viewer), 'resolved after the incident').toEqual([]);
      cluster.close();
    });
  }, 900_000);

  it('the twin without the outage stays silent', async () => {
    await withAudience({ scenario: 'steady' }, async (stack, viewer) => {
      const cluster = openCluster(stack.kustoUrl, 'framewatch');
      for (let asof = OUTAGE.start; asof <= END; asof += STEP) {
        await detect(cluster, new Date(asof), { write: true });
        await viewer.alerts.evaluateAll(asof);
        expect(firing(viewer)).toEqual([]);
      }
      expect(await stack.query('Anomalies')).toEqual([]);
      cluster.close();
    });
  }, 900_000);
});
