// The HTTP door for real: the built app in the local host, rows read back from the Kusto-compatible engine.
import { randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { Client } from 'azure-kusto-data';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { FunctionsHost } from '../../local/functions-host/supervisor.ts';
import { startKusto, type KustoServer } from '../../local/kusto/http/server.ts';
import type { IngestAnswer } from '../../schema/probe-wire.ts';
import { deployKql } from '../../scripts/kql-deploy.ts';
import { createTables } from '../support/kusto-tables.ts';
import { builtApp, TEST_ORIGIN, testSettings, type BuiltApp } from '../support/functions-app.ts';

let kusto: KustoServer;
let app: BuiltApp;
let host: FunctionsHost;
let lines: string[];
let client: Client;

beforeAll(async () => {
  kusto = await startKusto({ file: ':memory:', port: 0 });
  app = await builtApp();
  await createTables(kusto.url);
  ({ host, lines } = await app.start(testSettings(kusto.url)));
  client = new Client(`Data Source=${kusto.url};Initial Catalog=framewatch`);
});

afterAll(async () => {
  await host?.close();
  client?.close();
  await kusto?.close();
  app?.remove();
});

type Row = Record<string, unknown>;
const query = async (csl: string): Promise<Row[]> =>
  (await client.execute('framewatch', csl)).primaryResults[0]?.toJSON<Row>().data ?? [];

interface Sent {
  readonly status: number;
  readonly headers: Headers;
  readonly body: IngestAnswer & { error?: { code: string; limit?: number } };
}

async function post(
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
  path = '/api/v1/events',
): Promise<Sent> {
  const defaults: Record<string, string> = { 'content-type': 'text/plain', 'x-framewatch-key': 'simulator' };
  const response = await fetch(`${host.url}${path}`, { method: 'POST', headers: { ...defaults, ...headers }, body });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: (text === '' ? {} : JSON.parse(text)) as Sent['body'],
  };
}

const envelope = (events: unknown[], header: object = {}): { v: 1; h: Record<string, unknown>; e: unknown[] } => {
  const now = Date.now();
  return { v: 1, h: { sid: randomUUID(), t0: now - 60_000, sent: now, cid: 'clip', ...header }, e: events };
};

it('takes CMCD reports by their content type, one a line, and quarantines the line that is none', async () => {
  const sid = randomUUID();
  const report = (sn: number, keys: string): string => `v=2,ts=${Date.now()},sid="${sid}",sn=${sn},${keys}`;
  const body = [report(0, 'e=ps,sta=s'), report(1, 'e=ps,sta=p,msd=900'), 'no, report (', report(2, 'e=t,sta=p,bsa=1')];
  const { status, body: answer } = await post(body.join('\n'), { 'content-type': 'application/cmcd' });
  expect([status, answer]).toMatchObject([
    202,
    { received: 4, accepted: 3, rejected: 1, errors: [{ code: 'not-cmcd' }] },
  ]);
  const rows = await query(`PlaybackEvents | where SessionId == '${sid}' | order by Sequence asc`);
  expect(rows).toMatchObject([
    { Kind: 'request', Source: 'cmcd' },
    { Kind: 'start', DurationMs: 900 },
  ]);
});

it('stores what a probe sends, with the server’s time, the device and the pseudonym, and no identity', async () => {
  const before = Date.now();
  const batch = envelope(
    [
      { k: 'start', n: 0, t: 1200, ms: 1200, kbps: 3000, w: 1280, h: 720, ph: { manifest: 200 } },
      { k: 'stall', n: 1, t: 30_000, ms: 840, cause: 'network', open: false },
      {
        k: 'hb',
        n: 2,
        t: 40_000,
        st: 'playing',
        iv: 10_000,
        ms: { playing: 9160, stalled: 840 },
        ttfb: [1, 0, 0, 0, 0, 0, 0, 0],
        c: { stalls: 1, stallMs: 840 },
      },
    ],
    { vid: 'alice@example.com', st: 'v', pl: { name: 'dash.js', ver: '5.2.1' }, geo: { country: 'fr' }, extra: 'kept' },
  );
  const { status, headers, body } = await post(JSON.stringify(batch), {
    'x-framewatch-key': 'demo',
    origin: TEST_ORIGIN,
    'x-edge-country': 'DE',
    'user-agent':
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 Safari/537.36',
  });
  expect({ status, body }).toEqual({
    status: 202,
    body: { received: 3, accepted: 3, rejected: 0, duplicate: 0, errors: [] },
  });
  expect(headers.get('access-control-allow-origin')).toBe(TEST_ORIGIN);
  const sid = String(batch.h['sid']);
  const [start, stall] = await query(`PlaybackEvents | where SessionId == '${sid}' | order by Sequence asc`);
  expect(start).toMatchObject({
    EventId: `${sid}:0`,
    Kind: 'start',
    DurationMs: 1200,
    Country: 'DE',
    GeoSource: 'edge-header',
    DeviceType: 'desktop',

    Os: 'Windows',
    Browser: 'Chrome',
    StreamType: 'vod',
    PlayerName: 'dash.js',
    Tenant: 'default',
    Source: 'probe',
    TimeFlag: '',
  });
  expect(start?.['Props']).toEqual({ extra: 'kept' });
  expect(String(start?.['ViewerId'])).toMatch(/^[0-9a-f]{32}$/);
  expect(stall).toMatchObject({ Kind: 'stall', DurationMs: 840, Cause: 'network', IsOpen: false });
  const eventMs = new Date(stall?.['EventTime'] as string).getTime();
  expect(eventMs).toBeGreaterThanOrEqual(before - 30_000);
  expect(eventMs).toBeLessThanOrEqual(Date.now() - 30_000);
  const [beat] = await query(`PlaybackBeats | where SessionId == '${sid}'`);
  expect(beat).toMatchObject({ IntervalMs: 10_000, PlayingMs: 9160, StalledMs: 840, StallCount: 1, StallMs: 840 });
  expect(beat?.['TtfbHistogram']).toEqual([1, 0, 0, 0, 0, 0, 0, 0]);
  const [ledger] = await query(`IngestLedger | where BatchId == '${String(start?.['BatchId'])}'`);
  expect(ledger).toMatchObject({ Received: 3, Stored: 3, Rejected: 0, Door: 'http', Origin: TEST_ORIGIN });
});

it('keeps the good events of a batch with bad ones, quarantines the bad and names them', async () => {
  const batch = envelope(
    [
      { k: 'request', n: 0, t: 0 },
      { k: 'stall', n: 1, t: 10, ms: 'long' },
      { k: 'teleport', n: 2, t: 20 },
      null,
      { k: 'pause', n: 4, t: 30 },
      { k: 'pause', n: 4, t: 30 },
    ],
    { vid: 'mallory' },
  );
  const { status, body } = await post(JSON.stringify(batch));
  expect(status).toBe(202);
  expect(body).toMatchObject({ received: 6, accepted: 2, rejected: 3, duplicate: 1 });
  const errors = body.errors.map(({ index, code, field }) => [index, code, field]);
  expect(errors.sort(([a], [b]) => Number(a) - Number(b))).toEqual([
    [1, 'wrong-type', 'durationMs'],
    [2, 'unknown-value', 'k'],
    [3, 'not-an-object', undefined],
  ]);
  const sid = String(batch.h['sid']);
  const rejects = await query(`RejectedEvents | where Payload has '${sid}' | project Reason, Stage, Position, Payload`);
  expect(rejects.map(({ Reason }) => String(Reason)).sort()).toEqual(['not-an-object', 'unknown-value', 'wrong-type']);
  expect(JSON.stringify(rejects)).not.toContain('mallory');
});

it('accepts gzip and several envelopes, one a line, and leaves the neighbours of a broken line alone', async () => {
  const first = envelope([{ k: 'request', n: 0, t: 0 }]);
  const second = envelope([{ k: 'request', n: 0, t: 0 }]);
  const text = `${JSON.stringify(first)}\n{"v":1,"h":{\n${JSON.stringify(second)}\n`;
  const { status, body } = await post(new Uint8Array(gzipSync(text)), { 'content-encoding': 'gzip' });
  expect({ status, received: body.received, accepted: body.accepted }).toEqual({
    status: 202,
    received: 3,
    accepted: 2,
  });
});

it('corrects a skewed clock and says so, and replaces times that cannot be', async () => {
  const now = Date.now();
  const skewed = envelope([{ k: 'request', n: 0, t: 0 }], {
    t0: now - 10 * 86_400_000 - 5000,
    sent: now - 10 * 86_400_000,
  });
  const ancient = envelope([{ k: 'request', n: 0, t: 0 }], { t0: now - 90 * 86_400_000, sent: now });
  await post(JSON.stringify(skewed));
  await post(JSON.stringify(ancient));
  const rows = await query(
    `PlaybackEvents | where SessionId in ('${String(skewed.h['sid'])}', '${String(ancient.h['sid'])}') | project SessionId, TimeFlag, Off = datetime_diff('second', ReceivedAt, EventTime)`,
  );
  const flags = new Map(rows.map((row) => [row['SessionId'], [row['TimeFlag'], row['Off']]]));
  expect(flags.get(skewed.h['sid'])).toEqual(['corrected', 5]);
  expect(flags.get(ancient.h['sid'])).toEqual(['replaced', 0]);
});

it('believes geography only of trusted senders, and strips identity without consent or with GPC', async () => {
  const header = { vid: 'bob', geo: { country: 'SE', city: 'Umeå', asn: 1299 }, dev: { type: 'tv' } };
  const trusted = envelope([{ k: 'request', n: 0, t: 0 }], header);
  const refused = envelope([{ k: 'request', n: 0, t: 0 }], { ...header, consent: 0 });
  const optedOut = envelope([{ k: 'request', n: 0, t: 0 }], header);
  const browser = envelope([{ k: 'request', n: 0, t: 0 }], header);
  await post(JSON.stringify(trusted));
  await post(JSON.stringify(refused));
  await post(JSON.stringify(optedOut), { 'sec-gpc': '1' });
  await post(JSON.stringify(browser), { 'x-framewatch-key': 'demo', origin: TEST_ORIGIN });
  const ids = [trusted, refused, optedOut, browser].map(({ h }) => String(h['sid']));
  const rows = await query(`PlaybackEvents | where SessionId in (${ids.map((id) => `'${id}'`).join(',')})`);
  const bySession = new Map(rows.map((row) => [row['SessionId'], row]));
  const of = (index: number): Row | undefined => bySession.get(ids[index]);
  expect(of(0)).toMatchObject({ Country: 'SE', City: 'Umeå', Asn: 1299, DeviceType: 'tv', GeoSource: 'payload' });
  expect(of(0)?.['ViewerId']).not.toBe('');
  for (const index of [1, 2]) expect(of(index)).toMatchObject({ Country: 'SE', City: '', ViewerId: '', Asn: null });
  expect(of(3)).toMatchObject({ Country: '', City: '', DeviceType: '' });
});

it.each<
  [name: string, status: number, code: string, body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string>]
>([
  ['no key', 401, 'no-key', '{}', { 'x-framewatch-key': '' }],
  ['a foreign key', 403, 'unknown-key', '{}', { 'x-framewatch-key': 'nope' }],
  [
    'a foreign origin',
    403,
    'origin-not-allowed',
    '{}',
    { 'x-framewatch-key': 'demo', origin: 'http://127.0.0.1:3000.evil.example' },
  ],
  ['a browser key without origin', 403, 'origin-not-allowed', '{}', { 'x-framewatch-key': 'demo' }],
  ['an unknown content type', 415, 'content-type', '{}', { 'content-type': 'application/xml' }],
  ['brotli', 415, 'content-encoding', '{}', { 'content-encoding': 'br' }],
  ['an empty body', 400, 'empty', ' \n ', {}],
  ['text that is no JSON', 400, 'not-json', 'hello', {}],
  ['invalid UTF-8', 400, 'not-utf8', new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x7d]), {}],
  ['truncated gzip', 400, 'not-gzip', new Uint8Array(gzipSync('{"v":1}').subarray(0, 12)), {}],
  ['a gzip bomb', 413, 'too-large', new Uint8Array(gzipSync(Buffer.alloc(64 * 1024 * 1024))), {}],
  ['a body over 1 MiB', 413, 'too-large', 'x'.repeat(1024 * 1024 + 1), {}],
  ['nesting without end', 400, 'too-deep', '['.repeat(100_000), {}],
  [
    'more than 1,000 events',
    413,
    'too-many-events',
    JSON.stringify(envelope(Array.from({ length: 1001 }, (_none, n) => ({ k: 'pause', n, t: n })))),
    {},
  ],
])('answers %s with its own status and code', async (_name, status, code, body, headers) => {
  const answer = await post(body, headers);
  expect({ status: answer.status, code: answer.body.error?.code }).toEqual({ status, code });
});

it('answers 422 when every event is bad', async () => {
  const { status, body } = await post(JSON.stringify({ ...envelope([{ k: 'pause', n: 0, t: 0 }]), v: 9 }));
  expect({ status, rejected: body.rejected, code: body.errors[0]?.code }).toEqual({
    status: 422,
    rejected: 1,
    code: 'unknown-version',
  });
});

it('answers 429 with Retry-After when the quota of a key is used up', async () => {
  const events = Array.from({ length: 8 }, (_none, n) => ({ k: 'pause', n, t: n }));
  // Ten events at once and one a second after that: of four times eight, all at once, one has room.
  const send = (): Promise<Sent> => post(JSON.stringify(envelope(events)), { 'x-framewatch-key': 'narrow' });
  const answers = await Promise.all([send(), send(), send(), send()]);
  const refused = answers.filter(({ status }) => status === 429);
  expect(answers.map(({ status }) => status).filter((status) => status !== 429)).toContain(202);
  expect(refused.length).toBeGreaterThan(0);
  for (const { headers } of refused) expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
});

it('grants preflights to listed origins only', async () => {
  const ask = async (origin: string): Promise<Headers> =>
    (
      await fetch(`${host.url}/api/v1/events`, {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'POST' },
      })
    ).headers;
  const ours = await ask(TEST_ORIGIN);
  expect(ours.get('access-control-allow-origin')).toBe(TEST_ORIGIN);
  expect(ours.get('access-control-allow-headers')).toContain('x-framewatch-key');
  for (const origin of ['http://127.0.0.1:3001', 'https://127.0.0.1:3000', 'null', `${TEST_ORIGIN}.example`]) {
    expect((await ask(origin)).get('access-control-allow-origin')).toBeNull();
  }
});

it('reports itself alive and ready, and counts what it did', async () => {
  const text = async (path: string, headers = {}): Promise<string> =>
    (await fetch(`${host.url}/api/${path}`, { headers })).text();
  expect([await text('livez'), await text('readyz')]).toEqual(['ok', 'ok']);
  expect(JSON.parse(await text('health'))).toMatchObject({ status: 'pass' });
  expect(await text('metrics')).toMatch(/framewatch_events_stored_total\{door="http"\} \d+/);
  expect(lines.filter((line) => /alice|mallory/.test(line))).toEqual([]);
});

it('only the door and the probes of health are open to everyone; metrics ask for a function key', async () => {
  const functions = (await (await fetch(`${host.url}/admin/functions`)).json()) as {
    name: string;
    config: { bindings: { type: string; authLevel?: string; methods?: string[] }[] };
  }[];
  const open = functions.flatMap(({ name, config }) =>
    config.bindings
      .filter(({ type }) => type === 'httpTrigger')
      .map(({ authLevel, methods }) => `${name} ${methods?.join()} ${authLevel}`),
  );
  expect(open.sort()).toEqual([
    'health GET anonymous',
    'ingestEvents POST,OPTIONS anonymous',
    'livez GET anonymous',
    'metrics GET function',
    'readyz GET anonymous',
  ]);
});

it('runs the detectors by hand', async () => {
  await deployKql({ cluster: kusto.url, database: 'framewatch', log: () => undefined });
  await host.invoke('detect');
  await expect
    .poll(async () => (await fetch(`${host.url}/api/metrics`)).text(), { timeout: 90_000 })
    .toContain('detector_runs_total{outcome="done"} 1');
});

it('a clean stop under load: what was answered 202 is stored, the rest was never acknowledged', async () => {
  const { host: doomed } = await app.start(testSettings(kusto.url));
  const acknowledged: string[] = [];
  let isOver = false;
  const sender = async (mayStop: () => boolean): Promise<void> => {
    while (!mayStop()) {
      const batch = envelope([{ k: 'pause', n: 0, t: 0 }]);
      const send = fetch(`${doomed.url}/api/v1/events`, {
        method: 'POST',
        headers: { 'x-framewatch-key': 'simulator', 'content-type': 'text/plain' },
        body: JSON.stringify(batch),
      });
      const status = await send.then(
        (response) => response.status,
        () => 0,
      );
      if (status === 202) acknowledged.push(String(batch.h['sid']));
      else expect([0, 503]).toContain(status);
    }
  };
  const senders = Array.from({ length: 8 }, () => sender(() => isOver));
  await expect.poll(() => acknowledged.length).toBeGreaterThan(40);
  await doomed.close();
  isOver = true;
  await Promise.all(senders);
  const stored = new Set((await query('PlaybackEvents | project SessionId')).map(({ SessionId }) => SessionId));
  expect(acknowledged.filter((sid) => !stored.has(sid))).toEqual([]);
});
