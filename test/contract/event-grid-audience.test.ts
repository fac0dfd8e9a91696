import { createServer } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { BlobServiceClient } from '@azure/storage-blob';
import { afterAll, expect, test } from 'vitest';
import { startAzurite } from '../../local/azurite/azurite.ts';
import type { BlobEvent } from '../../local/event-grid/blob-event.ts';
import { startEventGrid } from '../../local/event-grid/event-grid.ts';
import { runAudience } from '../../simulate/audience.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
});

/** Takes everything: envelopes at one path, notifications at the other. */
const startReceiver = async () => {
  const events: BlobEvent[] = [];
  const sessions = new Set<string>();
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const body = Buffer.concat(parts);
      if (request.url === '/events') {
        const envelopes = gunzipSync(body)
          .toString()
          .split('\n')
          .map((line) => JSON.parse(line) as { h: { sid: string }; e: unknown[] });
        for (const { h } of envelopes) sessions.add(h.sid);
        const received = envelopes.reduce((sum, { e }) => sum + e.length, 0);
        return response
          .writeHead(202)
          .end(JSON.stringify({ received, accepted: received, rejected: 0, duplicate: 0, errors: [] }));
      }
      const [event] = JSON.parse(body.toString()) as [BlobEvent & { data: { validationCode?: string } }];
      if (request.headers['aeg-event-type'] === 'Notification') events.push(event);
      return response.end(JSON.stringify({ validationResponse: event.data.validationCode }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => new Promise<void>((resolve) => (server.closeAllConnections(), server.close(() => resolve()))));
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    events,
    sessions,
  };
};

test('the audience’s ACME blobs arrive as gzip lines under telemetry/acme and are told of; a second run writes the same blobs', async () => {
  const receiver = await startReceiver();
  const azurite = await startAzurite({ inMemory: true });
  cleanups.push(azurite.close);
  const grid = await startEventGrid({
    azuriteBlobUrl: azurite.blobUrl,
    subscriptions: [{ endpoint: `${receiver.url}/hook`, containers: ['telemetry'] }],
  });
  cleanups.push(grid.close);
  const to = Math.floor(Date.now() / 60_000) * 60_000;
  const options = {
    endpoint: `${receiver.url}/events`,
    blob: grid.connectionString,
    from: to - 30 * 3_600_000,
    to,
    concurrent: 20,
  };
  const summary = await runAudience(options);

  expect(summary.blobs).toBeGreaterThanOrEqual(2);
  const share = summary.blobSessions / (summary.blobSessions + summary.sessions);
  expect(share).toBeGreaterThan(0.06);
  expect(share).toBeLessThan(0.2);
  const container = BlobServiceClient.fromConnectionString(azurite.connectionString()).getContainerClient('telemetry');
  const names: string[] = [];
  let lines = 0;
  for await (const { name } of container.listBlobsFlat()) {
    names.push(name);
    const text = gunzipSync(await container.getBlobClient(name).downloadToBuffer()).toString();
    const records = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { session_id: string; event_timestamp: string });
    lines += records.length;
    expect(name).toBe(`acme/${records[0]!.event_timestamp.slice(0, 10).replaceAll('-', '/')}/${name.split('/').pop()}`);
    // A session goes one way or the other, never both.
    for (const { session_id: id } of records) expect(receiver.sessions.has(id.replace('SESSION_', ''))).toBe(false);
  }
  expect(lines).toBe(summary.blobLines);
  await expect.poll(() => receiver.events.length).toBe(names.length);
  const told = receiver.events.map(({ subject }) => subject.split('/blobs/')[1] ?? '');
  expect(told.sort()).toEqual(names.sort());

  await runAudience(options);
  let count = 0;
  for await (const item of container.listBlobsFlat()) count += Number(names.includes(item.name));
  expect(count).toBe(names.length);
});
