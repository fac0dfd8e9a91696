import type { Answer } from './door-messages.ts';

/** Kusto's limit for a streaming request. */
export const STREAMING_LIMIT = 4 * 1024 * 1024;
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

/** Where a request goes: answered at the door, or with its body (at most `limit` bytes) to the engine. */
export type Route =
  | { readonly kind: 'answer'; readonly answer: Answer }
  | { readonly kind: 'engine'; readonly path: string; readonly search: string; readonly limit: number };

const REQUEST_PATHS = new Set(['/v1/rest/query', '/v2/rest/query', '/v1/rest/mgmt']);
export const INGEST_PATH = /^\/v1\/rest\/ingest\/([^/]+)\/([^/]+)$/;

const answer = (status: number, body: string, type?: string): Route => ({
  kind: 'answer',
  answer: { status, body, ...(type === undefined ? {} : { type }) },
});

/** Decides by method and path alone. */
export function routeOf(method: string, target: string, databases: readonly string[]): Route {
  if (!URL.canParse(target, 'http://localhost')) return notFound(target);
  const url = new URL(target, 'http://localhost');
  const path = url.pathname.replace(/\/+$/, '') || '/';
  if (method === 'GET' || method === 'HEAD') return getRoute(path, databases);
  if (method !== 'POST') return notAllowed(`${method} is not supported`);
  const { search } = url;
  if (REQUEST_PATHS.has(path)) return { kind: 'engine', path, search, limit: REQUEST_LIMIT };
  return INGEST_PATH.test(path) ? { kind: 'engine', path, search, limit: STREAMING_LIMIT } : notFound(path);
}

function getRoute(path: string, databases: readonly string[]): Route {
  if (path === '/') return answer(200, WELCOME, 'text/plain; charset=utf-8');
  if (path === '/v1/rest/ping') return answer(200, JSON.stringify({ status: 'ok', databases }));
  if (path === '/v1/rest/auth/metadata') return answer(200, AUTH_METADATA);
  return /^\/v[12]\/rest\/(?:query|mgmt|ingest)/.test(path) ? notAllowed(`${path} takes POST`) : notFound(path);
}

const notAllowed = (message: string): Route =>
  answer(405, JSON.stringify({ error: { code: 'MethodNotAllowed', message } }));

const notFound = (path: string): Route => {
  const message = `There is nothing at ${path}`;
  return answer(404, JSON.stringify({ error: { code: 'NotFound', message, '@message': message, '@permanent': true } }));
};
