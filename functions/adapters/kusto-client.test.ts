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

const clientAt = (url: string, timeoutMs = 20_000) =>
  kustoClient({ url, database: 'framewatch', managedIdentityClientId: undefined, timeoutMs });

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
      const client = clientAt(url, 300);
      await expect(client.ingest('PlaybackEvents', Buffer.from('x'))).rejects.toThrow('no answer within 300 ms');
      await expect(client.ping()).rejects.toThrow('no answer within 300 ms');
      await expect(client.command('.show version')).rejects.toThrow('no answer within 1200 ms');
    },
  );
});

const ONE_ROW = JSON.stringify({
  Tables: [{ TableName: 'T', Columns: [{ ColumnName: 'A', ColumnType: 'string', DataType: 'String' }], Rows: [['x']] }],
});

it('a command may take longer than other calls: a run of all detectors is one', async () => {
  await against(
    (request, response) => {
      const isCommand = request.url?.endsWith('/mgmt') ?? false;
      const answer = (): void =>
        void response.writeHead(isCommand ? 200 : 404, { 'content-type': 'application/json' }).end(ONE_ROW);
      setTimeout(answer, isCommand ? 1500 : 0);
    },
    async (url) => expect(await clientAt(url, 1000).command('.show version')).toBeUndefined(),
  );
});
