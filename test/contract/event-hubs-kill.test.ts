// kill -9 of the Event Hubs stand-in: what it has acknowledged is there afterwards, once, in order.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { EventHubProducerClient } from '@azure/event-hubs';
import { afterAll, expect, it } from 'vitest';
import { receive, textOf } from '../support/event-hubs.ts';

const KILLS = process.env['FRAMEWATCH_HEAVY'] === '1' ? 10 : 2;
const ROOT = join(import.meta.dirname, '..', '..');
const dir = mkdtempSync(join(tmpdir(), 'framewatch-hub-kill-'));
let child: ChildProcess | undefined;

afterAll(() => {
  child?.kill('SIGKILL');
  rmSync(dir, { recursive: true, force: true });
});

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });

/** Resolves with its connection string once it listens. */
async function start(port: number): Promise<string> {
  const args = ['local/event-hubs/main.ts', '--port', String(port), '--data', dir, '--hub', 'telemetry:2'];
  const started = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] });
  child = started;
  for await (const line of createInterface({ input: started.stdout })) {
    const [, connection] = /ready: (\S+)/.exec(line) ?? [];
    if (connection !== undefined) return connection;
  }
  throw new Error('the stand-in ended before it was ready');
}

it(`${KILLS} times killed while it stores: no acknowledged event is lost or doubled, numbers have no gap`, async () => {
  const port = await freePort();
  const acknowledged: string[] = [];
  let sent = 0;
  let connection = '';
  for (let kill = 0; kill < KILLS; kill++) {
    connection = await start(port);
    const producer = new EventHubProducerClient(connection, 'telemetry', {
      retryOptions: { maxRetries: 0, timeoutInMs: 1500 },
    });
    const run = { isOver: false };
    const goal = acknowledged.length + 30;
    const sender = async (): Promise<void> => {
      while (!run.isOver) {
        const id = `event-${sent++}`;
        await producer.sendBatch([{ body: id.padEnd(2000, '.') }]).then(
          () => acknowledged.push(id),
          // Unknown outcome: it may be there.
          () => undefined,
        );
      }
    };
    const senders = Array.from({ length: 8 }, sender);
    while (acknowledged.length < goal) await new Promise((resolve) => setTimeout(resolve, 5));
    const ended = new Promise((resolve) => child?.once('exit', resolve));
    child?.kill('SIGKILL');
    run.isOver = true;
    await ended;
    await Promise.all(senders);
    await producer.close().catch(() => undefined);
  }
  connection = await start(port);
  const probe = new EventHubProducerClient(connection, 'telemetry');
  const facts = await Promise.all(['0', '1'].map((id) => probe.getPartitionProperties(id)));
  await probe.close();
  const total = facts.reduce((sum, { lastEnqueuedSequenceNumber }) => sum + lastEnqueuedSequenceNumber + 1, 0);
  const events = await receive(connection, 'telemetry', (all) => all.length >= total, undefined, 60_000);
  const found = events.map((event) => /event-\d+/.exec(textOf(event))?.[0] ?? '');
  expect(acknowledged.length).toBeGreaterThanOrEqual(KILLS * 30);
  const lost = acknowledged.filter((id) => !found.includes(id));
  expect(lost).toEqual([]);
  expect(new Set(found).size).toBe(found.length);
  for (const partition of ['0', '1']) {
    const numbers = events.filter(({ partitionId }) => partitionId === partition).map((event) => event.sequenceNumber);
    expect(numbers).toEqual(numbers.map((_number, index) => index));
  }
});
