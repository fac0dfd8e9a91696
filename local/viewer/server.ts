// The viewer's HTTP server: pages, JSON routes, and what others mount beside them.
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RunKql } from './alerts/evaluate.ts';
import { AlertManager } from './alerts/manager.ts';
import type { AlertRule } from './alerts/rules.ts';
import { parseRuleFile } from './alerts/rules.ts';
import type { ApiContext } from './api-routes.ts';
import { findApiHandler } from './api-routes.ts';
import type { AppBundle } from './app-bundle.ts';
import { buildApp, CONTENT_SECURITY_POLICY, PAGE } from './app-bundle.ts';
import type { StackStatus } from './history-progress.ts';
import { RequestError, requireLocal, sendJson, sendText } from './http-exchange.ts';
import type { KustoClient } from './kusto-client.ts';
import { createKustoClient, KustoQueryError } from './kusto-client.ts';
import { failureOf } from './panel-query.ts';
import { toResultFormat } from './query/result-format.ts';

/** Mounted before the 404: answers the request and resolves true, or leaves it alone and gives false. */
export type ExtraHandler = (request: IncomingMessage, response: ServerResponse) => boolean | Promise<boolean>;

export interface ViewerOptions {
  /** 0 picks a free port. */
  readonly port: number;
  readonly host?: string;
  readonly kustoUrl: string;
  readonly database: string;
  /** Folder of classic dashboard JSON files. */
  readonly dashboardsDir: string;
  /** Alert rules in file-provisioning shape; a missing file means no rules, a broken one is shown on the alerting page. */
  readonly alertsFile?: string;
  readonly functionsUrl?: string;
  readonly extraHandlers?: readonly ExtraHandler[];
  readonly statusProvider?: () => StackStatus;
  /** Where `alert-history.jsonl` is kept; without it history lives in memory only. */
  readonly dataDir?: string;
  /** Webhook contact point for notifications. */
  readonly webhookUrl?: string;
  /** False leaves the evaluation to calls of `alerts.evaluateAll(atMs)`. */
  readonly evaluateAlerts?: boolean;
  readonly now?: () => number;
}

export interface Viewer {
  readonly url: string;
  readonly alerts: AlertManager;
  readonly close: () => Promise<void>;
}

async function loadRules(
  file: string | undefined,
): Promise<{ rules: readonly AlertRule[]; problem: string | undefined }> {
  if (file === undefined) return { rules: [], problem: undefined };
  try {
    return { rules: parseRuleFile(await readFile(file, 'utf8')), problem: undefined };
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return { rules: [], problem: isMissing ? `there is no rule file ${file}` : `${file}: ${(error as Error).message}` };
  }
}

const runWith =
  (client: KustoClient): RunKql =>
  async ({ csl, database, resultFormat, refId }) =>
    // An alert query cannot use dashboard variables; "${database}" means the data source's default there.
    toResultFormat(
      await client.query(
        csl,
        database === undefined || database === '' || database.includes('$') ? undefined : database,
      ),
      resultFormat,
      refId,
      csl,
    );

const PAGES = [/^\/$/, /^\/d\/[^/]+(\/[^/]*)?$/, /^\/alerting$/, /^\/explore$/, /^\/dashboards$/];

async function sendPageOrAsset(
  pathname: string,
  response: ServerResponse,
  bundle: Promise<AppBundle>,
): Promise<boolean> {
  if (PAGES.some((page) => page.test(pathname))) {
    sendText(response, 'text/html; charset=utf-8', PAGE, {
      'content-security-policy': CONTENT_SECURITY_POLICY,
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    });
    return true;
  }
  if (pathname === '/assets/app.js')
    sendText(response, 'text/javascript; charset=utf-8', (await bundle).script, { 'cache-control': 'no-cache' });
  else if (pathname === '/assets/app.css')
    sendText(response, 'text/css; charset=utf-8', (await bundle).style, { 'cache-control': 'no-cache' });
  else return false;
  return true;
}

async function route(
  request: IncomingMessage,
  response: ServerResponse,
  context: ApiContext,
  bundle: Promise<AppBundle>,
  extra: readonly ExtraHandler[],
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://viewer');
  const method = request.method ?? 'GET';
  requireLocal(request);
  if (url.pathname === '/health')
    return sendJson(response, 200, { status: 'ok', alerts: context.alertsProblem ?? 'ok' });
  const handler = findApiHandler(method, url.pathname);
  if (handler !== undefined) {
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    return sendJson(response, 200, await handler(context, request, url, gone.signal));
  }
  if (method === 'GET' && (await sendPageOrAsset(url.pathname, response, bundle))) return undefined;
  for (const one of extra) if (await one(request, response)) return undefined;
  throw new RequestError(404, `there is nothing at ${method} ${url.pathname}`);
}

function sendFailure(response: ServerResponse, error: unknown): void {
  if (response.headersSent || response.destroyed) return void response.end();
  const status = error instanceof RequestError || error instanceof KustoQueryError ? error.status : 500;
  sendJson(response, status, { error: failureOf(error) });
}

const listen = (server: Server, port: number, host: string): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });

/** Starts the viewer. Rejects when the port is taken. */
export async function startViewer(options: ViewerOptions): Promise<Viewer> {
  const client = createKustoClient(options.kustoUrl, options.database);
  const { rules, problem } = await loadRules(options.alertsFile);
  const bundle = buildApp();
  // Awaited by the first page; a failure must not end the process before that.
  bundle.catch(() => undefined);
  const now = options.now ?? Date.now;
  let url = '';
  const alerts = new AlertManager({
    rules,
    run: runWith(client),
    now,
    externalUrl: () => url,
    ...(options.dataDir === undefined ? {} : { dataDir: options.dataDir }),
    ...(options.webhookUrl === undefined ? {} : { webhookUrl: options.webhookUrl }),
  });
  const context: ApiContext = {
    client,
    database: options.database,
    kustoUrl: options.kustoUrl,
    functionsUrl: options.functionsUrl,
    dashboardsDir: options.dashboardsDir,
    alerts,
    alertsProblem: problem,
    statusProvider: options.statusProvider,
    now,
  };
  const server = createServer((request, response) => {
    route(request, response, context, bundle, options.extraHandlers ?? []).catch((error: unknown) =>
      sendFailure(response, error),
    );
  });
  await listen(server, options.port, options.host ?? '127.0.0.1');
  url = `http://${options.host ?? '127.0.0.1'}:${(server.address() as AddressInfo).port}`;
  if (options.evaluateAlerts !== false) await alerts.start();
  const close = async (): Promise<void> => {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await Promise.all([closed, alerts.close(), bundle.catch(() => undefined)]);
  };
  return { url, alerts, close };
}
