// The blob door for real: Azurite as a child process, the Event Grid relay before it, the built app, the Kusto-compatible engine.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { BlobServiceClient } from '@azure/storage-blob';
import { Client } from 'azure-kusto-data';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startAzurite, type Azurite } from '../../local/azurite/azurite.ts';
import { startEventGrid, type EventGrid } from '../../local/event-grid/event-grid.ts';
import type { FunctionsHost } from '../../local/functions-host/supervisor.ts';
import { startKusto, type KustoServer } from '../../local/kusto/http/server.ts';
import { builtApp, testSettings, type BuiltApp } from '../support/functions-app.ts';
import { namesIn, runState } from '../support/blob-runs.ts';
import { createDedupViews, createTables } from '../support/kusto-tables.ts';
import { readPrometheus } from '../support/prometheus.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'framewatch-blobs-'));
let kusto: KustoServer;
let azurite: Azurite;
let eventGrid: EventGrid;
let app: BuiltApp;
let host: FunctionsHost;
let lines: string[];
let client: Client;
let blobs: BlobServiceClient;
/** Past the relay: what is uploaded here is never announced. */
let silent: BlobServiceClient;

const kustoAt = (port: number): Promise<KustoServer> =>
  startKusto({ file: join(dataDir, 'kusto.duckdb'), port, warmUp: false });

beforeAll(async () => {
  [kusto, azurite, app] = await Promise.all([kustoAt(0), startAzurite({ blobPort: 0, queuePort: 0 }), builtApp()]);
  await createTables(kusto.url);
  await createDedupViews(kusto.url);
  const endpoint = await freePort();
  eventGrid = await startEventGrid({
    listenPort: 0,
    azuriteBlobUrl: azurite.blobUrl,
    subscriptions: [
      {
        endpoint: `http://127.0.0.1:${endpoint}/runtime/webhooks/eventgrid?functionName=blobCreated`,
        containers: ['telemetry'],
      },
    ],
  });
  const env = {
    ...testSettings(kusto.url),
    FRAMEWATCH_BLOB_CONNECTION: azurite.connectionString(eventGrid.port),
    FRAMEWATCH_DROP_CONTAINERS: 'telemetry=default',
    // What Event Grid tells of is read before the timer looks at it.
    FRAMEWATCH_BLOB_GRACE_SECONDS: '2',
    FRAMEWATCH_KUSTO_DEADLINE_MS: '2000',
  };
  ({ host, lines } = await app.start(env, endpoint));
  client = new Client(`Data Source=${kusto.url};Initial Catalog=framewatch`);
  blobs = BlobServiceClient.fromConnectionString(azurite.connectionString(eventGrid.port));
  silent = BlobServiceClient.fromConnectionString(azurite.connectionString());
  await silent.getContainerClient('telemetry').createIfNotExists();
});

afterAll(async () => {
  await eventGrid?.close();
  await host?.close();
  client?.close();
  await Promise.all([kusto?.close(), azurite?.close()]);
  app?.remove();
  rmSync(dataDir, { recursive: true, force: true });
});

async function freePort(): Promise<number> {
  const { createServer } = await import('node:net');
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

type Row = Record<string, unknown>;
const query = async (csl: string): Promise<Row[]> =>
  (await client.execute('framewatch', csl)).primaryResults[0]?.toJSON<Row>().data ?? [];
const upload = (service: BlobServiceClient, name: string, body: Buffer): Promise<unknown> =>
  service.getContainerClient('telemetry').getBlockBlobClient(name).uploadData(body);

/** What the books say of a blob. */
async function booksOf(
  name: string,
): Promise<{ received: number; stored: number; rejected: number; events: number; rejects: number }> {
  const [ledger] = await query(
    `IngestLedger | where Origin == 'telemetry/${name}' | summarize R = sum(Received), S = sum(Stored), J = sum(Rejected)`,
  );
  const batches = `toscalar(IngestLedger | where Origin == 'telemetry/${name}' | summarize make_set(BatchId))`;
  const [events] = await query(`PlaybackEvents | where BatchId in (${batches}) | summarize N = dcount(EventId)`);
  const [rejects] = await query(`RejectedEvents | where BatchId in (${batches}) | summarize N = dcount(RejectId)`);
  return {
    received: Number(ledger?.['R']),
    stored: Number(ledger?.['S']),
    rejected: Number(ledger?.['J']),
    events: Number(events?.['N']),
    rejects: Number(rejects?.['N']),
  };
}

const acme = (session: string, index: number): string =>
  JSON.stringify({
    event_id: `EVENT_${index}`,
    event_type: index % 2 ? 'stop' : 'start',
    event_timestamp: new Date(Date.now() - 60_000).toISOString(),
    session_id: session,
    customer_id: 'CUST_1',
    title_id: 'T1',
    device_type: 'mobile',
    country: 'DE',
    ip: '203.0.113.7',
    quality: 'HD',
    bandwidth_mbps: 5,
    buffering_events: 1,
    buffering_duration: 2,
    watch_duration_seconds: 100,
  });
const acmeLines = (session: string, count: number): string[] =>
  Array.from({ length: count }, (_none, index) => acme(session, index));
const soon = { timeout: 60_000, interval: 250 };

/** What an event did not finish, because the store was slow or another run had the blob, the timer finishes, here as in Azure. */
async function withTimer<T>(ask: () => Promise<T>): Promise<T> {
  await host.invoke('reconcileBlobs');
  return ask();
}
const books = (name: string): Promise<Awaited<ReturnType<typeof booksOf>>> => withTimer(() => booksOf(name));

it('a dropped CloudFront log becomes requests that join to their playback, and a line without its columns a reject', async () => {
  const log = readFileSync(fileURLToPath(new URL('../corpus/dialects/cloudfront/standard.w3c', import.meta.url)));
  const name = 'cloudfront/E2EXAMPLE.2026-06-01-10.log.gz';
  await upload(blobs, name, gzipSync(log));
  await expect.poll(() => books(name), soon).toMatchObject({ received: 4, stored: 3, rejected: 1, rejects: 1 });
  expect(await query(`CdnRequests | where Source == 'cloudfront' | summarize Rows = dcount(EventId)`)).toEqual([
    { Rows: 3 },
  ]);
  const [request] = await query(`CdnRequests | where SessionId == 's-2'`);
  await expect.poll(() => lines.filter((line) => line.includes("'Functions.blobCreated' (Succeeded"))).toHaveLength(1);
  expect(request).toMatchObject({ Cdn: 'cloudfront', Status: 200, BitrateKbps: 1200, IsStarved: true, TtfbMs: 8 });
  const again = 'cloudfront/again.log.gz';
  await upload(blobs, again, gzipSync(log));
  await expect.poll(() => books(again), soon).toMatchObject({ received: 4, stored: 3 });
  const count = "where Source == 'cloudfront' | count";
  expect(await query(`CdnRequests | ${count}`)).toEqual([{ Count: 6 }]);
  expect(await query(`CdnRequestsDedup_v1 | ${count}`), 'dropped twice, there once').toEqual([{ Count: 3 }]);
});

it('a dropped ACME file becomes rows, and its broken lines rejects that add up to the line count', async () => {
  const lines = acmeLines('mixed', 40);
  lines[3] = '{"event_type":"start",';
  lines[7] = 'not json at all from 198.51.100.9';
  lines[11] = acme('mixed', 11).replace('"stop"', '"levitate"');
  lines[13] = '[1,2,3]';
  lines[17] = `${acme('mixed', 100)}${acme('mixed', 101)}`;
  await upload(blobs, 'acme/2026/mixed å.json.gz', gzipSync(`${lines.join('\n')}\n`));
  await expect
    .poll(() => books('acme/2026/mixed å.json.gz'), soon)
    .toEqual({ received: 41, stored: 37, rejected: 4, events: 37, rejects: 4 });
  const rejects = await query(
    `RejectedEvents | where Source == 'acme' | project Position, Reason, Payload | order by Position asc`,
  );
  expect(rejects.map(({ Position, Reason }) => [Number(Position), Reason])).toEqual([
    [3, 'not-json'],
    [7, 'not-json'],
    [11, 'unknown-value'],
    [13, 'not-an-object'],
  ]);
  expect(JSON.stringify(rejects)).not.toMatch(/198\.51|203\.0|CUST_1/);
  const [row] = await query(`PlaybackEvents | where EventId == 'mixed:EVENT_1'`);
  expect(row).toMatchObject({
    Kind: 'end',
    StallMs: 2000,
    WatchMs: 100_000,
    IsSummary: true,
    Country: 'DE',
    GeoSource: 'payload',
    DeviceType: 'mobile',
    Source: 'acme',
  });
});

it('the same event delivered again changes nothing', async () => {
  const name = 'acme/2026/mixed å.json.gz';
  const before = await booksOf(name);
  const event = {
    id: 'again',
    topic: '/subscriptions/0/resourceGroups/r/providers/Microsoft.Storage/storageAccounts/devstoreaccount1',
    subject: `/blobServices/default/containers/telemetry/blobs/${name}`,
    eventType: 'Microsoft.Storage.BlobCreated',
    eventTime: new Date().toISOString(),
    dataVersion: '',
    data: { api: 'PutBlob', url: `${eventGrid.url}/devstoreaccount1/telemetry/x` },
  };
  const deliver = (events: object[]): Promise<Response> =>
    fetch(`${host.url}/runtime/webhooks/eventgrid?functionName=blobCreated`, {
      method: 'POST',
      headers: { 'aeg-event-type': 'Notification' },
      body: JSON.stringify(events),
    });
  expect((await deliver([event, event, event])).status).toBe(202);
  // A forged one is answered and has no effect: no error that would slow down all deliveries.
  expect(
    (
      await deliver([
        { ...event, data: { url: 'http://169.254.169.254/x' } },
        { ...event, topic: '/other' },
      ])
    ).status,
  ).toBe(202);
  expect(await booksOf(name)).toEqual(before);
});

it('a file of several chunks, concatenated without newlines, is stored whole', async () => {
  await upload(blobs, 'acme/firehose.json', Buffer.from(acmeLines('firehose', 12_000).join('')));
  await expect
    .poll(() => books('acme/firehose.json'), soon)
    .toEqual({ received: 12_000, stored: 12_000, rejected: 0, events: 12_000, rejects: 0 });
  const [chunks] = await query(`IngestLedger | where Origin == 'telemetry/acme/firehose.json' | count`);
  expect(Number(chunks?.['Count'])).toBeGreaterThan(1);
});

it('a blob that Event Grid never told of is found by the timer', async () => {
  await upload(silent, 'acme/silent.json', Buffer.from(acmeLines('silent', 10).join('\n')));
  await expect.poll(() => books('acme/silent.json'), soon).toMatchObject({ received: 10, stored: 10, events: 10 });
});

it('a truncated gzip gives the rows it holds, one reject that says so, and a copy in quarantine', async () => {
  const whole = gzipSync(acmeLines('cut', 3000).join('\n'));
  await upload(blobs, 'acme/cut.json.gz', whole.subarray(0, whole.length - 2000));
  await expect.poll(() => withTimer(() => runState(silent, 'acme/cut.json.gz')), soon).toBe('quarantined');
  const { received, stored, rejected, events } = await booksOf('acme/cut.json.gz');
  expect(events).toBe(stored);
  expect(stored).toBeGreaterThan(100);
  expect(received).toBe(stored + rejected);
  expect(await query(`RejectedEvents | where Reason == 'not-gzip'`)).toHaveLength(1);
  expect(await namesIn(silent, 'quarantine')).toEqual([
    expect.stringMatching(/^\d{4}-\d\d-\d\d\/not-gzip\/[0-9a-f]{64}$/),
  ]);
});

it('a gzip bomb is put aside', async () => {
  const bomb = gzipSync(Buffer.alloc(96 * 1024 * 1024), { level: 9 });
  await upload(blobs, 'acme/bomb.gz', bomb);
  await expect.poll(() => withTimer(() => runState(silent, 'acme/bomb.gz')), soon).toBe('quarantined');
  expect(await query(`RejectedEvents | where Reason == 'too-large' and Detail has 'inflates'`)).toHaveLength(1);
});

it('an overwritten blob is read again, its new lines beside the old', async () => {
  await upload(blobs, 'acme/twice.json', Buffer.from(acmeLines('first', 5).join('\n')));
  await expect.poll(() => books('acme/twice.json'), soon).toMatchObject({ events: 5 });
  await upload(blobs, 'acme/twice.json', Buffer.from(acmeLines('second', 7).join('\n')));
  await expect.poll(() => books('acme/twice.json'), soon).toMatchObject({ received: 12, events: 12 });
});

it('while Kusto is away nothing is lost or given up, and the timer finishes the work afterwards', async () => {
  const port = Number(new URL(kusto.url).port);
  await kusto.close();
  await upload(blobs, 'acme/outage.json', Buffer.from(acmeLines('outage', 6000).join('\n')));
  const unfinished = async (): Promise<number> => {
    const metrics = readPrometheus(await (await fetch(`${host.url}/api/metrics`)).text());
    return metrics.get('framewatch_blob_runs_total')?.samples.get('{outcome="unfinished"}') ?? 0;
  };
  const before = await unfinished();
  // One more than the runs without progress after which a blob is given up.
  await expect.poll(async () => (await withTimer(unfinished)) - before, soon).toBeGreaterThan(5);
  kusto = await kustoAt(port);
  await expect
    .poll(() => books('acme/outage.json').catch(() => undefined), soon)
    .toEqual({ received: 6000, stored: 6000, rejected: 0, events: 6000, rejects: 0 });
  const [reject] = await query(`RejectedEvents | where Reason == 'blob-unreadable' | count`);
  expect(Number(reject?.['Count'])).toBe(0);
});
