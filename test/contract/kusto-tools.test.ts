// What tools ask besides queries: the web UI, Kusto.Explorer, deployment scripts. Columns are those of the documentation.

import { Client } from 'azure-kusto-data';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startKusto, type KustoServer } from '../../local/kusto/http/server.ts';

const DB = 'framewatch';
type Row = Record<string, unknown>;
let server: KustoServer;
let client: Client;

const run = async (csl: string): Promise<Row[]> => {
  const { primaryResults } = csl.startsWith('.')
    ? await client.executeMgmt(DB, csl)
    : await client.executeQuery(DB, csl);
  return [...(primaryResults[0]?.rows() ?? [])].map((row) => row.toJSON<Row>());
};
const columnsOf = async (csl: string): Promise<string[]> =>
  (await client.executeMgmt(DB, csl)).primaryResults[0]?.columns.map(({ name }) => name ?? '') ?? [];
const refusal = async (csl: string): Promise<string> => {
  const answer = await fetch(`${server.url}/v1/rest/mgmt`, { method: 'POST', body: JSON.stringify({ db: DB, csl }) });
  expect(answer.status).toBe(400);
  return String(((await answer.json()) as { error: Row }).error['@message']);
};

beforeAll(async () => {
  server = await startKusto({ file: ':memory:', port: 0 });
  client = new Client(server.url);
});
afterAll(async () => {
  client.close();
  await server.close();
});

describe('renaming', () => {
  it('swaps tables in one step, with their rows, mappings and equal policies', async () => {
    await run('.set A <| print N = 1');
    await run('.set B <| print N = 2');
    for (const name of ['A', 'B']) await run(`.alter table ${name} policy retention softdelete = 9d`);
    await run(`.create table A ingestion csv mapping 'm' '[{"column":"N","Properties":{"Ordinal":"0"}}]'`);
    await run('.rename tables A = B, B = A');
    expect(await run('A | union (B | extend N = N * 10) | order by N asc')).toEqual([{ N: 2 }, { N: 10 }]);
    expect((await run('.show table B ingestion mappings')).map(({ Name }) => Name)).toEqual(['m']);
    expect(await run('.show table A ingestion mappings')).toEqual([]);
    for (const name of ['A', 'B'])
      expect((await run(`.show table ${name} policy retention`))[0]?.['Policy']).toContain('9.00:00:00');
    expect(await refusal('.rename tables A = Missing')).toContain('Missing');
    await run('.rename tables Spare = Missing ifexists, A2 = A');
    expect(await refusal('.rename tables B = A2')).toContain('already exists');
    await run('.rename table A2 to A');
  });

  it('swaps columns, and a source table together with its views', async () => {
    await run('.set Wide <| print Old = "o", New = "n", Id = 1');
    await run('.rename columns New = Wide.Old, Old = Wide.New');
    expect(await run('Wide')).toEqual([{ New: 'o', Old: 'n', Id: 1 }]);
    await run(
      '.create materialized-view with (backfill=true) Latest on table Wide { Wide | summarize arg_max(Id, *) by Old }',
    );
    expect(await refusal('.rename table Wide to Broad')).toContain('updateMaterializedViews');
    await run('.rename table Wide to Broad with (updateMaterializedViews=true)');
    await run('.append Broad <| print New = "x", Old = "y", Id = 2');
    expect(await run('Latest | count')).toEqual([{ Count: 2 }]);
    await run('.rename materialized-view Latest to Newest');
    expect(await run('Newest | count')).toEqual([{ Count: 2 }]);
  });
});

describe('soft delete', () => {
  it('removes the rows of a predicate, after telling how many with whatif', async () => {
    await run('.set People <| range Id from 1 to 10 step 1 | extend Name = strcat("p", Id)');
    const predicate = 'let gone = dynamic([2, 3, 5]); People | extend x = Id | where x in (gone) // gone for good';
    expect(await run(`.delete table People records with (whatif=true) <| ${predicate}`)).toMatchObject([
      { RecordsMatchPredicate: 3 },
    ]);
    expect(await run('People | count')).toEqual([{ Count: 10 }]);
    expect(await run(`.delete table People records <| ${predicate}`)).toMatchObject([{ RecordsMatchPredicate: 3 }]);
    expect(await run(`.delete table People records <| ${predicate}`)).toEqual([]);
    await run('.delete table People records <| People | where Id > 8 | project Name');
    expect((await run('People | order by Id asc')).map(({ Id }) => Id)).toEqual([1, 4, 6, 7, 8]);
  });

  it('of a materialized view leaves its source alone', async () => {
    await run(
      '.create materialized-view with (backfill=true) PersonView on table People { People | summarize arg_max(Id, *) by Name }',
    );
    await run('.append People <| print Id = 20, Name = "late"');
    await run(".delete materialized-view PersonView records <| PersonView | where Name in ('p1', 'late')");
    expect(await run('PersonView | count')).toEqual([{ Count: 4 }]);
    expect(await run('People | count')).toEqual([{ Count: 6 }]);
  });

  it('refuses what could delete more than was meant', async () => {
    expect(await refusal('.delete table People records <| People')).toContain('where');
    expect(await refusal('.delete table People records <| People | where Id in ((Broad | project Id))')).toContain(
      "'Broad'",
    );
    expect(await refusal('.delete table People records <| People | where Id > 0 | summarize count()')).toContain(
      "'summarize'",
    );
    expect(await refusal('.delete table People records <| Broad | where Id > 0')).toContain("'People'");
    expect(await refusal('.purge table People records <| where Id > 0')).toContain('.delete table');
    expect(await run('People | count')).toEqual([{ Count: 6 }]);
  });

  it('whole tables: clear data, drop extents by age', async () => {
    await run('.drop extents older 1 days from People');
    expect(await run('People | count')).toEqual([{ Count: 6 }]);
    expect(await run('.drop-pretend extents from People')).toMatchObject([{ TableName: 'People' }]);
    expect(await run('.drop extents from People')).toMatchObject([{ TableName: 'People' }]);
    expect(await run('People | count')).toEqual([{ Count: 0 }]);
    expect(await refusal('.move extents all from table A to table B')).toContain('.rename tables');
    await run('.clear table A data');
    expect(await run('A | count')).toEqual([{ Count: 0 }]);
  });
});

it('a table is made like another, once', async () => {
  await run('.create table Alike based-on Broad with (folder="x")');
  await run('.create table Alike based-on A ifnotexists');
  expect((await run('.show table Alike cslschema'))[0]).toMatchObject({
    Schema: 'New:string, Old:string, Id:long',
    Folder: 'x',
  });
  expect(await run('Alike | count')).toEqual([{ Count: 0 }]);
});

it('mappings of a database, of one kind', async () => {
  expect(await run('.show database ingestion mappings')).toHaveLength(1);
  expect(await run(`.show database ${DB} ingestion csv mappings`)).toMatchObject([{ Name: 'm', Table: 'B' }]);
  expect(await run('.show ingestion json mappings')).toEqual([]);
});

describe('what is shown', () => {
  it('views: properties, details, schema', async () => {
    await run('.alter materialized-view Newest docstring "the newest"');
    await run('.alter materialized-view Newest folder "views"');
    await run('.alter materialized-view Newest lookback 6h');
    expect(await run('.show materialized-view Newest | project DocString, Folder, Lookback')).toMatchObject([
      { DocString: 'the newest', Folder: 'views', Lookback: 6 * 3_600_000 },
    ]);
    expect(await run('.show materialized-view Newest details')).toMatchObject([
      { MaterializedViewName: 'Newest', DatabaseName: DB, TotalRowCount: 2, Folder: 'views' },
    ]);
    const [schema] = await run('.show materialized-view Newest cslschema');
    expect(schema).toMatchObject({ TableName: 'Newest', Schema: 'Old:string, Id:long, New:string' });
    expect(await run('.show materialized-view Newest failures')).toEqual([]);
    expect(await refusal('.show materialized-view Newest nonsense')).toContain('nonsense');
  });

  it('the journal tells who changed what, with both states', async () => {
    await run('.create table Logged (A:long)');
    await run('.rename table Logged to Logged2');
    await run('.drop table Logged2');
    const entries = await run(".show journal | where EntityName startswith 'Logged'");
    expect(entries.map(({ Event, EntityName, UpdatedEntityName }) => [Event, EntityName, UpdatedEntityName])).toEqual([
      ['DROP-TABLE', 'Logged2', ''],
      ['RENAME-TABLE', 'Logged', 'Logged2'],
      ['CREATE-TABLE', 'Logged', 'Logged'],
    ]);
    expect(entries[1]?.['ChangeCommand']).toBe('.rename table Logged to Logged2');
    expect(String(entries[0]?.['OriginalEntityState'])).toContain('Logged2');
  });

  it('policies of a table and of the whole database', async () => {
    const all = await run('.show database policies');
    expect(all.map(({ EntityName }) => EntityName)).toEqual(expect.arrayContaining([`[${DB}].[A]`, `[${DB}].[B]`]));
    expect(await run('.show table B policy *')).toMatchObject([{ PolicyName: 'RetentionPolicy', EntityType: 'Table' }]);
  });

  it('a pretty name is found again as a database', async () => {
    await run(`.alter database ${DB} prettyname 'Our viewers'`);
    expect(await run('.show databases | project DatabaseName, PrettyName')).toEqual([
      { DatabaseName: DB, PrettyName: 'Our viewers' },
    ]);
    const { primaryResults } = await client.executeQuery('Our viewers', 'print 1');
    expect(primaryResults).toHaveLength(1);
  });

  it('entities, identity and empty lists have the documented columns', async () => {
    expect((await run('.show databases entities')).map(({ EntityType }) => EntityType)).toContain('MaterializedView');
    expect(await run('.show databases identity')).toMatchObject([
      { DatabaseName: DB, CurrentUserIsUnrestrictedViewer: true },
    ]);
    expect(await columnsOf('.show external tables')).toEqual([
      'TableName',
      'TableType',
      'Folder',
      'DocString',
      'Properties',
    ]);
    expect(await columnsOf(`.show database ${DB} principals`)).toEqual([
      'Role',
      'PrincipalType',
      'PrincipalDisplayName',
      'PrincipalObjectId',
      'PrincipalFQN',
    ]);
    expect(await columnsOf('.show workload_groups')).toEqual(['WorkloadGroupName', 'WorkloadGroup']);
    expect(await run('.show principal roles')).toMatchObject([{ Role: 'AllDatabasesAdmin' }]);
    expect(await refusal(`.add database ${DB} viewers ('aaduser=x@example.com')`)).toContain('sign-in');
  });

  it('refused streaming requests are counted by what they have in common', async () => {
    const send = (body: string): Promise<Response> =>
      fetch(`${server.url}/v1/rest/ingest/${DB}/A?streamFormat=json`, { method: 'POST', body });
    for (const body of ['{"N":', '{"N":1}}', '{"N":1}']) await (await send(body)).text();
    expect(await run('.show streamingingestion failures')).toMatchObject([
      { Database: DB, Table: 'A', Count: 2, FailureKind: 'Permanent', ErrorCode: 'Stream_MalformedJson' },
    ]);
    expect(await columnsOf('.show ingestion failures')).toEqual(
      expect.arrayContaining([
        'OperationId',
        'OperationKind',
        'OriginatesFromUpdatePolicy',
        'ErrorCode',
        'ShouldRetry',
        'NumberOfSources',
      ]),
    );
  });
});
