// Promise 1 and 8: what was answered 202 is durable, whatever happens to the processes.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, it } from 'vitest';
import { envelope } from '../../bench/bodies.ts';
import { freePortBase, newDataDir, removeDataDir, startStack, untilFree, type TestStack } from '../support/stack.ts';

const ROUNDS = process.env['FRAMEWATCH_HEAVY'] ? 20 : 3;
const EVENTS = 20;
const CLIENTS = 6;

const dataDir = newDataDir();
afterAll(() => removeDataDir(dataDir));

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
    const base = await freePortBase();
    const acknowledged = new Set<string>();
    let stack: TestStack = await startStack({ dataDir, base });
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
      stack = await startStack({ dataDir, base });
    }
    const rows = await stack.query<{ SessionId: string; Events: number; Distinct: number }>(COUNT);
    const found = new Map(rows.map((row) => [row.SessionId, row]));
    const lost = [...acknowledged].filter((sid) => (found.get(sid)?.Distinct ?? 0) < EVENTS);
    const doubled = rows.filter((row) => row.Events !== row.Distinct || row.Events > EVENTS);
    console.log(
      `${kills} kills, ${acknowledged.size * EVENTS} events acknowledged, ${lost.length} sessions short, ${doubled.length} doubled`,
    );
    expect(acknowledged.size).toBeGreaterThan(ROUNDS * 20);
    expect(lost).toEqual([]);
    expect(doubled).toEqual([]);
    expect(await stack.stop()).toBe(0);
  },
  120_000 + ROUNDS * 40_000,
);

it('kill -9 of the starting process alone leaves no orphan behind: the same ports and data serve the next start', async () => {
  const dir = newDataDir();
  const base = await freePortBase();
  const first = await startStack({ dataDir: dir, base });
  await first.killParent();
  await untilFree(base);
  const second = await startStack({ dataDir: dir, base });
  expect(await second.query('PlaybackEvents | count')).toEqual([{ Count: 0 }]);
  expect(await second.stop()).toBe(0);
  removeDataDir(dir);
}, 180_000);
