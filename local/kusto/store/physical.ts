// How a Kusto table lies in DuckDB: `t<id>(_batch, _at, k<column id> …)` and over it the view `v<id>(c0, c1, …)`.
// `_batch` is the number of the commit that brought a row (the watermark of materialized views), `_at` its time in ticks.

import type { DuckDBConnection } from '@duckdb/node-api';
import { relationOf, storageOf } from '../catalog/catalog.ts';
import type { StoredColumn, TableEntity } from '../catalog/entities.ts';
import { PHYSICAL } from '../types.ts';

export const columnOf = (column: StoredColumn): string => `k${column.id}`;

/** `k3 AS c0, k1 AS c1, …` in the present order of the columns. */
export const projection = (table: TableEntity): string =>
  table.columns.map((column, i) => `${columnOf(column)} AS c${i}`).join(', ');

/** A string is never NULL, so rows older than its column read ''. */
const definition = (column: StoredColumn): string =>
  `${columnOf(column)} ${PHYSICAL[column.type]}${column.type === 'string' ? " DEFAULT ''" : ''}`;

export async function createStorage(connection: DuckDBConnection, table: TableEntity): Promise<void> {
  const columns = ['_batch BIGINT', '_at BIGINT', ...table.columns.map(definition)];
  await connection.run(`CREATE TABLE ${storageOf(table)} (${columns.join(', ')})`);
  await defineRelation(connection, table);
}

/** (Re)creates the view through which queries read the table; after every change of columns. */
export async function defineRelation(connection: DuckDBConnection, table: TableEntity): Promise<void> {
  await connection.run(
    `CREATE OR REPLACE VIEW ${relationOf(table)} AS SELECT ${projection(table)} FROM ${storageOf(table)}`,
  );
}

/** Brings the storage from `before` to `after`: columns are told apart by id; a changed type is a new column. */
export async function alterStorage(
  connection: DuckDBConnection,
  before: TableEntity,
  after: TableEntity,
): Promise<void> {
  const had = new Set(before.columns.map(({ id }) => id));
  const has = new Set(after.columns.map(({ id }) => id));
  await connection.run(`DROP VIEW IF EXISTS ${relationOf(before)}`);
  for (const column of after.columns) {
    if (!had.has(column.id)) await connection.run(`ALTER TABLE ${storageOf(after)} ADD COLUMN ${definition(column)}`);
  }
  for (const column of before.columns) {
    if (!has.has(column.id)) await connection.run(`ALTER TABLE ${storageOf(after)} DROP COLUMN ${columnOf(column)}`);
  }
  await defineRelation(connection, after);
}

export async function dropStorage(connection: DuckDBConnection, table: TableEntity): Promise<void> {
  await connection.run(`DROP VIEW IF EXISTS ${relationOf(table)}`);
  await connection.run(`DROP TABLE IF EXISTS ${storageOf(table)}`);
}

/** The newest commit in a table, 0 when it is empty. */
export async function lastBatchOf(connection: DuckDBConnection, table: TableEntity): Promise<number> {
  const reader = await connection.runAndReadAll(`SELECT max(_batch) FROM ${storageOf(table)}`);
  return Number(reader.getRows()[0]?.[0] ?? 0);
}
