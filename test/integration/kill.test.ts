// Promise 1 and 8: what was answered 202 is durable, whatever happens to the processes.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { BlobServiceClient } from '@azure/storage-blob';
import { expect, it, onTestFinished } from 'vitest';
import { envelope } from '../../bench/bodies.ts';
import { devConnectionString } from '../../local/azurite/azurite.ts';
import { freePortBase, newDataDir, removeDataDir, startStack, untilFree, type TestStack } from '../support/stack.ts';

const ROUNDS = process.env['FRAMEWATCH_HEAVY'] ? 20 : 2;
const EVENTS = 20;
const CLIENTS = 6;

/** Starts stacks on a folder of this attempt alone; what a failure leaves running is ended with it. */
function newHome(): (base: number) => Promise<TestStack> {
  const dataDir = newDataDir();
  let last: TestStack | undefined;
  onTestFinished(async () => {
    await last?.kill9().catch(() => undefined);
    removeDataDir(dataDir);
  });
  return async (base) => (last = await startStack({ dataDir, base }));
}

/** Posts batch after batch until told to stop; a batch without an answer is sent again, as the probe does. */
async function client(url: string, acknowledged: Set<string>, isOver: () => boolean): Promise<void> {
  let batch = envelope(Math.floor(Math.random() * 1e9), EVENTS, Date.now());
  batch.h.sid = randomUUID();
  while (!isOver()) {
    try {
      batch.h.sent = Date.now();
      const answer = await fetch(`${url}/api/v1/events`, {
        method: 'POST',
        headers: { 'content-type': 'text/plain', 'x-framewatch-key': 'simulator' },
        body: JSON.stringify(batch),
      });
      await answer.arrayBuffer();
      if (answer.status === 202) {
        acknowledged.add(batch.h.sid);
        batch = envelope(Math.floor(Math.random() * 1e9), EVENTS, Date.now());
        batch.h.sid = randomUUID();
      } else await sleep(50);
    } catch {
      await sleep(20);
    }
  }
}

const COUNT = `union PlaybackEventsDedup_v1, PlaybackBeatsDedup_v1 | summarize Events = count(), Distinct = dcount(EventId) by SessionId`;

it(
  `kill -9 of the whole stack in mid-ingest, ${ROUNDS} times: every event answered 202 is there exactly once`,
  async () => {
    const start = newHome();
    const base = await freePortBase();
    const acknowledged = new Set<string>();
    let stack = await start(base);
    let kills = 0;
    for (let round = 0; round < ROUNDS; round++) {
      let isOver = false;
      const before = acknowledged.size;
      const clients = Array.from({ length: CLIENTS }, () => client(stack.functionsUrl, acknowledged, () => isOver));
      while (acknowledged.size < before + 20) await sleep(20);
      await sleep(Math.random() * 400);
      await stack.kill9();
      kills++;
      isOver = true;
      await Promise.all(clients);
      stack = await start(base);
    }
    type Found = { SessionId: string; Events: number; Distinct: number };
    let rows: Found[] = [];
    const missing = async (): Promise<string[]> => {
      rows = await stack.query<Found>(COUNT);
      const found = new Map(rows.map((row) => [row.SessionId, row]));
      return [...acknowledged].filter((sid) => (found.get(sid)?.Distinct ?? 0) < EVENTS);
    };
    // What was acknowledged from the spill, a timer brings in.
    await expect.poll(missing, { timeout: 90_000, interval: 500 }).toEqual([]);
    const lost = await missing();
    const doubled = rows.filter((row) => row.Events !== row.Distinct || row.Events > EVENTS);
    console.log(
      `${kills} kills, ${acknowledged.size * EVENTS} events acknowledged, ${lost.length} sessions short, ${doubled.length} doubled`,
    );
    expect(acknowledged.size).toBeGreaterThanOrEqual(ROUNDS * 20);
    expect(lost).toEqual([]);
    expect(doubled).toEqual([]);
    expect(await stack.stop()).toBe(0);
  },
  120_000 + ROUNDS * 40_000,
);

it('kill -9 of the starting process alone leaves no orphan behind: the same ports and data serve the next start', async () => {
  const start = newHome();
  const base = await freePortBase();
  const first = await start(base);
  const blobs = BlobServiceClient.fromConnectionString(devConnectionString(first.blobPort));
  expect(await blobs.getContainerClient('telemetry').exists(), 'who drops the first file finds its place').toBe(true);
  await first.killParent();
  await untilFree(base);
  const second = await start(base);
  expect(await second.query('PlaybackEvents | count')).toEqual([{ Count: 0 }]);
  expect(await second.stop()).toBe(0);
}, 180_000);
