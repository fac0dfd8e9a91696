import { mkdirSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { Engine } from '../local/kusto/exec/engine.ts';
import { ingestText } from '../local/kusto/ingest/ingest-text.ts';
import { runCommand } from '../local/kusto/mgmt/run-command.ts';
import { PHYSICAL } from '../local/kusto/types.ts';
import { columnNames, createTable, DATABASE, fill, TABLE } from './engine-data.ts';
import { ask, startEngine } from './engine-start.ts';
import { median } from './median.ts';
import type { Row } from './report.ts';

const ROWS_A_REQUEST = 1000;
const CONNECTIONS = 8;
const ROUNDS = 3;
const MIN_RATIO = 0.5;
/** Of a new table each, so that every round starts alike. */
let made = 0;

interface Body {
  readonly bytes: Buffer;
  readonly gzip: Buffer;
}

/** Distinct rows as newline-delimited JSON, a thousand a body. */
async function makeBodies(count: number): Promise<{ bodies: Body[]; types: ReadonlyMap<string, string> }> {
  const engine = await Engine.open({ file: ':memory:', database: DATABASE });
  await fill(engine, { rows: count * ROWS_A_REQUEST, bins: 2016 });
  const table = engine.catalog.requireTable(DATABASE, TABLE);
  const times = new Set(table.columns.filter(({ type }) => type === 'datetime').map(({ name }) => name));
  const types = new Map(
    table.columns.map(({ name, type }) => [
      name,
      times.has(name) ? 'TIMESTAMP' : type === 'dynamic' ? 'JSON' : PHYSICAL[type],
    ]),
  );
  const fields = table.columns.map(({ name, type, id }) => {
    if (type === 'datetime')
      return `"${name}" := strftime(make_timestamp((k${id} - 621355968000000000) // 10), '%Y-%m-%dT%H:%M:%S.%gZ')`;
    return `"${name}" := ${type === 'dynamic' ? `CAST(k${id} AS JSON)` : `k${id}`}`;
  });
  const texts = await engine.readers.use(60_000, undefined, async (connection) => {
    const reader = await connection.runAndReadAll(
      `SELECT string_agg(CAST(to_json(struct_pack(${fields.join(', ')})) AS VARCHAR), chr(10)) FROM (SELECT *, row_number() OVER () - 1 AS n FROM t${table.id}) GROUP BY n // ${ROWS_A_REQUEST}`,
    );
    return reader.getRows().map(([text]) => String(text));
  });
  await engine.close();
  return { bodies: texts.map((text) => ({ bytes: Buffer.from(text), gzip: gzipSync(text, { level: 1 }) })), types };
}

const seconds = async (work: () => Promise<unknown>): Promise<number> => {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
};

function post(url: string, agent: Agent, body: Buffer): Promise<void> {
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

async function overHttp(url: string, bodies: readonly Body[]): Promise<number> {
  const table = `Http${made++}`;
  await ask(url, '/v1/rest/mgmt', DATABASE, createTable(table));
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const target = `${url}/v1/rest/ingest/${DATABASE}/${table}?streamFormat=json`;
  let next = 0;
  const sender = async (): Promise<void> => {
    for (let body = bodies[next++]; body !== undefined; body = bodies[next++]) await post(target, agent, body.gzip);
  };
  const took = await seconds(() => Promise.all(Array.from({ length: CONNECTIONS }, sender)));
  agent.destroy();
  return took;
}

async function intoStore(engine: Engine, bodies: readonly Body[]): Promise<number> {
  const table = `Store${made++}`;
  const context = { engine, database: DATABASE, timeoutMs: 60_000, parameters: {}, clientRequestId: 'bench' };
  await runCommand(createTable(table), context);
  const ingest = (body: Body): Promise<number> =>
    ingestText(engine, { database: DATABASE, table, format: 'json', body: body.bytes });
  let next = 0;
  const sender = async (): Promise<void> => {
    for (let body = bodies[next++]; body !== undefined; body = bodies[next++]) await ingest(body);
  };
  return seconds(() => Promise.all(Array.from({ length: CONNECTIONS }, sender)));
}

/** What DuckDB makes of the same compressed bytes when it reads the files itself. */
async function byDuckDb(instance: DuckDBInstance, dir: string, types: ReadonlyMap<string, string>): Promise<number> {
  const connection = await instance.connect();
  const table = `plain${made++}`;
  const columns = columnNames.map((name) => `"${name}" ${types.get(name) ?? 'VARCHAR'}`).join(', ');
  const spec = columnNames.map((name) => `"${name}": '${types.get(name) ?? 'VARCHAR'}'`).join(', ');
  await connection.run(`CREATE TABLE ${table} (${columns})`);
  const took = await seconds(() =>
    connection.run(
      `INSERT INTO ${table} SELECT * FROM read_json('${join(dir, '*.json.gz')}', format = 'newline_delimited', columns = {${spec}})`,
    ),
  );
  connection.closeSync();
  return took;
}

/** Streaming ingestion of 1,000-row gzip JSON requests, and of the store alone, against DuckDB's read_json of the same bytes. */
export async function benchIngest(dir: string, quick: boolean): Promise<Row[]> {
  const { bodies, types } = await makeBodies(quick ? 20 : 60);
  const files = join(dir, 'bodies');
  mkdirSync(files);
  bodies.forEach(({ gzip }, i) => writeFileSync(join(files, `${String(i).padStart(4, '0')}.json.gz`), gzip));
  const server = await startEngine(join(dir, 'http.duckdb'), DATABASE);
  const engine = await Engine.open({ file: join(dir, 'store.duckdb'), database: DATABASE });
  const instance = await DuckDBInstance.create(join(dir, 'plain.duckdb'));
  const taken: { http: number[]; store: number[]; plain: number[] } = { http: [], store: [], plain: [] };
  try {
    // The first round warms up and is not counted.
    for (let round = 0; round <= ROUNDS; round++) {
      const http = await overHttp(server.url, bodies);
      const plain = await byDuckDb(instance, files, types);
      const store = await intoStore(engine, bodies);
      if (round === 0) continue;
      taken.http.push(http);
      taken.plain.push(plain);
      taken.store.push(store);
    }
  } finally {
    await server.stop();
    await engine.close();
    instance.closeSync();
  }
  const rows = bodies.length * ROWS_A_REQUEST;
  const perSecond = (took: readonly number[]): string =>
    `${Math.round(rows / median(took)).toLocaleString('en')} rows/s`;
  const against = (took: readonly number[]): string => `${(median(taken.plain) / median(took)).toFixed(2)} ×`;
  return [
    {
      what: 'streaming ingestion over HTTP, 1,000 rows a gzip JSON request',
      figure: `${against(taken.http)} (${perSecond(taken.http)})`,
      note: `target ≥ ${MIN_RATIO} ×; ${CONNECTIONS} connections, each request on disk when answered`,
    },
    {
      what: 'the same without HTTP and gzip',
      figure: `${against(taken.store)} (${perSecond(taken.store)})`,
      note: 'JSON text to rows on disk',
    },
    {
      what: 'DuckDB’s own read_json of the same bytes',
      figure: perSecond(taken.plain),
      note: 'one statement over all files, all cores',
    },
  ];
}
