import { createServer, type Server } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Envelope, IngestAnswer, WireEvent } from '../schema/probe-wire.ts';
import { runAudience } from './audience.ts';
import { BooksError } from './books.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

type Reply = {
  status: number;
  headers?: Record<string, string>;
  answer?: (counts: IngestAnswer) => Partial<IngestAnswer>;
  isLost?: boolean;
};

/** The front door in small: takes gzip bodies of several envelopes, counts duplicates by session and number. */
const startDoor = async (reply: (request: number) => Reply = () => ({ status: 202 })) => {
  const bodies: { at: number; key: string | undefined; bytes: number; envelopes: Envelope[] }[] = [];
  const stored = new Map<string, WireEvent & { at: number; sid: string }>();
  let requests = 0;
  const server: Server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const at = Date.now();
      const body = Buffer.concat(parts);
      const { status, headers = {}, answer = (counts: IngestAnswer) => counts, isLost = false } = reply(++requests);
      const envelopes = gunzipSync(body)
        .toString()
        .split('\n')
        .map((line) => JSON.parse(line) as Envelope);
      if (status === 202)
        bodies.push({ at, key: request.headers['x-framewatch-key'] as string, bytes: body.length, envelopes });
      const counts = { received: 0, accepted: 0, rejected: 0, duplicate: 0, errors: [] as IngestAnswer['errors'] };
      for (const { h, e } of status === 202 ? envelopes : []) {
        for (const event of e) {
          counts.received++;
          const id = `${h.sid}:${event.n}`;
          if (stored.has(id)) counts.duplicate++;
          else {
            counts.accepted++;
            stored.set(id, { ...event, at: at - (h.sent - (h.t0 + event.t)), sid: h.sid });
          }
        }
      }
      if (isLost) return request.socket.destroy();
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      return response.end(JSON.stringify({ ...counts, ...answer(counts) }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  cleanups.push(() => new Promise((resolve) => (server.closeAllConnections(), server.close(() => resolve(undefined)))));
  return { endpoint: `http://127.0.0.1:${port}/api/v1/events`, bodies, stored, requests: () => requests };
};

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

const to = Math.floor(Date.now() / MINUTE) * MINUTE;
const small = { seed: 7, concurrent: 20, from: to - 6 * HOUR, to };

test('a backfill arrives whole, in batches within the limits of the door, and the books balance', async () => {
  const door = await startDoor();
  const seen: number[] = [];
  const summary = await runAudience({ ...small, endpoint: door.endpoint }, ({ fraction = 0 }) => seen.push(fraction));
  expect(summary.accepted).toBe(summary.events);
  expect(summary.events).toBe(summary.byTable.PlaybackBeats + summary.byTable.PlaybackEvents);
  expect(door.stored.size).toBe(summary.events);
  expect(summary.sessions).toBeGreaterThan(100);
  expect(summary.sessions).toBe(summary.byKind['request']);
  for (const { envelopes, bytes, key } of door.bodies) {
    expect(envelopes.reduce((sum, { e }) => sum + e.length, 0)).toBeLessThanOrEqual(1000);
    expect(bytes).toBeLessThan(1 << 20);
    expect(key).toBe('simulator');
  }
  expect(seen.at(-1)).toBe(1);
  // Fewer requests than sessions: envelopes travel together.
  expect(door.bodies.length).toBeLessThan(summary.sessions / 10);
});

test('event times lie in the past window, whatever the moment of sending', async () => {
  const door = await startDoor((request) =>
    request === 1 ? { status: 503, headers: { 'retry-after': '1' } } : { status: 202 },
  );
  const summary = await runAudience({ ...small, endpoint: door.endpoint });
  expect(summary.retries).toBe(1);
  for (const { at } of door.stored.values()) {
    expect(at).toBeGreaterThan(small.from - 5000);
    expect(at).toBeLessThan(small.to + 5000);
  }
});

test('a second backfill of the same window is made of duplicates only, another seed of none', async () => {
  const door = await startDoor();
  const first = await runAudience({ ...small, endpoint: door.endpoint });
  const second = await runAudience({ ...small, endpoint: door.endpoint });
  expect(second).toMatchObject({ events: first.events, accepted: 0, duplicate: first.events, byKind: first.byKind });
  const other = await runAudience({ ...small, seed: 8, endpoint: door.endpoint });
  expect(other.duplicate).toBe(0);
});

test('lost answers and throttling are tried again without loss, keeping to Retry-After', async () => {
  const times: number[] = [];
  const door = await startDoor((request) => {
    times.push(Date.now());
    if (request === 2) return { status: 202, isLost: true };
    return request === 3 ? { status: 429, headers: { 'retry-after': '1' } } : { status: 202 };
  });
  const summary = await runAudience({ ...small, concurrent: 40, concurrency: 1, endpoint: door.endpoint });
  expect(door.stored.size).toBe(summary.events);
  expect(summary.retries).toBe(2);
  expect(summary.accepted + summary.duplicate).toBe(summary.events);
  expect(summary.duplicate).toBeGreaterThan(0);
  expect(times[3]! - times[2]!).toBeGreaterThanOrEqual(995);
});

const oneRejected = (counts: IngestAnswer): Partial<IngestAnswer> => ({
  accepted: counts.received - 1,
  rejected: 1,
  errors: [{ index: 0, id: 'a:1', code: 'wrong-type', field: 'kbps' }],
});

test.each([
  ['an answer that counts too few', () => ({ received: 1, accepted: 1 }), /does not add up/],
  ['an answer whose parts do not sum up', () => ({ accepted: 0 }), /does not add up/],
  ['a rejected event', oneRejected, /rejected, among them a:1: wrong-type \(kbps\)/],
])('%s fails the run loudly', async (_, answer, message) => {
  const door = await startDoor(() => ({ status: 202, answer }));
  const failure = await runAudience({ ...small, from: to - HOUR, endpoint: door.endpoint }).catch(
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(BooksError);
  expect((failure as Error).message).toMatch(message);
});

test('a door that does not answer fails the run with its address, not silently', async () => {
  const run = runAudience({ ...small, endpoint: 'http://127.0.0.1:1/api/v1/events', patienceMs: 800 });
  await expect(run).rejects.toThrow(/http:\/\/127\.0\.0\.1:1\/api\/v1\/events took no batch for 1 s/);
});

test(
  'live goes on where the backfill ended, event by event, until the signal; the next run fills the gap',
  { timeout: 60_000 },
  async () => {
    const dir = await mkdtemp(join(tmpdir(), 'audience-'));
    cleanups.push(() => rm(dir, { recursive: true }));
    const door = await startDoor();
    const options = {
      seed: 3,
      concurrent: 20_000,
      endpoint: door.endpoint,
      stateFile: join(dir, 'state.json'),
      tickMs: 100,
    };
    const stop = new AbortController();
    const from = Date.now() - 2 * MINUTE;
    const liveEvents = () => [...door.stored.values()].filter(({ at }) => at > from + 2 * MINUTE);
    const first = await runAudience({ ...options, from, live: true, signal: stop.signal }, ({ phase }) => {
      if (phase === 'live' && liveEvents().length > 20) stop.abort();
    });
    expect(first.accepted).toBe(door.stored.size);

    await wait(1500);
    const second = await runAudience({ ...options, from });
    expect(second.events).toBeGreaterThan(0);
    // Nothing twice and nothing missing: every session's numbers run from 0 without a gap.
    expect(second.duplicate).toBe(0);
    const numbers = new Map<string, number[]>();
    for (const { sid, n } of door.stored.values()) numbers.set(sid, [...(numbers.get(sid) ?? []), n]);
    for (const list of numbers.values()) expect(list.sort((a, b) => a - b)).toEqual(list.map((_, i) => i));
  },
);

test('an outage laid over a running audience sends the sessions it touches, whole, and their stalls', async () => {
  const door = await startDoor();
  const now = Date.now();
  const summary = await runAudience({
    endpoint: door.endpoint,
    scenario: 'cdn-outage',
    incident: { start: now - 25 * MINUTE, minutes: 45 },
    concurrent: 200,
    onlyTouched: true,
    live: true,
    until: now + 1500,
    tickMs: 200,
  });
  expect(summary.labels).toMatchObject([
    { scenario: 'cdn-outage', scope: { cdn: 'edge-b', country: 'DE' }, stalledShare: 0.5 },
  ]);
  const headers = door.bodies.flatMap(({ envelopes }) => envelopes.map(({ h }) => h));
  expect(headers.length).toBeGreaterThan(20);
  expect(headers.every(({ geo }) => geo?.country === 'DE')).toBe(true);
  let [watched, stalled] = [0, 0];
  for (const event of door.stored.values()) {
    // Beats that cover time before the incident are left aside.
    if (event.k !== 'hb' || event.at - event.iv < now - 25 * MINUTE || event.cdn !== 'edge-b') continue;
    watched += event.iv - (event.ms.paused ?? 0);
    stalled += event.ms.stalled ?? 0;
  }
  expect(stalled / watched).toBeGreaterThan(0.35);
  expect(stalled / watched).toBeLessThan(0.65);
  // Their first events lie before the incident: they are sent from their own start.
  expect([...door.stored.values()].some(({ at, n }) => n === 0 && at < now - 30 * MINUTE)).toBe(true);
});

test('a replay keeps its pace', async () => {
  const door = await startDoor();
  const began = Date.now();
  const summary = await runAudience({
    endpoint: door.endpoint,
    concurrent: 300,
    from: to - 10 * MINUTE,
    to,
    speed: 300,
  });
  expect(Date.now() - began).toBeGreaterThanOrEqual(1900);
  expect(summary.events).toBeGreaterThan(50);
  expect(door.bodies.length).toBeGreaterThan(3);
  for (const { at } of door.stored.values()) expect(at).toBeLessThan(to + 5000);
});
