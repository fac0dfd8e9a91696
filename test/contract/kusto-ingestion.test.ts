import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { Client } from 'azure-kusto-data';
import { DataFormat, ManagedStreamingIngestClient, StreamingIngestClient } from 'azure-kusto-ingest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startKusto, type KustoServer } from '../../local/kusto/http/server.ts';
import { startEngineProcess } from './kusto-process.ts';

const DB = 'framewatch';
const MAPPING = JSON.stringify([
  { column: 'Id', Properties: { Path: '$.id' } },
  { column: 'At', Properties: { Path: '$.at', Transform: 'DateTimeFromUnixMilliseconds' } },
  { column: 'Big', Properties: { Path: '$.n.big' } },
  { column: 'Kind', Properties: { ConstValue: 'fixed' } },
  { column: 'Props', Properties: { Path: '$', Transform: 'DropMappedFields' } },
]);

interface Row {
  toJSON(): Record<string, unknown>;
}

let server: KustoServer;
let client: Client;

const rowsOf = async (query: string): Promise<Record<string, unknown>[]> => {
  const answer = await client.execute(DB, query);
  return [...(answer.primaryResults[0]?.rows() ?? [])].map((row) => (row as Row).toJSON());
};

beforeAll(async () => {
  server = await startKusto({ file: ':memory:', port: 0, warmUp: false });
  client = new Client(server.url);
  await client.execute(DB, '.create-merge table Events (Id:string, At:datetime, Big:long, Kind:string, Props:dynamic)');
  await client.execute(DB, `.create-or-alter table Events ingestion json mapping 'Events_v1' \`\`\`${MAPPING}\`\`\``);
});

afterAll(async () => {
  client.close();
  await server.close();
});

const post = (
  path: string,
  body: string | Buffer<ArrayBuffer>,
  headers: Record<string, string> = {},
): Promise<Response> => fetch(`${server.url}/v1/rest/ingest/${path}`, { method: 'POST', body, headers });

const errorOf = async (response: Response): Promise<Record<string, unknown>> =>
  ((await response.json()) as { error: Record<string, unknown> }).error;

describe('streaming ingestion', () => {
  it('the streaming client stores rows by a named mapping with every transform', async () => {
    const ingest = new StreamingIngestClient(server.url, {
      database: DB,
      table: 'Events',
      format: DataFormat.JSON,
      ingestionMappingReference: 'Events_v1',
    });
    const line = '{"id":"é\\u0000\\ud800","at":1767225600123,"n":{"big":9007199254740993},"extra":{"k":[1,"\\udc00"]}}';
    await ingest.ingestFromStream(Readable.from([Buffer.from(`\ufeff${line}\n`)]));
    ingest.close();
    const [row] = await rowsOf("Events | where Kind == 'fixed' | project Id, At, Big = tostring(Big), Props");
    expect(row?.['Id']).toBe('é\u0000\ufffd');
    expect(row?.['At']).toEqual(new Date(1767225600123));
    expect(row?.['Big']).toBe('9007199254740993');
    expect(row?.['Props']).toEqual({ extra: { k: [1, '\ufffd'] } });
  });

  it('the managed client reaches the streaming endpoint and its rows are there once', async () => {
    const ingest = new ManagedStreamingIngestClient(server.url, server.url, {
      database: DB,
      table: 'Events',
      format: DataFormat.MULTIJSON,
      ingestionMappingReference: 'Events_v1',
    });
    await ingest.ingestFromStream(Readable.from([Buffer.from('[{"id":"m1"},{"id":"m2"}]{"id":"m3"}')]));
    ingest.close();
    expect(await rowsOf("Events | where Id startswith 'm' | summarize N = count()")).toEqual([{ N: 3 }]);
  });

  it('csv goes by position, with quotes, line ends in fields and nulls', async () => {
    await client.execute(DB, '.create table Csv (A:string, B:long, C:real, D:dynamic)');
    const answer = await post(
      `${DB}/Csv?streamFormat=csv`,
      gzipSync('"a,""b""\nc",1,,"{""x"":1}"\r\nplain,,2.5,text\n'),
      {
        'content-encoding': 'gzip',
      },
    );
    expect(answer.status).toBe(200);
    expect(await rowsOf('Csv | order by A asc')).toEqual([
      { A: 'a,"b"\nc', B: 1, C: null, D: { x: 1 } },
      { A: 'plain', B: null, C: 2.5, D: 'text' },
    ]);
  });

  it('a broken line refuses the whole request, names the line and is permanent', async () => {
    const answer = await post(`${DB}/Events?streamFormat=json&mappingName=Events_v1`, '{"id":"bad1"}\n{"id":\n');
    expect(answer.status).toBe(400);
    const error = await errorOf(answer);
    expect(error['@permanent']).toBe(true);
    expect(error['@message']).toContain('line 2');
    expect(await rowsOf("Events | where Id == 'bad1' | count")).toEqual([{ Count: 0 }]);
  });

  it('an unknown mapping, table, database or format is told by name', async () => {
    for (const [path, word] of [
      [`${DB}/Events?streamFormat=json&mappingName=nope`, 'nope'],
      [`${DB}/Nowhere?streamFormat=json`, 'Nowhere'],
      ['nodb/Events?streamFormat=json', 'nodb'],
      [`${DB}/Events?streamFormat=avro`, 'avro'],
    ] as const) {
      const answer = await post(path, '{}');
      expect(answer.status).toBe(400);
      expect((await errorOf(answer))['@message']).toContain(word);
    }
  });

  it('more than 4 MB is refused as Kusto refuses it, compressed or not', async () => {
    const big = `{"id":"${'x'.repeat(4 * 1024 * 1024)}"}`;
    for (const [body, headers] of [
      [big, {}],
      [gzipSync(big), { 'content-encoding': 'gzip' }],
    ] as const) {
      const answer = await post(`${DB}/Events?streamFormat=json`, body, headers);
      expect(answer.status).toBe(413);
      expect((await errorOf(answer))['code']).toBe('Stream_InputStreamTooLarge');
    }
  });

  it('200 requests at once are all stored', async () => {
    await client.execute(DB, '.create table Many (N:long)');
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, i) => post(`${DB}/Many?streamFormat=json`, `{"N":${i}}\n{"N":${i + 1000}}`)),
    );
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect(await rowsOf('Many | summarize Rows = count(), Distinct = dcount(N), Sum = sum(N)')).toEqual([
      { Rows: 400, Distinct: 400, Sum: 200 * 1000 + 2 * ((199 * 200) / 2) },
    ]);
  });
});

describe('durability', () => {
  it('kill -9 during ingestion: every acknowledged row is there after the restart, in a file that opens', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'kusto-'));
    try {
      const acknowledged = new Set<number>();
      for (let round = 0; round < 3; round++) {
        const engine = await startEngineProcess(['--db', join(folder, 'k.db')]);
        const own = new Client(engine.url);
        await own.execute(DB, '.create-merge table K (N:long)');
        let next = round * 1_000_000;
        const dead = new AbortController();
        const writers = Array.from({ length: 8 }, async () => {
          while (!dead.signal.aborted) {
            const n = next++;
            const answer = await fetch(`${engine.url}/v1/rest/ingest/${DB}/K?streamFormat=json`, {
              method: 'POST',
              body: `{"N":${n}}`,
            }).catch(() => null);
            if (answer?.status === 200) acknowledged.add(n);
          }
        });
        const goal = acknowledged.size + 100;
        await expect.poll(() => acknowledged.size, { interval: 20 }).toBeGreaterThan(goal);
        await engine.stop('SIGKILL');
        dead.abort();
        await Promise.all(writers);
        own.close();
      }
      const again = await startEngineProcess(['--db', join(folder, 'k.db')]);
      const own = new Client(again.url);
      const answer = await own.execute(DB, 'K | project N');
      const stored = [...(answer.primaryResults[0]?.rows() ?? [])].map((row) => Number((row as Row).toJSON()['N']));
      expect(new Set(stored).size).toBe(stored.length);
      const storedSet = new Set(stored);
      expect([...acknowledged].filter((n) => !storedSet.has(n))).toEqual([]);
      own.close();
      expect(await again.stop('SIGTERM')).toBe(0);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
