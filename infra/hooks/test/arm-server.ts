// A small real HTTP server that keeps to Azure Resource Manager's contract as far as the hooks use it: an API version on every
// call, PUT creates (201) or replaces (200), DELETE answers 200, 202 with a Location to follow, or 204, lists come in pages.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

type Resource = Record<string, unknown>;

export interface ArmServer {
  readonly url: string;
  /** Resources by lower-case id; tests put in what Azure would hold. */
  readonly resources: Map<string, Resource>;
  /** Lists by lower-case path. */
  readonly lists: Map<string, Resource[]>;
  /** `METHOD path?query` of every call, in order. */
  readonly calls: string[];
  /** Status codes to answer the next calls with, instead of the truth. */
  readonly troubles: number[];
  /** Body of the last PUT to a path. */
  readonly bodies: Map<string, unknown>;
  close(): Promise<void>;
}

const API_VERSION = /^(\d{4}-\d{2}-\d{2}(-preview)?|7\.4)$/;
const PAGE = 2;

const bodyOf = async (request: IncomingMessage): Promise<unknown> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString('utf8');
  return text === '' ? undefined : JSON.parse(text);
};

function send(response: ServerResponse, status: number, body?: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(body === undefined ? '' : JSON.stringify(body));
}

const error = (code: string, message: string): unknown => ({ error: { code, message } });

/** Starts it on a free port of this machine. */
export async function startArmServer(): Promise<ArmServer> {
  const resources = new Map<string, Resource>();
  const lists = new Map<string, Resource[]>();
  const calls: string[] = [];
  const troubles: number[] = [];
  const bodies = new Map<string, unknown>();
  let base = '';

  const page = (response: ServerResponse, members: Resource[], url: URL): void => {
    const from = Number(url.searchParams.get('$skip') ?? '0');
    const next = new URL(url);
    next.searchParams.set('$skip', String(from + PAGE));
    const nextLink = from + PAGE < members.length ? { nextLink: next.href } : {};
    send(response, 200, { value: members.slice(from, from + PAGE), ...nextLink });
  };

  const put = async (request: IncomingMessage, response: ServerResponse, path: string): Promise<void> => {
    const body = await bodyOf(request);
    bodies.set(path, body);
    const isNew = !resources.has(path);
    resources.set(path, { id: path, name: path.split('/').at(-1), ...(body as Resource) });
    const operation = isNew
      ? { 'azure-asyncoperation': `${base}/operations/1?api-version=2024-03-01`, 'retry-after': '0' }
      : {};
    send(response, isNew ? 201 : 200, resources.get(path), operation);
  };

  const remove = (response: ServerResponse, path: string): void => {
    if (!resources.delete(path)) send(response, 204);
    else
      send(response, 202, undefined, {
        location: `${base}/operations/done?api-version=2024-03-01`,
        'retry-after': '0',
      });
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', base);
    const path = url.pathname.toLowerCase();
    calls.push(`${request.method ?? ''} ${request.url ?? ''}`);
    const trouble = troubles.shift();
    if (trouble !== undefined) {
      send(response, trouble, error('ServerBusy', 'come again'), { 'retry-after': '0' });
    } else if (!API_VERSION.test(url.searchParams.get('api-version') ?? '')) {
      send(response, 400, error('MissingApiVersionParameter', 'The api-version query parameter is required'));
    } else if (path === '/operations/1') send(response, 200, { status: 'Succeeded' });
    else if (path === '/operations/done') send(response, 200);
    else if (request.method === 'PUT') await put(request, response, path);
    else if (request.method === 'DELETE') remove(response, path);
    else if (request.method === 'POST') {
      bodies.set(path, await bodyOf(request));
      send(response, 200, {});
    } else if (lists.has(path)) page(response, lists.get(path) ?? [], url);
    else if (resources.has(path)) send(response, 200, resources.get(path));
    else send(response, 404, error('ResourceNotFound', `${path} was not found`));
  };

  const server = createServer((request, response) => {
    answer(request, response).catch((reason: unknown) => send(response, 500, error('Broken', String(reason))));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: base,
    resources,
    lists,
    calls,
    troubles,
    bodies,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
