import { createHash } from 'node:crypto';
import { storageOf } from '../catalog/catalog.ts';
import type { TableEntity } from '../catalog/entities.ts';
import { table as result, type CommandContext, type CommandResult } from './command.ts';

interface Contents {
  readonly table: TableEntity;
  readonly rows: bigint;
  /** Times of the first and last commit, in ticks; null when it is empty. */
  readonly first: bigint | null;
  readonly last: bigint | null;
}

async function contentsOf(context: CommandContext, tables: readonly TableEntity[]): Promise<Contents[]> {
  return context.engine.readers.use(context.timeoutMs, undefined, async (connection) => {
    const list: Contents[] = [];
    for (const table of tables) {
      const reader = await connection.runAndReadAll(`SELECT count(*), min(_at), max(_at) FROM ${storageOf(table)}`);
      const [rows, first, last] = (reader.getRows()[0] ?? []) as (bigint | null | undefined)[];
      list.push({ table, rows: rows ?? 0n, first: first ?? null, last: last ?? null });
    }
    return list;
  });
}

/** Kusto's table details. Sizes are null: tables share one file, and a wrong number is worse than none. All rows count as hot. */
export async function tableDetails(context: CommandContext, tables: readonly TableEntity[]): Promise<CommandResult> {
  const { engine, database } = context;
  const policy = (table: TableEntity, name: string): string =>
    engine.catalog.policy(database, 'table', table.name, name)?.value ?? 'null';
  const contents = await contentsOf(context, tables);
  return result(
    {
      TableName: 'string',
      DatabaseName: 'string',
      Folder: 'string',
      DocString: 'string',
      TotalExtents: 'long',
      TotalExtentSize: 'real',
      TotalOriginalSize: 'real',
      TotalRowCount: 'long',
      HotExtents: 'long',
      HotExtentSize: 'real',
      HotOriginalSize: 'real',
      HotRowCount: 'long',
      AuthorizedPrincipals: 'string',
      RetentionPolicy: 'string',
      CachingPolicy: 'string',
      ShardingPolicy: 'string',
      MergePolicy: 'string',
      StreamingIngestionPolicy: 'string',
      IngestionBatchingPolicy: 'string',
      MinExtentsCreationTime: 'datetime',
      MaxExtentsCreationTime: 'datetime',
      RowOrderPolicy: 'string',
      TableId: 'guid',
    },
    contents.map(({ table, rows, first, last }) => {
      return [
        table.name,
        database,
        table.folder,
        table.docstring,
        ...extentCounts(rows),
        '[]',
        policy(table, 'retention'),
        policy(table, 'caching'),
        policy(table, 'sharding'),
        policy(table, 'merge'),
        policy(table, 'streamingingestion'),
        policy(table, 'ingestionbatching'),
        first,
        last,
        policy(table, 'roworder'),
        idOf(database, table),
      ];
    }),
  );
}

/** The same of materialized views, with Kusto's columns for them. */
export async function viewDetails(context: CommandContext, views: readonly TableEntity[]): Promise<CommandResult> {
  const { engine, database } = context;
  const policy = (view: TableEntity, name: string): string =>
    engine.catalog.policy(database, 'materialized-view', view.name, name)?.value ?? 'null';
  return result(
    {
      MaterializedViewName: 'string',
      DatabaseName: 'string',
      Folder: 'string',
      DocString: 'string',
      TotalExtents: 'long',
      TotalExtentSize: 'real',
      TotalOriginalSize: 'real',
      TotalRowCount: 'long',
      HotExtents: 'long',
      HotExtentSize: 'real',
      HotOriginalSize: 'real',
      HotRowCount: 'long',
      AuthorizedPrincipals: 'string',
      RetentionPolicy: 'string',
      CachingPolicy: 'string',
      ShardingPolicy: 'string',
      MergePolicy: 'string',
      MinExtentsCreationTime: 'datetime',
      MaxExtentsCreationTime: 'datetime',
    },
    (await contentsOf(context, views)).map(({ table: view, rows, first, last }) => [
      view.name,
      database,
      view.folder,
      view.docstring,
      ...extentCounts(rows),
      '[]',
      ...['retention', 'caching', 'sharding', 'merge'].map((name) => policy(view, name)),
      first,
      last,
    ]),
  );
}

/** Extents, their sizes and rows, all and hot. */
const extentCounts = (rows: bigint): unknown[] => {
  const extents = rows === 0n ? 0n : 1n;
  return [extents, null, null, rows, extents, null, null, rows];
};

/** A table's rows as the one extent they are here. */
export async function tableExtents(context: CommandContext, tables: readonly TableEntity[]): Promise<CommandResult> {
  const { database } = context;
  const contents = await contentsOf(context, tables);
  return result(
    {
      ExtentId: 'guid',
      DatabaseName: 'string',
      TableName: 'string',
      MaxCreatedOn: 'datetime',
      OriginalSize: 'real',
      ExtentSize: 'real',
      CompressedSize: 'real',
      IndexSize: 'real',
      Blocks: 'long',
      Segments: 'long',
      RowCount: 'long',
      MinCreatedOn: 'datetime',
      Tags: 'string',
    },
    contents
      .filter(({ rows }) => rows > 0n)
      .map(({ table, rows, first, last }) => [
        idOf(database, table),
        database,
        table.name,
        last,
        null,
        null,
        null,
        null,
        null,
        null,
        rows,
        first,
        '',
      ]),
  );
}

/** The same GUID for the same table always. */
export function idOf(database: string, { id }: TableEntity): string {
  const hash = createHash('sha256').update(`${database}/${id}`).digest('hex');
  return `${hash.slice(0, 8)}-${hash.slice(8, 12)}-4${hash.slice(13, 16)}-a${hash.slice(17, 20)}-${hash.slice(20, 32)}`;
}
