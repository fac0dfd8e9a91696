// The HTTP server, in a thread of its own: connections, bodies, gzip and pings go on while the engine's thread runs a function
// over a long series or converts rows.

import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { parentPort } from 'node:worker_threads';
import { gzip, gzipSync } from 'node:zlib';
import type { Caller } from '../exec/activity-log.ts';
import { KustoError } from '../types.ts';
import { readBody } from './body.ts';
import type { Answer, FromDoor, ToDoor } from './door-messages.ts';
import { toOneApi, type RequestIds } from './errors.ts';
import { routeOf } from './routes.ts';

if (parentPort === null) throw new Error('the HTTP door runs as a worker thread');
const engine = parentPort;
const compress = promisify(gzip);
const GZIP_FROM_BYTES = 1400;
/** Below it, the queue of the shared thread pool costs more than the work. */
const SYNC_GZIP_CHARACTERS = 64 * 1024;

/** A shutdown waits no longer for answers. */
const FORCE_CLOSE_MS = 1500;

const waiting = new Map<number, (answer: Answer) => void>();
let databases: readonly string[] = [];
let lastId = 0;

const tell = (message: FromDoor): void => engine.postMessage(message, []);

const server = createServer((request, response) => {
  void serve(request, response);
});
server.keepAliveTimeout = 60_000;
server.requestTimeout = 0;
server.on('error', (error: NodeJS.ErrnoException) =>
  tell({ kind: 'failed', message: error.message, code: error.code }),
);

engine.on('message', (message: ToDoor) => {
  switch (message.kind) {
    case 'listen':
      server.listen(message.port, message.host, () =>
        tell({ kind: 'listening', port: (server.address() as AddressInfo).port }),
      );
      break;
    case 'answer':
      waiting.get(message.id)?.(message.answer);
      waiting.delete(message.id);
      break;
    case 'databases':
      databases = message.names;
      break;
    case 'close':
      close();
  }
});

function close(): void {
  const force = setTimeout(() => server.closeAllConnections(), FORCE_CLOSE_MS);
  server.close(() => {
    clearTimeout(force);
    tell({ kind: 'closed' });
  });
  server.closeIdleConnections();
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const header = request.headers['x-ms-client-request-id'];
  const ids: RequestIds = {
    clientRequestId: typeof header === 'string' ? header : `unspecified;${randomUUID()}`,
    activityId: randomUUID(),
  };
  let answer: Answer;
  try {
    answer = await answerTo(request, response, ids);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const known = error instanceof KustoError ? error : new KustoError('INTERNAL', message);
    const { status, body } = toOneApi(known, ids);
    answer = { status, body };
  }
  await send(request, response, answer, ids).catch(() => response.destroy());
}

async function answerTo(request: IncomingMessage, response: ServerResponse, ids: RequestIds): Promise<Answer> {
  const route = routeOf(request.method ?? '', request.url ?? '/', databases);
  if (route.kind === 'answer') return route.answer;
  const body = new Uint8Array(await readBody(request, route.limit));
  const id = ++lastId;
  const { promise, resolve } = Promise.withResolvers<Answer>();
  waiting.set(id, resolve);
  response.on('close', () => {
    if (response.writableFinished || !waiting.delete(id)) return;
    tell({ kind: 'gone', id });
    resolve({ status: 499, body: '' });
  });
  const { path, search } = route;
  const caller = callerOf(request, ids);
  const message: FromDoor = { kind: 'request', request: { id, ids, caller, path, search, body } };
  engine.postMessage(message, [body.buffer]);
  return promise;
}

function callerOf({ headers }: IncomingMessage, { clientRequestId }: RequestIds): Caller {
  const text = (name: string): string => String(headers[name] ?? '').slice(0, 500);
  return { clientRequestId, user: text('x-ms-user'), application: text('x-ms-app') };
}

async function send(
  request: IncomingMessage,
  response: ServerResponse,
  { status, body, type }: Answer,
  ids: RequestIds,
): Promise<void> {
  if (response.destroyed) return;
  response.statusCode = status;
  response.setHeader('Content-Type', type ?? 'application/json; charset=UTF-8');
  // A header takes no line breaks and no characters beyond Latin-1.
  response.setHeader('x-ms-client-request-id', ids.clientRequestId.replace(/[^\x20-\x7e]/g, '?'));
  response.setHeader('x-ms-activity-id', ids.activityId);
  const takesGzip = /\bgzip\b/.test(request.headers['accept-encoding'] ?? '');
  if (takesGzip && body.length >= GZIP_FROM_BYTES) {
    response.setHeader('Content-Encoding', 'gzip');
    const options = { level: 1 };
    response.end(body.length <= SYNC_GZIP_CHARACTERS ? gzipSync(body, options) : await compress(body, options));
    return;
  }
  response.end(body);
}
