import { expect, it } from 'vitest';
import { digestsOf } from '../adapters/digests.ts';
import { userAgentReader } from '../adapters/user-agents.ts';
import { rowCount, tableRows, type Batch } from './batch.ts';
import { chunksOf, type Chunk } from './blob-chunks.ts';
import { DEFAULT_LIMITS } from './decode.ts';
import { ingest } from './ingest.ts';
import { lineReader } from './log-lines.ts';
import { objectsOf } from './row-text.ts';
import { ingestEnvelope } from './transcode/envelope.ts';

const NOW = Date.UTC(2026, 0, 15, 12);
const ports = { digests: digestsOf('a secret of this test'), userAgents: userAgentReader(), limits: DEFAULT_LIMITS };
const batch: Batch = {
  batchId: 'b-0',
  door: 'blob',
  tenant: 'default',
  receivedMs: NOW,
  origin: 'telemetry/mixed.ndjson',
  bytes: 0,
  isTrusted: true,
  isOptedOut: false,
  edge: {},
};

const envelope = (session: number, events: number, more: readonly object[] = []): string =>
  JSON.stringify({
    v: 1,
    h: { sid: `0000000${session}-0000-4000-8000-000000000000`, t0: NOW - 60_000, sent: NOW, cid: 'a', pv: '0.1.0' },
    e: [...Array.from({ length: events }, (_none, n) => ({ k: 'pause', n, t: n * 1000, pt: n * 1000 })), ...more],
  });
const acme = (index: number): string =>
  JSON.stringify({
    event_id: `E${index}`,
    event_type: 'start',
    event_timestamp: new Date(NOW - 5000).toISOString(),
    session_id: 'S1',
    customer_id: 'C1',
  });

async function chunks(text: string, firstLine = 0): Promise<Chunk[]> {
  async function* content(): AsyncGenerator<Uint8Array> {
    yield Buffer.from(text);
  }
  const source = { content: content(), firstLine, dialect: undefined, batchFrom: () => batch };
  const found: Chunk[] = [];
  // A copy: the next chunk takes the memory of its rows.
  for await (const chunk of chunksOf(source, ports)) found.push(structuredClone(chunk));
  return found;
}

const LINES = [
  envelope(1, 3),
  acme(1),
  '{"broken":',
  envelope(2, 2, [{ k: 'nonsense', n: 9, t: 1 }]),
  envelope(3, 4, [{ k: 'pause', n: 8, t: 9, unheard: { of: 1 } }]),
  '',
  acme(2),
];

it('fast and long way in one chunk give the rows, rejects and books of the long way alone', async () => {
  const [chunk, ...others] = await chunks(LINES.join('\n'));
  expect(others).toEqual([]);
  const outcome = chunk?.outcome;
  if (!outcome) throw new Error('no chunk');
  const reader = lineReader(undefined, DEFAULT_LIMITS);
  const entries = LINES.flatMap((line, at) => reader.read(Buffer.from(line)).map((decoded) => ({ decoded, line: at })));
  const long = ingest(batch, entries, ports);
  const rowsOf = (from: typeof long): unknown[] =>
    [...objectsOf(tableRows(from, 'PlaybackEvents'))].sort((a, b) => a.eventId.localeCompare(b.eventId, 'en'));
  expect(ingestEnvelope(batch, Buffer.from(LINES[0] ?? ''), ports), 'the fast path took part').toBeDefined();
  expect(JSON.parse(JSON.stringify(rowsOf(outcome)))).toEqual(JSON.parse(JSON.stringify(rowsOf(long))));
  expect(outcome.rejects).toEqual(long.rejects);
  const { received, duplicate, firstEventMs, lastEventMs } = long;
  expect(outcome).toMatchObject({ received, duplicate, firstEventMs, lastEventMs });
  expect(outcome.received).toBe(rowCount(outcome) + outcome.rejects.length + outcome.duplicate);
  expect(outcome.batch.bytes).toBe(LINES.reduce((sum, line) => sum + line.length + 1, 0));
});

it('a chunk ends by the number of its events, whichever way they went, and a resumed run finds the same end', async () => {
  const text = Array.from({ length: 300 }, (_none, index) => envelope(index % 9, 50)).join('\n');
  const all = await chunks(text);
  expect(all.map(({ outcome }) => outcome.received)).toEqual([5000, 5000, 5000]);
  const rest = await chunks(text, all[0]?.nextLine);
  expect(rest.map(({ nextLine }) => nextLine)).toEqual(all.slice(1).map(({ nextLine }) => nextLine));
});

it('an event that stands in a chunk twice is stored once, whichever way its twins went and however far apart they are', async () => {
  const many = Array.from({ length: 150 }, (_none, index) => acme(100 + index));
  // Sessions 1 and 3 come by the fast path first and the long way then, session 2 the other way round, session 4 fast alone.
  const odd = { k: 'pause', n: 8, t: 9, unheard: { of: 1 } };
  const bad = { k: 'nonsense', n: 9, t: 1 };
  const text = [
    envelope(1, 3),
    envelope(2, 2, [bad]),
    envelope(4, 5),
    ...many,
    envelope(1, 4, [bad]),
    envelope(2, 6),
    envelope(3, 2, [odd]),
    envelope(3, 9),
    envelope(4, 7),
    ...many,
    acme(7),
  ].join('\n');
  const [chunk, ...others] = await chunks(text);
  expect(others).toEqual([]);
  const { rows, text: written, ...books } = chunk!.outcome;
  const ids = objectsOf(tableRows({ rows, text: written }, 'PlaybackEvents')).map(({ eventId }) => eventId);
  expect(ids).toHaveLength(new Set(ids).size);
  // 4 of session 1, 6 of 2, 9 of 3 (the odd one is its ninth), 7 of 4, and each line of ACME once.
  expect(ids).toHaveLength(4 + 6 + 9 + 7 + 150 + 1);
  expect(books).toMatchObject({ duplicate: 3 + 2 + 3 + 5 + 150, rejects: { length: 2 } });
  expect(books.received).toBe(ids.length + books.rejects.length + books.duplicate);
});

it.runIf(process.env['FRAMEWATCH_HEAVY'])(
  'a blob of 200 MiB takes no more memory than one of a few',
  async () => {
    const MIB = 1024 * 1024;
    const length = 200 * MIB;
    const line = (index: number): string => (index % 9 === 0 ? envelope(index % 9, 50) : acme(index));
    const piece = Buffer.from(Array.from({ length: 600 }, (_none, index) => `${line(index)}\n`).join(''));
    const start = process.memoryUsage().rss;
    let most = start;
    let read = 0;
    async function* content(): AsyncGenerator<Uint8Array> {
      while (read < length) {
        read += piece.length;
        yield Buffer.from(piece);
      }
    }
    const source = { content: content(), firstLine: 0, dialect: undefined, batchFrom: () => batch };
    for await (const { outcome } of chunksOf(source, ports)) {
      expect(outcome.received).toBeGreaterThan(0);
      most = Math.max(most, process.memoryUsage().rss);
    }
    expect(read).toBeGreaterThanOrEqual(length);
    // The rows of all of it take 400 MiB, those of one chunk two or three.
    expect((most - start) / MIB).toBeLessThan(96);
  },
  120_000,
);
