// The JSON routes of the viewer.
import type { IncomingMessage } from 'node:http';
import type { AlertManager } from './alerts/manager.ts';
import { runAnnotations } from './annotation-query.ts';
import { findDashboard, readDashboards } from './dashboards.ts';
import type { StackStatus } from './history-progress.ts';
import { readJson, RequestError } from './http-exchange.ts';
import type { KustoClient } from './kusto-client.ts';
import { isCommand } from './kusto-client.ts';
import type { Dashboard } from './model/dashboard.ts';
import { allPanels } from './model/dashboard.ts';
import { runPanel } from './panel-query.ts';
import type { TimeRangeMs } from './query/macros.ts';
import type { ChosenValues, ResolvedVariable } from './variable-options.ts';
import { resolveVariables } from './variable-options.ts';

export interface ApiContext {
  readonly client: KustoClient;
  readonly database: string;
  readonly kustoUrl: string;
  readonly functionsUrl: string | undefined;
  readonly dashboardsDir: string;
  readonly alerts: AlertManager;
  readonly alertsProblem: string | undefined;
  readonly statusProvider: (() => StackStatus) | undefined;
  readonly now: () => number;
}

export type ApiHandler = (
  context: ApiContext,
  request: IncomingMessage,
  url: URL,
  signal: AbortSignal,
) => Promise<unknown>;

const text = (body: Record<string, unknown>, name: string): string => {
  const value = body[name];
  if (typeof value !== 'string' || value === '') throw new RequestError(400, `'${name}' is needed`);
  return value;
};

const rangeIn = (body: Record<string, unknown>): TimeRangeMs => {
  const [fromMs, toMs] = [body['fromMs'], body['toMs']];
  if (typeof fromMs !== 'number' || typeof toMs !== 'number' || !(fromMs < toMs))
    throw new RequestError(400, "'fromMs' and 'toMs' must be Unix milliseconds, the first smaller");
  return { fromMs, toMs };
};

const chosenIn = (body: Record<string, unknown>): ChosenValues =>
  typeof body['variables'] === 'object' && body['variables'] !== null ? (body['variables'] as ChosenValues) : {};

async function dashboardIn(context: ApiContext, uid: string): Promise<Dashboard> {
  const dashboard = await findDashboard(context.dashboardsDir, uid);
  if (dashboard === undefined) throw new RequestError(404, `there is no dashboard '${uid}'`);
  return dashboard;
}

const variablesFor = (
  context: ApiContext,
  dashboard: Dashboard,
  chosen: ChosenValues,
  range: TimeRangeMs,
): Promise<ResolvedVariable[]> =>
  resolveVariables(dashboard, chosen, { client: context.client, database: context.database, range });

const listDashboards: ApiHandler = async (context) =>
  (await readDashboards(context.dashboardsDir)).map(({ file, dashboard, problem }) => ({
    file,
    problem,
    uid: dashboard?.uid,
    title: dashboard?.title ?? file,
    tags: dashboard?.tags ?? [],
  }));

const getDashboard: ApiHandler = async (context, _request, url) =>
  dashboardIn(context, decodeURIComponent(url.pathname.slice('/api/dashboards/'.length)));

const postVariables: ApiHandler = async (context, request) => {
  const body = await readJson(request);
  return variablesFor(context, await dashboardIn(context, text(body, 'dashboardUid')), chosenIn(body), rangeIn(body));
};

// The page sends the variables as it got them, resolved, so that a panel costs one query and not one a variable.
const statesIn = (body: Record<string, unknown>): ResolvedVariable[] =>
  Array.isArray(body['variables']) ? (body['variables'] as ResolvedVariable[]) : [];

const postPanel: ApiHandler = async (context, request, _url, signal) => {
  const body = await readJson(request);
  const dashboard = await dashboardIn(context, text(body, 'dashboardUid'));
  const panel = allPanels(dashboard).find((one) => one.id === body['panelId']);
  if (panel === undefined)
    throw new RequestError(404, `dashboard '${dashboard.uid}' has no panel ${String(body['panelId'])}`);
  const range = rangeIn(body);
  const maxDataPoints = typeof body['maxDataPoints'] === 'number' ? Math.max(1, body['maxDataPoints']) : 500;
  const variables = Array.isArray(body['variables'])
    ? statesIn(body)
    : await variablesFor(context, dashboard, chosenIn(body), range);
  return runPanel(context.client, panel, { range, maxDataPoints, variables, signal }, context.database);
};

const postAnnotations: ApiHandler = async (context, request) => {
  const body = await readJson(request);
  const dashboard = await dashboardIn(context, text(body, 'dashboardUid'));
  return runAnnotations(context.client, dashboard, statesIn(body), rangeIn(body));
};

const postQuery: ApiHandler = async (context, request, _url, signal) => {
  const body = await readJson(request);
  const csl = text(body, 'csl');
  if (isCommand(csl))
    throw new RequestError(400, 'management commands (starting with a dot) are refused here: this page only reads');
  return context.client.queryRaw(csl, typeof body['db'] === 'string' ? body['db'] : undefined, signal);
};

const getSchema: ApiHandler = async (context) => {
  const table = await context.client.command(`.show database ['${context.database}'] schema as json`);
  const cell = Array.isArray(table.Rows[0]) ? (table.Rows[0] as unknown[])[0] : undefined;
  return typeof cell === 'string' ? JSON.parse(cell) : (cell ?? {});
};

const getAlerts: ApiHandler = async (context) => ({
  now: context.now(),
  problem: context.alertsProblem,
  rules: context.alerts.status(),
  firing: context.alerts.firing().length,
  history: context.alerts.entries().slice(-300).toReversed(),
  historyError: context.alerts.history.writeError,
  failedNotifications: context.alerts.failedNotifications,
  lastNotificationError: context.alerts.lastNotificationError,
});

const getStatus: ApiHandler = async (context) => ({
  kustoUrl: context.kustoUrl,
  functionsUrl: context.functionsUrl,
  database: context.database,
  status: context.statusProvider?.(),
});

const EXACT: Readonly<Record<string, ApiHandler>> = {
  'GET /api/dashboards': listDashboards,
  'GET /api/alerts': getAlerts,
  'GET /api/status': getStatus,
  'GET /api/schema': getSchema,
  'POST /api/variables': postVariables,
  'POST /api/panel': postPanel,
  'POST /api/annotations': postAnnotations,
  'POST /api/query': postQuery,
};

/** The handler of a route, if there is one. */
export function findApiHandler(method: string, pathname: string): ApiHandler | undefined {
  if (method === 'GET' && pathname.startsWith('/api/dashboards/')) return getDashboard;
  return EXACT[`${method} ${pathname}`];
}
