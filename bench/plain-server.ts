// The yardstick of the HTTP door: a bare node:http server that collects, parses and counts the same bodies, and stores nothing.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

let events = 0;
const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const body = JSON.parse(Buffer.concat(chunks).toString()) as { e: unknown[] };
    events += body.e.length;
    response.writeHead(202, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ received: body.e.length, events }));
  });
});
server.listen(0, '127.0.0.1', () => console.log(`listening on ${(server.address() as AddressInfo).port}`));
process.on('disconnect', () => process.exit(0));
process.on('SIGTERM', () => process.exit(0));
