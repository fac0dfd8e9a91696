import { KustoError } from '../types.ts';
import type { Engine } from '../exec/engine.ts';
import { parseCsvRows } from './csv-rows.ts';
import { parseJsonRows } from './json-rows.ts';
import { toBlock, type RowFormat } from './mapping.ts';

export interface IngestRequest {
  readonly database: string;
  readonly table: string;
  /** As Kusto names it: json, multijson, singlejson, csv, tsv, psv, scsv. */
  readonly format: string;
  readonly mappingName?: string | undefined;
  /** JSON text of a mapping given in line. */
  readonly mapping?: string | undefined;
  readonly ignoreFirstRecord?: boolean;
  readonly body: string;
}

const SEPARATORS: Readonly<Record<string, string>> = { csv: ',', tsv: '\t', psv: '|', scsv: ';' };

/** Decodes a body, converts it by its mapping and stores it; resolves with the number of rows once they are on disk. */
export async function ingestText(engine: Engine, request: IngestRequest): Promise<number> {
  const database = engine.catalog.databaseName(request.database);
  const table = engine.catalog.requireTable(database, request.table);
  const format = request.format.toLowerCase();
  const separator = SEPARATORS[format];
  const rowFormat: RowFormat = separator === undefined ? 'json' : 'csv';
  const mapping = request.mapping ?? namedMapping(engine, database, table.name, rowFormat, request.mappingName);
  let rows: unknown[];
  if (separator !== undefined) rows = parseCsvRows(request.body, separator);
  else if (format === 'json' || format === 'multijson' || format === 'singlejson')
    rows = parseJsonRows(request.body, format === 'json' ? 'json' : 'multijson');
  else
    throw new KustoError(
      'BADREQUEST',
      `BadRequest_FormatNotSupported: the data format '${request.format}' is not supported; json, multijson, csv, tsv, psv and scsv are`,
    );
  if (request.ignoreFirstRecord === true) rows.shift();
  if (rows.length === 0) return 0;
  await engine.writer.append(table, toBlock(table, rows, rowFormat, mapping));
  return rows.length;
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
