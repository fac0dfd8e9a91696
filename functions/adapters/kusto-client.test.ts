import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { kustoClient } from './kusto-client.ts';
import { classify } from './kusto-errors.ts';

type Bag = Readonly<Record<string, unknown>>;

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

const isIngestion = ({ url }: IncomingMessage): boolean => url?.includes('/ingest/') === true;

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

it.each([
  ['429', 429, 'ThrottlingError'],
  ['400', 400, 'Error'],
])(
  'an ingestion that is answered %s fails with the answer, and without what the request said',
  async (_name, status, kind) => {
    await against(
      (request, response) => {
        request.resume();
        // First the library asks for the cluster's metadata.
        response.writeHead(isIngestion(request) ? status : 404, {
          'content-type': 'application/json',
          'retry-after': '7',
        });
        response.end('{"error":{"code":"Busy","@permanent":false}}');
      },
      async (url) => {
        const error: unknown = await clientAt(url, 20_000)
          .ingest('PlaybackEvents', Buffer.from('{}'))
          .catch((thrown: unknown) => thrown);
        expect((error as Error).constructor.name).toBe(kind);
        const expected = status === 429 ? { kind: 'throttled', retryAfterMs: 7000 } : { kind: 'transient' };
        expect(classify(error, Date.now())).toMatchObject(expected);
        const { response, ...rest } = (status === 429 ? (error as { inner: Bag }).inner : error) as Bag;
        expect(response).toMatchObject({ status, data: { error: { code: 'Busy' } } });
        expect({ ...rest, ...(response as Bag) }).not.toHaveProperty('config');
        expect(rest['request']).toBeUndefined();
      },
    );
  },
);

it('an answer that is cut off in its middle is no answer', async () => {
  await against(
    (request, response) => {
      request.resume();
      if (!isIngestion(request)) return response.writeHead(404).end();
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '40' });
      response.write('{"Tables":[]}');
      return setTimeout(() => response.destroy(), 20);
    },
    async (url) => expect(clientAt(url, 20_000).ingest('PlaybackEvents', Buffer.from('{}'))).rejects.toThrow('aborted'),
  );
});

it('an answer without end is given up', async () => {
  await against(
    (request, response) => {
      request.resume();
      if (!isIngestion(request)) return response.writeHead(404).end();
      return response.writeHead(200, { 'content-type': 'application/json' }).end(Buffer.alloc(3_000_000, 0x20));
    },
    async (url) =>
      expect(clientAt(url, 20_000).ingest('PlaybackEvents', Buffer.from('{}'))).rejects.toThrow('too large'),
  );
});
