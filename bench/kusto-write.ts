import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { counterStore } from '../functions/adapters/counters.ts';
import { digestsOf } from '../functions/adapters/digests.ts';
import { kustoClient } from '../functions/adapters/kusto-client.ts';
import { kustoSink } from '../functions/adapters/kusto-sink.ts';
import { systemClock } from '../functions/adapters/system.ts';
import type { Batch } from '../functions/pipeline/batch.ts';
import { DEFAULT_LIMITS } from '../functions/pipeline/decode.ts';
import type { RowText } from '../functions/pipeline/row-text.ts';
import { ingestEnvelope } from '../functions/pipeline/transcode/envelope.ts';
import { createTable, jsonMapping } from '../schema/emit/kql.ts';
import { tables } from '../schema/tables.ts';
import { bodies } from './bodies.ts';
import { ask, startEngine } from './engine-start.ts';
import { median } from './median.ts';
import type { Row } from './report.ts';

const DATABASE = 'bench';
const TABLE = 'PlaybackBeats';
/** Requests that one call gathers: with two events that are no beats each, 480 rows. */
const BODIES_A_CALL = 10;
const EVENTS = 50;
const BODIES = 400;
const ROUNDS = 7;
/** The first rounds compile. */
const WARM = 2;
const TARGET_US = 15;

const batchOf = (receivedMs: number): Batch => ({
  batchId: 'bench',
  door: 'http',
  tenant: 'default',
  receivedMs,
  bytes: 0,
  isTrusted: false,
  isOptedOut: false,
  edge: { country: 'DE' },
});

/** Heartbeats of distinct sessions as the pipeline writes them, one text a request. */
export function beatTexts(count: number): RowText[] {
  const now = Date.now();
  const ports = { digests: digestsOf('only for this bench'), userAgents: { read: () => ({}) }, limits: DEFAULT_LIMITS };
  return bodies(count, EVENTS, now).map((body) => {
    const text = ingestEnvelope(batchOf(now), body, ports)?.text?.PlaybackBeats;
    if (!text) throw new Error('a body of the bench is no envelope');
    return text;
  });
}

function post(url: string, agent: Agent, body: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip', 'content-length': body.length };
    const outgoing = request(url, { method: 'POST', agent, headers }, (answer) => {
      answer.resume();
      answer.once('end', () =>
        answer.statusCode === 200 ? resolve() : reject(new Error(`ingestion answered ${answer.statusCode ?? 0}`)),
      );
    });
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}

type Write = (calls: readonly (readonly RowText[])[]) => Promise<void>;

/** CPU of this process, µs a row; the engine is another one. */
async function cost(write: Write, calls: readonly (readonly RowText[])[], rows: number): Promise<number> {
  const before = process.cpuUsage();
  await write(calls);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / rows;
}

/** What the sink costs from ready rows to Kusto's acknowledgement, beside the least that anyone could do with the same bytes. */
export async function benchKustoWrite(): Promise<Row[]> {
  const all = beatTexts(BODIES);
  const rows = all.reduce((sum, { ends }) => sum + ends.length, 0);
  const calls = Array.from({ length: BODIES / BODIES_A_CALL }, (_none, n) =>
    all.slice(n * BODIES_A_CALL, (n + 1) * BODIES_A_CALL),
  );
  const dir = mkdtempSync(join(tmpdir(), 'framewatch-bench-write-'));
  const engine = await startEngine(join(dir, 'write.duckdb'), DATABASE);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const client = kustoClient({
    url: engine.url,
    database: DATABASE,
    managedIdentityClientId: undefined,
    timeoutMs: 30_000,
  });
  const sink = kustoSink({
    client,
    clock: systemClock,
    counters: counterStore(),
    lingerMs: 4,
    maxCalls: 2,
    deadlineMs: 30_000,
  });
  const target = `${engine.url}/v1/rest/ingest/${DATABASE}/${TABLE}?streamFormat=json&mappingName=${TABLE}_v1`;
  const zipped = (call: readonly RowText[]): Uint8Array =>
    gzipSync(Buffer.concat(call.map(({ bytes }) => bytes)), { level: 1 });
  const runs: Readonly<Record<'bare' | 'gzip' | 'sink', Write>> = {
    bare: async (list) => {
      for (const call of list) await post(target, agent, zipped(call));
    },
    gzip: (list) => {
      for (const call of list) zipped(call);
      return Promise.resolve();
    },
    sink: async (list) => {
      for (const call of list) {
        const refusals = await Promise.all(call.map((text) => sink.write({ [TABLE]: text })));
        if (refusals.some(({ length }) => length > 0)) throw new Error('the engine refuses rows of the bench');
      }
    },
  };
  const seen: Record<keyof typeof runs, number[]> = { bare: [], gzip: [], sink: [] };
  try {
    await ask(engine.url, '/v1/rest/mgmt', DATABASE, createTable(tables[TABLE]));
    await ask(engine.url, '/v1/rest/mgmt', DATABASE, jsonMapping(tables[TABLE]));
    for (let round = 0; round < ROUNDS; round++)
      for (const name of Object.keys(runs) as (keyof typeof runs)[]) {
        const each = await cost(runs[name], calls, rows);
        if (round >= WARM) seen[name].push(each);
      }
    const stored = await ask(engine.url, '/v2/rest/query', DATABASE, `${TABLE} | count`);
    if (!stored.includes(`[${rows * ROUNDS * 2}]`)) throw new Error('rows are missing in the engine');
  } finally {
    client.close();
    agent.destroy();
    await engine.stop();
    rmSync(dir, { recursive: true, force: true });
  }
  const bare = median(seen.bare);
  const taken = median(seen.sink);
  const row = (what: string, figure: number, note: string): Row => ({ what, figure: `${figure.toFixed(1)} µs`, note });
  return [
    row(
      'one event through the sink',
      taken,
      `group commit, gzip level 1, Microsoft’s client; ${(rows / calls.length).toFixed(0)} rows a call; target ≤ ${TARGET_US} µs; ${(taken / bare).toFixed(2)}× the next line`,
    ),
    row('gzip and a bare POST of the same bytes', bare, 'the least that anyone could do'),
    row(
      'gzip level 1 alone',
      median(seen.gzip),
      `${(all.reduce((sum, { bytes }) => sum + bytes.length, 0) / rows).toFixed(0)} bytes a row before it`,
    ),
  ];
}
