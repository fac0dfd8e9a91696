// Damaged queries and requests against the running engine: whatever comes, it answers in Kusto's words and goes on.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readCases, SHARED_CASES } from '../../local/kusto/conformance/run-cases.ts';
import { startKusto, type KustoServer } from '../../local/kusto/http/server.ts';
import { repositoryQueries, withSampleValues } from '../../scripts/kql/lint.ts';
import { damagedQuery, damagedRequest, randomOf, type DamagedRequest } from '../support/kusto-fuzz.ts';

const root = join(import.meta.dirname, '../..');
const IS_HEAVY = process.env['FRAMEWATCH_HEAVY'] === '1';
const QUERIES = IS_HEAVY ? 1000 : 200;
const REQUESTS = IS_HEAVY ? 10_000 : 1500;
const SEED = Number(process.env['FRAMEWATCH_SEED'] ?? 20_260_301);
/** The server's own limit is 5 s in most of them; an answer that takes longer than this hangs. */
const HANG_MS = 30_000;

let server: KustoServer;
let seeds: string[];
const agent = new Agent({ keepAlive: true, maxSockets: 4 });

interface Reply {
  readonly status: number;
  readonly text: string;
}

const send = ({ method, path, headers, body }: DamagedRequest): Promise<Reply> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(server.url);
    const length = headers['transfer-encoding'] === undefined ? { 'content-length': `${body.length}` } : {};
    const sent = request({ agent, hostname, port, method, path, headers: { ...headers, ...length } }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('error', reject);
      answer.on('end', () => {
        const body = Buffer.concat(chunks);
        const isPacked = answer.headers['content-encoding'] === 'gzip' && body.length > 0;
        resolve({ status: answer.statusCode ?? 0, text: (isPacked ? gunzipSync(body) : body).toString() });
      });
    });
    sent.setTimeout(HANG_MS, () => sent.destroy(new Error(`no answer within ${HANG_MS} ms`)));
    sent.on('error', reject);
    sent.end(body);
  });

/** Statuses that the manual names: what the client did wrong, too large, timed out. A 500 is a fault of the engine. */
const STATUSES = [200, 400, 404, 405, 413, 415, 504];

/** What is wrong with an answer, or ''. */
function fault({ method, path }: DamagedRequest, { status, text }: Reply): string {
  if (!STATUSES.includes(status)) return `status ${status}`;
  if (method === 'HEAD' || text === '')
    return method === 'HEAD' || status === 200 ? '' : `status ${status} without a body`;
  if (status === 200 && method === 'GET') return '';
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return 'the body is not JSON';
  }
  if (status !== 200) {
    const { error } = body as { error?: { code?: unknown; message?: unknown } };
    const isTold = typeof error?.code === 'string' && typeof error.message === 'string' && error.message !== '';
    return isTold ? '' : 'no error with code and message';
  }
  if (!path.includes('/v2/')) return Array.isArray((body as { Tables?: unknown }).Tables) ? '' : 'no Tables';
  const kinds = (body as { FrameType?: string }[]).map((frame) => frame.FrameType);
  return kinds[0] === 'DataSetHeader' && kinds.at(-1) === 'DataSetCompletion' ? '' : `frames ${kinds.join(', ')}`;
}

beforeAll(async () => {
  server = await startKusto({ file: ':memory:', port: 0, memoryLimit: '1GB' });
  const script = readFileSync(join(root, 'kql/schema/generated/010-tables.kql'), 'utf8');
  const commands = ['.create-merge table Nums (N:long, Name:string)', `.execute database script <|\n${script}`];
  for (const csl of commands) {
    const { status, text } = await send({
      method: 'POST',
      path: '/v1/rest/mgmt',
      headers: {},
      body: Buffer.from(JSON.stringify({ db: 'framewatch', csl })),
    });
    expect(status, text).toBe(200);
  }
  const corpus = globSync(['local/kusto/conformance/corpus/*.json', 'test/corpus/*/cases.json'], { cwd: root }).map(
    (file) => join(root, file),
  );
  seeds = [
    ...[...corpus, ...(existsSync(SHARED_CASES) ? [SHARED_CASES] : [])].flatMap((file) =>
      readCases(file).map(({ query }) => query),
    ),
    ...repositoryQueries(root).map(({ query }) => withSampleValues(query)),
    '.show tables | where TableName has "N"',
    '.create-merge table X (A:long)',
    '.alter table Nums policy caching hot = 3d',
    '.set-or-append Nums <| range N from 1 to 3 step 1 | extend Name = "x"',
    '.create-or-alter function f (x:long) { x + 1 }',
    '.ingest inline into table Nums <|\n1,a',
  ];
}, 120_000);

afterAll(async () => {
  agent.destroy();
  await server.close();
});

/** Four at a time, as clients would; gives what was wrong with whom. */
async function run(
  count: number,
  make: (index: number) => DamagedRequest,
): Promise<{ faults: string[]; statuses: Map<number, number> }> {
  const faults: string[] = [];
  const statuses = new Map<number, number>();
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count && faults.length < 20) {
      const index = next++;
      const made = make(index);
      const startedAt = performance.now();
      const wrong = await send(made).then(
        (reply) => {
          statuses.set(reply.status, (statuses.get(reply.status) ?? 0) + 1);
          const what = fault(made, reply);
          return what === '' ? '' : `${what}: ${reply.text.slice(0, 400)}`;
        },
        (error: unknown) => `${String(error)} after ${Math.round(performance.now() - startedAt)} ms`,
      );
      if (wrong !== '')
        faults.push(
          `#${index} ${made.method} ${made.path} ${JSON.stringify(made.headers)} ${made.body.toString().slice(0, 600)}\n→ ${wrong}`,
        );
    }
  };
  await Promise.all([worker(), worker(), worker(), worker()]);
  return { faults, statuses };
}

/** The seeds' order does not depend on timing, so an index can be run again: each request has a generator of its own. */
test(`${QUERIES} damaged queries are each answered or refused in Kusto's words`, { timeout: 1_200_000 }, async () => {
  const { faults, statuses } = await run(QUERIES, (index) => {
    const random = randomOf(SEED + index);
    const csl = damagedQuery(random, seeds);
    return {
      method: 'POST',
      path: random.pick(['/v1/rest/query', '/v2/rest/query']),
      headers: { 'content-type': 'application/json' },
      body: Buffer.from(
        JSON.stringify({ db: 'framewatch', csl, properties: { Options: { servertimeout: '00:00:05' } } }),
      ),
    };
  });
  expect(faults).toEqual([]);
  // Damage that always destroys, or never, would prove little.
  expect(statuses.get(200) ?? 0).toBeGreaterThan(QUERIES * 0.05);
  expect(statuses.get(400) ?? 0).toBeGreaterThan(QUERIES * 0.3);
});

test(`${REQUESTS} damaged requests leave the engine standing`, { timeout: 1_200_000 }, async () => {
  const { faults, statuses } = await run(REQUESTS, (index) => damagedRequest(randomOf(SEED * 7 + index), seeds));
  expect(faults).toEqual([]);
  expect(statuses.get(200) ?? 0).toBeGreaterThan(REQUESTS * 0.03);
  const alive = await send({
    method: 'POST',
    path: '/v1/rest/query',
    headers: {},
    body: Buffer.from('{"db":"framewatch","csl":"print x = 1"}'),
  });
  expect(alive.status, alive.text).toBe(200);
});
