// What the HTTP door does while Kusto is away: promise 1 (202 means durable) with blob storage in its place, and the way back.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BlobServiceClient } from '@azure/storage-blob';
import { Client } from 'azure-kusto-data';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { envelope } from '../../bench/bodies.ts';
import { startAzurite, type Azurite } from '../../local/azurite/azurite.ts';
import type { FunctionsHost } from '../../local/functions-host/supervisor.ts';
import { startKusto, type KustoServer } from '../../local/kusto/http/server.ts';
import { builtApp, testSettings, type BuiltApp } from '../support/functions-app.ts';
import { namesIn as namesOf } from '../support/blob-runs.ts';
import { createTables } from '../support/kusto-tables.ts';

const EVENTS = 10;
const PATIENT = { timeout: 60_000, interval: 300 };
const dataDir = mkdtempSync(join(tmpdir(), 'framewatch-spill-'));
let kusto: KustoServer;
let azurite: Azurite;
let app: BuiltApp;
let host: FunctionsHost;
let client: Client;
let blobs: BlobServiceClient;

const kustoAt = (port: number): Promise<KustoServer> =>
  startKusto({ file: join(dataDir, 'kusto.duckdb'), port, warmUp: false });

beforeAll(async () => {
  [kusto, azurite, app] = await Promise.all([kustoAt(0), startAzurite({ blobPort: 0, queuePort: 0 }), builtApp()]);
  await createTables(kusto.url);
  const env = {
    ...testSettings(kusto.url),
    FRAMEWATCH_BLOB_CONNECTION: azurite.connectionString(),
    FRAMEWATCH_KUSTO_DEADLINE_MS: '400',
  };
  ({ host } = await app.start(env));
  client = new Client(`Data Source=${kusto.url};Initial Catalog=framewatch`);
  blobs = BlobServiceClient.fromConnectionString(azurite.connectionString());
});

afterAll(async () => {
  await host?.close();
  client?.close();
  await Promise.all([kusto?.close(), azurite?.close()]);
  app?.remove();
  rmSync(dataDir, { recursive: true, force: true });
});

async function post(sid: string): Promise<number> {
  const batch = envelope(Math.floor(Math.random() * 1e9), EVENTS, Date.now());
  batch.h.sid = sid;
  const response = await fetch(`${host.url}/api/v1/events`, {
    method: 'POST',
    headers: { 'content-type': 'text/plain', 'x-framewatch-key': 'simulator' },
    body: `${JSON.stringify(batch)}\nnot json`,
  });
  await response.arrayBuffer();
  return response.status;
}

const namesIn = (container: string): Promise<string[]> => namesOf(blobs, container);

const health = async (path: string): Promise<{ status: number; body: string }> => {
  const response = await fetch(`${host.url}/api/${path}`);
  return { status: response.status, body: await response.text() };
};

it('while Kusto is away batches are acknowledged from the spill, and every one is stored once when it is back', async () => {
  const port = Number(new URL(kusto.url).port);
  await kusto.close();
  const sids = Array.from({ length: 40 }, () => randomUUID());
  expect(new Set(await Promise.all(sids.map(post)))).toEqual(new Set([202]));
  expect((await namesIn('spill')).length).toBeGreaterThan(0);
  await expect.poll(() => health('health'), PATIENT).toMatchObject({ status: 200 });
  await expect.poll(async () => (await health('health')).body, PATIENT).toContain('"status":"warn"');
  expect(await health('readyz')).toMatchObject({ status: 200 });

  await blobs.getContainerClient('spill').getBlockBlobClient('2000/01/01/00/strange.ndjson.gz').upload('no gzip', 7);
  await host.invoke('drainSpill');
  expect((await namesIn('spill')).length).toBeGreaterThan(1);

  kusto = await kustoAt(port);
  const rows = async (): Promise<Record<string, unknown>[]> => {
    const csl = `union PlaybackEvents, PlaybackBeats | summarize Rows = count(), Distinct = dcount(EventId) by SessionId`;
    return (await client.execute('framewatch', csl)).primaryResults[0]?.toJSON<Record<string, unknown>>().data ?? [];
  };
  await expect
    .poll(async () => {
      await host.invoke('drainSpill');
      return namesIn('spill');
    }, PATIENT)
    .toEqual([]);
  const found = new Map((await rows()).map((row) => [String(row['SessionId']), Number(row['Distinct'])]));
  expect(sids.map((sid) => found.get(sid))).toEqual(sids.map(() => EVENTS));
  const [books] = (
    await client.execute(
      'framewatch',
      'IngestLedger | summarize take_any(*) by BatchId | summarize R = sum(Received), S = sum(Stored), J = sum(Rejected)',
    )
  ).primaryResults[0]!.toJSON<Record<string, number>>().data;
  expect(books).toEqual({ R: sids.length * (EVENTS + 1), S: sids.length * EVENTS, J: sids.length });
  expect(await namesIn('quarantine')).toEqual(['spill/2000/01/01/00/strange.ndjson.gz']);
  // What a drain counts it shows at its end, after the last blob is gone.
  const metrics = async (): Promise<string> => (await health('metrics')).body;
  await expect
    .poll(metrics, PATIENT)
    .toMatch(/framewatch_spill_blobs 0\n[^]*framewatch_ingest_lag_seconds\{door="http"\} \d/);
  expect(await metrics()).toMatch(/framewatch_breaker_open\{table="IngestLedger"\} 0/);
  expect(await metrics()).toMatch(/framewatch_events_drained_total\{door="http"\} 440/);
});
