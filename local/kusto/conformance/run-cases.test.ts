import type { DuckDBConnection } from '@duckdb/node-api';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { compileQuery } from '../plan/compile.ts';
import { KustoError, PHYSICAL } from '../types.ts';
import { judge, openEngine, type Verdict } from './engine.ts';
import { projectCatalog } from './kql-files.ts';
import { readCases } from './run-cases.ts';

let connection: DuckDBConnection;

beforeAll(async () => {
  connection = await openEngine();
}, 60_000);

async function verdicts(file: string): Promise<(Verdict & { id: string })[]> {
  const out = [];
  for (const recorded of readCases(file)) out.push({ id: recorded.id, ...(await judge(connection, recorded)) });
  return out;
}

const CORPUS = join(import.meta.dirname, 'corpus');

describe('own corpus', () => {
  test.each(readdirSync(CORPUS))('%s: every case passes', { timeout: 60_000 }, async (file) => {
    const all = await verdicts(join(CORPUS, file));
    expect(all.length).toBeGreaterThan(5);
    expect(all.filter((verdict) => verdict.status !== 'passed')).toEqual([]);
  });
  test('every case says where its expectation comes from', () => {
    const cases = readdirSync(CORPUS).flatMap((file) => readCases(join(CORPUS, file)));
    expect(cases.filter((item) => !item.origin).map((item) => item.id)).toEqual([]);
  });
});

describe('the KQL of this repository', () => {
  test('every view and function compiles and its SQL is accepted', { timeout: 120_000 }, async () => {
    const { catalog, views } = projectCatalog(join(import.meta.dirname, '../../../kql'));
    expect(views.length).toBeGreaterThan(3);
    expect(catalog.functions.length).toBeGreaterThan(20);
    for (const table of catalog.tables) {
      const columns = table.columns.map((column, i) => `c${i} ${PHYSICAL[column.type]}`).join(', ');
      await connection.run(`CREATE TABLE ${table.relation} (${columns})`);
    }
    for (const query of [...views.map((view) => view.query), ...catalog.functions.map((fn) => callOf(fn))]) {
      const plan = compileQuery(query, catalog, { now: new Date(0) });
      await connection.run(`EXPLAIN ${plan.sql}`).catch((error: unknown) => {
        throw new Error(`${query}: ${String(error)}`);
      });
    }
  });
});

const SAMPLE: Readonly<Record<string, string>> = {
  datetime: 'datetime(2026-01-02)',
  timespan: '5m',
  string: '"all"',
  long: '288',
  real: '1.0',
  bool: 'true',
  dynamic: 'dynamic(["*"])',
};

/** A call with a value for every parameter that has no default. */
function callOf(fn: { name: string; parameters: string }): string {
  const parameters = fn.parameters.slice(1, -1).match(/(?:[^,([]|\([^()]*(?:\([^()]*\)[^()]*)*\)|\[[^\]]*\])+/g) ?? [];
  const given = parameters
    .filter((text) => text.trim() !== '' && !text.includes('='))
    .map((text) => {
      const type = text.slice(text.indexOf(':') + 1).trim();
      return type.startsWith('(') ? `(datatable${type}[])` : (SAMPLE[type] ?? 'dynamic(null)');
    });
  return `${fn.name}(${given.join(', ')})`;
}

/** Small and fixed, so that a failure can be repeated. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

test('cut and mangled queries are refused as KustoError or compiled, never anything else', { timeout: 120_000 }, () => {
  const random = randomOf(7);
  const seeds = [
    'Beats | where a has "x" | summarize count() by bin(ts, 5m) | join kind=inner (T) on a',
    'let f = (x:long) { x + 1 }; range y from 1 to 5 step 1 | extend z = f(y), d = dynamic({"a":[1,2]}).a[0]',
    'datatable(t:datetime, v:real)[datetime(2024-01-01), 1.0] | make-series s=sum(v) default=0 on t step 1d | mv-expand s, t',
    'print s="a=1" | parse s with * "a=" v:long | mv-apply e = dynamic([1]) to typeof(long) on (top 1 by e)',
  ];
  for (let i = 0; i < 250; i++) {
    const text = seeds[i % seeds.length] as string;
    const at = Math.floor(random() * text.length);
    const mangled =
      i % 2 === 0 ? text.slice(0, at) : text.slice(0, at) + '(]|"\';'[Math.floor(random() * 6)] + text.slice(at + 1);
    try {
      compileQuery(mangled, { database: 'd', version: 1, tables: [], functions: [] }, { now: new Date(0) });
    } catch (error) {
      expect(error, mangled).toBeInstanceOf(KustoError);
    }
  }
});
