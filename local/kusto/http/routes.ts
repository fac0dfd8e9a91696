import type { IncomingMessage } from 'node:http';
import type { Engine } from '../exec/engine.ts';
import { runQuery } from '../exec/query.ts';
import { fetchBlob } from '../ingest/fetch-blob.ts';
import { ingestText } from '../ingest/ingest-text.ts';
import { runCommand } from '../mgmt/run-command.ts';
import { KustoError } from '../types.ts';
import { readBody } from './body.ts';
import type { RequestIds } from './errors.ts';
import { commandV1, queryV1, queryV2 } from './frames.ts';
import { readRequest } from './request-properties.ts';

export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly type?: string;
}

/** Kusto's limit for a streaming request. */
const STREAMING_LIMIT = 4 * 1024 * 1024;
/** A query text, or `.ingest inline` and scripts. */
const REQUEST_LIMIT = 64 * 1024 * 1024;

const WELCOME = `Framewatch local Kusto-compatible engine.
Query:  POST /v2/rest/query or /v1/rest/query  {"db": "...", "csl": "..."}
Manage: POST /v1/rest/mgmt                      {"db": "...", "csl": ".show tables"}
Ingest: POST /v1/rest/ingest/{database}/{table}?streamFormat=json&mappingName=...
`;

/** What the SDKs ask for before their first request. No sign-in is needed; the values are the public cloud's. */
const AUTH_METADATA = JSON.stringify({
  AzureAD: {
    LoginEndpoint: 'https://login.microsoftonline.com',
    LoginMfaRequired: false,
    KustoClientAppId: 'db662dc1-0cfe-4e1c-a843-19a68e65be58',
    KustoClientRedirectUri: 'https://microsoft/kustoclient',
    KustoServiceResourceId: 'https://kusto.kusto.windows.net',
    FirstPartyAuthorityUrl: 'https://login.microsoftonline.com/f8cdef31-a31e-4b4a-93e4-5f571e91255a',
  },
  dSTS: {
    CloudEndpointSuffix: 'windows.net',
    DstsRealm: 'realm://dsts.core.windows.net',
    DstsInstance: 'prod-dsts.dsts.core.windows.net',
    KustoDnsHostName: 'kusto.windows.net',
    ServiceName: 'kusto',
  },
});

/** Answers one request; throws KustoError for what the client is to be told. */
export async function routes(
  engine: Engine,
  request: IncomingMessage,
  ids: RequestIds,
  signal: AbortSignal,
): Promise<Answer> {
  const target = request.url ?? '/';
  if (!URL.canParse(target, 'http://localhost')) return notFound(target);
  const url = new URL(target, 'http://localhost');
  const path = url.pathname.replace(/\/+$/, '') || '/';
  if (request.method === 'GET' || request.method === 'HEAD') {
    if (path === '/') return { status: 200, body: WELCOME, type: 'text/plain; charset=utf-8' };
    if (path === '/v1/rest/ping')
      return {
        status: 200,
        body: JSON.stringify({ status: 'ok', databases: engine.catalog.databases().map(({ name }) => name) }),
      };
    if (path === '/v1/rest/auth/metadata') return { status: 200, body: AUTH_METADATA };
    if (/^\/v[12]\/rest\/(?:query|mgmt|ingest)/.test(path))
      return {
        status: 405,
        body: JSON.stringify({ error: { code: 'MethodNotAllowed', message: `${path} takes POST` } }),
      };
    return notFound(path);
  }
  if (request.method !== 'POST')
    return {
      status: 405,
      body: JSON.stringify({
        error: { code: 'MethodNotAllowed', message: `${request.method ?? ''} is not supported` },
      }),
    };
  if (path === '/v1/rest/query' || path === '/v2/rest/query' || path === '/v1/rest/mgmt')
    return queryOrCommand(engine, request, path, ids, signal);
  const ingest = /^\/v1\/rest\/ingest\/([^/]+)\/([^/]+)$/.exec(path);
  if (ingest !== null) return streamingIngest(engine, request, url, decoded(ingest[1]), decoded(ingest[2]));
  return notFound(path);
}

function decoded(part = ''): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new KustoError('BADREQUEST', `'${part}' in the path is not well encoded`);
  }
}

const notFound = (path: string): Answer => ({
  status: 404,
  body: JSON.stringify({
    error: {
      code: 'NotFound',
      message: `There is nothing at ${path}`,
      '@message': `There is nothing at ${path}`,
      '@permanent': true,
    },
  }),
});

async function queryOrCommand(
  engine: Engine,
  request: IncomingMessage,
  path: string,
  ids: RequestIds,
  signal: AbortSignal,
): Promise<Answer> {
  const body = readRequest(await readBody(request, REQUEST_LIMIT), engine.defaultDatabase);
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
      clientRequestId: ids.clientRequestId,
    });
    return { status: 200, body: path === '/v2/rest/query' ? queryV2(result, undefined, ids) : commandV1(result) };
  }
  const result = await runQuery(engine, { ...body, database, signal });
  const encode = path === '/v2/rest/query' ? queryV2 : queryV1;
  return { status: 200, body: encode(result, result.visualization, ids) };
}

const isCommand = (text: string): boolean => /^(?:\s*\/\/[^\n]*\n|\s)*\./.test(text);

async function streamingIngest(
  engine: Engine,
  request: IncomingMessage,
  url: URL,
  database: string,
  table: string,
): Promise<Answer> {
  const body = await readBody(request, STREAMING_LIMIT);
  const format = url.searchParams.get('streamFormat');
  if (format === null) throw new KustoError('BADREQUEST', "The query parameter 'streamFormat' is missing");
  const text =
    url.searchParams.get('sourceKind') === 'uri'
      ? await fetchBlob(sourceUri(body), STREAMING_LIMIT, engine.blobHosts)
      : body;
  const mappingName = url.searchParams.get('mappingName') ?? undefined;
  const rows = await ingestText(engine, { database, table, format, mappingName, body: text.toString('utf8') });
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
