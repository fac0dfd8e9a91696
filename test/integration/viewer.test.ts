import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { KustoServer } from '../../local/kusto/http/server.ts';
import { startKusto } from '../../local/kusto/http/server.ts';
import type { Viewer } from '../../local/viewer/server.ts';
import { startViewer } from '../../local/viewer/server.ts';

const FROM = Date.parse('2026-03-01T00:00:00Z');
const TO = FROM + 600_000;

let dir: string;
let kusto: KustoServer;
let viewer: Viewer;

const post = async (path: string, body: unknown): Promise<unknown> =>
  (
    await fetch(viewer.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  ).json();

async function command(csl: string): Promise<void> {
  const response = await fetch(`${kusto.url}/v1/rest/mgmt`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ db: 'framewatch', csl }),
  });
  expect(response.status, await response.text()).toBe(200);
}

const series =
  "range At from datetime(2026-03-01) to datetime(2026-03-01 00:09) step 1m | extend Cdn = dynamic(['a','b']) | mv-expand Cdn to typeof(string) | where $__timeFilter(At) and $__contains(Cdn, $cdn) | summarize V = 1.0 * count() by bin(At, $__timeInterval), Cdn | order by At asc, Cdn asc";
const board = {
  uid: 'real',
  title: 'Real',
  templating: {
    list: [
      {
        name: 'cdn',
        type: 'query',
        multi: true,
        includeAll: true,
        allValue: 'all',
        query: { query: "datatable(Cdn: string)['b', 'a'] | order by Cdn asc", queryType: 'KQL' },
      },
    ],
  },
  panels: [
    {
      id: 1,
      type: 'timeseries',
      interval: '1m',
      targets: [{ refId: 'A', queryType: 'KQL', resultFormat: 'time_series', query: series }],
    },
    {
      id: 2,
      type: 'timeseries',
      targets: [
        {
          refId: 'A',
          queryType: 'KQL',
          resultFormat: 'time_series_adx_series',
          query:
            'Numbers | make-series V = sum(N) default = 0 on Timestamp from $__timeFrom to $__timeTo step 5m by Cdn',
        },
      ],
    },
    {
      id: 3,
      type: 'table',
      targets: [{ refId: 'A', queryType: 'KQL', resultFormat: 'table', query: 'Numbers\n| where Nope > 1' }],
    },
  ],
};
const rules = {
  apiVersion: 1,
  groups: [
    {
      name: 'g',
      folder: 'f',
      interval: '1m',
      rules: [
        {
          uid: 'many',
          title: 'Many',
          condition: 'C',
          data: [
            {
              refId: 'A',
              datasourceUid: 'adx',
              relativeTimeRange: { from: 600, to: 0 },
              model: {
                query: 'Numbers | where $__timeFilter(Timestamp) | summarize value = sum(N) by Cdn',
                resultFormat: 'table',
              },
            },
            {
              refId: 'C',
              datasourceUid: '__expr__',
              model: { type: 'threshold', expression: 'A', conditions: [{ evaluator: { type: 'gt', params: [5] } }] },
            },
          ],
          for: '1m',
          annotations: { summary: '{{ $labels.Cdn }} has {{ $values.A }}' },
        },
      ],
    },
  ],
};

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'viewer-real-'));
  await writeFile(join(dir, 'real.json'), JSON.stringify(board));
  await writeFile(join(dir, 'rules.json.txt'), JSON.stringify(rules));
  kusto = await startKusto({ file: ':memory:', port: 0, database: 'framewatch' });
  await command('.create table Numbers (Timestamp: datetime, Cdn: string, N: real)');
  await command(
    '.ingest inline into table Numbers <|\n2026-03-01T00:02:00Z,a,3\n2026-03-01T00:07:00Z,a,4\n2026-03-01T00:03:00Z,b,2',
  );
  viewer = await startViewer({
    port: 0,
    kustoUrl: kusto.url,
    database: 'framewatch',
    dashboardsDir: dir,
    alertsFile: join(dir, 'rules.json.txt'),
    evaluateAlerts: false,
  });
});
afterAll(async () => {
  await viewer.close();
  await kusto.close();
  await rm(dir, { recursive: true, force: true });
});

const panel = (panelId: number, variables: unknown = {}): Promise<unknown> =>
  post('/api/panel', { dashboardUid: 'real', panelId, fromMs: FROM, toMs: TO, variables });

test('the real engine answers variables, long series and make-series in the shapes panels draw', async () => {
  expect(await post('/api/variables', { dashboardUid: 'real', fromMs: FROM, toMs: TO })).toMatchObject([
    { name: 'cdn', options: [{ value: 'a' }, { value: 'b' }] },
  ]);
  const all = (await panel(1)) as { frames: { fields: { labels?: unknown; values: unknown[] }[] }[] };
  expect(all.frames[0]?.fields.map((field) => [field.labels, field.values.length])).toEqual([
    [undefined, 10],
    [{ Cdn: 'a' }, 10],
    [{ Cdn: 'b' }, 10],
  ]);
  const one = (await panel(1, { cdn: ['b'] })) as typeof all;
  expect(one.frames[0]?.fields.map((field) => field.labels)).toEqual([undefined, { Cdn: 'b' }]);
  const made = (await panel(2)) as typeof all;
  expect(
    Object.fromEntries(
      (made.frames[0]?.fields ?? []).slice(1).map((field) => [JSON.stringify(field.labels), field.values]),
    ),
  ).toEqual({ '{"Cdn":"a"}': [3, 4], '{"Cdn":"b"}': [2, 0] });
});

test('the engine’s error keeps its line and column on the way to the panel', async () => {
  expect(await panel(3)).toMatchObject({
    frames: [],
    targets: [{ error: { line: 2, column: 9, message: expect.stringContaining('Nope') as string } }],
  });
});

test('a rule over the real engine goes from pending to firing to resolved', async () => {
  const states = (): unknown[] =>
    viewer.alerts
      .status()
      .flatMap((rule) =>
        rule.instances.map((one) => `${one.labels['Cdn']} ${one.state}`).toSorted((a, b) => a.localeCompare(b)),
      );
  await viewer.alerts.evaluateAll(TO);
  expect(states()).toEqual(['a Pending', 'b Normal']);
  await viewer.alerts.evaluateAll(TO + 60_000);
  expect(viewer.alerts.firing().map(({ instance }) => instance.annotations['summary'])).toEqual(['a has 7']);
  // The window now begins at 00:03:00 sharp: it loses a's first row and keeps b's, both ends being inclusive.
  await viewer.alerts.evaluateAll(TO + 180_000);
  expect(states()).toEqual(['a Normal', 'b Normal']);
});
