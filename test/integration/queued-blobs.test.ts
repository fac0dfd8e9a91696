// Big blobs through Kusto's queue for real: the built app, Azurite with the queue, the engine that reads from it.
import { randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startAppStack, type AppStack } from '../support/app-stack.ts';
import { runState } from '../support/blob-runs.ts';

const QUEUED_FROM = 20_000;
let stack: AppStack;

beforeAll(async () => {
  const settings = { FRAMEWATCH_QUEUED_FROM_BYTES: String(QUEUED_FROM) };
  stack = await startAppStack({ isQueued: true, settings });
});
afterAll(() => stack?.close());

const count = async (csl: string): Promise<number> => {
  const [row] = await stack.query<{ N: number; S: number }>(`${csl} | summarize N = count(), S = sum(Stored)`);
  return csl.startsWith('IngestLedger') ? Number(row?.S) : Number(row?.N);
};
const events = (session: string): Promise<number> =>
  count(`PlaybackEvents | where SessionId startswith '${session}' | extend Stored = 1`);
const booked = (name: string): Promise<number> => count(`IngestLedger | where Origin == 'telemetry/${name}'`);
const queuedCalls = async (): Promise<number> => {
  const answer = await fetch(`${stack.host.url}/api/metrics`, { headers: { accept: 'application/json' } });
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
  return stack.blobs.getContainerClient('telemetry').getBlockBlobClient(name).uploadData(body);
};

/** What the reconciler has to do is begun by it and ended by the blob trigger: nothing is there at once. */
async function soon<T>(what: () => Promise<T>, expected: T, why = 'in the end'): Promise<void> {
  await expect.poll(what, { message: why, timeout: 60_000, interval: 250 }).toBe(expected);
}
/** Its run is over, checkpoint and lease included. */
const over = (name: string): Promise<void> => soon(() => runState(stack.blobs, name), 'done');

it('a big blob goes through the queue, its books at once and its rows soon; read again, it leaves no row twice', async () => {
  const run = randomUUID(); // A second attempt finds the first one's rows.
  const [small, big, after] = [`acme/small-${run}.gz`, `acme/big-${run}.gz`, `acme/after-${run}.gz`];
  const queuedBefore = await queuedCalls();
  await drop(small, `small-${run}`, 20);
  await drop(big, `big-${run}`, 1500);
  await stack.host.invoke('reconcileBlobs');
  await soon(() => booked(big), 1500);
  await soon(() => booked(small), 20);
  await soon(() => events(`small-${run}`), 20, 'a small one goes straight');
  expect((await queuedCalls()) - queuedBefore).toBe(1);
  await soon(() => events(`big-${run}`), 1500);
  await over(big);
  await over(small);

  // A run that was killed between the queue and its checkpoint: the next one sends the same chunk again.
  for (const name of await stack.namesIn('checkpoints'))
    await stack.blobs.getContainerClient('checkpoints').deleteBlob(name);
  await stack.host.invoke('reconcileBlobs');
  await soon(() => booked(big), 3000);
  await soon(async () => (await queuedCalls()) - queuedBefore, 2);
  await over(big);
  await drop(after, `after-${run}`, 1500);
  await stack.host.invoke('reconcileBlobs');
  await soon(() => events(`after-${run}`), 1500);
  expect(await events(`big-${run}`), 'what came after it in the queue is there').toBe(1500);
}, 300_000);
