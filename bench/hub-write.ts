import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { EventHubProducerClient } from '@azure/event-hubs';
import { counterStore } from '../functions/adapters/counters.ts';
import { rowsHub } from '../functions/adapters/event-hubs-client.ts';
import { eventHubsSink } from '../functions/adapters/event-hubs-sink.ts';
import { systemClock } from '../functions/adapters/system.ts';
import { lineAt, type RowText } from '../functions/pipeline/row-text.ts';
import { beatTexts } from './kusto-write.ts';
import { median } from './median.ts';
import type { Row } from './report.ts';

const ROOT = join(import.meta.dirname, '..');
const TABLE = 'PlaybackBeats';
const BODIES = 200;
/** Requests that one message gathers. */
const BODIES_A_CALL = 10;
const ROUNDS = 5;
/** The first rounds compile. */
const WARM = 2;

/** The stand-in in a process of its own: its CPU does not count. */
async function startHubs(dir: string): Promise<{ child: ChildProcess; connection: string }> {
  const args = [join(ROOT, 'local/event-hubs/main.ts'), '--port', '0', '--data', dir];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: child.stdout })) {
    const connection = /ready: (\S+)/.exec(line)?.[1];
    if (connection !== undefined) return { child, connection };
  }
  throw new Error('the Event Hubs stand-in ended before it was ready');
}

/** Each row as an event, as many to a batch as it takes: what the client's documentation shows. */
async function oneByOne(producer: EventHubProducerClient, texts: readonly RowText[]): Promise<void> {
  let batch = await producer.createBatch();
  for (const text of texts)
    for (let row = 0; row < text.ends.length; row++) {
      const event = { body: lineAt(text, row) };
      if (batch.tryAdd(event)) continue;
      await producer.sendBatch(batch);
      batch = await producer.createBatch();
      batch.tryAdd(event);
    }
  await producer.sendBatch(batch);
}

/** What the sink costs from ready rows to the hub's acknowledgement, beside the client with an event for each row. */
export async function benchHubWrite(): Promise<Row[]> {
  const all = beatTexts(BODIES);
  const rows = all.reduce((sum, { ends }) => sum + ends.length, 0);
  const calls = Array.from({ length: BODIES / BODIES_A_CALL }, (_none, n) =>
    all.slice(n * BODIES_A_CALL, (n + 1) * BODIES_A_CALL),
  );
  const dir = mkdtempSync(join(tmpdir(), 'framewatch-bench-hub-'));
  const { child, connection } = await startHubs(dir);
  const producer = new EventHubProducerClient(connection, 'rows');
  const hub = rowsHub({
    connection,
    isConnectionString: true,
    managedIdentityClientId: undefined,
    hub: 'rows',
    attemptMs: 10_000,
  });
  const counters = counterStore();
  const sink = eventHubsSink({ hub, clock: systemClock, counters, lingerMs: 4, maxCalls: 2, deadlineMs: 30_000 });
  const runs = {
    events: async () => {
      for (const call of calls) await oneByOne(producer, call);
    },
    sink: async () => {
      for (const call of calls) await Promise.all(call.map((text) => sink.write({ [TABLE]: text })));
    },
  };
  const seen = { events: [] as number[], sink: [] as number[] };
  try {
    for (let round = 0; round < ROUNDS; round++)
      for (const name of ['events', 'sink'] as const) {
        const before = process.cpuUsage();
        await runs[name]();
        const { user, system } = process.cpuUsage(before);
        if (round >= WARM) seen[name].push((user + system) / rows);
      }
  } finally {
    hub.close();
    await producer.close();
    child.kill('SIGTERM');
    rmSync(dir, { recursive: true, force: true });
  }
  const bare = median(seen.events);
  const taken = median(seen.sink);
  return [
    {
      what: 'one event through the sink',
      figure: `${taken.toFixed(1)} µs`,
      note: `group commit, one message of JSON lines for ${(rows / calls.length).toFixed(0)} rows, Microsoft’s client; ${(taken / bare).toFixed(2)}× the next line`,
    },
    {
      what: 'the same rows as events of their own',
      figure: `${bare.toFixed(1)} µs`,
      note: '`createBatch` and `tryAdd` for each, as the client’s documentation shows',
    },
  ];
}
