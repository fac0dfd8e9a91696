import { expect, it } from 'vitest';
import type { Checkpoint } from './ports.ts';
import { BlobBooks } from './blob-books.ts';
import type { Account } from './store.ts';

const NOW = Date.UTC(2026, 0, 15, 12);
const begun: Checkpoint = {
  container: 'telemetry',
  name: 'a.gz',
  etag: 'e',
  state: 'running',
  linesDone: 7,
  attempts: 2,
  received: 10,
  stored: 9,
  rejected: 1,
};
const stamp = new Date(NOW).toISOString();
const account = (batchId: string, received: number, rejected: number): Account => ({
  ledger: {
    batchId,
    receivedAt: stamp,
    storedAt: stamp,
    door: 'blob',
    tenant: 't',
    source: 'acme',
    received,
    stored: received - rejected,
    rejected,
    duplicate: 0,
    dropped: 0,
    clientDropped: 0,
    bytes: 1,
  },
  rejects: [],
  refused: [],
  errors: [],
});

function setUp() {
  const told: string[] = [];
  const at = { ms: NOW };
  const fail: { at?: 'ledger' | 'checkpoint' } = {};
  const saves: Checkpoint[] = [];
  const claim = {
    checkpoint: undefined,
    save(checkpoint: Checkpoint) {
      if (fail.at === 'checkpoint') return Promise.reject(new Error('the lease is lost'));
      told.push(`checkpoint ${checkpoint.linesDone}`);
      saves.push(checkpoint);
      return Promise.resolve();
    },
    release: () => Promise.resolve(),
  };
  const books = new BlobBooks(claim, begun, {
    sink: {
      write(rows) {
        if (fail.at === 'ledger') return Promise.reject(new Error('away'));
        const lines = (rows['IngestLedger'] ?? []) as readonly { batchId: string }[];
        told.push(`ledger ${lines.map(({ batchId }) => batchId).join(' ')}`);
        return Promise.resolve([]);
      },
    },
    clock: { now: () => at.ms },
    digests: { sha256: (text) => text, pseudonym: () => undefined },
    counters: { add: () => undefined, set: () => undefined },
  });
  return { books, told, at, fail, saves };
}

it('lines of several chunks go into the ledger in one call, and the checkpoint comes behind it', async () => {
  const { books, told, saves } = setUp();
  books.add(account('a', 5, 1), 12);
  expect(books.isDue).toBe(false);
  books.add(account('b', 6, 0), 18);
  expect(told).toEqual([]);
  await books.save('running');
  expect(told).toEqual(['ledger a b', 'checkpoint 18']);
  expect(saves.at(-1)).toEqual({ ...begun, linesDone: 18, attempts: 0, received: 21, stored: 19, rejected: 2 });
  await books.save('done');
  expect(told).toEqual(['ledger a b', 'checkpoint 18', 'checkpoint 18']);
  expect(saves.at(-1)).toMatchObject({ state: 'done', received: 21 });
});

it('a checkpoint is due after some chunks, and at once where each of them takes its time', () => {
  const fast = setUp();
  let chunks = 0;
  for (; !fast.books.isDue; chunks++) fast.books.add(account(String(chunks), 1, 0), chunks);
  expect(chunks).toBeGreaterThan(1);
  expect(chunks).toBeLessThan(20);
  const slow = setUp();
  slow.at.ms += 5000;
  slow.books.add(account('a', 1, 0), 8);
  expect(slow.books.isDue).toBe(true);
});

it.each(['ledger', 'checkpoint'] as const)(
  'after a %s that could not be written nothing is said any more',
  async (step) => {
    const { books, told, fail } = setUp();
    books.add(account('a', 5, 0), 12);
    fail.at = step;
    await expect(books.save('running')).rejects.toThrow();
    delete fail.at;
    const before = [...told];
    await books.save('running');
    expect(told).toEqual(before);
  },
);

it('nothing new is no reason to write', async () => {
  const { books, told } = setUp();
  expect(await books.save('running')).toEqual(begun);
  expect(told).toEqual([]);
});
