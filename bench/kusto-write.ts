import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { counterStore } from '../functions/adapters/counters.ts';
import { digestsOf } from '../functions/adapters/digests.ts';
import { kustoClient, type KustoClient } from '../functions/adapters/kusto-client.ts';
import { kustoSink } from '../functions/adapters/kusto-sink.ts';
import { systemClock } from '../functions/adapters/system.ts';
import type { Batch } from '../functions/pipeline/batch.ts';
import { DEFAULT_LIMITS } from '../functions/pipeline/decode.ts';
import type { Sink } from '../functions/pipeline/ports.ts';
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
/** A steady load: events a second, and how many a request has. */
const STEADY_EVENTS = 500;
const STEADY_REQUESTS = [5, 10];
const STEADY_SECONDS = 4;
const STEADY_ROUNDS = 3;

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

/** Heartbeats of distinct sessions as the pipeline writes them, one text a request; each request has two events that are none. */
export function beatTexts(count: number, events = EVENTS): RowText[] {
  const now = Date.now();
  const ports = { digests: digestsOf('only for this bench'), userAgents: { read: () => ({}) }, limits: DEFAULT_LIMITS };
  return bodies(count, events, now).map((body) => {
    const text = ingestEnvelope(batchOf(now), body, ports)?.text?.PlaybackBeats;
    if (!text) throw new Error('a body of the bench is no envelope');
    return text;
  });
}

function post(url: string, agent: Agent, body: Uint8Array, isGzip: boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = {
      'content-type': 'application/json',
      'content-length': body.length,
      ...(isGzip && { 'content-encoding': 'gzip' }),
    };
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

type Write = () => Promise<void>;

/** CPU of this process, µs a row; the engine is another one. */
async function cost(write: Write, rows: number): Promise<number> {
  const before = process.cpuUsage();
  await write();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / rows;
}

/** A sink as the functions set it up, and how many calls it has made. */
function benchSink(client: KustoClient, isGzip: boolean): { readonly sink: Sink; calls(): number } {
  const counters = counterStore();
  const { lingerMs, longestLingerMs } = { lingerMs: 4, longestLingerMs: 250 };
  const options = { client, clock: systemClock, counters, lingerMs, longestLingerMs, maxCalls: 2, deadlineMs: 30_000 };
  return {
    sink: kustoSink({ ...options, isGzip }),
    calls: () =>
      counters
        .read()
        .filter(({ name }) => name === 'sink_calls_total')
        .flatMap(({ values }) => values)
        .reduce((sum, { value }) => sum + value, 0),
  };
}

async function writeAll(sink: Sink, texts: readonly RowText[]): Promise<void> {
  const refusals = await Promise.all(texts.map((text) => sink.write({ [TABLE]: text })));
  if (refusals.some(({ length }) => length > 0)) throw new Error('the engine refuses rows of the bench');
}

/** Requests that come evenly, whenever the answers to those before them come; says when the first second is over. */
async function evenly(sink: Sink, texts: readonly RowText[], pauseMs: number, onSteady: () => void): Promise<void> {
  const started = performance.now();
  const writes: Promise<void>[] = [];
  for (const text of texts) {
    const waitMs = started + writes.length * pauseMs - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    if (writes.length === leadOf(pauseMs)) onSteady();
    writes.push(writeAll(sink, [text]));
  }
  await Promise.all(writes);
}

/** Requests of the first second: the sink does not know yet that others follow, and they are not what a steady load costs. */
const leadOf = (pauseMs: number): number => Math.round(1000 / pauseMs);

const figure = (microseconds: number): string => `${microseconds.toFixed(1)} µs`;

/** Takes everything at once: what the sender of the bench costs by itself. */
const NOWHERE: Sink = { write: () => Promise.resolve([]) };

/** A steady load of small requests: what the sink costs an event, calls that are not full included. */
async function steadyRow(client: KustoClient, events: number): Promise<Row> {
  const bench = benchSink(client, false);
  const pauseMs = (events * 1000) / STEADY_EVENTS;
  const texts = beatTexts(Math.ceil(((STEADY_SECONDS + 1) * STEADY_EVENTS) / events), events + 2);
  const measured = (texts.length - leadOf(pauseMs)) * events;
  let calls = 0;
  const costOf = async (to: Sink): Promise<number> => {
    let [before, callsBefore] = [process.cpuUsage(), 0];
    await evenly(to, texts, pauseMs, () => {
      callsBefore = bench.calls();
      before = process.cpuUsage();
    });
    const { user, system } = process.cpuUsage(before);
    calls += bench.calls() - callsBefore;
    return (user + system) / measured;
  };
  const [seen, own]: [number[], number[]] = [[], []];
  await costOf(bench.sink);
  calls = 0;
  for (let round = 0; round < STEADY_ROUNDS; round++) {
    own.push(await costOf(NOWHERE));
    seen.push(await costOf(bench.sink));
  }
  const rows = (measured * STEADY_ROUNDS) / calls;
  return {
    what: `one event at ${STEADY_EVENTS} events a second, ${events} a request`,
    figure: figure(median(seen) - median(own)),
    note: `requests come evenly; ${rows.toFixed(0)} rows a call; medians of ${STEADY_ROUNDS} rounds of ${STEADY_SECONDS} s after a first one, with the sink ${figure(median(seen))}, and without it ${figure(median(own))} for the sender’s timers; target ≤ ${TARGET_US} µs`,
  };
}

/** Calls of many rows, through the sink and without it, in turns. */
async function fullRows(
  client: KustoClient,
  target: string,
): Promise<{ readonly report: Row[]; readonly stored: number }> {
  const all = beatTexts(BODIES);
  const rows = all.reduce((sum, { ends }) => sum + ends.length, 0);
  const calls = Array.from({ length: BODIES / BODIES_A_CALL }, (_none, n) =>
    all.slice(n * BODIES_A_CALL, (n + 1) * BODIES_A_CALL),
  );
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const [plainSink, gzipSink] = [benchSink(client, false).sink, benchSink(client, true).sink];
  const joined = (call: readonly RowText[]): Buffer => Buffer.concat(call.map(({ bytes }) => bytes));
  const zipped = (call: readonly RowText[]): Buffer => gzipSync(joined(call), { level: 1 });
  const each = async (write: (call: readonly RowText[]) => Promise<void>): Promise<void> => {
    for (const call of calls) await write(call);
  };
  const runs: Readonly<Record<'bare' | 'sink' | 'bareGzip' | 'sinkGzip', Write>> = {
    bare: () => each((call) => post(target, agent, joined(call), false)),
    sink: () => each((call) => writeAll(plainSink, call)),
    bareGzip: () => each((call) => post(target, agent, zipped(call), true)),
    sinkGzip: () => each((call) => writeAll(gzipSink, call)),
  };
  const names = Object.keys(runs) as (keyof typeof runs)[];
  const seen: Record<keyof typeof runs, number[]> = { bare: [], sink: [], bareGzip: [], sinkGzip: [] };
  for (let round = 0; round < ROUNDS; round++)
    for (const name of names) {
      const taken = await cost(runs[name], rows);
      if (round >= WARM) seen[name].push(taken);
    }
  agent.destroy();
  const of = (name: keyof typeof runs): number => median(seen[name]);
  const bytes = (texts: readonly Uint8Array[]): string =>
    (texts.reduce((sum, { length }) => sum + length, 0) / rows).toFixed(0);
  const beside = (name: keyof typeof runs, bare: keyof typeof runs): string =>
    `${(of(name) / of(bare)).toFixed(2)}× the next line`;
  const size = `${(rows / calls.length).toFixed(0)} rows a call`;
  const report = [
    {
      what: 'one event through the sink',
      figure: figure(of('sink')),
      note: `group commit, Microsoft’s client; ${size}; target ≤ ${TARGET_US} µs; ${beside('sink', 'bare')}`,
    },
    {
      what: 'a bare POST of the same bytes',
      figure: figure(of('bare')),
      note: `the least that anyone could do; ${bytes(calls.map(joined))} bytes a row`,
    },
    {
      what: 'one event through the sink with `FRAMEWATCH_KUSTO_GZIP`',
      figure: figure(of('sinkGzip')),
      note: `level 1; ${beside('sinkGzip', 'bareGzip')}`,
    },
    {
      what: 'gzip and a bare POST of the same bytes',
      figure: figure(of('bareGzip')),
      note: `${bytes(calls.map(zipped))} bytes a row`,
    },
  ];
  return { report, stored: rows * ROUNDS * names.length };
}

/** What the sink costs from ready rows to Kusto's acknowledgement, in calls that are full and at a steady load of small requests. */
export async function benchKustoWrite(): Promise<Row[]> {
  const dir = mkdtempSync(join(tmpdir(), 'framewatch-bench-write-'));
  const engine = await startEngine(join(dir, 'write.duckdb'), DATABASE);
  const client = kustoClient({
    url: engine.url,
    database: DATABASE,
    managedIdentityClientId: undefined,
    timeoutMs: 30_000,
  });
  const target = `${engine.url}/v1/rest/ingest/${DATABASE}/${TABLE}?streamFormat=json&mappingName=${TABLE}_v1`;
  try {
    await ask(engine.url, '/v1/rest/mgmt', DATABASE, createTable(tables[TABLE]));
    await ask(engine.url, '/v1/rest/mgmt', DATABASE, jsonMapping(tables[TABLE]));
    const { report, stored } = await fullRows(client, target);
    const count = await ask(engine.url, '/v2/rest/query', DATABASE, `${TABLE} | count`);
    if (!count.includes(`[${stored}]`)) throw new Error('rows are missing in the engine');
    for (const events of STEADY_REQUESTS) report.push(await steadyRow(client, events));
    return report;
  } finally {
    client.close();
    await engine.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}
