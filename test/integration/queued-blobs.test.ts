// Big blobs through Kusto's queue for real: the built app, Azurite with the queue, the engine that reads from it.
import { gzipSync } from 'node:zlib';
import { BlobServiceClient } from '@azure/storage-blob';
import { Client } from 'azure-kusto-data';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startAzurite, type Azurite } from '../../local/azurite/azurite.ts';
import type { FunctionsHost } from '../../local/functions-host/supervisor.ts';
import { startKusto, type KustoServer } from '../../local/kusto/http/server.ts';
import { builtApp, testSettings, type BuiltApp } from '../support/functions-app.ts';
import { createTables } from '../support/kusto-tables.ts';

const QUEUED_FROM = 20_000;
let kusto: KustoServer;
let azurite: Azurite;
let app: BuiltApp;
let host: FunctionsHost;
let client: Client;
let blobs: BlobServiceClient;

beforeAll(async () => {
  [azurite, app] = await Promise.all([startAzurite(), builtApp()]);
  const connection = azurite.connectionString();
  kusto = await startKusto({ file: ':memory:', port: 0, warmUp: false, blobConnection: connection });
  await createTables(kusto.url);
  ({ host } = await app.start({
    ...testSettings(kusto.url),
    'AzureWebJobs.resumeBlobs.Disabled': 'true',
    FRAMEWATCH_BLOB_CONNECTION: connection,
    FRAMEWATCH_BLOB_GRACE_SECONDS: '0',
    FRAMEWATCH_QUEUED_FROM_BYTES: String(QUEUED_FROM),
  }));
  client = new Client(`Data Source=${kusto.url};Initial Catalog=framewatch`);
  blobs = BlobServiceClient.fromConnectionString(connection);
  await blobs.getContainerClient('telemetry').createIfNotExists();
});

afterAll(async () => {
  await host?.close();
  client?.close();
  await kusto?.close();
  await azurite?.close();
  app?.remove();
});

const count = async (csl: string): Promise<number> => {
  const answer = await client.execute('framewatch', `${csl} | summarize N = count(), S = sum(Stored)`);
  const [row] = answer.primaryResults[0]?.toJSON<{ N: number; S: number }>().data ?? [];
  return csl.startsWith('IngestLedger') ? Number(row?.S) : Number(row?.N);
};
const events = (session: string): Promise<number> =>
  count(`PlaybackEvents | where SessionId startswith '${session}' | extend Stored = 1`);
const booked = (name: string): Promise<number> => count(`IngestLedger | where Origin == 'telemetry/${name}'`);
const queuedCalls = async (): Promise<number> => {
  const answer = await fetch(`${host.url}/api/metrics`, { headers: { accept: 'application/json' } });
  const totals = (await answer.json()) as { sink_calls_total?: { queued?: number } };
  return totals.sink_calls_total?.queued ?? 0;
};

/** Bodies that gzip cannot make small, so that their size says how many there are. */
const acme = (session: string, index: number): string =>
  JSON.stringify({
    event_id: `E${index}`,
    event_type: 'start',
    event_timestamp: new Date(Date.now() - 60_000).toISOString(),
    session_id: `${session}-${Math.random().toString(36)}`,
    customer_id: `C${Math.random()}`,
  });
const drop = (name: string, session: string, lines: number): Promise<unknown> => {
  const body = gzipSync(Array.from({ length: lines }, (_none, index) => acme(session, index)).join('\n'));
  return blobs.getContainerClient('telemetry').getBlockBlobClient(name).uploadData(body);
};

it('a big blob goes through the queue, its books at once and its rows soon; read again, it leaves no row twice', async () => {
  await drop('acme/small.gz', 'small', 20);
  await drop('acme/big.gz', 'big', 1500);
  await host.invoke('reconcileBlobs');
  await expect.poll(() => booked('acme/big.gz'), { timeout: 20_000, interval: 250 }).toBe(1500);
  expect(await booked('acme/small.gz')).toBe(20);
  expect(await events('small'), 'a small one goes straight').toBe(20);
  expect(await queuedCalls()).toBe(1);
  await expect.poll(() => events('big'), { timeout: 20_000, interval: 250 }).toBe(1500);

  // A run that was killed between the queue and its checkpoint: the next one sends the same chunk again.
  for await (const { name } of blobs.getContainerClient('checkpoints').listBlobsFlat())
    await blobs.getContainerClient('checkpoints').deleteBlob(name);
  await host.invoke('reconcileBlobs');
  await expect.poll(() => booked('acme/big.gz'), { timeout: 20_000, interval: 250 }).toBe(3000);
  expect(await queuedCalls()).toBe(2);
  await drop('acme/after.gz', 'after', 1500);
  await host.invoke('reconcileBlobs');
  await expect.poll(() => events('after'), { timeout: 20_000, interval: 250 }).toBe(1500);
  expect(await events('big'), 'what came after it in the queue is there').toBe(1500);
}, 60_000);
