// Big blobs through Kusto's queue for real: the built app, Azurite with the queue, the engine that reads from it.
import { randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { BlobServiceClient } from '@azure/storage-blob';
import { Client } from 'azure-kusto-data';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startAzurite, type Azurite } from '../../local/azurite/azurite.ts';
import type { FunctionsHost } from '../../local/functions-host/supervisor.ts';
import { startKusto, type KustoServer } from '../../local/kusto/http/server.ts';
import { builtApp, testSettings, type BuiltApp } from '../support/functions-app.ts';
import { namesIn, runState } from '../support/blob-runs.ts';
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

/** What the reconciler has to do is begun by it and ended by the blob trigger: nothing is there at once. */
async function soon<T>(what: () => Promise<T>, expected: T, why = 'in the end'): Promise<void> {
  await expect.poll(what, { message: why, timeout: 60_000, interval: 250 }).toBe(expected);
}
/** Its run is over, checkpoint and lease included. */
const over = (name: string): Promise<void> => soon(() => runState(blobs, name), 'done');

it('a big blob goes through the queue, its books at once and its rows soon; read again, it leaves no row twice', async () => {
  const run = randomUUID(); // A second attempt finds the first one's rows.
  const [small, big, after] = [`acme/small-${run}.gz`, `acme/big-${run}.gz`, `acme/after-${run}.gz`];
  const queuedBefore = await queuedCalls();
  await drop(small, `small-${run}`, 20);
  await drop(big, `big-${run}`, 1500);
  await host.invoke('reconcileBlobs');
  await soon(() => booked(big), 1500);
  await soon(() => booked(small), 20);
  await soon(() => events(`small-${run}`), 20, 'a small one goes straight');
  expect((await queuedCalls()) - queuedBefore).toBe(1);
  await soon(() => events(`big-${run}`), 1500);
  await over(big);
  await over(small);

  // A run that was killed between the queue and its checkpoint: the next one sends the same chunk again.
  for (const name of await namesIn(blobs, 'checkpoints'))
    await blobs.getContainerClient('checkpoints').deleteBlob(name);
  await host.invoke('reconcileBlobs');
  await soon(() => booked(big), 3000);
  await soon(async () => (await queuedCalls()) - queuedBefore, 2);
  await over(big);
  await drop(after, `after-${run}`, 1500);
  await host.invoke('reconcileBlobs');
  await soon(() => events(`after-${run}`), 1500);
  expect(await events(`big-${run}`), 'what came after it in the queue is there').toBe(1500);
}, 300_000);
