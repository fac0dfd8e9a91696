// `npm run catalog`: the names of CDNs and content, from JSON files into CdnCatalog and ContentCatalog.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { cdnCatalog, contentCatalog } from '../schema/catalogs.ts';
import { columnOf, type Table } from '../schema/spec.ts';
import { checker } from '../schema/validate.ts';
import { openCluster, type Cluster, type Row } from './kql/cluster.ts';
import { textLiteral } from './kql/literals.ts';
import { runCommand } from './command-line.ts';

const HELP = `npm run catalog -- [--cdn FILE] [--content FILE] [--tenant NAME] [--cluster URL] [--database NAME]
Replaces the catalogs that enrichment reads, each as a whole; without a file it shows how many rows they have.

  --cdn FILE        JSON object, host pattern → name: { "*.video.example": "edge-a", "live.video.example": "edge-b" }
  --content FILE    JSON list: [{ "contentId", "title"?, "series"?, "streamType"? (vod, live, lowLatencyLive), "durationMs"?, "tenant"? }]
  --tenant NAME     tenant of content that names none; default default
  --cluster URL     default http://127.0.0.1:8080
  --database NAME   default framewatch

The functions read the catalogs every five minutes. Rows that are stored already stay as they are.`;

type CatalogRow = Readonly<Record<string, unknown>>;

/** Rows of one command: its text stays far below the 2 MB that Kusto takes. */
const ROWS_PER_COMMAND = 2000;

const HOST_PATTERN = /^(\*\.)?[a-z\d]([a-z\d-]*[a-z\d])?(\.[a-z\d]([a-z\d-]*[a-z\d])?)+$/;

function parsed(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new Error(`${file}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

function checked(table: Table, rows: readonly CatalogRow[], file: string): CatalogRow[] {
  const check = checker(table);
  return rows.map((row, at) => {
    const result = check({ ...row });
    if (!result.ok) throw new Error(`${file}, entry ${at}: ${result.field}: ${result.detail}`);
    const strange = Object.keys(row).find((name) => !(name in table.fields));
    if (strange !== undefined) throw new Error(`${file}, entry ${at}: ${strange}: not a field of ${table.name}`);
    return row;
  });
}

/** @throws Error that names the file and the entry at fault */
export function readCdnFile(file: string): CatalogRow[] {
  const value = parsed(file);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error(`${file}: expected a JSON object of host patterns`);
  const rows = Object.entries(value).map(([pattern, cdn]): CatalogRow => ({ hostPattern: pattern.toLowerCase(), cdn }));
  const wrong = rows.find(({ hostPattern }) => !HOST_PATTERN.test(String(hostPattern)));
  if (wrong) throw new Error(`${file}: expected a host or *.domain, got '${String(wrong['hostPattern'])}'`);
  return checked(cdnCatalog, rows, file);
}

/** @throws Error that names the file and the entry at fault */
export function readContentFile(file: string, tenant: string): CatalogRow[] {
  const value = parsed(file);
  if (!Array.isArray(value)) throw new Error(`${file}: expected a JSON list of contents`);
  const rows = value.map((row: unknown): CatalogRow => ({ tenant, ...(row as CatalogRow) }));
  return checked(contentCatalog, rows, file);
}

function literalOf(value: unknown, kind: string): string {
  if (value === undefined || value === null) return kind === 'string' ? '""' : `${kind}(null)`;
  return typeof value === 'string' ? textLiteral(value) : `${kind}(${JSON.stringify(value)})`;
}

/** Replaces a catalog by these rows. Readers may see the first part of a large one for a moment. */
export async function replaceCatalog(cluster: Cluster, table: Table, rows: readonly CatalogRow[]): Promise<void> {
  const fields = Object.entries(table.fields);
  const columns = fields.map(([name, { kind }]) => `${columnOf(name)}: ${kind}`).join(', ');
  if (rows.length === 0) await cluster.command(`.clear table ${table.name} data`);
  for (let start = 0; start < rows.length; start += ROWS_PER_COMMAND) {
    const values = rows
      .slice(start, start + ROWS_PER_COMMAND)
      .map((row) => fields.map(([name, { kind }]) => literalOf(row[name], kind)).join(', '));
    const verb = start === 0 ? '.set-or-replace' : '.set-or-append';
    await cluster.command(`${verb} ${table.name} <| datatable(${columns}) [\n${values.join(',\n')}\n]`);
  }
}

const sizeOf = async (cluster: Cluster, table: Table): Promise<string> => {
  const [row]: readonly Row[] = await cluster.query(`${table.name} | count`);
  return `${table.name}: ${String(row?.['Count'])} rows`;
};

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      cdn: { type: 'string' },
      content: { type: 'string' },
      tenant: { type: 'string', default: 'default' },
      cluster: { type: 'string', default: 'http://127.0.0.1:8080' },
      database: { type: 'string', default: 'framewatch' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  // Both files are read before anything is replaced.
  const cdns = values.cdn === undefined ? undefined : readCdnFile(values.cdn);
  const contents = values.content === undefined ? undefined : readContentFile(values.content, values.tenant);
  const cluster = openCluster(values.cluster, values.database);
  try {
    if (cdns) await replaceCatalog(cluster, cdnCatalog, cdns);
    if (contents) await replaceCatalog(cluster, contentCatalog, contents);
    for (const table of [cdnCatalog, contentCatalog]) console.log(await sizeOf(cluster, table));
  } finally {
    cluster.close();
  }
}

if (import.meta.main) await runCommand(main);
