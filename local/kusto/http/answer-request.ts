import type { Engine } from '../exec/engine.ts';
import { asKustoError, runQuery, type QueryResult } from '../exec/query.ts';
import { ingestionErrorCode } from '../ingest/failure-log.ts';
import { fetchBlob } from '../ingest/fetch-blob.ts';
import { ingestText } from '../ingest/ingest-text.ts';
import { runCommand } from '../mgmt/run-command.ts';
import { KustoError } from '../types.ts';
import type { Answer, ForwardedRequest } from './door-messages.ts';
import { toOneApi } from './errors.ts';
import { commandV1, queryV1, queryV2 } from './frames.ts';
import { readRequest } from './request-properties.ts';
import { INGEST_PATH, STREAMING_LIMIT } from './routes.ts';

/** Answers a query, command or streaming ingestion; what goes wrong becomes a OneApi error. */
export async function answerRequest(engine: Engine, request: ForwardedRequest, signal: AbortSignal): Promise<Answer> {
  try {
    const ingest = INGEST_PATH.exec(request.path);
    return ingest === null
      ? await queryOrCommand(engine, request, signal)
      : await recorded(engine, request, decoded(ingest[1]), decoded(ingest[2]));
  } catch (error) {
    const { status, body } = toOneApi(asKustoError(error), request.ids);
    return { status, body };
  }
}

const bufferOf = ({ buffer, byteOffset, byteLength }: Uint8Array): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength);

function decoded(part = ''): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new KustoError('BADREQUEST', `'${part}' in the path is not well encoded`);
  }
}

async function queryOrCommand(
  engine: Engine,
  { path, ids, caller, body: bytes }: ForwardedRequest,
  signal: AbortSignal,
): Promise<Answer> {
  const body = readRequest(bufferOf(bytes), engine.defaultDatabase);
  // Clients fetch ingestion resources from a database of this name, which holds nothing.
  const database =
    body.database === 'NetDefaultDB' ? engine.defaultDatabase : engine.catalog.databaseName(body.database);
  if (isCommand(body.text)) {
    const { timeoutMs, parameters } = body;
    const result = await runCommand(body.text, {
      engine,
      database,
      timeoutMs,
      parameters,
      clientRequestId: caller.clientRequestId,
      caller,
    });
    return { status: 200, body: path === '/v2/rest/query' ? queryV2(result, undefined, ids) : commandV1(result) };
  }
  const cancelled = new AbortController();
  const cancel = (): void =>
    cancelled.abort(new KustoError('TIMEOUT', 'Query was cancelled by .cancel query (0x80131505).', undefined, false));
  const running = engine.queries.begin({ type: 'Query', text: body.text, database, cancel, ...caller });
  let result: QueryResult;
  try {
    result = await runQuery(engine, { ...body, database, signal: AbortSignal.any([signal, cancelled.signal]) });
    if (result.failure) running.failed(result.failure);
    else running.done(result.rows.length);
  } catch (error) {
    running.failed(error);
    throw error;
  }
  const encode = path === '/v2/rest/query' ? queryV2 : queryV1;
  return { status: 200, body: encode(result, result.visualization, ids) };
}

const isCommand = (text: string): boolean => /^(?:\s*\/\/[^\n]*\n|\s)*\./.test(text);

/** Streaming ingestion whose failure is kept for `.show streamingingestion failures`. */
async function recorded(engine: Engine, request: ForwardedRequest, database: string, table: string): Promise<Answer> {
  try {
    return await streamingIngest(engine, request, database, table);
  } catch (error) {
    const known = asKustoError(error);
    const parameters = new URLSearchParams(request.search);
    engine.streamingFailures.add({
      database:
        engine.catalog.databases().find(({ name }) => name.toLowerCase() === database.toLowerCase())?.name ?? database,
      table,
      principal: request.caller.user,
      activityId: request.ids.activityId,
      properties: JSON.stringify({
        format: parameters.get('streamFormat'),
        mappingName: parameters.get('mappingName'),
      }),
      isPermanent: known.permanent,
      errorCode: ingestionErrorCode(known.message),
      details: known.message,
    });
    throw known;
  }
}

async function streamingIngest(
  engine: Engine,
  request: ForwardedRequest,
  database: string,
  table: string,
): Promise<Answer> {
  const body = bufferOf(request.body);
  const parameters = new URLSearchParams(request.search);
  const format = parameters.get('streamFormat');
  if (format === null) throw new KustoError('BADREQUEST', "The query parameter 'streamFormat' is missing");
  const text =
    parameters.get('sourceKind') === 'uri' ? await fetchBlob(sourceUri(body), STREAMING_LIMIT, engine.blobHosts) : body;
  const mappingName = parameters.get('mappingName') ?? undefined;
  const rows = await ingestText(engine, { database, table, format, mappingName, body: text });
  const columns = [
    { ColumnName: 'ConsumedRecordsCount', DataType: 'Int64', ColumnType: 'long' },
    { ColumnName: 'UpdatePolicyStatus', DataType: 'String', ColumnType: 'string' },
    { ColumnName: 'UpdatePolicyFailureCode', DataType: 'String', ColumnType: 'string' },
    { ColumnName: 'UpdatePolicyFailureReason', DataType: 'String', ColumnType: 'string' },
  ];
  return {
    status: 200,
    body: JSON.stringify({
      Tables: [{ TableName: 'Table_0', Columns: columns, Rows: [[rows, 'Inactive', 'Unknown', null]] }],
    }),
  };
}

function sourceUri(body: Buffer): string {
  try {
    const parsed = JSON.parse(body.toString('utf8')) as { sourceUri?: unknown; SourceUri?: unknown };
    const uri = parsed.sourceUri ?? parsed.SourceUri;
    if (typeof uri === 'string') return uri;
  } catch {
    // Told below.
  }
  throw new KustoError('BADREQUEST', "With sourceKind=uri the body must be JSON with 'sourceUri'");
}
