import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'azure-kusto-data';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applyRetention } from '../../local/kusto/exec/retention.ts';
import { startKusto, type KustoServer } from '../../local/kusto/http/server.ts';

const DB = 'framewatch';
const folder = mkdtempSync(join(tmpdir(), 'kusto-mgmt-'));
const options = { file: join(folder, 'm.db'), port: 0, warmUp: false };
let server: KustoServer;
let client: Client;

const run = async (command: string): Promise<Record<string, unknown>[]> => {
  const answer = await client.execute(DB, command);
  return [...(answer.primaryResults[0]?.rows() ?? [])].map((row) =>
    (row as { toJSON(): Record<string, unknown> }).toJSON(),
  );
};

/** The message of a refusal; fails when the command passes. */
const refusal = async (csl: string): Promise<string> => {
  const answer = await fetch(`${server.url}/v1/rest/mgmt`, { method: 'POST', body: JSON.stringify({ db: DB, csl }) });
  expect(answer.status).toBe(400);
  return String(((await answer.json()) as { error: Record<string, unknown> }).error['@message']);
};

beforeAll(async () => {
  server = await startKusto(options);
  client = new Client(server.url);
});

afterAll(async () => {
  client.close();
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

const schemaOf = async (table: string): Promise<unknown> =>
  (await run(`.show table ${table} cslschema`))[0]?.['Schema'];

describe('tables', () => {
  it('create-merge adds columns and keeps data, alter drops and reorders, a lost type is refused', async () => {
    await run(".create-merge table T (A:string, B:long) with (folder='x', docstring='says\\nwhat')");
    await run('.ingest inline into table T <|\na,1\nb,2');
    await run('.create-merge tables T (B:long, C:real), U (X:datetime)');
    expect(await schemaOf('T')).toBe('A:string, B:long, C:real');
    expect(await refusal('.create-merge table T (A:long)')).toContain("Column 'A'");
    await run('.alter table T (C:real, A:string, D:string)');
    expect(await schemaOf('T')).toBe('C:real, A:string, D:string');
    expect(await run('T | order by A asc')).toEqual([
      { C: null, A: 'a', D: '' },
      { C: null, A: 'b', D: '' },
    ]);
    expect(await run('.show tables | where TableName == "T" | project Folder, DocString')).toEqual([
      { Folder: 'x', DocString: 'says\nwhat' },
    ]);
  });

  it('docstrings, rename with mappings and policies, drop ifexists', async () => {
    await run(".alter-merge table T column-docstrings (A:'the a', C:'the c')");
    await run(".alter table T docstring 'new'");
    await run(`.create table T ingestion json mapping "M" '[{"column":"A",' '"Properties":{"Path":"$.a"}}]'`);
    await run('.alter table T policy caching hot = 3d');
    await run('.rename table T to T2');
    expect(await run('.show table T2 ingestion json mappings | project Name, Table')).toEqual([
      { Name: 'M', Table: 'T2' },
    ]);
    expect((await run('.show table T2 policy caching'))[0]?.['Policy']).toContain('3.00:00:00');
    const json = JSON.parse(String((await run('.show table T2 schema as json'))[0]?.['Schema'])) as {
      OrderedColumns: object[];
    };
    expect(json.OrderedColumns[1]).toMatchObject({ Name: 'A', DocString: 'the a' });
    await run('.drop table U');
    await run('.drop table U ifexists');
    expect(await refusal('.drop table U')).toContain("'U'");
  });

  it('clear and soft delete', async () => {
    await run('.set Gone <| range N from 1 to 10 step 1');
    await run('.delete table Gone records <| Gone | where N > 7');
    expect(await run('Gone | summarize max(N), count()')).toEqual([{ max_N: 7, count_: 7 }]);
    await run('.clear table Gone data');
    expect(await run('Gone | count')).toEqual([{ Count: 0 }]);
  });
});

describe('functions', () => {
  it('are created, called, shown, changed and dropped', async () => {
    await run(
      ".create-or-alter function with (folder='F', docstring='doubles; says \\'x\\'', skipvalidation=true) Twice(a:long, b:long=2) { a * b }",
    );
    expect(await run('print x = Twice(21)')).toEqual([{ x: 42 }]);
    await run(
      '.create-or-alter function Big(least:long) {\n  // a comment with } in it\n  Nums3 | where N >= least\n}',
    ).catch(() => {});
    expect(await refusal('.create-or-alter function Bad() { Nowhere | count }')).toContain("Function 'Bad'");
    expect(await refusal('.create function Twice() { print 1 }')).toContain('already exists');
    expect(await run('.show functions | project Name, Folder, DocString')).toEqual([
      { Name: 'Twice', Folder: 'F', DocString: "doubles; says 'x'" },
    ]);
    await run('.drop function Twice');
    expect(await run('.show functions')).toEqual([]);
  });
});

describe('ingestion from a query', () => {
  it('goes by column order, replaces, and honours ingestIfNotExists', async () => {
    await run('.create table Days (Day:datetime, N:long, Note:string)');
    await run(`.append Days with (tags='["ingest-by:one"]') <| print d = datetime(2026-01-01), n = int(1), s = 'x'`);
    await run(`.append Days with (ingestIfNotExists='["one"]') <| print d = datetime(2026-01-02), n = 1, s = 'y'`);
    expect(await run('Days | count')).toEqual([{ Count: 1 }]);
    expect(await refusal(".append Days <| print a = 'text', b = 1, c = 'x'")).toContain("column 0 'Day'");
    await run(
      '.set-or-replace Days <| range i from 1 to 3 step 1 | project datetime(2026-01-01) + i * 1d, i, tostring(i)',
    );
    expect(await run('Days | summarize count(), max(Day)')).toEqual([{ count_: 3, max_Day: new Date('2026-01-04') }]);
  });

  it('an update policy runs over the new rows, in chains, and a transactional one refuses the rows when it fails', async () => {
    await run('.create tables Raw (Line:string), Parsed (K:string, V:long), Sums (V:long)');
    await run(
      ".create-or-alter function Parse() { Raw | extend P = split(Line, '=') | project K = tostring(P[0]), V = tolong(P[1]) }",
    );
    await run(
      '.alter table Parsed policy update ```[{"IsEnabled":true,"Source":"Raw","Query":"Parse()","IsTransactional":true}]```',
    );
    await run(
      '.alter table Sums policy update @\'[{"IsEnabled":true,"Source":"Parsed","Query":"Parsed | project V","IsTransactional":false}]\'',
    );
    await run('.ingest inline into table Raw <|\na=1\nb=2');
    await run('.ingest inline into table Raw <|\nc=4');
    expect(await run('Parsed | order by K asc')).toEqual([
      { K: 'a', V: 1 },
      { K: 'b', V: 2 },
      { K: 'c', V: 4 },
    ]);
    expect(await run('Sums | summarize sum(V)')).toEqual([{ sum_V: 7 }]);
    await run('.create-or-alter function with (skipvalidation=true) Parse() { Raw | project Missing }');
    expect(await refusal('.ingest inline into table Raw <|\nd=8')).toContain('update policy');
    expect(await run('Raw | count')).toEqual([{ Count: 3 }]);
    expect(await refusal(`.alter table Parsed policy update '[{"Source":"Raw","Query":"Raw"}]'`)).toContain('schema');
  });
});

describe('scripts', () => {
  it('run command by command, name the one that fails and stop when told', async () => {
    const script = `// tables
.create-merge table S1 (A:string)

.create-or-alter function with (skipvalidation=true) F1() {
S1
| where A != '.create nothing'
}
.show tables
.create-or-alter table Missing ingestion json mapping 'M' '[]'
.create-merge table S2 (A:string)`;
    const rows = await run(`.execute database script with (ContinueOnErrors=true) <|\n${script}`);
    expect(rows.map(({ CommandType, Result }) => [CommandType, Result])).toEqual([
      ['TableCreateMerge', 'Completed'],
      ['FunctionCreateOrAlter', 'Completed'],
      ['Show', 'Skipped'],
      ['TableCreateOrAlter', 'Failed'],
      ['TableCreateMerge', 'Completed'],
    ]);
    expect(await refusal(`.execute database script with (ThrowOnErrors=true) <|\n${script}`)).toContain('Missing');
  });

  it('running the same commands again changes nothing, so cached plans stay', async () => {
    const before = server.engine.catalog.version;
    await run('.create-merge table S1 (A:string)');
    await run(".create-or-alter function with (skipvalidation=true) F1() {\nS1\n| where A != '.create nothing'\n}");
    expect(server.engine.catalog.version).toBe(before);
  });
});

describe('retention', () => {
  it('deletes what came longer ago than the policy allows, and nothing else', async () => {
    await run('.create tables Old (N:long), Young (N:long)');
    await run('.ingest inline into table Old <|\n1\n2');
    await run('.ingest inline into table Young <|\n1');
    await run('.alter table Old policy retention ```{"SoftDeletePeriod":"00:00:00.0010000"}```');
    await run('.alter-merge table Young policy retention softdelete = 1d');
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await applyRetention(server.engine)).toBe(2);
    expect(await run('union withsource=T Old, Young | summarize count() by T')).toEqual([{ T: 'Young', count_: 1 }]);
  });
});

describe('the file', () => {
  it('keeps schema, data, views and their state over a restart', async () => {
    await run('.create table Kept (Id:string)');
    await run('.create materialized-view KeptOnce on table Kept { Kept | summarize take_any(*) by Id }');
    await run('.ingest inline into table Kept <|\na\nb\na');
    await server.close();
    server = await startKusto(options);
    client.close();
    client = new Client(server.url);
    expect(await run('KeptOnce | count')).toEqual([{ Count: 2 }]);
    await run('.ingest inline into table Kept <|\nb\nc');
    expect(await run('KeptOnce | count')).toEqual([{ Count: 3 }]);
    expect(await run('Kept | count')).toEqual([{ Count: 5 }]);
    expect(await run('.show table T2 policy caching | project EntityName')).toEqual([{ EntityName: `[${DB}].[T2]` }]);
    expect(await schemaOf('Parsed')).toBe('K:string, V:long');
  });
});
