import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import {
  BlobSASPermissions,
  BlobServiceClient,
  BlockBlobClient,
  generateBlobSASQueryParameters,
  StorageSharedKeyCredential,
} from '@azure/storage-blob';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Azurite, startAzurite } from '../../local/azurite/azurite.ts';
import type { BlobEvent } from '../../local/event-grid/blob-event.ts';
import { type EventGrid, type EventGridOptions, startEventGrid } from '../../local/event-grid/event-grid.ts';

interface Call {
  headers: IncomingHttpHeaders;
  body: unknown;
  at: number;
}

const NO_ANSWER = 0;

/** A webhook as the functions host offers it: echoes the validation code, answers notifications as told. */
const startWebhook = async (answerWith: (call: number) => number = () => 202) => {
  const notifications: Call[] = [];
  const handshakes: Call[] = [];
  const server: Server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (part: string) => (text += part));
    request.on('end', () => {
      const call = { headers: request.headers, body: JSON.parse(text) as unknown, at: Date.now() };
      if (request.headers['aeg-event-type'] === 'SubscriptionValidation') {
        handshakes.push(call);
        const [event] = call.body as { data: { validationCode: string } }[];
        response.end(JSON.stringify({ validationResponse: event?.data.validationCode }));
        return;
      }
      notifications.push(call);
      const status = answerWith(notifications.length);
      if (status === NO_ANSWER) request.socket.destroy();
      else response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    endpoint: `http://127.0.0.1:${port}/runtime/webhooks/eventgrid?functionName=blobCreated`,
    handshakes,
    notifications,
    events: () => notifications.map((call) => (call.body as BlobEvent[])[0]!),
    close: () => new Promise<void>((resolve) => (server.closeAllConnections(), server.close(() => resolve()))),
  };
};

const until = async (condition: () => boolean, patienceMs = 60_000): Promise<void> => {
  const end = Date.now() + patienceMs;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`not so within ${patienceMs} ms: ${condition.toString()}`);
    await wait(10);
  }
};

let azurite: Azurite;
let dir: string;
const cleanups: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  azurite = await startAzurite({ inMemory: true });
  await BlobServiceClient.fromConnectionString(azurite.connectionString()).createContainer('telemetry');
});
afterAll(() => azurite.close());
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'event-grid-'));
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  await rm(dir, { recursive: true });
});

const webhook = async (...args: Parameters<typeof startWebhook>) => {
  const hook = await startWebhook(...args);
  cleanups.push(hook.close);
  return hook;
};
const relay = async (options: Omit<EventGridOptions, 'azuriteBlobUrl'>): Promise<EventGrid> => {
  const grid = await startEventGrid({ azuriteBlobUrl: azurite.blobUrl, ...options });
  cleanups.push(grid.close);
  return grid;
};
/** Nothing under way: a close now breaks off no delivery, which would be told again. */
const isQuiet = (grid: EventGrid): boolean =>
  Object.values(grid.stats().subscriptions).every(({ pending }) => pending === 0);
const containerOf = (grid: EventGrid, name = 'telemetry') =>
  BlobServiceClient.fromConnectionString(grid.connectionString).getContainerClient(name);

test('an upload by put blob is told at once, as one BlobCreated event in an array, after the handshake', async () => {
  const hook = await webhook();
  const grid = await relay({ subscriptions: [{ endpoint: hook.endpoint }] });
  const blob = containerOf(grid).getBlockBlobClient('acme/2026/a b/å/x.ndjson.gz');
  const answer = await blob.upload('0123456789', 10, { blobHTTPHeaders: { blobContentType: 'application/x-ndjson' } });
  await until(() => hook.notifications.length === 1);

  const [call] = hook.notifications;
  expect(hook.handshakes).toHaveLength(1);
  expect(call!.headers).toMatchObject({ 'aeg-event-type': 'Notification', 'aeg-delivery-count': '0' });
  expect(call!.body).toEqual([
    {
      topic: expect.stringMatching(/^\/subscriptions\/.*\/storageAccounts\/devstoreaccount1$/) as string,
      subject: '/blobServices/default/containers/telemetry/blobs/acme/2026/a b/å/x.ndjson.gz',
      eventType: 'Microsoft.Storage.BlobCreated',
      id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      eventTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string,
      data: {
        api: 'PutBlob',
        clientRequestId: answer.clientRequestId,
        requestId: answer.requestId,
        eTag: answer.etag!.replaceAll('"', ''),
        contentType: 'application/x-ndjson',
        contentLength: 10,
        blobType: 'BlockBlob',
        url: blob.url,
        sequencer: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
        storageDiagnostics: { batchId: expect.any(String) as string },
      },
      dataVersion: '',
      metadataVersion: '1',
    },
  ]);
  expect((await blob.downloadToBuffer()).toString()).toBe('0123456789');
});

test('block lists and copies are told with their size; blocks, metadata, tags and failed uploads are not', async () => {
  const hook = await webhook();
  const grid = await relay({ subscriptions: [{ endpoint: hook.endpoint }] });
  const container = containerOf(grid);
  const big = container.getBlockBlobClient('big.bin');
  const body = Buffer.alloc(3 << 20, 7);
  await big.uploadData(body, { blockSize: 1 << 20, maxSingleShotSize: 1 << 20 });
  await big.setMetadata({ a: 'b' });
  await big.setTags({ a: 'b' });
  const copy = await container.getBlobClient('copy.bin').beginCopyFromURL(big.url);
  await copy.pollUntilDone();
  await expect(big.upload('x', 1, { conditions: { ifNoneMatch: '*' } })).rejects.toThrow();
  await until(() => hook.notifications.length === 2);
  await wait(200);
  const told = hook.events().map(({ data }) => `${data.api} ${data.contentLength}`);
  expect(told.sort()).toEqual([`CopyBlob ${3 << 20}`, `PutBlockList ${3 << 20}`]);
  expect(Buffer.compare(await big.downloadToBuffer(), body)).toBe(0);
});

test('a SAS made for the proxy address uploads and reads through it, and its secret stays out of the event', async () => {
  const hook = await webhook();
  const grid = await relay({ subscriptions: [{ endpoint: hook.endpoint }] });
  const { credential } = BlobServiceClient.fromConnectionString(grid.connectionString);
  const sas = generateBlobSASQueryParameters(
    {
      containerName: 'telemetry',
      blobName: 'by sas.txt',
      permissions: BlobSASPermissions.parse('cwr'),
      expiresOn: new Date(Date.now() + 60_000),
    },
    credential as StorageSharedKeyCredential,
  );
  const blob = new BlockBlobClient(`${grid.url}/devstoreaccount1/telemetry/by%20sas.txt?${sas.toString()}`);
  await blob.upload('sas', 3);
  expect((await blob.downloadToBuffer()).toString()).toBe('sas');
  await until(() => hook.notifications.length === 1);
  expect(JSON.stringify(hook.events())).not.toContain('sig=');
});

test('only uploads that a subscription filters for reach it, in the schema it asks for', async () => {
  const [all, acme] = [await webhook(), await webhook()];
  const grid = await relay({
    subscriptions: [
      { endpoint: all.endpoint, containers: ['telemetry'] },
      { endpoint: acme.endpoint, subjectBeginsWith: '/blobServices/default/containers/telemetry/blobs/acme/' },
    ],
  });
  await containerOf(grid, 'other').createIfNotExists();
  for (const name of ['acme/1', 'else/2']) await containerOf(grid).getBlockBlobClient(name).upload('x', 1);
  await containerOf(grid, 'other').getBlockBlobClient('acme/3').upload('x', 1);
  await until(() => all.notifications.length === 2 && acme.notifications.length === 1);
  await wait(200);
  expect(all.notifications).toHaveLength(2);
  expect(acme.events()[0]!.subject).toMatch(/acme\/1$/);
});

test('a 503 is tried again no sooner than the schedule says, until it is delivered once', async () => {
  const hook = await webhook((call) => (call <= 2 ? 503 : 200));
  const grid = await relay({ subscriptions: [{ endpoint: hook.endpoint }], scale: 0.01 });
  await containerOf(grid).getBlockBlobClient('retry').upload('x', 1);
  await until(() => hook.notifications.length === 3);
  await wait(300);
  const [first, second, third] = hook.notifications;
  expect(second!.at - first!.at).toBeGreaterThanOrEqual(295);
  expect(third!.at - second!.at).toBeGreaterThanOrEqual(295);
  expect(hook.notifications.map((call) => call.headers['aeg-delivery-count'])).toEqual(['0', '1', '2']);
  expect(new Set(hook.events().map((event) => event.id)).size).toBe(1);
  expect(Object.values(grid.stats().subscriptions)[0]).toMatchObject({ delivered: 1, failedAttempts: 2, pending: 0 });
});

test('an endpoint that works but loses its answer is told again, by the same id', async () => {
  const hook = await webhook((call) => (call === 1 ? NO_ANSWER : 204));
  const grid = await relay({ subscriptions: [{ endpoint: hook.endpoint }], scale: 0.01 });
  await containerOf(grid).getBlockBlobClient('twice').upload('x', 1);
  await until(() => hook.notifications.length === 2);
  const [first, second] = hook.events();
  expect(second).toEqual(first);
});

test('a 400 becomes a dead letter at once, anything else after the last attempt', async () => {
  const [bad, broken] = [await webhook(() => 400), await webhook(() => 500)];
  const grid = await relay({
    subscriptions: [
      { name: 'bad', endpoint: bad.endpoint },
      { name: 'broken', endpoint: broken.endpoint },
    ],
    // Thirty attempts at Azure's pace take 26 hours; the time to live of 24 hours, scaled, is what ends them.
    scale: 0.000_02,
    deadLetterContainer: 'dead',
  });
  await containerOf(grid).getBlockBlobClient('hopeless').upload('x', 1);
  await until(() => Object.values(grid.stats().subscriptions).every((stats) => stats.deadLettered === 1));
  expect(bad.notifications).toHaveLength(1);
  expect(broken.notifications.length).toBeGreaterThan(1);

  const dead = BlobServiceClient.fromConnectionString(azurite.connectionString()).getContainerClient('dead');
  const records: Record<string, unknown>[] = [];
  for await (const item of dead.listBlobsFlat()) {
    const text = (await dead.getBlobClient(item.name).downloadToBuffer()).toString();
    records.push(...(JSON.parse(text) as Record<string, unknown>[]));
    expect(item.name).toMatch(/storageAccounts\/devstoreaccount1\/(BAD|BROKEN)\/\d{4}\/\d+\/\d+\/\d+\/.*\.json$/);
  }
  const byReason = records.sort((a, b) =>
    String(a['lastDeliveryOutcome']).localeCompare(String(b['lastDeliveryOutcome'])),
  );
  expect(byReason).toMatchObject([
    { subject: expect.stringMatching(/hopeless$/) as string, deadLetterReason: 'BadRequest', deliveryAttempts: 1 },
    { deadLetterReason: 'TimeToLiveExceeded', lastDeliveryOutcome: 'GenericError' },
  ]);
  expect(records.every((record) => record['publishTime'] && record['lastDeliveryAttemptTime'])).toBe(true);
});

test('events wait for an endpoint that is not up yet, over a restart of the relay', async () => {
  const hook = await webhook();
  await hook.close();
  const first = await startEventGrid({
    azuriteBlobUrl: azurite.blobUrl,
    subscriptions: [{ name: 'late', endpoint: hook.endpoint }],
    stateDir: dir,
  });
  await containerOf(first).getBlockBlobClient('early').upload('x', 1);
  await first.close();

  const late = await webhook();
  const second = await relay({ subscriptions: [{ name: 'late', endpoint: late.endpoint }], stateDir: dir });
  await until(() => late.notifications.length === 1 && isQuiet(second));
  expect(late.events()[0]!.subject).toMatch(/early$/);
  await second.close();

  // Delivered is delivered: the third start has nothing left to say.
  const third = await relay({ subscriptions: [{ name: 'late', endpoint: late.endpoint }], stateDir: dir });
  await until(() => late.handshakes.length === 2);
  await wait(200);
  expect(late.notifications).toHaveLength(1);
  expect(Object.values(third.stats().subscriptions)[0]!.pending).toBe(0);
});

test('polling finds uploads that went past the proxy, each version once, also over a restart', async () => {
  const hook = await webhook();
  const own = await startAzurite({ inMemory: true });
  cleanups.push(own.close);
  const direct = BlobServiceClient.fromConnectionString(own.connectionString()).getContainerClient('telemetry');
  await direct.create();
  const options = {
    azuriteBlobUrl: own.blobUrl,
    mode: 'poll' as const,
    subscriptions: [{ name: 'p', endpoint: hook.endpoint }],
    stateDir: dir,
    pollMs: 100,
  };
  const grid = await startEventGrid(options);
  await direct.getBlockBlobClient('one "quoted" å').upload('1', 1);
  await until(() => hook.notifications.length === 1);
  await direct.getBlockBlobClient('one "quoted" å').upload('22', 2);
  await until(() => hook.notifications.length === 2 && isQuiet(grid));
  await grid.close();

  await direct.getBlockBlobClient('two').upload('333', 3);
  const again = await startEventGrid(options);
  cleanups.push(again.close);
  await until(() => hook.notifications.length === 3);
  await wait(400);
  expect(hook.events().map(({ subject, data }) => [subject.split('/').pop(), data.contentLength])).toEqual([
    ['one "quoted" å', 1],
    ['one "quoted" å', 2],
    ['two', 3],
  ]);
});

test('forty parallel uploads of odd names give forty events; a taken port is named', async () => {
  const hook = await webhook();
  const grid = await relay({ subscriptions: [{ endpoint: hook.endpoint }] });
  const names = Array.from({ length: 40 }, (_, i) => `odd/${i} +%&#?'()é/x`);
  await Promise.all(names.map((name) => containerOf(grid).getBlockBlobClient(name).upload('x', 1)));
  await until(() => hook.notifications.length === 40);
  const prefix = '/blobServices/default/containers/telemetry/blobs/';
  expect(
    hook
      .events()
      .map((event) => event.subject.slice(prefix.length))
      .sort(),
  ).toEqual(names.sort());
  await expect(relay({ listenPort: grid.port, subscriptions: [] })).rejects.toThrow(
    `port ${grid.port} on 127.0.0.1 is taken`,
  );
});

test('an upload while the blob service is down is refused as busy, so that clients try again', async () => {
  const grid = await startEventGrid({ azuriteBlobUrl: 'http://127.0.0.1:1', subscriptions: [] });
  cleanups.push(grid.close);
  const response = await fetch(`${grid.url}/devstoreaccount1/telemetry/x`, { method: 'PUT', body: 'x' });
  expect(response.status).toBe(503);
  expect(response.headers.get('retry-after')).toBe('1');
});
