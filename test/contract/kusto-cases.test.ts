// Cases with known answers, asked over HTTP as a client asks: the repository's own, and the emulator's recorded ones.
import { existsSync, globSync } from 'node:fs';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { difference, parseExact, type RecordedCase } from '../../local/kusto/conformance/compare.ts';
import { readCases, SHARED_CASES } from '../../local/kusto/conformance/run-cases.ts';
import { startKusto, type KustoServer } from '../../local/kusto/http/server.ts';
import type { KustoType } from '../../local/kusto/types.ts';

const CORPUS = join(import.meta.dirname, '../corpus');
const files = globSync('*/*.json', { cwd: CORPUS })
  .toSorted()
  .map((file) => join(CORPUS, file));
const hasShared = existsSync(SHARED_CASES);
if (!hasShared) console.warn(`Left out: the emulator's recorded cases, there is nothing at ${SHARED_CASES}.`);

let server: KustoServer;

beforeAll(async () => {
  server = await startKusto({ file: ':memory:', port: 0, memoryLimit: '1GB' });
});
afterAll(async () => server.close());

interface Frame {
  readonly FrameType: string;
  readonly TableKind?: string;
  readonly Columns?: readonly { readonly ColumnName: string; readonly ColumnType: KustoType }[];
  readonly Rows?: readonly unknown[];
}

interface Outcome {
  readonly id: string;
  readonly status: 'passed' | 'wrong' | 'refused' | 'other';
  readonly reason: string;
}

async function ask(recorded: RecordedCase): Promise<Outcome> {
  const { id } = recorded;
  const answer = await fetch(`${server.url}/v2/rest/query`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ db: 'framewatch', csl: recorded.query }),
  });
  const text = await answer.text();
  if (answer.status !== 200)
    return { id, status: answer.status >= 500 ? 'other' : 'refused', reason: text.slice(0, 300) };
  const frames = parseExact(text) as Frame[];
  const table = frames.find((frame) => frame.TableKind === 'PrimaryResult');
  if (!table) return { id, status: 'other', reason: 'no primary result' };
  const columns = (table.Columns ?? []).map(({ ColumnName, ColumnType }) => ({ name: ColumnName, type: ColumnType }));
  const reason = difference(
    recorded,
    columns,
    (table.Rows ?? []).map((row) => JSON.stringify(row)),
  );
  return reason === undefined ? { id, status: 'passed', reason: '' } : { id, status: 'wrong', reason };
}

async function askAll(cases: readonly RecordedCase[]): Promise<Outcome[]> {
  const out: Outcome[] = [];
  for (const recorded of cases) out.push(await ask(recorded));
  return out;
}

describe('own cases', () => {
  test.each(files.map((file) => [relative(CORPUS, file), file] as const))(
    '%s: every answer is the expected one',
    { timeout: 60_000 },
    async (_, file) => {
      expect((await askAll(readCases(file))).filter(({ status }) => status !== 'passed')).toEqual([]);
    },
  );

  test('are many, have unique ids, and each says where its expectation comes from', () => {
    const cases = files.flatMap(readCases);
    expect(cases.length).toBeGreaterThanOrEqual(250);
    expect(new Set(cases.map(({ id }) => id)).size).toBe(cases.length);
    expect(
      cases.filter(
        ({ origin }) =>
          !/^(?:data-explorer docs|reasoning|recorded case|seen on the Kusto emulator)\b/.test(origin ?? ''),
      ),
    ).toEqual([]);
  });

  test('a wrong expectation is found (a comparison that takes everything proves nothing)', async () => {
    const columns = [{ name: 'x', type: 'long' as const }];
    const wrong = { id: 'w', topic: 't', query: 'print x = 1', columns, rows: [[2]] };
    expect((await ask(wrong)).status).toBe('wrong');
    expect((await ask({ ...wrong, rows: [[1]] })).status).toBe('passed');
    expect((await ask({ ...wrong, columns: [{ name: 'y', type: 'long' }], rows: [[1]] })).status).toBe('wrong');
  });
});

describe.skipIf(!hasShared)('recorded answers of the emulator', () => {
  test('at least 90 % pass, none is wrong, none ends in a fault', { timeout: 240_000 }, async () => {
    const all = await askAll(readCases(SHARED_CASES));
    expect(all.length).toBeGreaterThan(200);
    expect(all.filter(({ status }) => status === 'wrong' || status === 'other')).toEqual([]);
    expect(all.filter(({ status }) => status === 'passed').length).toBeGreaterThanOrEqual(all.length * 0.9);
  });
});
