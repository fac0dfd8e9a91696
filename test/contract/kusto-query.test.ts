import { Client, ClientRequestProperties } from 'azure-kusto-data';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startKusto, type KustoServer } from '../../local/kusto/http/server.ts';

const DB = 'framewatch';
/** Damage of many more kinds is in kusto-damage.test.ts. */
const MUTATED = process.env['FRAMEWATCH_HEAVY'] === '1' ? 2000 : 500;
let server: KustoServer;
let client: Client;

interface V1 {
  Tables: { TableName: string; Columns: { ColumnName: string; ColumnType: string }[]; Rows: unknown[][] }[];
}
interface OneApi {
  error: Record<string, unknown>;
}

interface PartialFailure {
  OneApiErrors: OneApi[];
}

const post = (path: string, body: object, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${server.url}${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...headers },
  });

const rowsOf = async (query: string, properties?: ClientRequestProperties): Promise<unknown[]> => {
  const answer = await client.execute(DB, query, properties);
  return [...(answer.primaryResults[0]?.rows() ?? [])].map((row) => (row as { toJSON(): unknown }).toJSON());
};

beforeAll(async () => {
  server = await startKusto({ file: ':memory:', port: 0, memoryLimit: '1GB' });
  client = new Client(server.url);
  await client.execute(DB, ".create-merge table Nums (N:long, Name:string) with (folder='f', docstring='d')");
  await client.execute(DB, '.set-or-append Nums <| range N from 1 to 100 step 1 | extend Name = strcat("n", N)');
});

afterAll(async () => {
  client.close();
  await server.close();
});

describe('the data client', () => {
  it('reads every type of a v2 answer', async () => {
    const [row] = await rowsOf(
      'print b=true, i=int(1), l=long(2), r=1.5, s="ä", d=datetime(2026-01-02T03:04:05.6789012Z), t=1h, j=dynamic({"a":[1]}), g=guid(74be27de-1e4e-49d9-b579-fe0b331d3642), nan=real(nan)',
    );
    expect(row).toEqual({
      b: true,
      i: 1,
      l: 2,
      r: 1.5,
      s: 'ä',
      d: new Date('2026-01-02T03:04:05.678Z'),
      t: 3_600_000,
      j: { a: [1] },
      g: '74be27de-1e4e-49d9-b579-fe0b331d3642',
      nan: 'NaN',
    });
  });

  it('v1 gives the same rows and knows its table of contents', async () => {
    const answer = await client.executeQueryV1(DB, 'Nums | where N <= 2 | order by N asc');
    expect(answer.primaryResults).toHaveLength(1);
    expect([...(answer.primaryResults[0]?.rows() ?? [])].map((row) => (row as { toJSON(): unknown }).toJSON())).toEqual(
      [
        { N: 1, Name: 'n1' },
        { N: 2, Name: 'n2' },
      ],
    );
  });

  it('passes parameters', async () => {
    const properties = new ClientRequestProperties();
    properties.setParameter('wanted', '42');
    expect(
      await rowsOf('declare query_parameters(wanted:long); Nums | where N == wanted | project Name', properties),
    ).toEqual([{ Name: 'n42' }]);
  });

  it('is told line and column of a mistake, permanently', async () => {
    const answer = await post('/v2/rest/query', { db: DB, csl: 'Nums\n| where Nope > 1' });
    expect(answer.status).toBe(400);
    const { error } = (await answer.json()) as OneApi;
    expect(error['@permanent']).toBe(true);
    expect(error['@message']).toMatch(/Nope.*\[line:position=2:9\]/s);
    await expect(client.execute(DB, 'Nums | whre x')).rejects.toThrow(/400/);
  });

  it('hears of an unknown database and of an unknown command', async () => {
    const database = (await (await post('/v1/rest/query', { db: 'nowhere', csl: 'print 1' })).json()) as OneApi;
    expect(database.error['@message']).toContain("'nowhere'");
    const command = (await (await post('/v1/rest/mgmt', { db: DB, csl: '.frobnicate table T' })).json()) as OneApi;
    expect(command.error['@message']).toContain('.frobnicate');
  });

  it('gets its request id back and gzip when it asks', async () => {
    const answer = await post(
      '/v1/rest/query',
      { db: DB, csl: 'Nums' },
      { 'x-ms-client-request-id': 'KNC.execute;abc', 'accept-encoding': 'gzip' },
    );
    expect(answer.headers.get('x-ms-client-request-id')).toBe('KNC.execute;abc');
    expect(answer.headers.get('content-encoding')).toBe('gzip');
    expect(((await answer.json()) as V1).Tables[0]?.Rows).toHaveLength(100);
  });
});

describe('limits', () => {
  it('a runaway query is stopped by its server timeout and the engine goes on', async () => {
    const answer = await post('/v2/rest/query', {
      db: DB,
      csl: 'range a from 1 to 200000 step 1 | extend k = 1 | join kind=inner (range b from 1 to 200000 step 1 | extend k = 1) on k | where (a * b) % 7919 == 3 | count',
      properties: { Options: { servertimeout: '00:00:01' } },
    });
    expect(answer.status).toBe(504);
    expect(((await answer.json()) as OneApi).error['@permanent']).toBe(false);
    expect(await rowsOf('Nums | count')).toEqual([{ Count: 100 }]);
  });

  it('beyond 500,000 rows the answer ends with a partial failure, a caller’s own limit cuts', async () => {
    const answer = await post('/v2/rest/query', { db: DB, csl: 'range x from 1 to 600000 step 1' });
    expect(answer.status).toBe(200);
    const frames = (await answer.json()) as { Rows?: (unknown[] | PartialFailure)[]; HasErrors?: boolean }[];
    const rows = frames[2]?.Rows ?? [];
    expect(rows).toHaveLength(500_001);
    const failed = rows.at(-1) as PartialFailure;
    expect(failed.OneApiErrors[0]?.error).toMatchObject({ code: 'LimitsExceeded', '@permanent': false });
    expect(failed.OneApiErrors[0]?.error['@message']).toContain('E_QUERY_RESULT_SET_TOO_LARGE');
    expect(frames.at(-1)).toMatchObject({ HasErrors: true, OneApiErrors: failed.OneApiErrors });

    const wide = await post('/v1/rest/query', {
      db: DB,
      csl: 'range x from 1 to 70000 step 1 | extend s = strrep("abcdefgh", 128)',
    });
    const { Tables, Exceptions } = (await wide.json()) as { Tables: { Rows: unknown[] }[]; Exceptions: string[] };
    expect(Exceptions[0]).toContain('the set limit of 67108864 bytes');
    expect(Tables).toHaveLength(1);
    expect(Tables[0]?.Rows.at(-1)).toEqual({ Exceptions });

    const cut = await post('/v1/rest/query', {
      db: DB,
      csl: 'range x from 1 to 600000 step 1',
      properties: { Options: { query_take_max_records: 5 } },
    });
    expect(((await cut.json()) as V1).Tables[0]?.Rows).toHaveLength(5);
  });
});

describe('requests as Grafana’s Data Explorer plugin sends them', () => {
  const headers = { 'x-ms-app': 'Grafana-ADX', 'x-ms-client-request-id': 'KGC.dashboard;1f' };

  it('health check: a command posted to the query endpoint', async () => {
    const answer = await post(
      '/v1/rest/query',
      { db: '', csl: '.show databases schema', querySource: 'schema', properties: { options: {} } },
      headers,
    );
    expect(answer.status).toBe(200);
    expect(((await answer.json()) as V1).Tables[0]?.Columns.map(({ ColumnName }) => ColumnName)).toContain('TableName');
  });

  it('schema discovery: databases and their JSON', async () => {
    const databases = (await (
      await post('/v1/rest/mgmt', { csl: '.show databases', querySource: 'schema' }, headers)
    ).json()) as V1;
    expect(databases.Tables[0]?.Rows[0]?.[0]).toBe(DB);
    const schema = (await (
      await post('/v1/rest/mgmt', { csl: `.show databases (['${DB}']) schema as json` }, headers)
    ).json()) as V1;
    const parsed = JSON.parse(String(schema.Tables[0]?.Rows[0]?.[0])) as {
      Databases: Record<string, { Tables: Record<string, { OrderedColumns: unknown[] }> }>;
    };
    expect(parsed.Databases[DB]?.Tables['Nums']?.OrderedColumns[0]).toEqual({
      Name: 'N',
      Type: 'System.Int64',
      CslType: 'long',
    });
  });

  it('a panel query with lower-case options takes the first table', async () => {
    const body = {
      db: DB,
      csl: 'Nums | summarize Value = count() by Time = bin(datetime(2026-01-01) + N * 1m, 1h) | order by Time asc',
      querySource: 'dashboard',
      properties: {
        options: {
          queryconsistency: 'strongconsistency',
          query_results_cache_max_age: '00:00:30',
          servertimeout: '00:00:30',
        },
      },
    };
    const answer = (await (await post('/v1/rest/query', body, headers)).json()) as V1;
    expect(answer.Tables[0]?.Columns).toMatchObject([
      { ColumnName: 'Time', ColumnType: 'datetime' },
      { ColumnName: 'Value', ColumnType: 'long' },
    ]);
    expect(answer.Tables[0]?.Rows).toEqual([
      ['2026-01-01T00:00:00Z', 59],
      ['2026-01-01T01:00:00Z', 41],
    ]);
  });

  it('an error carries message, @type and @message', async () => {
    const { error } = (await (await post('/v1/rest/query', { db: DB, csl: 'Nums | where' }, headers)).json()) as OneApi;
    expect(error).toMatchObject({
      '@type': expect.stringContaining('Exception') as string,
      message: expect.any(String) as string,
      '@message': expect.any(String) as string,
    });
  });
});

describe('damaged requests', () => {
  it(`${MUTATED} mutated requests are each answered or refused, and the engine goes on`, async () => {
    const seeds = [
      'Nums | where N > 5 | summarize count() by bin(N, 10)',
      ".show tables | where TableName has 'N'",
      '.create-merge table X (A:long)',
      'print strcat("a", 1)',
      '.alter table Nums policy caching hot = 3d',
    ];
    const odd = ['(', ')', '|', "'", '"', '{', '[', '..', '\u0000', 'é', '-1', 'by', '<|', '\\', '//', '1e999'];
    let state = 12345;
    const next = (below: number): number => {
      state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
      return state % below;
    };
    const statuses = new Map<number, number>();
    for (let i = 0; i < MUTATED; i++) {
      const seed = seeds[next(seeds.length)] ?? '';
      const at = next(seed.length);
      const csl = seed.slice(0, at) + (odd[next(odd.length)] ?? '') + seed.slice(at + next(3));
      const body = JSON.stringify({ db: DB, csl, properties: { Options: { servertimeout: '00:00:05' } } });
      const path =
        [
          '/v1/rest/query',
          '/v2/rest/query',
          '/v1/rest/mgmt',
          '/v1/rest/ingest/framewatch/Nums?streamFormat=json',
          '/v1/rest/ingest/%ff/x',
        ][next(5)] ?? '';
      const answer = await fetch(`${server.url}${path}`, {
        method: 'POST',
        body: next(10) === 0 ? body.slice(0, next(body.length)) : body,
      });
      const text = await answer.text();
      expect(() => JSON.parse(text) as unknown, text).not.toThrow();
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
      expect([200, 400], `${path} ${csl}\n${text}`).toContain(answer.status);
    }
    expect(statuses.get(400)).toBeGreaterThan(MUTATED / 4);
    expect(statuses.get(200)).toBeGreaterThan(MUTATED / 20);
    expect((await fetch(`${server.url}/v1/rest/ping`)).status).toBe(200);
  });
});

describe('doors without a body', () => {
  it('a browser, a probe and the SDK’s discovery are answered', async () => {
    expect(await (await fetch(`${server.url}/`)).text()).toContain('/v2/rest/query');
    expect(await (await fetch(`${server.url}/v1/rest/ping`)).json()).toMatchObject({ databases: [DB] });
    expect(await (await fetch(`${server.url}/v1/rest/auth/metadata`)).json()).toHaveProperty('AzureAD.LoginEndpoint');
    expect((await fetch(`${server.url}/nope`)).status).toBe(404);
  });
});
