// The scale mode end to end: HTTP door → hub `rows` → the reader that stands for Kusto's data connection → local engine.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventHubProducerClient } from '@azure/event-hubs';
import { Client } from 'azure-kusto-data';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { envelope } from '../../bench/bodies.ts';
import { startBroker, type Broker } from '../../local/event-hubs/broker.ts';
import { startDataConnection } from '../../local/event-hubs/data-connection.ts';
import type { FunctionsHost } from '../../local/functions-host/supervisor.ts';
import { startKusto, type KustoServer } from '../../local/kusto/http/server.ts';
import { builtApp, testSettings, type BuiltApp } from '../support/functions-app.ts';
import { createTables } from '../support/kusto-tables.ts';

const isHeavy = process.env['FRAMEWATCH_HEAVY'] === '1';
const EVENTS = 20;
const dir = mkdtempSync(join(tmpdir(), 'framewatch-hub-sink-'));
const log: string[] = [];
let kusto: KustoServer;
let broker: Broker;
let app: BuiltApp;
let host: FunctionsHost;
let client: Client;
let connection: { stop(): Promise<void> } | undefined;

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

beforeAll(async () => {
  const hubs = [
    { name: 'rows', partitionCount: 2, consumerGroups: ['adx'] },
    { name: 'telemetry', partitionCount: 2, consumerGroups: ['functions'] },
  ];
  [kusto, app, broker] = await Promise.all([
    startKusto({ file: join(dir, 'kusto.duckdb'), port: 0, warmUp: false }),
    builtApp(),
    startBroker({ port: 0, dir: join(dir, 'hubs'), hubs }),
  ]);
  await createTables(kusto.url);
  client = new Client(`Data Source=${kusto.url};Initial Catalog=framewatch`);
  const settings = {
    ...testSettings(kusto.url),
    FRAMEWATCH_HUB: broker.connectionString,
    FRAMEWATCH_SINK: 'event-hubs',
  };
  ({ host } = await app.start({ ...settings, FRAMEWATCH_KUSTO_DEADLINE_MS: '4000' }));
});

afterAll(async () => {
  await host?.close();
  await connection?.stop();
  client?.close();
  await Promise.all([broker?.close(), kusto?.close()]);
  app?.remove();
  rmSync(dir, { recursive: true, force: true });
});

async function post(sid: string): Promise<{ status: number; retryAfter: string | null }> {
  const batch = envelope(Math.floor(Math.random() * 1e9), EVENTS, Date.now());
  batch.h.sid = sid;
  const response = await fetch(`${host.url}/api/v1/events`, {
    method: 'POST',
    headers: { 'content-type': 'text/plain', 'x-framewatch-key': 'simulator' },
    body: `${JSON.stringify(batch)}\nnot json`,
  });
  await response.arrayBuffer();
  return { status: response.status, retryAfter: response.headers.get('retry-after') };
}

async function query<Row>(csl: string): Promise<Row[]> {
  return (await client.execute('framewatch', csl)).primaryResults[0]?.toJSON<Row>().data ?? [];
}
const stored = async (sids: readonly string[]): Promise<(number | undefined)[]> => {
  const rows = await query<{ SessionId: string; Events: number }>(
    'union PlaybackEvents, PlaybackBeats | summarize Events = dcount(EventId) by SessionId',
  );
  const found = new Map(rows.map((row) => [row.SessionId, row.Events]));
  return sids.map((sid) => found.get(sid));
};

it('what is answered 202 is in the hub before Kusto knows of it, and arrives there once the data connection reads', async () => {
  const sids = Array.from({ length: 12 }, () => randomUUID());
  const answers = await Promise.all(sids.map(post));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
  expect(await stored(sids)).toEqual(sids.map(() => undefined));
  connectData();
  await expect.poll(() => stored(sids), { timeout: 20_000 }).toEqual(sids.map(() => EVENTS));
  const books = (): Promise<unknown[]> =>
    query(
      "IngestLedger | where Door == 'http' | summarize take_any(*) by BatchId | summarize R = sum(Received), S = sum(Stored), J = sum(Rejected)",
    );
  await expect
    .poll(books, { timeout: 10_000 })
    .toEqual([{ R: sids.length * (EVENTS + 1), S: sids.length * EVENTS, J: sids.length }]);
  expect(await query('RejectedEvents | summarize N = dcount(RejectId)')).toEqual([{ N: sids.length }]);
});

it.runIf(isHeavy)('a throttled hub is told to the sender with Retry-After, and a later try is stored', async () => {
  const sid = randomUUID();
  broker.throttleUntil(Infinity);
  const refused = await post(sid);
  expect(refused.status).toBe(503);
  expect(Number(refused.retryAfter)).toBeGreaterThanOrEqual(1);
  broker.throttleUntil(0);
  await expect.poll(async () => (await post(sid)).status, { timeout: 15_000, interval: 300 }).toBe(202);
  await expect.poll(() => stored([sid]), { timeout: 20_000 }).toEqual([EVENTS]);
});

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
  await expect.poll(found, { timeout: 20_000 }).toEqual([
    { T: 'PlaybackBeats', EventId: 'after' },
    { T: 'PlaybackBeats', EventId: 'beat' },
    { T: 'PlaybackEvents', EventId: 'fallback' },
  ]);
  expect(log.filter((line) => line.includes('refused'))).toHaveLength(2);
  expect(log.filter((line) => line.includes('another database'))).toHaveLength(1);
});
