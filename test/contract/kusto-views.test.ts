import { Client } from 'azure-kusto-data';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startKusto, type KustoServer } from '../../local/kusto/http/server.ts';

const DB = 'framewatch';
let server: KustoServer;
let client: Client;

const rowsOf = async (query: string): Promise<string[]> => {
  const answer = await client.execute(DB, query);
  const rows = [...(answer.primaryResults[0]?.rows() ?? [])];
  // Sums of reals come in another order, so they are compared to nine digits.
  return rows
    .map((row) =>
      JSON.stringify((row as { toJSON(): unknown }).toJSON(), (_key, value: unknown) =>
        typeof value === 'number' ? Number(value.toPrecision(9)) : value,
      ),
    )
    .sort();
};

/** mulberry32: the same numbers for the same seed. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const ingest = async (rows: readonly object[]): Promise<void> => {
  const answer = await fetch(`${server.url}/v1/rest/ingest/${DB}/Beats?streamFormat=json`, {
    method: 'POST',
    body: rows.map((row) => JSON.stringify(row)).join('\n'),
  });
  expect(answer.status).toBe(200);
};

const VIEWS: Readonly<Record<string, { source: string; query: string }>> = {
  Dedup: { source: 'table Beats', query: 'Beats | summarize take_any(*) by Id' },
  Merged: {
    source: 'materialized-view Dedup',
    query:
      "Dedup | summarize N = count(), Slow = countif(Ms > 50), S = sum(Ms), S2 = sumif(Ms, Cdn == 'a'), Lo = min(Ms), Hi = max(Ms) by bin(At, 1m), Cdn",
  },
  Recomputed: {
    source: 'materialized-view Dedup',
    query:
      'Dedup | extend Slow = Ms > 50 | summarize N = count(), P = percentiles(Ms, 50, 95), U = dcount(Id), A = avg(Ms) by At = bin(At, 5m), Slow',
  },
  // The step makes its own column, so the range of the source's column says nothing about the groups.
  Shifted: { source: 'table Beats', query: 'Beats | extend At = At + 1h | summarize U = dcount(Id) by bin(At, 1h)' },
  Total: { source: 'table Beats', query: 'Beats | summarize U = dcount(Cdn), N = count()' },
  Newest: { source: 'table Beats', query: 'Beats | where isnotnull(Seq) | summarize arg_max(Seq, *) by Cdn' },
};

beforeAll(async () => {
  server = await startKusto({ file: ':memory:', port: 0, warmUp: false });
  client = new Client(server.url);
  await client.execute(DB, '.create-merge table Beats (At:datetime, Cdn:string, Ms:real, Id:string, Seq:long)');
  for (const [name, { source, query }] of Object.entries(VIEWS)) {
    await client.execute(
      DB,
      `.create-or-alter materialized-view with (folder='test') ${name} on ${source} { ${query} }`,
    );
  }
});

afterAll(async () => {
  client.close();
  await server.close();
});

describe('materialized views', () => {
  it('after every batch of random, late and repeated rows a view holds what its query gives over all rows', async () => {
    const next = random(7);
    let seq = 0;
    for (let round = 0; round < 8; round++) {
      const rows = Array.from({ length: 1 + Math.floor(next() * 60) }, () => {
        const isRepeat = next() < 0.2 && seq > 0;
        const id = isRepeat ? Math.floor(next() * seq) : seq++;
        // Rows with the same id are the same row, so that take_any has nothing to choose.
        const own = random(id);
        return {
          At: own() < 0.05 ? null : new Date(1767225600000 + Math.floor(own() * 3 * 3600_000)).toISOString(),
          Cdn: ['a', 'b', 'c', ''][Math.floor(own() * 4)],
          Ms: own() < 0.1 ? null : Math.round(own() * 100),
          Id: `e${id}`,
          Seq: id * 2,
        };
      });
      await ingest(rows);
      for (const [name, { query }] of Object.entries(VIEWS)) {
        const expected = query.replaceAll('Dedup |', '(Beats | summarize take_any(*) by Id) |');
        expect(await rowsOf(name), `${name} in round ${round}`).toEqual(await rowsOf(expected));
      }
    }
  });

  it('several clients that read while rows come see every acknowledged row', async () => {
    await client.execute(DB, '.create table Fast (Id:string)');
    await client.execute(
      DB,
      '.create materialized-view FastCount on table Fast { Fast | summarize N = count() by Id }',
    );
    let sent = 0;
    const write = async (): Promise<void> => {
      for (let i = 0; i < 15; i++) {
        await fetch(`${server.url}/v1/rest/ingest/${DB}/Fast?streamFormat=json`, {
          method: 'POST',
          body: '{"Id":"x"}\n{"Id":"x"}',
        });
        sent += 2;
        const before = sent;
        const [row] = await rowsOf('FastCount');
        expect((JSON.parse(row ?? '{}') as { N: number }).N).toBeGreaterThanOrEqual(before);
      }
    };
    await Promise.all([write(), write(), write()]);
    expect(await rowsOf('FastCount | project N')).toEqual(['{"N":90}']);
  });

  it('rows from before a view are in it with backfill only', async () => {
    await client.execute(
      DB,
      '.create materialized-view with (backfill=true) Filled on table Fast { Fast | summarize N = count() by Id }',
    );
    await client.execute(DB, '.create materialized-view Later on table Fast { Fast | summarize N = count() by Id }');
    expect(await rowsOf('Filled | project N')).toEqual(['{"N":90}']);
    expect(await rowsOf('Later | project N')).toEqual([]);
  });

  it('a column added to the source later does not stop a view of all columns', async () => {
    await client.execute(DB, '.create table Wide (Id:string, A:long)');
    await client.execute(DB, '.create materialized-view WideOnce on table Wide { Wide | summarize take_any(*) by Id }');
    await client.execute(
      DB,
      '.create materialized-view WideLast on table Wide { Wide | summarize arg_max(A, *) by Id }',
    );
    await client.execute(DB, '.ingest inline into table Wide <|\nx,1');
    await client.execute(DB, '.create-merge table Wide (B:string)');
    await client.execute(DB, '.ingest inline into table Wide <|\ny,2,new\nx,3,newer');
    expect(await rowsOf('WideOnce')).toEqual(['{"Id":"x","A":1}', '{"Id":"y","A":2}']);
    expect(await rowsOf('WideLast')).toEqual(['{"Id":"x","A":3}', '{"Id":"y","A":2}']);
  });

  it('a view that cannot be kept up to date is refused when it is made', async () => {
    for (const [query, word] of [
      ['Beats | summarize count() by Cdn | where count_ > 1', 'last operator'],
      ['Beats | summarize R = sum(Ms) / count() by Cdn', 'single aggregate'],
      ['Fast | summarize count() by Id', 'Beats'],
      ['Beats | summarize count() by Nowhere', 'Nowhere'],
    ] as const) {
      const answer = await fetch(`${server.url}/v1/rest/mgmt`, {
        method: 'POST',
        body: JSON.stringify({ db: DB, csl: `.create materialized-view Bad on table Beats { ${query} }` }),
      });
      expect(answer.status).toBe(400);
      expect(((await answer.json()) as { error: Record<string, string> }).error['@message']).toContain(word);
    }
  });

  it('a source of a view cannot be dropped under it', async () => {
    await expect(client.execute(DB, '.drop table Beats')).rejects.toThrow(/400/);
    await client.execute(DB, '.drop materialized-view Later');
    expect(await rowsOf(".show materialized-views | where Name == 'Later' | count")).toEqual(['{"Count":0}']);
  });
});
