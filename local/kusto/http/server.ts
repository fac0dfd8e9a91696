import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { Engine } from '../exec/engine.ts';
import { asKustoError } from '../exec/query.ts';
import { QueuedIngestion } from '../ingest/queued-ingestion.ts';
import { KustoError } from '../types.ts';
import { toOneApi, type RequestIds } from './errors.ts';
import { routes, type Answer } from './routes.ts';

export interface KustoServerOptions {
  /** File of the database, or `:memory:`. */
  readonly file: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly host?: string;
  readonly database?: string;
  readonly memoryLimit?: string;
  /** Connection string of a storage account; with it, queued ingestion is offered. */
  readonly blobConnection?: string;
  /** Loads the parser ahead of the first query; on unless false. */
  readonly warmUp?: boolean;
  /** Keeps a start-up snapshot of the parser beside the installed packages: later starts answer sooner. */
  readonly keepSnapshot?: boolean;
}

export interface KustoServer {
  readonly url: string;
  readonly engine: Engine;
  /** Finishes accepted writes, interrupts queries, closes the file. */
  close(): Promise<void>;
}

const compress = promisify(gzip);
const GZIP_FROM_BYTES = 1400;

/** Starts the engine and its HTTP door; resolves when it answers. */
export async function startKusto(options: KustoServerOptions): Promise<KustoServer> {
  const { host = '127.0.0.1' } = options;
  const engine = await Engine.open(options);
  const server = createServer((request, response) => {
    void answer(engine, request, response);
  });
  server.keepAliveTimeout = 60_000;
  server.requestTimeout = 0;
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(options.port, host, resolve);
    });
  } catch (error) {
    await engine.close();
    throw error;
  }
  const queued = await startQueued(engine, options.blobConnection).catch(async (error: unknown) => {
    server.close();
    await engine.close();
    throw error;
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    engine,
    close: async () => {
      await queued?.stop();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeIdleConnections();
      const force = setTimeout(() => server.closeAllConnections(), 3000);
      await closed;
      clearTimeout(force);
      await engine.close();
    },
  };
}

async function startQueued(engine: Engine, connection: string | undefined): Promise<QueuedIngestion | null> {
  return connection === undefined ? null : QueuedIngestion.start(engine, connection);
}

async function answer(engine: Engine, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const header = request.headers['x-ms-client-request-id'];
  const ids: RequestIds = {
    clientRequestId: typeof header === 'string' ? header : `unspecified;${randomUUID()}`,
    activityId: randomUUID(),
  };
  const gone = new AbortController();
  response.on('close', () => {
    if (!response.writableFinished) gone.abort();
  });
  let result: Answer;
  try {
    result = await routes(engine, request, ids, gone.signal);
  } catch (error) {
    const known = error instanceof KustoError ? error : asKustoError(error);
    const { status, body } = toOneApi(known, ids);
    result = { status, body };
  }
  await send(request, response, result, ids).catch(() => response.destroy());
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
    response.end(await compress(body, { level: 1 }));
    return;
  }
  response.end(body);
}
