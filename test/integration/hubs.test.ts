// Event Hubs end to end, with Microsoft's clients on both sides of the AMQP stand-in. The door: producer → hub `telemetry` → trigger →
// pipeline → local engine. The sink: HTTP door → hub `rows` → the reader that stands for Kusto's data connection → local engine.
import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { EventHubProducerClient } from '@azure/event-hubs';
import { Client } from 'azure-kusto-data';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { envelope } from '../../bench/bodies.ts';
import { startAzurite, type Azurite } from '../../local/azurite/azurite.ts';
import { startBroker, type Broker } from '../../local/event-hubs/broker.ts';
import { startDataConnection } from '../../local/event-hubs/data-connection.ts';
import type { FunctionsHost } from '../../local/functions-host/supervisor.ts';
import { startKusto, type KustoServer } from '../../local/kusto/http/server.ts';
import { tables } from '../../schema/tables.ts';
import { builtApp, testSettings, type BuiltApp } from '../support/functions-app.ts';
import { createDedupViews, createTables } from '../support/kusto-tables.ts';

const IS_HEAVY = process.env['FRAMEWATCH_HEAVY'] === '1';
const EVENTS = 10;
const PATIENT = { timeout: 60_000, interval: 200 };
const HUBS = [
  { name: 'telemetry', partitionCount: 2, consumerGroups: ['functions'] },
  { name: 'rows', partitionCount: 2, consumerGroups: ['adx'] },
];
const dir = mkdtempSync(join(tmpdir(), 'framewatch-hub-door-'));
let kusto: KustoServer;
let broker: Broker;
let azurite: Azurite | undefined;
let connection: { stop(): Promise<void> } | undefined;
const log: string[] = [];
/** What each host has said. */
const said: (readonly string[])[] = [];
let app: BuiltApp;
let host: FunctionsHost | undefined;
let client: Client;
let producer: EventHubProducerClient;

const kustoAt = (port: number): Promise<KustoServer> =>
  startKusto({ file: join(dir, 'kusto.duckdb'), port, warmUp: false });

async function startHost(more: Readonly<Record<string, string>> = {}): Promise<void> {
  const env = {
    ...testSettings(kusto.url),
    FRAMEWATCH_HUB: broker.connectionString,
  };
  const started = await app.start({ ...env, ...more });
  ({ host } = started);
  said.push(started.lines);
}

/** A store that is away is found out soon. */
const hasty = { FRAMEWATCH_KUSTO_DEADLINE_MS: '400' };
const withSpill = (): Record<string, string> =>
  azurite ? { FRAMEWATCH_BLOB_CONNECTION: azurite.connectionString() } : {};

beforeAll(async () => {
  [kusto, azurite, app, broker] = await Promise.all([
    kustoAt(0),
    IS_HEAVY ? startAzurite({ blobPort: 0, queuePort: 0 }) : undefined,
    builtApp(),
    startBroker({ port: 0, dir: join(dir, 'hubs'), hubs: HUBS }),
  ]);
  await createTables(kusto.url);
  await createDedupViews(kusto.url);
  client = new Client(`Data Source=${kusto.url};Initial Catalog=framewatch`);
  producer = new EventHubProducerClient(broker.connectionString, 'telemetry');
  await startHost(withSpill());
});

afterAll(async () => {
  await host?.close();
  await connection?.stop();
  await producer?.close();
  client?.close();
  await Promise.all([broker?.close(), kusto?.close(), azurite?.close()]);
  app?.remove();
  rmSync(dir, { recursive: true, force: true });
});

const envelopeOf = (sid: string): string => {
  const batch = envelope(Math.floor(Math.random() * 1e9), EVENTS, Date.now());
  batch.h.sid = sid;
  return JSON.stringify(batch);
};
const send = (bodies: readonly (Buffer | string)[], partitionId = '0'): Promise<void> =>
  producer.sendBatch(
    bodies.map((body) => ({ body: typeof body === 'string' ? Buffer.from(body) : body })),
    { partitionId },
  );

async function query<Row>(csl: string): Promise<Row[]> {
  return (await client.execute('framewatch', csl)).primaryResults[0]?.toJSON<Row>().data ?? [];
}

const EVENTS_BY_SESSION =
  'union PlaybackEventsDedup_v1, PlaybackBeatsDedup_v1 | summarize Rows = count(), Distinct = dcount(EventId) by SessionId';
async function eventsOf(sids: readonly string[]): Promise<(number | undefined)[]> {
  const rows = await query<{ SessionId: string; Rows: number; Distinct: number }>(EVENTS_BY_SESSION);
  const found = new Map(rows.map((row) => [row.SessionId, row.Rows === row.Distinct ? row.Rows : Number.NaN]));
  return sids.map((sid) => found.get(sid));
}

interface Books {
  Batches: number;
  Received: number;
  Stored: number;
  Rejected: number;
}
const books = async (): Promise<Books | undefined> =>
  (
    await query<Books>(
      `IngestLedger | where Door == 'hub' | summarize take_any(*) by BatchId
       | summarize Batches = count(), Received = sum(Received), Stored = sum(Stored), Rejected = sum(Rejected)`,
    )
  )[0];

const checkpointFile = (): string => join(app.dir, '.framewatch/functions-host/hub-checkpoints.json');
const checkpoint = (partition: string): number =>
  existsSync(checkpointFile())
    ? ((JSON.parse(readFileSync(checkpointFile(), 'utf8')) as Record<string, number>)[
        `telemetryHub/telemetry/functions/${partition}`
      ] ?? -1)
    : -1;

const acme = (sid: string, index: number): object => ({
  event_id: `${sid}-${index}`,
  event_type: 'pause',
  event_timestamp: new Date().toISOString(),
  session_id: sid,
  customer_id: 'c1',
  device_type: 'mobile',
});

const ids = Array.from({ length: 7 }, () => randomUUID());
const [plain = '', zipped = '', second = '', records = '', spilled = '', patient = '', afterwards = ''] = ids;

it('good, gzipped, listed, broken and poisonous messages: each event is stored or in quarantine, and the books balance', async () => {
  await send([
    envelopeOf(plain),
    gzipSync(`${envelopeOf(zipped)}\n${envelopeOf(second)}`),
    JSON.stringify({ records: [acme(records, 1), acme(records, 2)] }),
    'not json at all',
    '',
    Buffer.from([0x1f, 0x8b, 1, 2, 3]),
    Buffer.from([0xff, 0xfe, 0, 0x80]),
    '[]',
    `${JSON.stringify(acme(records, 3))}\n{"broken":`,
    '{"h":{"v":1},"e":5}',
    JSON.stringify({ records: Array.from({ length: 30_000 }, () => 1) }),
  ]);
  await expect.poll(() => checkpoint('0'), PATIENT).toBe(10);
  expect(await eventsOf([plain, zipped, second, records])).toEqual([EVENTS, EVENTS, EVENTS, 3]);
  const account = await books();
  expect(account).toMatchObject({ Batches: 11, Stored: 3 * EVENTS + 3, Rejected: 8 });
  expect(account?.Received).toBe(3 * EVENTS + 3 + 8);
  const rejects = await query<{ Reason: string }>(
    'RejectedEvents | summarize by RejectId, Reason | project Reason | order by Reason asc',
  );
  expect(rejects.map(({ Reason }) => Reason).filter((reason) => /gzip|large|utf8/.test(reason))).toEqual([
    'not-gzip',
    'not-utf8',
    'too-large',
  ]);
  expect(rejects).toHaveLength(8);
});

it('the same messages delivered again change neither rows nor books', async () => {
  const before = await books();
  await host?.close();
  rmSync(checkpointFile());
  await startHost(withSpill());
  await expect.poll(() => checkpoint('0'), PATIENT).toBe(10);
  expect(await eventsOf([plain, zipped, second, records])).toEqual([EVENTS, EVENTS, EVENTS, 3]);
  expect(await books()).toEqual(before);
  const [raw] = await query<{ Rows: number }>('union PlaybackEvents, PlaybackBeats | summarize Rows = count()');
  expect(raw?.Rows, 'the delivery was indeed repeated').toBeGreaterThan(3 * EVENTS + 3);
});

// A seeded share of this is in functions/triggers/telemetry-hub.test.ts.
it.runIf(IS_HEAVY)(
  'while Kusto is away events go to the spill and the partition goes on; without a spill it waits, and loses nothing',
  async () => {
    const port = Number(new URL(kusto.url).port);
    await host?.close();
    await kusto.close();
    await startHost({ ...withSpill(), ...hasty });
    await send([envelopeOf(spilled)], '1');
    await expect.poll(() => checkpoint('1'), PATIENT).toBe(0);
    await host?.close();
    await startHost(hasty);
    await send([envelopeOf(patient)], '1');
    // Long enough for a checkpoint that should not be: the function has failed and is tried again.
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(checkpoint('1')).toBe(0);
    kusto = await kustoAt(port);
    await expect.poll(() => checkpoint('1'), PATIENT).toBe(1);
    expect(await eventsOf([patient, spilled])).toEqual([EVENTS, undefined]);
    await host?.close();
    await startHost(withSpill());
    await host?.invoke('drainSpill');
    await expect.poll(() => eventsOf([patient, spilled]), PATIENT).toEqual([EVENTS, EVENTS]);
    expect(await books()).toMatchObject({ Batches: 13, Received: 5 * EVENTS + 3 + 8 });
  },
);

const connectData = (): void => {
  connection = startDataConnection({
    connection: broker.connectionString,
    hub: 'rows',
    consumerGroup: 'adx',
    kustoUrl: kusto.url,
    database: 'framewatch',
    stateDir: dir,
    fallback: { table: 'PlaybackEvents', format: 'multijson', mapping: 'PlaybackEvents_v1' },
    log: (line) => log.push(line),
  });
};

async function post(sid: string): Promise<{ status: number; retryAfter: string | null }> {
  const batch = envelope(Math.floor(Math.random() * 1e9), EVENTS, Date.now());
  batch.h.sid = sid;
  const response = await fetch(`${host?.url}/api/v1/events`, {
    method: 'POST',
    headers: { 'content-type': 'text/plain', 'x-framewatch-key': 'simulator' },
    body: `${JSON.stringify(batch)}\nnot json`,
  });
  await response.arrayBuffer();
  return { status: response.status, retryAfter: response.headers.get('retry-after') };
}

const stored = async (sids: readonly string[]): Promise<(number | undefined)[]> => {
  const rows = await query<{ SessionId: string; Events: number }>(
    'union PlaybackEvents, PlaybackBeats | summarize Events = dcount(EventId) by SessionId',
  );
  const found = new Map(rows.map((row) => [row.SessionId, row.Events]));
  return sids.map((sid) => found.get(sid));
};

it('what is answered 202 is in the hub before Kusto knows of it, and arrives there once the data connection reads', async () => {
  await host?.close();
  await startHost({ FRAMEWATCH_SINK: 'event-hubs', FRAMEWATCH_KUSTO_DEADLINE_MS: IS_HEAVY ? '4000' : '30000' });
  const sids = Array.from({ length: 12 }, () => randomUUID());
  const answers = await Promise.all(sids.map(post));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
  expect(await stored(sids)).toEqual(sids.map(() => undefined));
  connectData();
  await expect.poll(() => stored(sids), PATIENT).toEqual(sids.map(() => EVENTS));
  const books = (): Promise<unknown[]> =>
    query(
      "IngestLedger | where Door == 'http' | summarize take_any(*) by BatchId | summarize R = sum(Received), S = sum(Stored), J = sum(Rejected)",
    );
  await expect
    .poll(books, PATIENT)
    .toEqual([{ R: sids.length * (EVENTS + 1), S: sids.length * EVENTS, J: sids.length }]);
  // Each table has messages of its own, in no order among them.
  const rejects = (): Promise<unknown[]> =>
    query("RejectedEvents | where BatchId !startswith 'hub-' | distinct BatchId, RejectId | summarize N = count()");
  await expect.poll(rejects, PATIENT).toEqual([{ N: sids.length }]);
});

it.runIf(IS_HEAVY)('a throttled hub is told to the sender with Retry-After, and a later try is stored', async () => {
  const sid = randomUUID();
  broker.throttleUntil(Infinity);
  const refused = await post(sid);
  expect(refused.status).toBe(503);
  expect(Number(refused.retryAfter)).toBeGreaterThanOrEqual(1);
  broker.throttleUntil(0);
  await expect.poll(async () => (await post(sid)).status, PATIENT).toBe(202);
  await expect.poll(() => stored([sid]), PATIENT).toEqual([EVENTS]);
});

it.runIf(IS_HEAVY)(
  'a namespace that goes and comes back loses nothing of what was answered 202, on either side',
  async () => {
    const { port } = broker;
    const sids: string[] = [];
    const answered = async (): Promise<number> => {
      const sid = randomUUID();
      const { status } = await post(sid);
      if (status === 202) sids.push(sid);
      return status;
    };
    const run = { isOver: false };
    const sender = async (): Promise<void> => {
      while (!run.isOver) expect([202, 503]).toContain(await answered());
    };
    const senders = Array.from({ length: 4 }, sender);
    for (let outage = 0; outage < 3; outage++) {
      const before = sids.length;
      await expect.poll(() => sids.length, PATIENT).toBeGreaterThan(before + 3);
      await broker.close();
      expect((await answered()) === 202, 'nothing is acknowledged while the namespace is away').toBe(false);
      broker = await startBroker({ port, dir: join(dir, 'hubs'), hubs: HUBS });
    }
    await expect.poll(answered, PATIENT).toBe(202);
    run.isOver = true;
    await Promise.all(senders);
    await expect.poll(() => stored(sids), PATIENT).toEqual(sids.map(() => EVENTS));
    await send([envelopeOf(afterwards)]);
    await expect.poll(() => stored([afterwards]), PATIENT).toEqual([EVENTS]);
  },
);

it('the data connection routes by properties, uses its own table without them, and leaves out what Kusto refuses', async () => {
  const producer = new EventHubProducerClient(broker.connectionString, 'rows');
  const row = (eventId: string): Buffer => Buffer.from(JSON.stringify({ eventId, sessionId: 'routed', kind: 'pause' }));
  const properties = { Table: 'PlaybackBeats', Format: 'multijson', IngestionMappingReference: 'PlaybackBeats_v1' };
  await producer.sendBatch([
    { body: row('fallback') },
    { body: row('beat'), properties },
    { body: Buffer.from('{"broken":'), properties },
    { body: row('nowhere'), properties: { ...properties, Table: 'NoSuchTable' } },
    { body: row('elsewhere'), properties: { ...properties, Database: 'other' } },
    { body: row('after'), properties },
  ]);
  await producer.close();
  const found = (): Promise<unknown[]> =>
    query(
      "union withsource = T PlaybackEvents, PlaybackBeats | where SessionId == 'routed' | project T, EventId | order by EventId asc",
    );
  await expect.poll(found, PATIENT).toEqual([
    { T: 'PlaybackBeats', EventId: 'after' },
    { T: 'PlaybackBeats', EventId: 'beat' },
    { T: 'PlaybackEvents', EventId: 'fallback' },
  ]);
  await expect.poll(() => log.filter((line) => line.includes('refused')), PATIENT).toHaveLength(2);
  await expect.poll(() => log.filter((line) => line.includes('another database')), PATIENT).toHaveLength(1);
});

// As test/integration/defence.test.ts does at the other two doors.
it('what producers send of persons and secrets comes out nowhere: not in rows, quarantine, logs, metrics or health', async () => {
  const sid = randomUUID();
  const ip = '198.51.100.177';
  const mail = 'alice.canary7@example.com';
  const message = `no https://store.example/canary7?sig=canary7 for ${mail} at ${ip}, AccountName=a;AccountKey=canary7`;
  const identity = { vid: 'viewer-canary7', ip, email: mail, password: 'canary7', cookie: 'session=canary7' };
  const header = { ...envelope(1, 1, Date.now()).h, sid, ...identity };
  const events = [
    { k: 'error', n: 0, t: 1, cat: 'app', code: 'E1', msg: message, note: message, ...identity },
    { k: `no-such ${mail}`, n: 1, t: 1, msg: message, ...identity },
  ];
  const good = JSON.stringify({ v: 1, h: header, e: events });
  const broken = `{"vid":"viewer-canary7","ip":"${ip}","mail":"${mail}","url":"https://store.example/canary7?t=canary7" \r\n[2026-06-01T00:00:00.000Z] \u001b[2J`;
  const lines = `#Fields: date time c-ip\n2026-06-01\t10:00:00\t${ip}\t?token=canary7\tsession=canary7`;
  const rejects = async (): Promise<number> =>
    (await query<{ N: number }>('RejectedEvents | distinct BatchId, RejectId | summarize N = count()'))[0]?.N ?? 0;
  const before = await rejects();
  await send(
    [
      good,
      gzipSync(broken),
      gzipSync(good).subarray(0, -9),
      Buffer.concat([Buffer.from([0xff]), Buffer.from(broken)]),
      lines,
      JSON.stringify({ ...acme(sid, 1), event_type: mail, customer_id: 'viewer-canary7', ...identity }),
      `v=2,e=ps,sta=s,ts=1,sid="${sid}",vid="viewer-canary7",com.example-vid="viewer-canary7",(`,
    ],
    '1',
  );
  // One of each message, and two of the one with a forged line in it.
  await expect.poll(rejects, PATIENT).toBe(before + 8);
  await expect.poll(() => stored([sid]), PATIENT).toEqual([1]);
  const texts: Record<string, string> = { log: log.join('\n'), host: said.flat().join('\n') };
  for (const name of Object.keys(tables)) texts[name] = JSON.stringify(await query(name));
  for (const path of ['metrics', 'metrics?format=json', 'health', 'readyz?verbose'])
    texts[path] = await (await fetch(`${host?.url}/api/${path}`)).text();
  expect(texts['host']).not.toBe('');
  for (const [where, text] of Object.entries(texts))
    for (const planted of ['canary7', ip, '\u001b'])
      expect({ where, planted, at: text.indexOf(planted) }).toEqual({ where, planted, at: -1 });
});
