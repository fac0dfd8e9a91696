// What a cluster holds already, read with .show commands.
import type { Command } from './commands.ts';
import type { Cluster, Row } from './cluster.ts';

export interface TableState {
  readonly columns: ReadonlyMap<string, string>;
  readonly docstring: string;
  readonly columnDocstrings: ReadonlyMap<string, string>;
}

export interface ClusterState {
  readonly tables: ReadonlyMap<string, TableState>;
  readonly functions: ReadonlyMap<string, { parameters: string; body: string; folder: string; docstring: string }>;
  /** View → query. */
  readonly views: ReadonlyMap<string, string>;
  /** `Table/mapping` → JSON text. */
  readonly mappings: ReadonlyMap<string, string>;
  /** `table Name policy` → JSON text. */
  readonly policies: ReadonlyMap<string, string>;
}

interface ColumnJson {
  Name: string;
  CslType: string;
  DocString?: string;
}
interface TableJson {
  Name: string;
  DocString?: string;
  OrderedColumns: ColumnJson[];
}
interface SchemaJson {
  Databases: Record<string, { Tables?: Record<string, TableJson>; MaterializedViews?: Record<string, TableJson> }>;
}

const text = (row: Row | undefined, column: string): string => {
  const value = row?.[column];
  return typeof value === 'string' ? value : value === undefined || value === null ? '' : JSON.stringify(value);
};

const tableState = (table: TableJson): TableState => ({
  columns: new Map(table.OrderedColumns.map(({ Name, CslType }) => [Name, CslType])),
  docstring: table.DocString ?? '',
  columnDocstrings: new Map(table.OrderedColumns.map(({ Name, DocString }) => [Name, DocString ?? ''])),
});

export const policyKey = ({ entity, name, detail }: Pick<Command, 'entity' | 'name' | 'detail'>): string =>
  `${entity} ${name} ${detail}`;

/** Names of the databases. */
export async function databases(cluster: Cluster): Promise<string[]> {
  const rows = await cluster.command('.show databases', '');
  return rows.map((row) => text(row, 'DatabaseName'));
}

async function readMappings(cluster: Cluster, tables: Iterable<string>): Promise<Map<string, string>> {
  const mappings = new Map<string, string>();
  for (const table of tables) {
    for (const row of await cluster.command(`.show table ${table} ingestion json mappings`)) {
      mappings.set(`${table}/${text(row, 'Name')}`, text(row, 'Mapping'));
    }
  }
  return mappings;
}

async function readPolicies(
  cluster: Cluster,
  commands: readonly Command[],
  known: ReadonlySet<string>,
): Promise<Map<string, string>> {
  const policies = new Map<string, string>();
  for (const command of commands) {
    if (!known.has(command.name)) continue;
    const rows = await cluster.command(`.show ${command.entity} ${command.name} policy ${command.detail}`);
    policies.set(policyKey(command), text(rows[0], 'Policy'));
  }
  return policies;
}

/** Reads what the commands are about; null when the database does not exist. */
export async function readState(cluster: Cluster, commands: readonly Command[]): Promise<ClusterState | null> {
  if (!(await databases(cluster)).includes(cluster.database)) return null;
  const [schemaRow] = await cluster.command(`.show databases (['${cluster.database}']) schema as json`);
  const schema = JSON.parse(text(schemaRow, Object.keys(schemaRow ?? {})[0] ?? '')) as SchemaJson;
  const own = schema.Databases[cluster.database];
  const tables = new Map(Object.values(own?.Tables ?? {}).map((table) => [table.Name, tableState(table)]));
  const functionRows = await cluster.command('.show functions');
  const viewRows = await cluster.command('.show materialized-views');
  const views = new Map(viewRows.map((row) => [text(row, 'Name'), text(row, 'Query')]));
  const known = new Set([...tables.keys(), ...views.keys()]);
  const mine = new Set(commands.filter(({ kind }) => kind === 'mapping').map(({ name }) => name));
  return {
    tables,
    views,
    functions: new Map(
      functionRows.map((row) => [
        text(row, 'Name'),
        {
          parameters: text(row, 'Parameters'),
          body: text(row, 'Body'),
          folder: text(row, 'Folder'),
          docstring: text(row, 'DocString'),
        },
      ]),
    ),
    mappings: await readMappings(
      cluster,
      [...tables.keys()].filter((name) => mine.has(name)),
    ),
    policies: await readPolicies(
      cluster,
      commands.filter(({ kind }) => kind === 'policy'),
      known,
    ),
  };
}
