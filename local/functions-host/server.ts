import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { admin, type AdminContext } from './admin.ts';
import type { RegisteredFunction } from './core-api.ts';
import { eventGridWebhook } from './event-grid-webhook.ts';
import { answerHttp, BodyTooLarge, httpRoutes, invokeHttp, readBody, type HttpRoute } from './http-function.ts';
import { triggerOf, type Invoker } from './invoke.ts';
import type { HostJson } from './settings.ts';

export interface ServerOptions {
  readonly port: number;
  readonly host: string;
  readonly functions: ReadonlyMap<string, RegisteredFunction>;
  readonly invoker: Invoker;
  readonly hostJson: HostJson;
  readonly maxBodyBytes: number;
  /** A request must be here by then, body and all: 408 otherwise. Default 10 s. */
  readonly bodyTimeoutMs?: number;
  isDisabled(name: string): boolean;
}

export interface RunningServer {
  readonly url: string;
  readonly routes: readonly HttpRoute[];
  /** Stops listening and resolves when every request under way has its answer. */
  close(): Promise<void>;
}

const HOME =
  '<!DOCTYPE html><html lang="en"><title>Functions</title><body><h1>Your Functions app is up and running</h1></body></html>';
/** What Kestrel's least data rate amounts to for a small body. */
const BODY_TIMEOUT_MS = 10_000;
/** Node looks for late requests only so often; its default of 30 s would let a slow sender stay that long. */
const TIMEOUT_CHECK_MS = 1000;

const MOUNTED = /^\/(admin|runtime)\//;

function plain(response: ServerResponse, status: number, body = '', contentType = 'text/plain'): void {
  response.writeHead(
    status,
    body === '' ? { 'content-length': 0 } : { 'content-type': contentType, 'content-length': Buffer.byteLength(body) },
  );
  response.end(body);
}

async function handleMounted(
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  options: ServerOptions,
  context: AdminContext,
): Promise<void> {
  const body = await readBody(request, options.maxBodyBytes);
  if (url.pathname.startsWith('/admin/')) {
    const { status, json } = admin(request.method ?? 'GET', url.pathname, body, context);
    plain(response, status, json === undefined ? '' : JSON.stringify(json), 'application/json');
    return;
  }
  if (url.pathname !== '/runtime/webhooks/eventgrid' || request.method !== 'POST') {
    plain(response, 404);
    return;
  }
  const header = request.headers['aeg-event-type'];
  const eventType = typeof header === 'string' ? header : undefined;
  const answer = await eventGridWebhook(options.invoker, options.functions, {
    functionName: url.searchParams.get('functionName'),
    eventType,
    body,
  });
  plain(response, answer.status, answer.body, answer.contentType);
}

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  routes: readonly HttpRoute[],
  options: ServerOptions,
  context: AdminContext,
): Promise<void> {
  const target = request.url ?? '/';
  const mark = target.indexOf('?');
  const path = mark === -1 ? target : target.slice(0, mark);
  if (MOUNTED.test(path)) {
    await handleMounted(request, response, new URL(target, context.baseUrl), options, context);
    return;
  }
  for (const route of routes) {
    const params = route.methods.includes(request.method ?? '') ? route.route.match(path) : undefined;
    if (!params) continue;
    const body = await readBody(request, options.maxBodyBytes);
    answerHttp(
      response,
      await invokeHttp(options.invoker, route, params, request, body),
      options.hostJson.customHeaders,
    );
    return;
  }
  request.resume();
  if (path === '/' && request.method === 'GET') plain(response, 200, HOME, 'text/html');
  // The method is part of the route: a wrong one is an unknown route, never 405.
  else plain(response, 404);
}

const listen = (server: Server, port: number, host: string): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });

/** Starts the HTTP side of the host. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const isEnabled = (target: RegisteredFunction): boolean => !options.isDisabled(target.metadata.name);
  const http = [...options.functions.values()].filter(
    (target) => triggerOf(target).type === 'httpTrigger' && isEnabled(target),
  );
  const routes = httpRoutes(http, options.hostJson.routePrefix);
  const context = {
    functions: options.functions,
    invoker: options.invoker,
    baseUrl: '',
    startedMs: Date.now(),
    isDisabled: (name: string) => options.isDisabled(name),
  };
  const { bodyTimeoutMs = BODY_TIMEOUT_MS } = options;
  const server = createServer(
    {
      requestTimeout: bodyTimeoutMs,
      headersTimeout: bodyTimeoutMs,
      connectionsCheckingInterval: Math.min(TIMEOUT_CHECK_MS, bodyTimeoutMs),
    },
    (request, response) => {
      if (!server.listening) response.setHeader('connection', 'close');
      handle(request, response, routes, options, context).catch((error: unknown) => {
        if (response.headersSent || response.destroyed) return;
        if (error instanceof BodyTooLarge) response.setHeader('connection', 'close');
        plain(response, error instanceof BodyTooLarge ? 413 : 500);
      });
    },
  );
  const port = await listen(server, options.port, options.host);
  context.baseUrl = `http://${options.host}:${port}`;
  return {
    url: context.baseUrl,
    routes,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
      }),
  };
}
