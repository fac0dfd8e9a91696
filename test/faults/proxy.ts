// A reverse proxy on loopback that harms the exchanges passing through it, one fault at a time.
import { Agent, createServer, request as send, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Answer {
  readonly status: number;
  /** Raw pairs, as `IncomingMessage.rawHeaders` has them. */
  readonly headers: readonly string[];
  readonly body: Buffer;
}

/** One request under way, to be answered by a fault. */
export interface Exchange {
  readonly method: string;
  readonly url: string;
  readonly body: Buffer;
  /** Sends the request on and collects the answer. */
  pass(): Promise<Answer>;
  answer(answer: Answer): void;
  /** Writes the answer in pieces of `pieceBytes`, a millisecond apart, then closes; with `share` below 1 its end is missing. */
  answerSliced(answer: Answer, pieceBytes: number, share?: number): Promise<void>;
  /** RST instead of an answer. */
  reset(): void;
}

/** What happens to an exchange. One that neither answers nor resets leaves the client hanging. */
export type Fault = (exchange: Exchange) => Promise<void> | void;

const healthy: Fault = async (exchange) => exchange.answer(await exchange.pass());

/** A request as the proxy saw it. */
export interface Call {
  /** `performance.now()` at its arrival. */
  readonly atMs: number;
  readonly method: string;
  readonly path: string;
}

export interface FaultProxy {
  readonly port: number;
  /** Every request since the last `inject`, in the order of arrival. */
  readonly calls: Call[];
  /** From now on every request meets this fault. */
  inject(fault: Fault): void;
  /** Stops listening and cuts every connection: refused from now on. */
  down(): Promise<void>;
  /** Cuts every connection that is open now. */
  cut(): void;
  heal(): Promise<void>;
  close(): Promise<void>;
}

const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'transfer-encoding', 'content-length']);

/** Headers without those between two neighbours; the length is that of the collected body. */
function passedOn(rawHeaders: readonly string[], length: string | undefined): string[] {
  const kept: string[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const [name = '', value = ''] = [rawHeaders[index], rawHeaders[index + 1]];
    if (!HOP_BY_HOP.has(name.toLowerCase())) kept.push(name, value);
  }
  return length === undefined ? kept : [...kept, 'content-length', length];
}

async function collect(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function passer(incoming: IncomingMessage, body: Buffer, targetPort: number, agent: Agent): () => Promise<Answer> {
  const method = incoming.method ?? 'GET';
  const hasBody = incoming.headers['content-length'] !== undefined || body.length > 0;
  const headers = passedOn(incoming.rawHeaders, hasBody || method === 'PUT' ? String(body.length) : undefined);
  return () =>
    new Promise((resolve, reject) => {
      const outgoing = send(
        { host: '127.0.0.1', port: targetPort, agent, method, path: incoming.url ?? '/', headers },
        (answer) => {
          collect(answer).then((bytes) => {
            // An answer to HEAD tells the length of a body that it has not.
            const length = method === 'HEAD' ? answer.headers['content-length'] : String(bytes.length);
            resolve({
              status: answer.statusCode ?? 502,
              headers: passedOn(answer.rawHeaders, answer.statusCode === 204 ? undefined : length),
              body: bytes,
            });
          }, reject);
        },
      );
      outgoing.once('error', reject);
      outgoing.end(body);
    });
}

async function writeSliced(socket: Socket, answer: Answer, pieceBytes: number, share: number): Promise<void> {
  const lines = [`HTTP/1.1 ${answer.status} -`];
  for (let index = 0; index + 1 < answer.headers.length; index += 2)
    lines.push(`${answer.headers[index]}: ${answer.headers[index + 1]}`);
  const head = Buffer.from(`${lines.join('\r\n')}\r\nconnection: close\r\n\r\n`, 'latin1');
  const whole = Buffer.concat([head, answer.body]);
  const until = Math.ceil(answer.body.length > 0 ? head.length + answer.body.length * share : head.length * share);
  for (let start = 0; start < until && !socket.destroyed; start += pieceBytes) {
    socket.write(whole.subarray(start, Math.min(start + pieceBytes, until)));
    await sleep(1);
  }
  socket.end();
}

function exchangeOf(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  body: Buffer,
  targetPort: number,
  agent: Agent,
): Exchange {
  const { socket } = incoming;
  return {
    method: incoming.method ?? 'GET',
    url: incoming.url ?? '/',
    body,
    pass: passer(incoming, body, targetPort, agent),
    answer({ status, headers, body: bytes }) {
      if (outgoing.destroyed) return;
      outgoing.writeHead(status, [...headers]);
      outgoing.end(incoming.method === 'HEAD' ? undefined : bytes);
    },
    answerSliced: (answer, pieceBytes, share = 1) => writeSliced(socket, answer, pieceBytes, share),
    reset: () => void socket.resetAndDestroy(),
  };
}

/** Starts a proxy before `127.0.0.1:targetPort`; without a fault it only passes on. */
export async function startFaultProxy(targetPort: number): Promise<FaultProxy> {
  // A connection for each request: one that is kept could be just being closed by the server, a fault that nobody asked for.
  const agent = new Agent({ keepAlive: false });
  const calls: Call[] = [];
  let fault = healthy;
  const server = createServer({ keepAliveTimeout: 120_000, requestTimeout: 0 }, (incoming, outgoing) => {
    calls.push({
      atMs: performance.now(),
      method: incoming.method ?? '',
      path: (incoming.url ?? '').split('?', 1)[0] ?? '',
    });
    const meet = fault;
    collect(incoming)
      .then((body) => meet(exchangeOf(incoming, outgoing, body, targetPort, agent)))
      // The client has gone, or what stands behind has: for the client it is one broken connection.
      .catch(() => incoming.socket.destroy());
  });
  const listen = (port: number): Promise<number> =>
    new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', () => {
        server.off('error', reject);
        resolve((server.address() as AddressInfo).port);
      });
    });
  const down = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  };
  const port = await listen(0);
  return {
    port,
    calls,
    inject(next) {
      calls.length = 0;
      fault = next;
    },
    down,
    cut: () => server.closeAllConnections(),
    async heal() {
      fault = healthy;
      if (!server.listening) await listen(port);
    },
    async close() {
      await down();
      agent.destroy();
    },
  };
}
