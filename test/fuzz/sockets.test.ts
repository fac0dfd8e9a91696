// No request makes the service connect anywhere but to what is configured: forged events against the real reader, every socket and
// every look-up of a name seen.
import dns from 'node:dns';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import net from 'node:net';
import { InvocationContext } from '@azure/functions';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { blobReader } from '../../functions/adapters/blob-reader.ts';
import { storageAccount, type StorageAccount } from '../../functions/adapters/storage-account.ts';
import { digestsOf } from '../../functions/adapters/digests.ts';
import type { Checkpoint, Checkpoints } from '../../functions/pipeline/ports.ts';
import { blobCreated, type BlobDoorOptions } from '../../functions/triggers/blob-created.ts';
import { core } from './door.ts';
import { memoryKusto } from './memory-kusto.ts';

const asked: string[] = [];
const connected: string[] = [];
const named: string[] = [];
let storage: Server;
let account: StorageAccount;
let port = 0;

/** Blob storage that holds nothing, and writes down what it is asked for. */
beforeAll(async () => {
  storage = createServer((request: IncomingMessage, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.writeHead(404, { 'x-ms-error-code': 'BlobNotFound' }).end();
  });
  await new Promise<void>((resolve) => storage.listen(0, '127.0.0.1', resolve));
  port = (storage.address() as net.AddressInfo).port;
  account = storageAccount({
    connection: `DefaultEndpointsProtocol=http;AccountName=ours;AccountKey=${Buffer.from('key').toString('base64')};BlobEndpoint=http://127.0.0.1:${port}/ours;`,
    isConnectionString: true,
    managedIdentityClientId: undefined,
  });
  await account.client();
  // oxlint-disable-next-line typescript/unbound-method -- called with its own `this` below
  const { connect } = net.Socket.prototype;
  vi.spyOn(net.Socket.prototype, 'connect').mockImplementation(function record(this: net.Socket, ...args: unknown[]) {
    const [first] = (Array.isArray(args[0]) ? args[0] : args) as { host?: string; port?: number; path?: string }[];
    connected.push(first?.path ?? `${first?.host}:${first?.port}`);
    return connect.apply(this, args as never);
  });
  vi.spyOn(dns, 'lookup').mockImplementation((name: string, ...rest: unknown[]) => {
    named.push(name);
    const done = rest.at(-1) as (error: Error) => void;
    setImmediate(() => done(Object.assign(new Error('not looked up'), { code: 'ENOTFOUND' })));
  });
});
afterAll(async () => {
  vi.restoreAllMocks();
  storage.closeAllConnections();
  await new Promise((resolve) => storage.close(resolve));
});

const HOSTS = [
  'evil.example', '169.254.169.254', '[fd00:ec2::254]', 'metadata.google.internal', '127.0.0.1:1', 'localhost:1', '0x7f.1:1', '0177.0.0.1:1',
  '2130706433:1', '[::ffff:127.0.0.1]:1', '127.1:1', 'ours.blob.core.windows.net.evil.example', 'ours.blob.core.windows.net@evil.example',
  'evil.example#ours.blob.core.windows.net', 'evil.example\\@127.0.0.1', '127.0.0.1。evil.example', 'ⓔvil.example', 'user:pw@127.0.0.1', '',
]; // prettier-ignore
const SCHEMES = ['http://', 'https://', 'file://', 'gopher://', 'ftp://', 'data:', '//', 'http:\\\\', 'jar:http://'];
const NAMES = [
  '..', '.', '../checkpoints/x', 'a/../../checkpoints/x', '../../x', 'acme/..', './a', '%2e%2e/checkpoints/x', '..%2fcheckpoints%2fx', '..\\checkpoints\\x',
  '\ud800', '//evil.example/x', 'http://evil.example/x', 'a?comp=list', 'a#b', 'a\r\nHost: evil.example', '\u0000', ' ', 'a'.repeat(1025), '....//x', '..;/x',
]; // prettier-ignore

const event = (change: object): object => ({
  id: '1',
  topic: '/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/ours',
  subject: '/blobServices/default/containers/telemetry/blobs/acme/a.json',
  eventType: 'Microsoft.Storage.BlobCreated',
  data: { url: `http://127.0.0.1:${port}/ours/telemetry/acme/a.json` },
  ...change,
});

async function deliver(events: readonly object[]): Promise<{ errors: unknown[]; lines: string[] }> {
  const lines: string[] = [];
  const saved = new Map<string, Checkpoint>();
  const checkpoints: Checkpoints = {
    claim: ({ name }) =>
      Promise.resolve({
        checkpoint: saved.get(name),
        save: (checkpoint: Checkpoint) => Promise.resolve(void saved.set(name, checkpoint)),
        release: () => Promise.resolve(),
      }),
    postpone: () => Promise.resolve(),
    postponed: () => Promise.resolve([]),
    forget: () => Promise.resolve(),
    unfinished: () => Promise.resolve([]),
  };
  const options: BlobDoorOptions = {
    ...core(memoryKusto()),
    digests: digestsOf('a secret of this test run'),
    reader: blobReader(account),
    checkpoints,
    tenants: { telemetry: 't1' },
    account,
    topic: undefined,
  };
  const handler = blobCreated(options);
  const context = new InvocationContext({
    functionName: 'blobCreated',
    logHandler: (_level, ...args: unknown[]) => lines.push(args.map(String).join(' ')),
  });
  const results = await Promise.allSettled(events.map(async (one) => handler(one as never, context)));
  return { errors: results.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : [])), lines };
}

const elsewhere = (): string[] => [...named, ...connected.filter((place) => place !== `127.0.0.1:${port}`)];

it('a forged event opens no socket and looks up no name, whatever its URL, topic or container says', async () => {
  const urls = HOSTS.flatMap((host) => SCHEMES.map((scheme) => `${scheme}${host}/ours/telemetry/acme/a.json`));
  const before = asked.length;
  const { errors, lines } = await deliver([
    ...urls.map((url) => event({ data: { url } })),
    ...['/x/storageAccounts/theirs', '/x/storageAccounts/evil-ours', '', null, 5].map((topic) => event({ topic })),
    ...['secrets', 'checkpoints', '$logs', 'TELEMETRY', 'telemetry/..', '__proto__'].map((container) =>
      event({ subject: `/blobServices/default/containers/${container}/blobs/a` }),
    ),
  ]);
  expect(errors).toEqual([]);
  expect(elsewhere()).toEqual([]);
  expect(asked.slice(before)).toEqual([]);
  expect(lines.length).toBe(urls.length + 11);
  for (const line of lines) expect(line).toMatch(/^blobCreated: event ignored, its \w+ is not ours$/);
});

it('a blob name never leaves its container, and never fails the delivery', async () => {
  const { errors } = await deliver(
    NAMES.map((name) => event({ subject: `/blobServices/default/containers/telemetry/blobs/${name}` })),
  );
  expect(errors).toEqual([]);
  expect(elsewhere()).toEqual([]);
  expect(asked.length).toBeGreaterThan(5);
  for (const request of asked) expect(request).toMatch(/^HEAD \/ours\/telemetry\/[^?#]+$/);
});

it('the reader itself refuses a name that leaves its container', async () => {
  const before = asked.length;
  for (const name of ['../checkpoints/x', 'a/../../x', '.', 'a/..'])
    await expect(blobReader(account).stat({ container: 'telemetry', name })).rejects.toThrow();
  expect(asked.length).toBe(before);
});

it('an honest event reads the blob that it names, through the configured endpoint', async () => {
  const before = asked.length;
  expect((await deliver([event({})])).errors).toEqual([]);
  expect(asked.slice(before)).toEqual(['HEAD /ours/telemetry/acme/a.json']);
  expect(connected).toContain(`127.0.0.1:${port}`);
});
