// The generated tables and mappings, without the views and functions above them: all that ingestion needs.
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
