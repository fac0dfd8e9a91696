import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Viewer, ViewerOptions } from '../../local/viewer/server.ts';
import { startViewer } from '../../local/viewer/server.ts';
import type { RecordedKusto } from '../browser/recorded-kusto.ts';
import { nocAnswer } from '../browser/noc-tables.ts';
import { startRecordedKusto } from '../browser/recorded-kusto.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const FROM = Date.parse('2026-03-01T00:00:00Z');
const TO = FROM + 3_600_000;

let kusto: RecordedKusto;
let dir: string;
const open: Viewer[] = [];

const start = async (more: Partial<ViewerOptions> = {}): Promise<Viewer> => {
  const viewer = await startViewer({
    port: 0,
    kustoUrl: kusto.url,
    database: 'framewatch',
    dashboardsDir: join(ROOT, 'grafana/generated/dashboards'),
    alertsFile: join(ROOT, 'grafana/generated/alerts.json'),
    evaluateAlerts: false,
    ...more,
  });
  open.push(viewer);
  return viewer;
};

async function post(
  viewer: Viewer,
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: never }> {
  const response = await fetch(viewer.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as never };
}

const get = async (viewer: Viewer, path: string): Promise<never> =>
  (await (await fetch(viewer.url + path)).json()) as never;

/** A request with a Host header of one's own, which fetch does not allow. */
const withHost = (viewer: Viewer, host: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const { port } = new URL(viewer.url);
    request({ host: '127.0.0.1', port, path: '/health', headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on('error', reject)
      .end();
  });

beforeAll(async () => {
  kusto = await startRecordedKusto(nocAnswer);
  dir = await mkdtemp(join(tmpdir(), 'viewer-'));
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((viewer) => viewer.close()));
});
afterAll(async () => {
  await kusto.close();
  await rm(dir, { recursive: true, force: true });
});

describe('who may ask', () => {
  test('a foreign Host header (DNS rebinding) and a foreign Origin are refused', async () => {
    const viewer = await start();
    expect(await withHost(viewer, 'evil.example')).toBe(403);
    expect(await withHost(viewer, `localhost:${new URL(viewer.url).port}`)).toBe(200);
    expect((await post(viewer, '/api/query', { csl: 'print 1' }, { origin: 'http://evil.example' })).status).toBe(403);
  });
  test.each(['.drop table PlaybackEvents', '  \n// harmless\n.show tables', '.clear database cache'])(
    'a command is refused and never reaches Kusto: %j',
    async (csl) => {
      const viewer = await start();
      const before = kusto.queries.length;
      expect((await post(viewer, '/api/query', { csl })).status).toBe(400);
      expect(kusto.queries).toHaveLength(before);
    },
  );
  test('a form post, a broken body and an oversized one are refused', async () => {
    const viewer = await start();
    const send = async (type: string, body: string): Promise<number> =>
      (await fetch(`${viewer.url}/api/query`, { method: 'POST', headers: { 'content-type': type }, body })).status;
    expect(await send('text/plain', '{"csl":"print 1"}')).toBe(415);
    expect(await send('application/json', '[1')).toBe(400);
    expect(await send('application/json', JSON.stringify({ csl: 'x'.repeat(2_000_000) }))).toBe(413);
  });
  test('pages load nothing from elsewhere', async () => {
    const viewer = await start();
    const response = await fetch(viewer.url);
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(await response.text()).not.toMatch(/(src|href)="https?:/);
    const [script, style] = await Promise.all(
      ['/assets/app.js', '/assets/app.css'].map(async (path) => (await fetch(viewer.url + path)).text()),
    );
    expect(script?.length).toBeGreaterThan(100_000);
    expect(style).toContain('.panel');
    expect(style).not.toMatch(/url\(["']?https?:/);
  });
});

describe('queries', () => {
  test('Kusto’s error arrives with its position', async () => {
    const viewer = await start();
    expect(await post(viewer, '/api/query', { csl: 'Nope | count' })).toMatchObject({
      status: 400,
      body: { error: { code: 'General_BadRequest', line: 1, column: 1 } },
    });
  });
  test('an endpoint that is down is told apart from a bad query', async () => {
    const viewer = await start({ kustoUrl: 'http://127.0.0.1:9' });
    expect(await post(viewer, '/api/query', { csl: 'print 1' })).toMatchObject({
      status: 502,
      body: { error: { code: 'Unreachable' } },
    });
  });
  test('variables resolve in order; a panel’s final query holds their values and the times', async () => {
    const viewer = await start();
    const { body: variables } = await post(viewer, '/api/variables', {
      dashboardUid: 'framewatch-noc',
      fromMs: FROM,
      toMs: TO,
      variables: { cdn: ['cdn-a', 'cdn-c'] },
    });
    expect((variables as { name: string; value: unknown }[]).map((one) => [one.name, one.value])).toContainEqual([
      'cdn',
      ['cdn-a', 'cdn-c'],
    ]);
    const { body } = await post(viewer, '/api/panel', {
      dashboardUid: 'framewatch-noc',
      panelId: 11,
      fromMs: FROM,
      toMs: TO,
      maxDataPoints: 600,
      variables,
    });
    const answer = body as { targets: { csl: string }[]; frames: { fields: { name: string; labels?: unknown }[] }[] };
    expect(answer.targets[0]?.csl).toContain(
      'Concurrent(datetime(2026-03-01T00:00:00Z), datetime(2026-03-01T01:00:00Z), ',
    );
    expect(answer.targets[0]?.csl).toContain("pack_array('cdn-a','cdn-c')");
    expect(answer.frames[0]?.fields.map((field) => field.labels)).toEqual([
      undefined,
      { CDN: 'cdn-a' },
      { CDN: 'cdn-b' },
      { CDN: 'cdn-c' },
    ]);
  });
  test('every panel of every committed dashboard runs without an error', async () => {
    const viewer = await start();
    for (const { uid } of (await get(viewer, '/api/dashboards')) as { uid: string }[]) {
      const { panels } = (await get(viewer, `/api/dashboards/${uid}`)) as {
        panels: { id: number; targets?: unknown[] }[];
      };
      for (const panel of panels.filter((one) => (one.targets ?? []).length > 0)) {
        const { body } = await post(viewer, '/api/panel', {
          dashboardUid: uid,
          panelId: panel.id,
          fromMs: FROM,
          toMs: TO,
          variables: {},
        });
        const { targets, frames } = body as { targets: { error?: unknown }[]; frames: { notices: unknown[] }[] };
        expect(
          targets.map((one) => one.error),
          `panel ${panel.id}`,
        ).toEqual(targets.map(() => undefined));
        expect(frames.flatMap((frame) => frame.notices)).toEqual([]);
      }
    }
  });
  test('a dashboard file that is none is listed with its problem, the others stay', async () => {
    await writeFile(join(dir, 'broken.json'), '{');
    await writeFile(join(dir, 'good.json'), JSON.stringify({ uid: 'good', title: 'Good', panels: [] }));
    const viewer = await start({ dashboardsDir: dir });
    expect(await get(viewer, '/api/dashboards')).toMatchObject([
      { file: 'broken.json', problem: expect.any(String) as string },
      { uid: 'good' },
    ]);
    expect(await get(viewer, '/api/dashboards/none')).toMatchObject({
      error: { message: "there is no dashboard 'none'" },
    });
  });
});

describe('mounting', () => {
  test('extra handlers come before the 404 and may decline', async () => {
    const viewer = await start({ extraHandlers: [(req, res) => req.url === '/demo/' && (res.end('demo'), true)] });
    expect(await (await fetch(`${viewer.url}/demo/`)).text()).toBe('demo');
    expect((await fetch(`${viewer.url}/other`)).status).toBe(404);
  });
  test('a taken port rejects', async () => {
    const viewer = await start();
    await expect(start({ port: Number(new URL(viewer.url).port) })).rejects.toThrow('EADDRINUSE');
  });
});

describe('alerts', () => {
  test('committed rules fire, are told to the webhook, survive a restart without firing anew, and resolve', async () => {
    const bodies: { status: string; title: string }[] = [];
    let failures = 1;
    const receiver = createServer(async (req, res) => {
      const chunks: Buffer[] = [];
      for await (const chunk of req) chunks.push(chunk as Buffer);
      // The first attempt meets a receiver that is just restarting.
      if (failures > 0) {
        failures -= 1;
        res.writeHead(503).end();
        return;
      }
      bodies.push(JSON.parse(Buffer.concat(chunks).toString('utf8')) as { status: string; title: string });
      res.end();
    });
    await new Promise<void>((resolve) => void receiver.listen(0, '127.0.0.1', resolve));
    const webhookUrl = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
    let isHealthy = false;
    const changing = await startRecordedKusto((csl) =>
      isHealthy && csl.startsWith('Alert_')
        ? { columns: ['scope:string', 'value:real'], rows: [['all', 0]] }
        : nocAnswer(csl),
    );
    const options = { kustoUrl: changing.url, dataDir: join(dir, 'data'), webhookUrl };
    try {
      const first = await start(options);
      await first.alerts.restore();
      await first.alerts.evaluateAll(TO);
      expect(
        first.alerts.firing().map(({ rule, instance }) => [rule.uid, instance.labels['cdn'], instance.state]),
      ).toEqual([['framewatch-anomaly-critical', 'cdn-b', 'Alerting']]);
      await expect.poll(() => bodies.length, { timeout: 20_000 }).toBe(1);
      await first.close();
      const second = await start(options);
      await second.alerts.restore();
      expect(second.alerts.firing()).toHaveLength(1);
      await second.alerts.evaluateAll(TO + 60_000);
      expect(second.alerts.entries()).toHaveLength(1);
      isHealthy = true;
      await second.alerts.evaluateAll(TO + 120_000);
      await second.alerts.evaluateAll(TO + 180_000);
      expect(second.alerts.firing()).toEqual([]);
      expect(second.alerts.entries().map((entry) => [entry.from, entry.to, entry.reason])).toEqual([
        ['Normal', 'Alerting', ''],
        ['Alerting', 'Normal', 'MissingSeries'],
      ]);
      await expect.poll(() => bodies.map((body) => body.status), { timeout: 20_000 }).toEqual(['firing', 'resolved']);
      expect(await get(second, '/api/alerts')).toMatchObject({
        firing: 0,
        rules: expect.arrayContaining([]) as unknown[],
      });
    } finally {
      receiver.close();
      await changing.close();
    }
  });
  test('a broken rule file is said, not hidden', async () => {
    const file = join(dir, 'rules.json');
    await writeFile(file, JSON.stringify({ apiVersion: 2 }));
    const viewer = await start({ alertsFile: file });
    expect(await get(viewer, '/api/alerts')).toMatchObject({
      problem: expect.stringContaining('apiVersion') as string,
      rules: [],
    });
  });
});
