// What the HTTP door does while Kusto is away: promise 1 (202 means durable) with blob storage in its place, and the way back.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { envelope } from '../../bench/bodies.ts';
import { startAppStack, type AppStack } from '../support/app-stack.ts';

const EVENTS = 10;
const PATIENT = { timeout: 60_000, interval: 300 };
let stack: AppStack;

beforeAll(async () => {
  stack = await startAppStack({ settings: { FRAMEWATCH_KUSTO_DEADLINE_MS: '400' } });
});
afterAll(() => stack?.close());

async function post(sid: string): Promise<number> {
  const batch = envelope(Math.floor(Math.random() * 1e9), EVENTS, Date.now());
  batch.h.sid = sid;
  const response = await fetch(`${stack.host.url}/api/v1/events`, {
    method: 'POST',
    headers: { 'content-type': 'text/plain', 'x-framewatch-key': 'simulator' },
    body: `${JSON.stringify(batch)}\nnot json`,
  });
  await response.arrayBuffer();
  return response.status;
}

const health = async (path: string): Promise<{ status: number; body: string }> => {
  const response = await fetch(`${stack.host.url}/api/${path}`);
  return { status: response.status, body: await response.text() };
};

it('while Kusto is away batches are acknowledged from the spill, and every one is stored once when it is back', async () => {
  await stack.stopKusto();
  const sids = Array.from({ length: 40 }, () => randomUUID());
  expect(new Set(await Promise.all(sids.map(post)))).toEqual(new Set([202]));
  expect((await stack.namesIn('spill')).length).toBeGreaterThan(0);
  await expect.poll(() => health('health'), PATIENT).toMatchObject({ status: 200 });
  await expect.poll(async () => (await health('health')).body, PATIENT).toContain('"status":"warn"');
  expect(await health('readyz')).toMatchObject({ status: 200 });

  await stack.blobs
    .getContainerClient('spill')
    .getBlockBlobClient('2000/01/01/00/strange.ndjson.gz')
    .upload('no gzip', 7);
  await stack.host.invoke('drainSpill');
  expect((await stack.namesIn('spill')).length).toBeGreaterThan(1);

  await stack.startKusto();
  await expect
    .poll(async () => {
      await stack.host.invoke('drainSpill');
      return stack.namesIn('spill');
    }, PATIENT)
    .toEqual([]);
  const rows = await stack.query<{ SessionId: string; Distinct: number }>(
    'union PlaybackEvents, PlaybackBeats | summarize Distinct = dcount(EventId) by SessionId',
  );
  const found = new Map(rows.map(({ SessionId, Distinct }) => [SessionId, Distinct]));
  expect(sids.map((sid) => found.get(sid))).toEqual(sids.map(() => EVENTS));
  const [books] = await stack.query(
    'IngestLedger | summarize take_any(*) by BatchId | summarize R = sum(Received), S = sum(Stored), J = sum(Rejected)',
  );
  expect(books).toEqual({ R: sids.length * (EVENTS + 1), S: sids.length * EVENTS, J: sids.length });
  expect(await stack.namesIn('quarantine')).toEqual(['spill/2000/01/01/00/strange.ndjson.gz']);
  // What a drain counts it shows at its end, after the last blob is gone.
  const metrics = async (): Promise<string> => (await health('metrics')).body;
  await expect
    .poll(metrics, PATIENT)
    .toMatch(/framewatch_spill_blobs 0\n[^]*framewatch_ingest_lag_seconds\{door="http"\} \d/);
  expect(await metrics()).toMatch(/framewatch_breaker_open\{table="IngestLedger"\} 0/);
  expect(await metrics()).toMatch(/framewatch_events_drained_total\{door="http"\} 440/);
});
