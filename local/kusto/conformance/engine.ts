import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { encodeRow } from '../exec/encode.ts';
import { registerFunctions } from '../functions/register.ts';
import { compileQuery } from '../plan/compile.ts';
import {
  KustoError,
  SchemaNeeded,
  type Catalog,
  type Column,
  type CompiledQuery,
  type SchemaAnswer,
} from '../types.ts';
import { difference, type RecordedCase } from './compare.ts';

export const EMPTY_CATALOG: Catalog = { database: 'empty', version: 0, tables: [], functions: [] };

export type Verdict = { readonly status: 'passed' } | { readonly status: 'wrong' | 'refused'; readonly reason: string };

/** A DuckDB in memory with all functions, for one process of checks. */
export async function openEngine(): Promise<DuckDBConnection> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '2', memory_limit: '2GB' });
  const connection = await instance.connect();
  await registerFunctions(connection);
  return connection;
}

export interface Answer {
  readonly columns: readonly Column[];
  /** One JSON array text a row. */
  readonly rows: readonly string[];
}

/** Compiles as the engine does: what the compiler asks of the data is answered. */
async function compile(
  connection: DuckDBConnection,
  query: string,
  catalog: Catalog,
  now: Date,
): Promise<CompiledQuery> {
  const answers: SchemaAnswer[] = [];
  for (;;) {
    try {
      return compileQuery(query, catalog, { now, answers });
    } catch (error) {
      if (!(error instanceof SchemaNeeded) || answers.length > 8) throw error;
      const result = await connection.runAndReadAll(error.need.sql);
      answers.push({ need: error.need, rows: result.getRows().map(([name, type]) => [String(name), String(type)]) });
    }
  }
}

/** Runs a query and gives the rows as they would travel. */
export async function answer(
  connection: DuckDBConnection,
  query: string,
  catalog: Catalog = EMPTY_CATALOG,
  now = new Date('2026-01-01T00:00:00Z'),
): Promise<Answer> {
  const plan = await compile(connection, query, catalog, now);
  const result = await connection.runAndReadAll(plan.sql);
  return { columns: plan.columns, rows: result.getRows().map((row) => encodeRow(row, plan.columns)) };
}

/** Runs one recorded case. An error is a refusal; any other answer than the recorded one is wrong. */
export async function judge(connection: DuckDBConnection, recorded: RecordedCase): Promise<Verdict> {
  let given: Answer;
  try {
    given = await answer(connection, recorded.query);
  } catch (error) {
    const kind = error instanceof KustoError ? error.code : 'ENGINE';
    return {
      status: 'refused',
      reason: `${kind}: ${error instanceof Error ? error.message : String(error)}`.slice(0, 400),
    };
  }
  const reason = difference(recorded, given.columns, given.rows);
  return reason === undefined ? { status: 'passed' } : { status: 'wrong', reason };
}
