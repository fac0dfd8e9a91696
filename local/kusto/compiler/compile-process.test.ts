import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, describe, expect, it } from 'vitest';
import { KustoError, type Catalog, type SchemaNeed } from '../types.ts';
import { CompileProcess } from './compile-process.ts';
import { PlanCache } from './plan-cache.ts';

const catalog = (database: string): Catalog => ({
  database,
  version: 0,
  tables: [{ name: 'T', columns: [{ name: 'A', type: 'long' }], relation: `relation_of_${database}` }],
  functions: [],
});
const options = { now: new Date('2026-01-01T00:00:00Z'), parameters: {} };
const first = catalog('first');

describe('the compiler process', { timeout: 60_000 }, () => {
  const compiler = new CompileProcess();
  afterAll(() => compiler.close());

  it('compiles against the catalog it is given, and again against another', async () => {
    const plan = await compiler.compile('T | where A > 1', first, options);
    expect(plan).toMatchObject({ columns: [{ name: 'A', type: 'long' }], reads: ['T'] });
    expect(plan.sql).toContain('relation_of_first');
    expect((await compiler.compile('T | where A > 1', catalog('second'), options)).sql).toContain('relation_of_second');
    for (let i = 0; i < 20; i++) await compiler.compile('T | count', catalog(`other${i}`), options);
    expect((await compiler.compile('T | where A > 2', first, options)).sql).toContain('relation_of_first');
  });

  it('gives the same plan object again, but never one that holds the clock', async () => {
    const plan = await compiler.compile('T | where A > 1', first, options);
    expect(await compiler.compile('T | where A > 1', first, options)).toBe(plan);
    const early = await compiler.compile('print now()', first, options);
    const late = await compiler.compile('print now()', first, { ...options, now: new Date('2026-02-01T00:00:00Z') });
    expect(late.sql).not.toBe(early.sql);
  });

  it('asks for the columns that only the data know, and keeps no plan with them', async () => {
    const query = 'T | extend d = bag_pack("x", A) | evaluate bag_unpack(d) | where x > 1';
    await expect(compiler.compile(query, first, options)).rejects.toMatchObject({ code: 'UNSUPPORTED', line: 1 });
    const names = [['x'], ['x', 'y']];
    for (const wanted of names) {
      const asked: string[] = [];
      const lookUp = (need: SchemaNeed): Promise<[string, string][]> => {
        asked.push(need.sql);
        expect(need.reads).toEqual(['T']);
        return Promise.resolve(wanted.map((name) => [name, 'long']));
      };
      const plan = await compiler.compile(query, first, { ...options, lookUp });
      expect(plan.columns.map(({ name }) => name)).toEqual(['A', ...wanted]);
      expect(asked).toHaveLength(1);
    }
  });

  it('passes a refusal on with code, line and column', async () => {
    const refused = await compiler.compile('T\n| where Nope > 1', first, options).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(KustoError);
    expect(refused).toMatchObject({ code: 'SEM', line: 2, column: 9, permanent: true });
  });

  it('a process that is killed costs its query, not the next ones', async () => {
    const long = `union ${Array.from({ length: 400 }, (_, i) => `(T | where A > ${i})`).join(', ')}`;
    const lost = compiler.compile(long, first, options).catch((error: unknown) => error);
    const waiting = compiler.compile('T | take 7', first, options);
    process.kill(compiler.pid ?? 0, 'SIGKILL');
    expect(await lost).toMatchObject({ code: 'INTERNAL' });
    expect((await waiting).sql).toContain('relation_of_first');
  });

  it('a compilation beyond the time limit is ended', async () => {
    const hasty = new CompileProcess({ mostMs: 5 });
    await expect(hasty.compile('T | take 1', first, options)).rejects.toMatchObject({
      code: 'TIMEOUT',
      permanent: false,
    });
    await hasty.close();
    await expect(hasty.compile('T | take 1', first, options)).rejects.toMatchObject({ code: 'INTERNAL' });
  });
});

describe('kept plans', () => {
  it('go by parameters too, and the oldest go first', () => {
    const cache = new PlanCache();
    const plan = { sql: 'x', columns: [], ordered: false, reads: [] };
    for (let i = 0; i < 300; i++) cache.add(first, `q${i}`, {}, plan);
    expect(cache.get(first, 'q0', { a: '1' })).toBeUndefined();
    expect(cache.get(first, 'q0', {})).toBe(plan);
    cache.add(first, 'q300', {}, plan);
    expect(cache.get(first, 'q1', {})).toBeUndefined();
    expect(cache.get(first, 'q0', {})).toBe(plan);
  });
});

/** A program that does nothing but wait for a plan. */
const program = (end: string): string => `
  const { CompileProcess } = await import(${JSON.stringify(new URL('./compile-process.ts', import.meta.url).href)});
  const compiler = new CompileProcess();
  const catalog = { database: 'd', version: 0, tables: [], functions: [] };
  const plan = await compiler.compile('print x = 1', catalog, { now: new Date(), parameters: {} });
  console.log(plan.columns[0].name);
  ${end}`;

describe('a program with a compiler', { timeout: 60_000 }, () => {
  it.each(['await compiler.close();', ''])('waits for its plan and ends by itself: %s', async (end) => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', program(end)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (data: Buffer) => (output += data.toString()));
    const [code] = (await once(child, 'close')) as [number | null];
    expect(output.trim()).toBe('x');
    expect(code).toBe(0);
  });
});
