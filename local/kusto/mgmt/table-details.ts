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

/** What tables and views are told of alike: columns after the name, and the cells under them. */
const DETAILS = {
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
} as const;
const CREATION_TIMES = { MinExtentsCreationTime: 'datetime', MaxExtentsCreationTime: 'datetime' } as const;

type Policy = (name: string) => string;

const detailsOf = (database: string, { table, rows }: Contents, policy: Policy): unknown[] => [
  table.name,
  database,
  table.folder,
  table.docstring,
  ...extentCounts(rows),
  '[]',
  ...['retention', 'caching', 'sharding', 'merge'].map(policy),
];

const policyOf =
  ({ engine, database }: CommandContext, kind: 'table' | 'materialized-view', { name }: TableEntity): Policy =>
  (policy) =>
    engine.catalog.policy(database, kind, name, policy)?.value ?? 'null';

/** Kusto's table details. Sizes are null: tables share one file, and a wrong number is worse than none. All rows count as hot. */
export async function tableDetails(context: CommandContext, tables: readonly TableEntity[]): Promise<CommandResult> {
  const { database } = context;
  return result(
    {
      TableName: 'string',
      ...DETAILS,
      StreamingIngestionPolicy: 'string',
      IngestionBatchingPolicy: 'string',
      ...CREATION_TIMES,
      RowOrderPolicy: 'string',
      TableId: 'guid',
    },
    (await contentsOf(context, tables)).map((contents) => {
      const { table, first, last } = contents;
      const policy = policyOf(context, 'table', table);
      return [
        ...detailsOf(database, contents, policy),
        policy('streamingingestion'),
        policy('ingestionbatching'),
        first,
        last,
        policy('roworder'),
        idOf(database, table),
      ];
    }),
  );
}

/** The same of materialized views, with Kusto's columns for them. */
export async function viewDetails(context: CommandContext, views: readonly TableEntity[]): Promise<CommandResult> {
  return result(
    { MaterializedViewName: 'string', ...DETAILS, ...CREATION_TIMES },
    (await contentsOf(context, views)).map((contents) => [
      ...detailsOf(context.database, contents, policyOf(context, 'materialized-view', contents.table)),
      contents.first,
      contents.last,
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
