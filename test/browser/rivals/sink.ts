import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Sink {
  host: string;
  requests: number;
  preflights: number;
  /** Bodies, and the queries that carry data as well. */
  bytes: number;
  close: () => void;
}

/** Any SDK's server: says yes to everything and counts. */
export async function startSink(): Promise<Sink> {
  const server = createServer((req, res) => {
    const isPreflight = req.method === 'OPTIONS';
    if (isPreflight) sink.preflights++;
    else sink.requests++;
    sink.bytes += (req.url ?? '').length;
    req.on('data', (chunk: Buffer) => (sink.bytes += chunk.length));
    req.on('error', () => undefined);
    req.on('end', () => {
      res.writeHead(isPreflight ? 204 : 200, {
        'access-control-allow-origin': req.headers.origin ?? '*',
        'access-control-allow-credentials': 'true',
        'access-control-allow-methods': 'POST, GET',
        'access-control-allow-headers': req.headers['access-control-request-headers'] ?? '*',
        'content-type': 'application/json',
      });
      // What Eyevinn's client waits for; the others do not read it.
      res.end(isPreflight ? undefined : JSON.stringify({ sessionId: 'bench', heartbeatInterval: 10_000 }));
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const sink: Sink = {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: 0,
    preflights: 0,
    bytes: 0,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
  return sink;
}
