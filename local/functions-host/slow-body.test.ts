import { connect } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { installCoreApi } from './core-api.ts';
import { invoker } from './invoke.ts';
import { startServer, type RunningServer } from './server.ts';

let server: RunningServer | undefined;
afterEach(async () => server?.close());

/** Sends the beginning of a request and nothing more; resolves with all that comes back until the host hangs up. */
const sendPart = (url: string, part: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.write(part));
    let answer = '';
    socket.on('data', (chunk) => (answer += chunk.toString()));
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
  });

it.each([
  ['a body that stops', 'POST /api/slow HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nonly this'],
  ['headers that stop', 'POST /api/slow HTTP/1.1\r\nHost: x\r\n'],
])('%s is answered 408 and reaches no function', async (_what, part) => {
  let calls = 0;
  const bindings = { in: { type: 'httpTrigger', direction: 'in', route: 'slow', methods: ['POST'] } };
  const target = { metadata: { name: 'slow', bindings }, callback: () => calls++ };
  const registry = installCoreApi(() => undefined);
  server = await startServer({
    port: 0,
    host: '127.0.0.1',
    functions: new Map([['slow', target]]),
    invoker: invoker(registry, { isEnabled: () => false, write: () => undefined }),
    hostJson: { routePrefix: 'api', customHeaders: {}, logLevel: {}, maxEventBatchSize: 100 },
    maxBodyBytes: 1024,
    bodyTimeoutMs: 300,
    isDisabled: () => false,
  });
  expect(await sendPart(server.url, part)).toMatch(/^HTTP\/1\.1 408 /);
  expect(calls).toBe(0);
});
