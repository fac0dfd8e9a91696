// Every request form of Grafana's Azure Data Explorer plugin, replayed: the shapes that its backend reads come back.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startKusto, type KustoServer } from '../../local/kusto/http/server.ts';

const DB = 'framewatch';
let server: KustoServer;

interface V1Table {
  TableName: string;
  Columns: { ColumnName: string; ColumnType: string }[];
  Rows: unknown[][];
}

async function send(path: string, csl: string, source: string): Promise<V1Table> {
  const answer = await fetch(`${server.url}${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json',
      'x-ms-app': 'Grafana-ADX',
      'x-ms-client-request-id': `KGC.${source};1f2e`,
    },
    body: JSON.stringify({
      db: DB,
      csl,
      querySource: source,
      properties: {
        options: { queryconsistency: 'weakconsistency', query_results_cache_max_age: '', servertimeout: '00:00:30' },
      },
    }),
  });
  const text = await answer.text();
  expect(answer.status, text).toBe(200);
  const table = (JSON.parse(text) as { Tables: V1Table[] }).Tables[0];
  if (!table) throw new Error('no table');
  return table;
}

const query = (csl: string, source = 'dashboard'): Promise<V1Table> => send('/v1/rest/query', csl, source);
const manage = (csl: string): Promise<V1Table> => send('/v1/rest/mgmt', csl, 'schema');
const typesOf = (table: V1Table): string[] =>
  table.Columns.map(({ ColumnName, ColumnType }) => `${ColumnName}:${ColumnType}`);

beforeAll(async () => {
  server = await startKusto({ file: ':memory:', port: 0, memoryLimit: '1GB' });
  await manage('.create table Beats (Ts:datetime, Cdn:string, Kbps:real, N:long, Props:dynamic)');
  await manage(
    '.set-or-append Beats <| range i from 0 to 11 step 1 | project Ts = datetime(2026-03-01) + i * 10m, Cdn = iff(i % 2 == 0, "a", "b"), Kbps = 100.0 * i, N = i, Props = bag_pack("edge", strcat("e", i % 3), "n", i)',
  );
  await manage(
    '.create-or-alter function ByCdn (since:datetime) { Beats | where Ts >= since | summarize n = count() by Cdn }',
  );
  await manage('.create materialized-view PerCdn on table Beats { Beats | summarize n = count() by Cdn }');
});
afterAll(async () => server.close());

describe('connection and schema', () => {
  it('the health check is a command on the query endpoint', async () => {
    const table = await query('.show databases schema', 'schema');
    expect(table.Rows.length).toBeGreaterThan(0);
  });

  it('databases: name in column 0, pretty name in column 5', async () => {
    const table = await manage('.show databases');
    expect(table.Rows[0]?.[0]).toBe(DB);
    expect(table.Columns[5]?.ColumnName).toBe('PrettyName');
  });

  it.each(['.show databases schema as json', `.show databases (['${DB}']) schema as json`])(
    '%s: tables, columns, functions, views in Rows[0][0]',
    async (command) => {
      const schema = JSON.parse(String((await manage(command)).Rows[0]?.[0])) as {
        Databases: Record<string, Record<string, Record<string, unknown>>>;
      };
      const database = schema.Databases[DB];
      expect(database?.['Tables']?.['Beats']).toMatchObject({
        Name: 'Beats',
        OrderedColumns: expect.arrayContaining([
          { Name: 'Ts', Type: 'System.DateTime', CslType: 'datetime' },
        ]) as unknown,
      });
      expect(database?.['Functions']).toHaveProperty('ByCdn');
      expect(database?.['MaterializedViews']).toHaveProperty('PerCdn');
      expect(database).toHaveProperty('ExternalTables');
    },
  );
});

describe('the editor', () => {
  it('schema of a function: getschema', async () => {
    const table = await query('ByCdn(datetime(2026-01-01)) | getschema', 'schema');
    expect(typesOf(table)).toEqual(['ColumnName:string', 'ColumnOrdinal:int', 'DataType:string', 'ColumnType:string']);
    expect(table.Rows.map((row) => [row[0], row[3]])).toEqual([
      ['Cdn', 'string'],
      ['n', 'long'],
    ]);
  });

  it('schema of a dynamic column: buildschema over a sample', async () => {
    const table = await query(
      'Beats | take 50000 | where isnotnull(Props) | project Props | summarize buildschema(Props)',
      'schema',
    );
    expect(typesOf(table)).toEqual(['schema_Props:dynamic']);
    const cell = table.Rows[0]?.[0];
    expect(typeof cell === 'string' ? JSON.parse(cell) : cell).toEqual({ edge: 'string', n: 'long' });
  });

  it('values for a filter: distinct', async () => {
    const table = await query(
      'Beats | where Ts >= datetime(2026-03-01T00:00:00Z) and Ts <= datetime(2026-03-01T06:00:00Z) | take 50000 | distinct Cdn | take 251',
      'autocomplete',
    );
    expect(table.Rows.map((row) => String(row[0])).toSorted()).toEqual(['a', 'b']);
  });

  it('what the visual query builder writes: filter, aggregate by bin, order', async () => {
    const table = await query(
      'Beats | where Ts >= datetime(2026-03-01T00:00:00Z) and Ts <= datetime(2026-03-01T02:00:00Z) | where Cdn == "a" | summarize avg(Kbps), count() by bin(Ts, 3600000ms), Cdn | order by Ts asc',
      'visual',
    );
    expect(typesOf(table)).toEqual(['Ts:datetime', 'Cdn:string', 'avg_Kbps:real', 'count_:long']);
    expect(table.Rows).toEqual([
      ['2026-03-01T00:00:00Z', 'a', 200, 3],
      ['2026-03-01T01:00:00Z', 'a', 800, 3],
    ]);
  });
});

describe('panels', () => {
  it('format table: every type as the backend decodes it', async () => {
    const table = await query(
      'print s = "x", g = guid(74be27de-1e4e-49d9-b579-fe0b331d3642), t = 90s, d = datetime(2026-01-02T03:04:05.1234567Z), i = int(1), l = 2, r = 1.5, nan = real(nan), inf = real(+inf), b = true, m = decimal(1.25), j = dynamic({"a":1}), n = long(null)',
    );
    const [s, g, t, d, i, l, r, nan, inf, b, , j, n] = table.Rows[0] ?? [];
    expect([s, g, t, d]).toEqual([
      'x',
      '74be27de-1e4e-49d9-b579-fe0b331d3642',
      '00:01:30',
      '2026-01-02T03:04:05.1234567Z',
    ]);
    expect([i, l, r, nan, inf, n]).toEqual([1, 2, 1.5, 'NaN', 'Infinity', null]);
    expect([true, 1]).toContain(b);
    expect(typeof j === 'string' ? JSON.parse(j) : j).toEqual({ a: 1 });
  });

  it('format time_series: a datetime, numbers, labels as text, in order of time', async () => {
    const table = await query(
      'Beats | where Ts >= datetime(2026-03-01T00:00:00Z) and Ts <= datetime(2026-03-01T02:00:00Z) | summarize Value = sum(N) by Time = bin(Ts, 60000ms * 60), Cdn | sort by Time asc, Cdn asc',
    );
    expect(typesOf(table)).toEqual(['Time:datetime', 'Cdn:string', 'Value:long']);
    expect(table.Rows).toEqual([
      ['2026-03-01T00:00:00Z', 'a', 6],
      ['2026-03-01T00:00:00Z', 'b', 9],
      ['2026-03-01T01:00:00Z', 'a', 24],
      ['2026-03-01T01:00:00Z', 'b', 27],
    ]);
  });

  it('format time_series_adx_series: a dynamic column named Timestamp, arrays of one length, text labels', async () => {
    const table = await query(
      'Beats | make-series Value = sum(N) default=0 on Timestamp = Ts from datetime(2026-03-01T00:00:00Z) to datetime(2026-03-01T03:00:00Z) step 3600000ms by Cdn | sort by Cdn asc',
    );
    const types = Object.fromEntries(table.Columns.map(({ ColumnName, ColumnType }) => [ColumnName, ColumnType]));
    expect(types).toEqual({ Cdn: 'string', Value: 'dynamic', Timestamp: 'dynamic' });
    const cell = (row: number, name: string): unknown[] => {
      const value = table.Rows[row]?.[table.Columns.findIndex(({ ColumnName }) => ColumnName === name)];
      return (typeof value === 'string' ? JSON.parse(value) : value) as unknown[];
    };
    expect(cell(0, 'Value')).toEqual([6, 24, 0]);
    expect(cell(1, 'Value')).toEqual([9, 27, 0]);
    expect(cell(0, 'Timestamp').map((time) => Date.parse(String(time)))).toEqual(
      [0, 1, 2].map((hour) => Date.UTC(2026, 2, 1, hour)),
    );
    expect(cell(1, 'Timestamp')).toHaveLength(3);
  });

  it('annotations: time, timeEnd, title, tags', async () => {
    const table = await query(
      'Beats | where Ts >= datetime(2026-03-01T00:00:00Z) and Ts <= datetime(2026-03-01T02:00:00Z) | where N == 3 | project ["time"] = Ts, timeEnd = Ts + 5m, title = strcat("N ", N), text = Cdn, tags = "x,y"',
      'annotation',
    );
    expect(typesOf(table)).toEqual(['time:datetime', 'timeEnd:datetime', 'title:string', 'text:string', 'tags:string']);
    expect(table.Rows).toEqual([['2026-03-01T00:30:00Z', '2026-03-01T00:35:00Z', 'N 3', 'b', 'x,y']]);
  });

  it('variables: a column of text; __text and __value keep their names', async () => {
    expect((await query('Beats | distinct Cdn | sort by Cdn asc', 'variable')).Rows).toEqual([['a'], ['b']]);
    const named = await query(
      'Beats | summarize by Cdn | project __text = toupper(Cdn), __value = Cdn | sort by __value asc',
    );
    expect(typesOf(named)).toEqual(['__text:string', '__value:string']);
  });

  it('the macros as they arrive: a list of values, all, quoted values', async () => {
    expect((await query(`Beats | where Cdn in ('a','b') and 1 == 1 | count`)).Rows).toEqual([[12]]);
    expect((await query(`Beats | where Cdn in (@'a', @'it''s') | count`)).Rows).toEqual([[6]]);
  });
});
