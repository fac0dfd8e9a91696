import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startKusto, type KustoServer } from '../../local/kusto/http/server.ts';

const DB = 'framewatch';
type Row = Record<string, unknown>;
let server: KustoServer;

const post = (path: string, csl: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${server.url}/v1/rest/${path}`, { method: 'POST', body: JSON.stringify({ db: DB, csl }), headers });

const run = async (csl: string, headers?: Record<string, string>): Promise<Row[]> => {
  const answer = await post(csl.startsWith('.') ? 'mgmt' : 'query', csl, headers);
  const text = await answer.text();
  expect(answer.status, text).toBe(200);
  const { Tables } = JSON.parse(text) as { Tables: { Columns: { ColumnName: string }[]; Rows: unknown[][] }[] };
  const [table] = Tables;
  return (table?.Rows ?? []).map((row) =>
    Object.fromEntries(row.map((value, i) => [table?.Columns[i]?.ColumnName ?? '', value])),
  );
};

const refusal = async (csl: string): Promise<string> => {
  const answer = await post('mgmt', csl);
  expect(answer.status).toBe(400);
  return String(((await answer.json()) as { error: Row }).error['@message']);
};

const until = async <T>(ask: () => Promise<T>, isDone: (value: T) => boolean): Promise<T> => {
  for (let tries = 0; ; tries++) {
    const value = await ask();
    if (isDone(value) || tries > 1200) return value;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};

beforeAll(async () => {
  server = await startKusto({ file: ':memory:', port: 0, memoryLimit: '1GB' });
});
afterAll(async () => {
  await server.close();
});

const ENDLESS =
  'range a from 1 to 300000 step 1 | extend k = 1 | join kind=inner (range b from 1 to 300000 step 1 | extend k = 1) on k | where (a * b) % 7919 == 3 | count';

describe('queries', () => {
  it('are shown with their caller, their rows and why they failed', async () => {
    await run('range x from 1 to 3 step 1', {
      'x-ms-client-request-id': 'Test;1',
      'x-ms-app': 'an app',
      'x-ms-user': 'ann',
    });
    await post('query', 'Nowhere | count', { 'x-ms-client-request-id': 'Test;2' });
    const shown = await run(
      '.show queries | project ClientActivityId, State, User, Application, FailureReason, ResultSetStatistics',
    );
    expect(shown.map((row) => [row['ClientActivityId'], row['State']])).toEqual([
      ['Test;2', 'Failed'],
      ['Test;1', 'Completed'],
    ]);
    expect(shown[0]?.['FailureReason']).toContain('Nowhere');
    expect(shown[1]).toMatchObject({ User: 'ann', Application: 'an app' });
    expect(shown[1]?.['ResultSetStatistics']).toEqual({ TableCount: 1, TableStatistics: [{ RowCount: 3 }] });
  });

  it('one that runs is shown as running and can be cancelled', async () => {
    const running = post('query', ENDLESS, { 'x-ms-client-request-id': 'Test;endless' });
    const [shown] = await until(
      () => run('.show running queries'),
      (rows) => rows.length > 0,
    );
    expect(shown).toMatchObject({ ClientActivityId: 'Test;endless', State: 'InProgress' });
    expect(await run(".cancel query 'Test;endless'")).toEqual([
      { ClientRequestId: 'Test;endless', RequestStatus: 'Cancelled' },
    ]);
    const answer = await running;
    expect(answer.status).toBe(504);
    expect(await answer.text()).toContain('cancelled');
    expect(await run(".show queries | where ClientActivityId == 'Test;endless' | project State")).toEqual([
      { State: 'Cancelled' },
    ]);
    expect(await refusal(".cancel query 'Test;endless'")).toContain('No running query');
  });
});

describe('operations', () => {
  it('a command told to run async answers with an id, and its operation tells the end', async () => {
    const [started] = await run('.set-or-append async Later <| range N from 1 to 1000 step 1');
    const id = String(started?.['OperationId']);
    const [operation] = await until(
      () => run(`.show operations ${id}`),
      ([row]) => row?.['State'] !== 'InProgress',
    );
    expect(operation).toMatchObject({ OperationId: id, Operation: 'TableSetOrAppend', State: 'Completed', Status: '' });
    expect(await run('Later | count')).toEqual([{ Count: 1000 }]);
  });

  it('a failing one is kept as failed, an unknown id is refused', async () => {
    const [started] = await run('.append async Missing <| print 1');
    const [operation] = await until(
      () => run(`.show operations ${String(started?.['OperationId'])}`),
      ([row]) => row?.['State'] !== 'InProgress',
    );
    expect(operation).toMatchObject({ State: 'Failed', ShouldRetry: false });
    expect(operation?.['Status']).toContain("'Missing'");
    expect(await refusal('.show operations 00000000-0000-4000-a000-000000000000')).toContain('Operation');
    expect(await refusal('.create async nonsense X')).toContain('.create async nonsense');
  });
});

describe('tables', () => {
  it('details and extents count rows; sizes nobody knows are null', async () => {
    await run('.set Counted <| range N from 1 to 5 step 1');
    await run('.alter table Counted policy caching hot = 3d');
    const [details] = await run('.show table Counted details');
    expect(details).toMatchObject({ TableName: 'Counted', TotalRowCount: 5, TotalExtents: 1, TotalExtentSize: null });
    expect(details?.['CachingPolicy']).toContain('3.00:00:00');
    const [same] = await run('.show tables (Counted) details');
    expect(same).toEqual(details);
    const [extent] = await run('.show table Counted extents');
    expect(extent).toMatchObject({ TableName: 'Counted', RowCount: 5, ExtentId: details?.['TableId'] });
    await run('.create table Empty (A:long)');
    expect(await run('.show table Empty extents')).toEqual([]);
  });

  it('columns are renamed with their data, retyped without, and dropped', async () => {
    await run(".set Cols <| print A = 1, B = 'b', C = 2.5, D = true");
    await run('.rename column Cols.A to Z');
    await run(`.alter column ['Cols'].['B'] type=long`);
    expect(await run('Cols')).toEqual([{ Z: 1, B: null, C: 2.5, D: true }]);
    await run('.drop table Cols columns (C, D)');
    await run(`.alter column ${DB}.Cols.Z type = long`);
    expect(await run('Cols')).toEqual([{ Z: 1, B: null }]);
    expect(await refusal('.rename column Cols.Z to B')).toContain("'B'");
    expect(await refusal('.drop column Cols.Nope')).toContain("'Nope'");
    await run('.drop column Cols.B');
    expect(await refusal('.drop column Cols.Z')).toContain('at least one column');
  });

  it('columns of a materialized view cannot be changed one by one', async () => {
    await run('.create table Source (Id:string, N:long)');
    await run('.create materialized-view Once on table Source { Source | summarize take_any(N) by Id }');
    expect(await refusal('.drop column Once.N')).toContain('materialized view');
    expect(await refusal('.drop table Once columns (N)')).toContain('materialized view');
  });
});
