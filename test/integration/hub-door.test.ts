// The hub door end to end: real client → AMQP stand-in → host's trigger → pipeline → local engine, and the books.
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
import type { FunctionsHost } from '../../local/functions-host/supervisor.ts';
import { startKusto, type KustoServer } from '../../local/kusto/http/server.ts';
import { builtApp, testSettings, type BuiltApp } from '../support/functions-app.ts';
import { createDedupViews, createTables } from '../support/kusto-tables.ts';

const EVENTS = 10;
const dir = mkdtempSync(join(tmpdir(), 'framewatch-hub-door-'));
let kusto: KustoServer;
let broker: Broker;
let azurite: Azurite;
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
  ({ host } = await app.start({ ...env, ...more }));
}

/** A store that is away is found out soon. */
const hasty = { FRAMEWATCH_KUSTO_DEADLINE_MS: '400' };
const withSpill = (): Record<string, string> => ({ FRAMEWATCH_BLOB_CONNECTION: azurite.connectionString() });

beforeAll(async () => {
  const hubs = [{ name: 'telemetry', partitionCount: 2, consumerGroups: ['functions'] }];
  [kusto, azurite, app, broker] = await Promise.all([
    kustoAt(0),
    startAzurite({ blobPort: 0, queuePort: 0 }),
    builtApp(),
    startBroker({ port: 0, dir: join(dir, 'hubs'), hubs }),
  ]);
  await createTables(kusto.url);
  await createDedupViews(kusto.url);
  client = new Client(`Data Source=${kusto.url};Initial Catalog=framewatch`);
  producer = new EventHubProducerClient(broker.connectionString, 'telemetry');
  await startHost(withSpill());
});

afterAll(async () => {
  await host?.close();
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

const sids = Array.from({ length: 6 }, () => randomUUID());
const [plain = '', zipped = '', second = '', records = '', spilled = '', patient = ''] = sids;

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
  await expect.poll(() => checkpoint('0'), { timeout: 20_000 }).toBe(10);
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
  await expect.poll(() => checkpoint('0'), { timeout: 20_000 }).toBe(10);
  expect(await eventsOf([plain, zipped, second, records])).toEqual([EVENTS, EVENTS, EVENTS, 3]);
  expect(await books()).toEqual(before);
  const [raw] = await query<{ Rows: number }>('union PlaybackEvents, PlaybackBeats | summarize Rows = count()');
  expect(raw?.Rows, 'the delivery was indeed repeated').toBeGreaterThan(3 * EVENTS + 3);
});

// A seeded share of this is in functions/triggers/telemetry-hub.test.ts.
it.runIf(process.env['FRAMEWATCH_HEAVY'] === '1')(
  'while Kusto is away events go to the spill and the partition goes on; without a spill it waits, and loses nothing',
  async () => {
    const port = Number(new URL(kusto.url).port);
    await host?.close();
    await kusto.close();
    await startHost({ ...withSpill(), ...hasty });
    await send([envelopeOf(spilled)], '1');
    await expect.poll(() => checkpoint('1'), { timeout: 20_000 }).toBe(0);
    await host?.close();
    await startHost(hasty);
    await send([envelopeOf(patient)], '1');
    // Long enough for a checkpoint that should not be: the function has failed and is tried again.
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(checkpoint('1')).toBe(0);
    kusto = await kustoAt(port);
    await expect.poll(() => checkpoint('1'), { timeout: 30_000 }).toBe(1);
    expect(await eventsOf([patient, spilled])).toEqual([EVENTS, undefined]);
    await host?.close();
    await startHost(withSpill());
    await host?.invoke('drainSpill');
    await expect.poll(() => eventsOf([patient, spilled]), { timeout: 20_000 }).toEqual([EVENTS, EVENTS]);
    expect(await books()).toMatchObject({ Batches: 13, Received: 5 * EVENTS + 3 + 8 });
  },
);
