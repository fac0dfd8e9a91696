import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { kustoClient } from './kusto-client.ts';

async function against(listener: RequestListener, run: (url: string) => Promise<void>): Promise<void> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await run(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

const clientAt = (url: string) =>
  kustoClient({ url, database: 'framewatch', managedIdentityClientId: undefined, timeoutMs: 300 });

it.each([
  ['a page', 'text/html', '<title>Sign in</title>'],
  ['foreign JSON', 'application/json', '{"answer":42}'],
  ['nothing', 'application/json', ''],
])('%s with status 200 in place of Kusto’s answer acknowledges no row', async (_name, type, body) => {
  await against(
    (_request, response) => response.writeHead(200, { 'content-type': type }).end(body),
    async (url) => expect(clientAt(url).ingest('PlaybackEvents', Buffer.from('x'))).rejects.toThrow('not Kusto'),
  );
});

it('a cluster that never answers, not even about itself, fails the call by its deadline', async () => {
  await against(
    () => undefined,
    async (url) => {
      const client = clientAt(url);
      await expect(client.ingest('PlaybackEvents', Buffer.from('x'))).rejects.toThrow('no answer within 300 ms');
      await expect(client.ping()).rejects.toThrow('no answer within 300 ms');
      await expect(client.command('.show version')).rejects.toThrow('no answer within 300 ms');
    },
  );
});
