// The generated tables and mappings, without the views and functions above them: all that ingestion needs.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'azure-kusto-data';
import { createTable, jsonMapping } from '../../schema/emit/kql.ts';
import { tables } from '../../schema/tables.ts';

export async function createTables(kustoUrl: string, database = 'framewatch'): Promise<void> {
  const client = new Client(`Data Source=${kustoUrl};Initial Catalog=${database}`);
  for (const table of Object.values(tables)) {
    await client.executeMgmt(database, createTable(table));
    await client.executeMgmt(database, jsonMapping(table));
  }
  client.close();
}

const VIEWS = join(import.meta.dirname, '..', '..', 'kql', 'schema', '050-materialized-views.kql');

/** The deployed views that remove resent twins, and no others. */
export async function createDedupViews(kustoUrl: string, database = 'framewatch'): Promise<void> {
  const commands = readFileSync(VIEWS, 'utf8').split(/\n(?=\.create)/);
  const views = commands.filter((command) => /^\.create[^]*?Dedup_v1 on table/.test(command));
  if (views.length < 4) throw new Error(`found ${views.length} views without twins in ${VIEWS}`);
  const client = new Client(`Data Source=${kustoUrl};Initial Catalog=${database}`);
  for (const view of views) await client.executeMgmt(database, view.replace(/\n}\n[^]*$/, '\n}\n'));
  client.close();
}
