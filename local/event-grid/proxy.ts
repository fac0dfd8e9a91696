import { Agent, createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream';
import { type Upload, uploadOf } from './upload.ts';

/** An upload that Azurite has just acknowledged, before its uploader knows. */
export interface SeenUpload {
  upload: Upload;
  request: IncomingMessage;
  answer: IncomingMessage;
}

export interface ProxyOptions {
  listenPort: number;
  /** Azurite, e.g. http://127.0.0.1:10012 */
  targetUrl: string;
  /** Runs before the answer is passed on, so that an acknowledged upload is already on record. */
  onUpload: (seen: SeenUpload) => Promise<void>;
  log: (line: string) => void;
}

export interface Proxy {
  port: number;
  close: () => Promise<void>;
}

// Between two neighbours only, so not passed on. Everything else goes through untouched, Host too: signatures cover it.
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'upgrade', 'expect']);

const passOn = (rawHeaders: readonly string[]): string[] => {
  const kept: string[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const [name = '', value = ''] = [rawHeaders[i], rawHeaders[i + 1]];
    if (!HOP_BY_HOP.has(name.toLowerCase())) kept.push(name, value);
  }
  return kept;
};

const headersTo = (incoming: IncomingMessage): string[] => {
  const headers = passOn(incoming.rawHeaders);
  const hasBody =
    incoming.headers['content-length'] !== undefined || incoming.headers['transfer-encoding'] !== undefined;
  // Without either, Node would announce a chunked body where there is none.
  if (!hasBody && !['GET', 'HEAD'].includes(incoming.method ?? '')) headers.push('content-length', '0');
  return headers;
};

const refuse = (response: ServerResponse, error: unknown): void => {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  // 503 is what storage clients try again.
  response.writeHead(503, { 'x-ms-error-code': 'ServerBusy', 'retry-after': '1', 'content-type': 'text/plain' });
  response.end(`The blob service behind this proxy does not answer: ${String(error)}\n`);
};

const listen = (server: Server, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const isTaken = error.code === 'EADDRINUSE';
      reject(
        isTaken
          ? new Error(`port ${port} on 127.0.0.1 is taken: stop what listens there or choose another port`)
          : error,
      );
    });
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });

/** Reverse proxy before the Blob service: streams both ways and reports each acknowledged upload. */
export const startProxy = async ({ listenPort, targetUrl, onUpload, log }: ProxyOptions): Promise<Proxy> => {
  const { hostname, port } = new URL(targetUrl);
  const agent = new Agent({ keepAlive: true, keepAliveMsecs: 30_000, timeout: 0 });

  const forward = (incoming: IncomingMessage, response: ServerResponse): void => {
    const upload = uploadOf(incoming.method, incoming.url ?? '/', incoming.headers);
    const target = { host: hostname, port, agent, method: incoming.method ?? 'GET', path: incoming.url ?? '/' };
    const outgoing = request({ ...target, headers: headersTo(incoming) }, (answer) => {
      const status = answer.statusCode ?? 502;
      const isStored = upload !== undefined && (status === 201 || status === 202);
      const before = isStored ? onUpload({ upload, request: incoming, answer }) : Promise.resolve();
      before
        .then(() => {
          response.writeHead(status, answer.statusMessage, passOn(answer.rawHeaders));
          pipeline(answer, response, () => undefined);
        })
        .catch((error: unknown) => {
          // The blob is stored but its event is not on record: the uploader must try again, an error is the honest answer.
          log(`cannot record the upload of ${incoming.url}: ${String(error)}`);
          answer.resume();
          refuse(response, error);
        });
    });
    outgoing.once('error', (error) => refuse(response, error));
    response.once('close', () => {
      if (!response.writableFinished) outgoing.destroy();
    });
    incoming.pipe(outgoing);
  };

  const server = createServer({ requestTimeout: 0, keepAliveTimeout: 60_000 }, forward);
  const actualPort = await listen(server, listenPort);
  return {
    port: actualPort,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const last = setTimeout(() => server.closeAllConnections(), 5000);
      await closed;
      clearTimeout(last);
      agent.destroy();
    },
  };
};
