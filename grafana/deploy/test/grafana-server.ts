// A small real HTTP server that keeps to Grafana's documented HTTP API as far as deploying uses it: it stores and gives back,
// asks for required fields, numbers versions (412 for a stale one), hides secrets, and holds the rules of provenance.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { asRecord, type Json } from '../port.ts';
import { alertingRoutes } from './grafana-alerting.ts';
import {
  missing,
  NOT_FOUND,
  ok,
  refuse,
  textOf,
  type Answer,
  type Call,
  type GrafanaState,
} from './grafana-contract.ts';

export interface GrafanaServer {
  readonly url: string;
  readonly state: GrafanaState;
  /** `METHOD path` of every call that changes something. */
  readonly changes: string[];
  close(): Promise<void>;
}

function folders({ method, path: [, uid], body }: Call, { folders: held }: GrafanaState): Answer {
  if (method === 'POST') {
    const id = textOf(body['uid']);
    if (missing(body, ['title']).length > 0 || id.length > 40) return refuse(400, 'bad request data');
    if (held.has(id)) return refuse(409, 'a folder with the same uid already exists');
    held.set(id, { ...body, version: 1 });
    return ok(held.get(id));
  }
  if (uid === undefined) return ok([...held.values()]);
  const folder = held.get(uid);
  if (!folder) return NOT_FOUND;
  if (method === 'PUT') {
    if (body['overwrite'] !== true && body['version'] !== folder['version'])
      return refuse(412, 'The folder has been changed by someone else', { status: 'version-mismatch' });
    held.set(uid, { ...folder, title: body['title'], version: Number(folder['version']) + 1 });
  }
  return ok(held.get(uid));
}

function dataSources({ method, path: [, by, uid = ''], body }: Call, { dataSources: held }: GrafanaState): Answer {
  if (method === 'GET' && by === undefined) return ok([...held.values()]);
  if (method === 'POST') {
    const lost = missing(body, ['name', 'type', 'access']);
    if (lost.length > 0) return refuse(400, `required: ${lost.join(', ')}`);
    if ([...held.values()].some(({ name }) => name === body['name']))
      return refuse(409, 'data source with the same name already exists');
    held.set(String(body['uid']), { ...body, id: held.size + 1, version: 1, readOnly: false });
    return ok({ datasource: held.get(String(body['uid'])) });
  }
  const source = held.get(uid);
  if (by !== 'uid' || !source) return NOT_FOUND;
  if (method === 'DELETE') held.delete(uid);
  else if (method === 'PUT') {
    if (body['version'] !== source['version'])
      return refuse(409, 'Datasource has already been updated by someone else. Please reload and try again');
    held.set(uid, { ...body, id: source['id'], version: Number(source['version']) + 1 });
  }
  return ok(method === 'PUT' ? { datasource: held.get(uid) } : source);
}

function saveDashboard(body: Json, { dashboards: held, folders: known }: GrafanaState): Answer {
  const dashboard = asRecord(body['dashboard']);
  const uid = String(dashboard['uid']);
  const folderUid = textOf(body['folderUid']);
  if (missing(dashboard, ['title']).length > 0) return refuse(400, 'Dashboard title cannot be empty');
  if (folderUid !== '' && !known.has(folderUid)) return refuse(404, 'folder not found');
  const now = held.get(uid)?.dashboard;
  if (now && body['overwrite'] !== true && dashboard['version'] !== now['version'])
    return refuse(412, 'The dashboard has been changed by someone else', { status: 'version-mismatch' });
  const version = Number(now?.['version'] ?? 0) + 1;
  held.set(uid, { folderUid, dashboard: { ...dashboard, id: 1, version } });
  return ok({ uid, version, status: 'success' });
}

function dashboards(call: Call, state: GrafanaState): Answer {
  const { method, path } = call;
  const [, by, uid = ''] = path;
  if (method === 'POST' && by === 'db') return saveDashboard(call.body, state);
  const found = state.dashboards.get(uid);
  if (by !== 'uid' || !found) return NOT_FOUND;
  if (method === 'DELETE') state.dashboards.delete(uid);
  return ok({ meta: { folderUid: found.folderUid }, dashboard: found.dashboard });
}

function search({ query }: Call, { dashboards: held }: GrafanaState): Answer {
  const folder = query.get('folderUIDs');
  const tag = query.get('tag');
  return ok(
    [...held]
      .filter(([, { folderUid, dashboard }]) => folderUid === folder && asTags(dashboard).includes(tag))
      .map(([uid, { dashboard }]) => ({ uid, title: dashboard['title'], type: 'dash-db' })),
  );
}
const asTags = (dashboard: Json): unknown[] => (Array.isArray(dashboard['tags']) ? dashboard['tags'] : []);

function route(call: Call, state: GrafanaState): Answer {
  switch (call.path[0]) {
    case 'folders':
      return folders(call, state);
    case 'datasources':
      return dataSources(call, state);
    case 'dashboards':
      return dashboards(call, state);
    case 'search':
      return search(call, state);
    case 'v1':
      return alertingRoutes(call, state);
    default:
      return NOT_FOUND;
  }
}

async function callOf(request: IncomingMessage): Promise<Call> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString('utf8');
  const url = new URL(request.url ?? '/', 'http://localhost');
  return {
    method: request.method ?? '',
    path: url.pathname
      .replace(/^\/api\//, '')
      .split('/')
      .map(decodeURIComponent),
    query: url.searchParams,
    body: text === '' ? {} : asRecord(JSON.parse(text)),
    disablesProvenance: request.headers['x-disable-provenance'] !== undefined,
  };
}

/** Starts an empty Grafana on a free port; `token`: what it takes as bearer, otherwise anyone is let in. */
export async function startGrafana(token?: string): Promise<GrafanaServer> {
  const state: GrafanaState = {
    folders: new Map(),
    dataSources: new Map(),
    dashboards: new Map(),
    contactPoints: new Map(),
    rules: new Map(),
    intervals: new Map(),
    policies: { receiver: 'grafana-default-email', group_by: ['grafana_folder', 'alertname'], routes: [] },
  };
  const changes: string[] = [];
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const isKnown = token === undefined || request.headers.authorization === `Bearer ${token}`;
    const call = await callOf(request);
    const { status, body } = isKnown ? route(call, state) : refuse(401, 'Unauthorized');
    if (call.method !== 'GET' && status < 300) changes.push(`${call.method} ${call.path.join('/')}`);
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(body === undefined ? '' : JSON.stringify(body));
  };
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    state,
    changes,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
