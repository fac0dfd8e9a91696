import { KustoError } from '../types.ts';
import type { Engine } from '../exec/engine.ts';
import type { TableEntity } from '../catalog/entities.ts';
import type { Block } from '../store/block.ts';
import { parseCsvRows } from './csv-rows.ts';
import { readJsonLines } from './json-lines.ts';
import { parseJsonRows } from './json-rows.ts';
import { propertyColumns, toBlock, type RowFormat } from './mapping.ts';

export interface IngestRequest {
  readonly database: string;
  readonly table: string;
  /** As Kusto names it: json, multijson, singlejson, csv, tsv, psv, scsv. */
  readonly format: string;
  readonly mappingName?: string | undefined;
  /** JSON text of a mapping given in line. */
  readonly mapping?: string | undefined;
  readonly ignoreFirstRecord?: boolean;
  /** Where it comes from, for mappings that ask: a blob's address without its signature. */
  readonly location?: string;
  readonly body: Uint8Array;
}

const JSON_FORMATS = new Set(['json', 'multijson', 'singlejson']);
const SEPARATORS: Readonly<Record<string, string>> = { csv: ',', tsv: '\t', psv: '|', scsv: ';' };

/** Decodes a body, converts it by its mapping and stores it; resolves with the number of rows once they are on disk. */
export async function ingestText(engine: Engine, request: IngestRequest): Promise<number> {
  const database = engine.catalog.databaseName(request.database);
  const table = engine.catalog.requireTable(database, request.table);
  const format = request.format.toLowerCase();
  const separator = SEPARATORS[format];
  const rowFormat: RowFormat = separator === undefined ? 'json' : 'csv';
  if (separator === undefined && !JSON_FORMATS.has(format))
    throw new KustoError(
      'BADREQUEST',
      `BadRequest_FormatNotSupported: the data format '${request.format}' is not supported; json, multijson, csv, tsv, psv and scsv are`,
    );
  const mapping = request.mapping ?? namedMapping(engine, database, table.name, rowFormat, request.mappingName);
  const block = shortWay(table, rowFormat, mapping, request) ?? longWay(table, format, mapping, request);
  if (block.rowCount === 0) return 0;
  await engine.writer.append(table, block);
  return block.rowCount;
}

function shortWay(
  table: TableEntity,
  format: RowFormat,
  mapping: string | null,
  { body, ignoreFirstRecord = false }: IngestRequest,
): Block | null {
  if (format !== 'json' || ignoreFirstRecord) return null;
  const columns = propertyColumns(table, mapping);
  return columns === null ? null : readJsonLines(body, columns);
}

function longWay(table: TableEntity, format: string, mapping: string | null, request: IngestRequest): Block {
  const separator = SEPARATORS[format];
  const text = Buffer.from(request.body.buffer, request.body.byteOffset, request.body.byteLength).toString('utf8');
  const rows =
    separator === undefined
      ? parseJsonRows(text, format === 'json' ? 'json' : 'multijson')
      : parseCsvRows(text, separator);
  if (request.ignoreFirstRecord === true) rows.shift();
  return toBlock(table, rows, separator === undefined ? 'json' : 'csv', mapping, request.location);
}

function namedMapping(
  engine: Engine,
  database: string,
  table: string,
  kind: RowFormat,
  name: string | undefined,
): string | null {
  if (name === undefined || name === '') return null;
  const mapping = engine.catalog.mapping(database, table, kind, name);
  if (mapping !== undefined) return mapping.mapping;
  throw new KustoError(
    'BADREQUEST',
    `BadRequest_MappingReferenceWasNotFound: mapping reference '${name}' of kind '${kind}' was not found in table '${table}'`,
  );
}
