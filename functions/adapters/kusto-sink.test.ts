// The sink against a real HTTP server that speaks Kusto's streaming endpoint and can misbehave.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { PlaybackEvent } from '../../schema/tables.ts';
import { SinkUnavailable, type Sink } from '../pipeline/ports.ts';
import { textOf } from '../pipeline/row-text.ts';
import { counterStore } from './counters.ts';
import { kustoClient, type KustoClient } from './kusto-client.ts';
import { kustoSink } from './kusto-sink.ts';
import { systemClock } from './system.ts';

// Many cases on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });

interface Call {
  readonly table: string;
  readonly rows: readonly { eventId: string; kind: string }[];
  readonly atMs: number;
}
type Behaviour = (call: Call, response: ServerResponse, number: number) => boolean;

let server: Server;
let calls: Call[];
const encodings = new Set<string | undefined>();
let behave: Behaviour;
let client: KustoClient;
let sink: Sink;
/** How far the sink's clock is ahead of the true one. */
let skewMs = 0;

const oneApi = (
  response: ServerResponse,
  status: number,
  code: string,
  isPermanent: boolean,
  headers: Record<string, string> = {},
): true => {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(
    JSON.stringify({ error: { code, message: code, '@message': `${code} happened`, '@permanent': isPermanent } }),
  );
  return true;
};

const bodyOf = async (request: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
};

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const table = /^\/v1\/rest\/ingest\/db\/(\w+)\?streamFormat=json&mappingName=\1_v1$/.exec(request.url ?? '')?.[1];
  if (table === undefined) {
    response.writeHead(404).end();
    return;
  }
  const body = await bodyOf(request);
  const encoding = request.headers['content-encoding'];
  encodings.add(encoding);
  const text = (encoding === 'gzip' ? gunzipSync(body) : body).toString('utf8');
  const call = {
    table,
    rows: text.split('\n').map((line) => JSON.parse(line) as { eventId: string; kind: string }),
    atMs: Date.now(),
  };
  calls.push(call);
  if (!behave(call, response, calls.length)) response.end('{"Tables":[]}');
}

function newSink(options: { timeoutMs?: number; deadlineMs?: number; isGzip?: boolean } = {}): void {
  const { port } = server.address() as AddressInfo;
  const { timeoutMs = 2000, deadlineMs = 3000, isGzip } = options;
  client = kustoClient({
    url: `http://127.0.0.1:${port}`,
    database: 'db',
    managedIdentityClientId: undefined,
    timeoutMs,
  });
  sink = kustoSink({
    client,
    clock: { now: () => systemClock.now() + skewMs },
    counters: counterStore(),
    lingerMs: 3,
    maxCalls: 2,
    deadlineMs,
    isGzip,
  });
}

beforeEach(async () => {
  calls = [];
  encodings.clear();
  behave = () => false;
  skewMs = 0;
  server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  newSink();
});

afterEach(async () => {
  client.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const row = (eventId: string, kind = 'pause'): PlaybackEvent => ({
  eventId,
  sessionId: 's',
  sequence: 0,
  eventTime: '2026-01-01T00:00:00.000Z',
  receivedAt: '2026-01-01T00:00:00.000Z',
  batchId: 'b',
  tenant: 't',
  source: 'probe',
  schemaVersion: 1,
  kind: kind as PlaybackEvent['kind'],
});
const rows = (count: number, prefix = 'e'): PlaybackEvent[] =>
  Array.from({ length: count }, (_none, index) => row(`${prefix}${index}`));
const storedIds = (): string[] => calls.flatMap((call) => call.rows.map(({ eventId }) => eventId));
const isPoison = (call: Call): boolean => call.rows.some(({ kind }) => kind === 'poison');

describe('group commit', () => {
  it('gathers concurrent writes into few calls and answers every one', async () => {
    const writes = Array.from({ length: 40 }, (_none, index) => sink.write({ PlaybackEvents: rows(5, `w${index}-`) }));
    expect(await Promise.all(writes)).toEqual(writes.map(() => []));
    expect(new Set(storedIds()).size).toBe(200);
    expect(calls.length).toBeLessThan(8);
  });

  it.each([
    [false, undefined],
    [true, 'gzip'],
  ])('with gzip %s, the body is what its header says', async (isGzip, encoding) => {
    newSink({ isGzip });
    await sink.write({ PlaybackEvents: rows(30) });
    expect([...encodings]).toEqual([encoding]);
    expect(storedIds()).toHaveLength(30);
  });

  it('splits what is too large for one call', async () => {
    const big = rows(10).map((item) => ({ ...item, props: { text: 'x'.repeat(900_000) } }));
    await sink.write({ PlaybackEvents: big });
    expect(storedIds().sort()).toEqual(big.map(({ eventId }) => eventId).sort());
    expect(Math.max(...calls.map((call) => JSON.stringify(call.rows).length))).toBeLessThan(4_000_000);
  });

  it('resolves only when every table has acknowledged', async () => {
    behave = (call, response) => {
      if (call.table !== 'IngestLedger') return false;
      setTimeout(() => response.end('{"Tables":[]}'), 150);
      return true;
    };
    const startMs = Date.now();
    const ledger = {
      batchId: 'b',
      receivedAt: '',
      storedAt: '',
      door: 'http' as const,
      tenant: 't',
      source: 's',
      received: 1,
      stored: 1,
      rejected: 0,
      duplicate: 0,
      dropped: 0,
    };
    await sink.write({ PlaybackEvents: rows(1), IngestLedger: [ledger] });
    expect(Date.now() - startMs).toBeGreaterThanOrEqual(145);
  });
});

describe('overload', () => {
  it('is told to the senders instead of filling the memory, and what was taken is stored', async () => {
    newSink({ deadlineMs: 700 });
    behave = (_call, response) => {
      setTimeout(() => response.end('{"Tables":[]}'), 250);
      return true;
    };
    const writes = Array.from({ length: 60 }, (_none, index) =>
      sink.write({ PlaybackEvents: rows(1000, `w${index}-`) }),
    );
    const results = await Promise.allSettled(writes);
    const stored = new Set(storedIds());
    expect(results.filter(({ status }) => status === 'rejected').length).toBeGreaterThan(5);
    results.forEach((result, index) => {
      if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(SinkUnavailable);
      else expect([stored.has(`w${index}-0`), stored.has(`w${index}-999`)]).toEqual([true, true]);
    });
    behave = () => false;
    expect(await sink.write({ PlaybackEvents: rows(1, 'after') })).toEqual([]);
  });
});

describe('a permanent refusal', () => {
  it.each(['objects', 'text'])('isolates the poison rows of %s and stores all others', async (form) => {
    behave = (call, response) => isPoison(call) && oneApi(response, 400, 'Stream_DynamicPropertyBagTooLarge', true);
    const batch = rows(100);
    batch[13] = row('bad-13', 'poison');
    batch[77] = row('bad-77', 'poison');
    const [refusals, neighbours] = await Promise.all([
      sink.write({ PlaybackEvents: form === 'text' ? textOf(batch) : batch }),
      sink.write({ PlaybackEvents: rows(10, 'n') }),
    ]);
    expect(refusals.map(({ index, table }) => [table, index])).toEqual([
      ['PlaybackEvents', 13],
      ['PlaybackEvents', 77],
    ]);
    expect(neighbours).toEqual([]);
    const good = calls.filter((call) => !isPoison(call)).flatMap((call) => call.rows.map(({ eventId }) => eventId));
    expect(good).toHaveLength(108);
    expect(new Set(good).size).toBe(108);
  });

  it.each([
    ['a missing table', 400, 'BadRequest_EntityNotFound'],
    ['a missing mapping', 400, 'BadRequest_MappingReferenceWasNotFound'],
    ['missing rights', 403, 'Forbidden'],
  ])('of the destination (%s) refuses no row: the sender keeps all', async (_name, status, code) => {
    behave = (_call, response) => oneApi(response, status, code, true);
    await expect(sink.write({ PlaybackEvents: rows(50) })).rejects.toThrow(SinkUnavailable);
    expect(calls).toHaveLength(1);
  });

  it('of everything, for whatever reason, refuses no row either', async () => {
    behave = (_call, response) => oneApi(response, 400, 'BadRequest_Strange', true);
    await expect(sink.write({ PlaybackEvents: rows(64) })).rejects.toThrow(SinkUnavailable);
  });
});

describe('a passing failure', () => {
  it('is retried, and 429 not before Retry-After', async () => {
    behave = (_call, response, number) =>
      number === 1 && oneApi(response, 429, 'General_ThrottledIngestion', false, { 'retry-after': '1' });
    expect(await sink.write({ PlaybackEvents: rows(2) })).toEqual([]);
    expect(calls).toHaveLength(2);
    expect((calls[1]?.atMs ?? 0) - (calls[0]?.atMs ?? 0)).toBeGreaterThanOrEqual(990);
  });

  it('that lasts beyond the deadline is told with the wait Kusto asks for, and no call leaves until then', async () => {
    behave = (_call, response) => oneApi(response, 429, 'General_ThrottledIngestion', false, { 'retry-after': '7' });
    const error = await sink.write({ PlaybackEvents: rows(1) }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(SinkUnavailable);
    expect((error as SinkUnavailable).retryAfterMs).toBe(7000);
    await expect(sink.write({ PlaybackEvents: rows(1) })).rejects.toThrow(SinkUnavailable);
    expect(calls).toHaveLength(1);
  });

  it('that asks for longer than the breaker would stay open by itself keeps it open so long, and nobody waiting', async () => {
    newSink({ deadlineMs: 300 });
    behave = (_call, response) => oneApi(response, 429, 'General_ThrottledIngestion', false, { 'retry-after': '40' });
    await expect(sink.write({ PlaybackEvents: rows(1) })).rejects.toThrow(SinkUnavailable);
    skewMs = 15_000;
    const error = await sink.write({ PlaybackEvents: rows(1) }).catch((thrown: unknown) => thrown);
    expect((error as SinkUnavailable).retryAfterMs).toBeGreaterThan(24_000);
    expect(calls).toHaveLength(1);
    skewMs = 41_000;
    behave = () => false;
    expect(await sink.write({ PlaybackEvents: rows(1) })).toEqual([]);
  });

  it.each([500, 503])('%i heals', async (status) => {
    behave = (_call, response, number) => number <= 2 && oneApi(response, status, 'General_InternalServerError', false);
    expect(await sink.write({ PlaybackEvents: rows(3) })).toEqual([]);
    expect(calls).toHaveLength(3);
  });

  it('a reset connection heals', async () => {
    behave = (_call, response, number) => {
      if (number > 1) return false;
      response.socket?.destroy();
      return true;
    };
    expect(await sink.write({ PlaybackEvents: rows(3) })).toEqual([]);
  });

  it('a call that hangs is given up at its deadline, not after ten minutes', async () => {
    newSink({ timeoutMs: 300, deadlineMs: 400 });
    behave = () => true;
    const startMs = Date.now();
    await expect(sink.write({ PlaybackEvents: rows(1) })).rejects.toThrow(SinkUnavailable);
    expect(Date.now() - startMs).toBeLessThan(20_000);
  });

  it('a server that is not there is unavailable, not an error of the data', async () => {
    await new Promise((resolve) => server.close(resolve));
    newSinkGone();
    await expect(sink.write({ PlaybackEvents: rows(1) })).rejects.toThrow(SinkUnavailable);
  });
});

describe('the breaker', () => {
  it('lets one call try whether Kusto is back, tells the others at once, and closes with its success', async () => {
    newSink({ timeoutMs: 20_000, deadlineMs: 300 });
    behave = (_call, response) => oneApi(response, 503, 'General_InternalServerError', false);
    await expect(sink.write({ PlaybackEvents: rows(1) })).rejects.toThrow(SinkUnavailable);
    const failures = calls.length;
    await expect(sink.write({ PlaybackEvents: rows(1) })).rejects.toThrow(SinkUnavailable);
    expect(calls).toHaveLength(failures);
    // The trial hangs while the others come: they are not made to wait for it.
    const trial = Promise.withResolvers<ServerResponse>();
    behave = (_call, response) => {
      trial.resolve(response);
      return true;
    };
    skewMs = 1100;
    const first = sink.write({ PlaybackEvents: rows(1) });
    const response = await trial.promise;
    await expect(sink.write({ PlaybackEvents: rows(1) })).rejects.toThrow(SinkUnavailable);
    behave = () => false;
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"Tables":[]}');
    expect(await first).toEqual([]);
    expect(await sink.write({ PlaybackEvents: rows(2) })).toEqual([]);
  });
});

function newSinkGone(): void {
  client = kustoClient({
    url: 'http://127.0.0.1:1',
    database: 'db',
    managedIdentityClientId: undefined,
    timeoutMs: 500,
  });
  sink = kustoSink({ client, clock: systemClock, counters: counterStore(), lingerMs: 1, maxCalls: 1, deadlineMs: 300 });
}
