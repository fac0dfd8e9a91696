import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { grafanaQueries, lintQuery, repositoryQueries, withSampleValues } from './lint.ts';
import { offlineCatalog } from './offline-catalog.ts';

const catalog = offlineCatalog();
const queries = repositoryQueries(join(import.meta.dirname, '../..'));
const of = (what: string): number => queries.filter((query) => query.what.startsWith(what)).length;

describe('queries of this repository', () => {
  it('are all found (a lint that sees nothing must not be green)', () => {
    expect(of('function ')).toBe(catalog.functions.length);
    expect(of('view ')).toBe(catalog.tables.filter((table) => table.isView === true).length);
    expect(of('panel ')).toBeGreaterThanOrEqual(18);
    expect(of('variable ')).toBeGreaterThanOrEqual(3);
    expect(of('annotation ')).toBeGreaterThanOrEqual(1);
    expect(of('alert ')).toBeGreaterThanOrEqual(4);
  });

  it.each(queries.map((query) => [`${query.file}, ${query.what}`, query] as const))(
    '%s: the engine can run it and knows every name',
    (_, query) => expect(lintQuery(query, catalog)).toBeUndefined(),
  );
});

describe('a mistake is told with its place', () => {
  const inKql = (query: string, line: number): unknown =>
    lintQuery({ file: 'kql/x.kql', what: 'view V', query, line }, catalog);

  it('an unknown column in a .kql file: file, line, position', () => {
    expect(inKql('PlaybackBeats\n| where Nope > 1', 12)).toMatchObject({ at: 'kql/x.kql:13:9 (view V)' });
  });

  it('an operator that the engine does not have, and an unknown function', () => {
    expect(inKql('PlaybackBeats\n| make-graph SessionId --> SessionId', 1)).toMatchObject({
      at: 'kql/x.kql:2:3 (view V)',
      message: expect.stringContaining('make-graph') as string,
    });
    expect(inKql('print frobnicate(1)', 1)).toMatchObject({ message: expect.stringContaining('frobnicate') as string });
  });

  it('a panel: its title, target and the place in its query', () => {
    const json = JSON.stringify({
      panels: [{ title: 'Row', panels: [{ title: 'Stalls', targets: [{ refId: 'B', query: 'Nowhere | count' }] }] }],
    });
    const [query] = grafanaQueries('grafana/generated/d.json', json);
    expect(query && lintQuery(query, catalog)).toMatchObject({
      at: 'grafana/generated/d.json, panel Stalls (B), query 1:1',
      message: expect.stringContaining('Nowhere') as string,
    });
  });

  it('a macro that nobody knows is not passed over', () => {
    const query = { file: 'd.json', what: 'panel P (A)', query: 'print $__nonsense', line: 0 };
    expect(lintQuery(query, catalog)?.message).toContain('$__nonsense');
  });
});

it('sample values: macros with and without parentheses, variables, join sides left alone', () => {
  const text = withSampleValues(
    'T | where $__timeFilter(Ts) and $__contains(Cdn, $cdn) | where x in (${cdn:singlequote}) | join (U) on $left.a == $right.b | summarize by bin(Ts, $__timeInterval())',
  );
  expect(text).toBe(
    "T | where Ts >= datetime(2026-01-01T00:00:00Z) and Ts <= datetime(2026-01-01T06:00:00Z) and Cdn in ('a','b') | where x in ('*') | join (U) on $left.a == $right.b | summarize by bin(Ts, 60000ms)",
  );
});
