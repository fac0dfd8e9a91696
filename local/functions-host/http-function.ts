import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { HttpData, RegisteredFunction, TypedData } from './core-api.ts';
import { triggerOf, type InvocationResult, type Invoker } from './invoke.ts';
import { LazyRequest } from './lazy-request.ts';
import { compileRoute, type Route } from './routes.ts';

export interface HttpRoute {
  readonly target: RegisteredFunction;
  readonly methods: readonly string[];
  readonly template: string;
  readonly route: Route;
}

/** Routes of the HTTP functions, most specific first. */
export function httpRoutes(targets: readonly RegisteredFunction[], routePrefix: string): HttpRoute[] {
  return targets
    .map((target) => {
      const { options } = triggerOf(target);
      const path =
        typeof options['route'] === 'string' && options['route'] !== '' ? options['route'] : target.metadata.name;
      const methods = Array.isArray(options['methods'])
        ? options['methods'].map((method) => String(method).toUpperCase())
        : ['GET', 'POST'];
      const template = [routePrefix, path].filter((part) => part !== '').join('/');
      return { target, methods, template, route: compileRoute(template) };
    })
    .sort((a, b) => (a.route.rank < b.route.rank ? -1 : a.route.rank > b.route.rank ? 1 : 0));
}

export class BodyTooLarge extends Error {}

/**
 * The body, when Content-Length announces one. A chunked body is read and thrown away:
 * in the real host it does not reach a function that has not switched HTTP streaming on.
 */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer | undefined> {
  const length = Number(request.headers['content-length'] ?? 0);
  if (length > maxBytes) return Promise.reject(new BodyTooLarge());
  return new Promise((resolve, reject) => {
    // In memory of its own, which can be handed on as it is. The parser holds senders to the length that they announce.
    let body: Buffer | undefined;
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      if (length === 0) return;
      body ??= Buffer.allocUnsafeSlow(length);
      size += chunk.copy(body, size);
    });
    request.on('end', () => resolve(body));
    request.on('error', reject);
    request.on('close', () => {
      if (!request.readableEnded) reject(new Error('the sender went away'));
    });
  });
}

function headersOf(request: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers[name] = typeof value === 'string' ? value : value.join(',');
  }
  return headers;
}

/** Values of a name that occurs twice are joined by a comma, as the host joins them. */
function queryOf(search: string): Record<string, string> {
  const query: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(search))
    query[name] = Object.hasOwn(query, name) ? `${query[name]},${value}` : value;
  return query;
}

/** Runs an HTTP function for a request. */
export function invokeHttp(
  invoker: Invoker,
  route: HttpRoute,
  params: Record<string, string>,
  request: IncomingMessage,
  body: Buffer | undefined,
): Promise<InvocationResult> {
  const path = request.url ?? '/';
  const url = `http://${request.headers.host ?? 'localhost'}${path}`;
  const method = request.method ?? 'GET';
  const headers = headersOf(request);
  const http: HttpData = {
    url,
    method,
    headers,
    query: path.includes('?') ? queryOf(path.slice(path.indexOf('?'))) : {},
    params,
    body: body === undefined ? null : { bytes: body },
    // Of GET and HEAD the library drops the body itself.
    ...(method !== 'GET' && method !== 'HEAD' && { nativeRequest: new LazyRequest({ url, method, headers, body }) }),
  };
  return invoker.invoke(route.target, {
    reason: 'This function was programmatically called via the host APIs.',
    data: { http },
  });
}

function cookieOf(cookie: Readonly<Record<string, unknown>>): string {
  const plain = (value: unknown): unknown =>
    typeof value === 'object' && value !== null && 'value' in value ? value.value : value;
  const parts = [`${String(cookie['name'])}=${encodeURIComponent(String(cookie['value']))}`];
  for (const [key, label] of [
    ['path', 'Path'],
    ['domain', 'Domain'],
    ['maxAge', 'Max-Age'],
  ] as const) {
    const value = plain(cookie[key]);
    if (typeof value === 'string' || typeof value === 'number') parts.push(`${label}=${value}`);
  }
  if (plain(cookie['secure']) === true) parts.push('Secure');
  if (plain(cookie['httpOnly']) === true) parts.push('HttpOnly');
  const sameSite = cookie['sameSite'];
  if (sameSite === 'lax' || sameSite === 'strict') parts.push(`SameSite=${sameSite}`);
  if (sameSite === 'explicitNone') parts.push('SameSite=None');
  return parts.join('; ');
}

const bytesOf = (body: TypedData | null | undefined): Buffer =>
  body?.bytes
    ? Buffer.from(body.bytes.buffer, body.bytes.byteOffset, body.bytes.byteLength)
    : Buffer.from(body?.string ?? body?.json ?? '');

const SMALL_BODY = 16_384;

/** Writes what a function returned: nothing → 204, an error → 500 with an empty body. */
export function answerHttp(
  response: ServerResponse,
  result: InvocationResult,
  customHeaders: Readonly<Record<string, string>>,
): void {
  const http = result.ok ? result.returnValue?.http : undefined;
  if (!http) {
    response.writeHead(result.ok ? 204 : 500, result.ok ? customHeaders : { ...customHeaders, 'content-length': '0' });
    response.end();
    return;
  }
  const status = Number(http.statusCode ?? 200);
  const headers: OutgoingHttpHeaders = { ...customHeaders, ...http.headers };
  if (http.cookies && http.cookies.length > 0) headers['set-cookie'] = http.cookies.map(cookieOf);
  if (status === 204 || status === 304) {
    response.writeHead(status, headers).end();
    return;
  }
  const body = bytesOf(http.body);
  headers['content-length'] = body.length;
  response.writeHead(status, headers);
  // Latin-1 text is the same bytes; as text they leave with the header in one piece, which halves the cost of writing.
  if (body.length <= SMALL_BODY) response.end(body.toString('latin1'), 'latin1');
  else response.end(body);
}
