import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { storageOf } from '../local/kusto/catalog/catalog.ts';
import { Engine } from '../local/kusto/exec/engine.ts';
import { runQuery } from '../local/kusto/exec/query.ts';
import { queryV2 } from '../local/kusto/http/frames.ts';
import { cases, undecomposed, type Case } from './engine-cases.ts';
import { CDNS, COUNTRIES, DATABASE, fill, physical, TABLE, type Size } from './engine-data.ts';
import { benchIngest } from './engine-ingest.ts';
import { benchStart } from './engine-start.ts';
import { median } from './median.ts';
import type { Row } from './report.ts';

const FULL: Size = { rows: 1_008_000, bins: 2016 };
const QUICK: Size = { rows: 100_800, bins: 576 };
const TARGET_RATIO = 1.3;

const ms = (value: number): string => `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;

const ids = { clientRequestId: 'bench', activityId: '00000000-0000-0000-0000-000000000000' };

/** Compile, run, encode: the text a client gets. */
async function throughEngine(engine: Engine, text: string): Promise<string> {
  const result = await runQuery(engine, { database: DATABASE, text, timeoutMs: 120_000 });
  return queryV2(result, result.visualization, ids);
}

/** The same by hand: run, read, JSON. */
async function byHand(connection: DuckDBConnection, sql: string): Promise<string> {
  const reader = await connection.runAndReadAll(sql);
  return JSON.stringify(reader.getRowsJson());
}

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const started = performance.now();
  await work();
  return performance.now() - started;
};

/** Rows in a form in which both answers are equal: numbers to nine digits, arrays out of their text, any order. */
function comparable(rows: readonly unknown[]): string {
  const plain = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(plain);
    if (typeof value === 'string' && value.startsWith('[')) return plain(JSON.parse(value));
    const number =
      typeof value === 'number' || (typeof value === 'string' && /^-?\d+$/.test(value)) ? Number(value) : NaN;
    return Number.isNaN(number) ? value : number.toPrecision(9);
  };
  return rows
    .map((row) => JSON.stringify(plain(row)))
    .sort()
    .join('\n');
}

async function requireSame(engine: Engine, connection: DuckDBConnection, { what, kql, hand }: Case): Promise<void> {
  const frames = JSON.parse(await throughEngine(engine, kql)) as { TableKind?: string; Rows?: unknown[] }[];
  const ours = frames.find(({ TableKind }) => TableKind === 'PrimaryResult')?.Rows ?? [];
  const theirs = JSON.parse(await byHand(connection, hand)) as unknown[];
  if (ours.length === 0 || comparable(ours) !== comparable(theirs))
    throw new Error(`${what}: the engine and the statement written by hand answer differently`);
}

/** Medians of both, taken in turn, and of a plan that is not cached. */
async function compare(engine: Engine, connection: DuckDBConnection, one: Case, rounds: number): Promise<Row> {
  await requireSame(engine, connection, one);
  const [warm, cold, hand]: [number[], number[], number[]] = [[], [], []];
  for (let i = 0; i < rounds; i++) {
    warm.push(await timed(() => throughEngine(engine, one.kql)));
    hand.push(await timed(() => byHand(connection, one.hand)));
    cold.push(await timed(() => throughEngine(engine, `${one.kql} // ${i}`)));
  }
  const ratio = median(warm) / median(hand);
  return {
    what: one.what,
    figure: `${ratio.toFixed(2)} × (${ms(median(warm))} / ${ms(median(hand))})`,
    note: `target ≤ ${TARGET_RATIO} ×; ${ms(median(cold))} with a plan not made before`,
  };
}

async function decomposition(engine: Engine, one: Case, points: number, rounds: number): Promise<Row> {
  const [whole, without]: [number[], number[]] = [[], []];
  for (let i = 0; i < rounds; i++) {
    whole.push(await timed(() => throughEngine(engine, one.kql)));
    without.push(await timed(() => throughEngine(engine, undecomposed(one.kql))));
  }
  return {
    what: 'series_decompose_anomalies alone, in and out of the database',
    figure: `${(((median(whole) - median(without)) * 1000) / points).toFixed(2)} µs a point`,
    note: 'target ≤ 2 µs; the query less the same query that only measures its series',
  };
}

async function queries(file: string, size: Size, rounds: number): Promise<Row[]> {
  const engine = await Engine.open({ file, database: DATABASE });
  try {
    await fill(engine, size);
    const storage = storageOf(engine.catalog.requireTable(DATABASE, TABLE));
    const all = cases(size, storage, physical(engine));
    return await engine.readers.use(3_600_000, undefined, async (connection) => {
      const rows: Row[] = [];
      for (const one of all) rows.push(await compare(engine, connection, one, rounds));
      const last = all.at(-1);
      if (last) rows.push(await decomposition(engine, last, CDNS * COUNTRIES * size.bins, rounds));
      return rows;
    });
  } finally {
    await engine.close();
  }
}

export const ENGINE_PARTS = ['queries', 'start', 'ingest'] as const;
export type EnginePart = (typeof ENGINE_PARTS)[number];

/** The engine against the same work written by hand in DuckDB SQL, one run, one process, one database file. `quick`: a tenth of the rows. */
export async function benchEngine(quick: boolean, parts: readonly EnginePart[] = ENGINE_PARTS): Promise<Row[]> {
  const dir = mkdtempSync(join(tmpdir(), 'framewatch-bench-'));
  const size = quick ? QUICK : FULL;
  const file = join(dir, 'engine.duckdb');
  try {
    const rows: Row[] = [];
    if (parts.includes('queries')) rows.push(...(await queries(file, size, quick ? 5 : 9)));
    else if (parts.includes('start')) await fillOnly(file, size);
    if (parts.includes('start')) rows.push(...(await benchStart(file, DATABASE, TABLE)));
    if (parts.includes('ingest')) rows.push(...(await benchIngest(dir, quick)));
    return rows;
  } finally {
    rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function fillOnly(file: string, size: Size): Promise<void> {
  const engine = await Engine.open({ file, database: DATABASE });
  await fill(engine, size);
  await engine.close();
}
