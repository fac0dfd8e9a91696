// Replay and erasure for real: the built app, Azurite and the Kusto-compatible engine with its views.
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { BlobServiceClient } from '@azure/storage-blob';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { envelope } from '../../bench/bodies.ts';
import { checkpointStore } from '../../functions/adapters/checkpoint-store.ts';
import { startAzurite, type Azurite } from '../../local/azurite/azurite.ts';
import type { FunctionsHost } from '../../local/functions-host/supervisor.ts';
import { startKusto, type KustoServer } from '../../local/kusto/http/server.ts';
import { loadKql } from '../../scripts/kql/load.ts';
import type { Row } from '../../scripts/kql/cluster.ts';
import { cdnCatalog, contentCatalog } from '../../schema/catalogs.ts';
import { readCdnFile, readContentFile, replaceCatalog } from '../../scripts/catalog.ts';
import { erase } from '../../scripts/erase.ts';
import { replay } from '../../scripts/replay.ts';
import { eraseLines, isClean } from '../../scripts/upkeep/erase-report.ts';
import { summaryOf } from '../../scripts/upkeep/replay-report.ts';
import { openPlaces, type Places } from '../../scripts/upkeep/places.ts';
import { namesIn as namesOf, runState } from '../support/blob-runs.ts';
import { readPrometheus } from '../support/prometheus.ts';
import { createTables } from '../support/kusto-tables.ts';
import { builtApp, testSettings, type BuiltApp } from '../support/functions-app.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'framewatch-upkeep-'));
let kusto: KustoServer;
let azurite: Azurite;
let app: BuiltApp;
let host: FunctionsHost;
let places: Places;
let blobs: BlobServiceClient;
let gate: Server;
/** Rows with this text are refused for good, as a table with a mistake in it does; empty: all is well. */
let refused = '';
/** While true, Kusto takes no rows. */
let isAway = false;

/** Stands between the functions and Kusto. */
function startGate(target: string): Promise<Server> {
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const body = Buffer.concat(chunks);
      if (isAway && (incoming.url ?? '').includes('/ingest/')) {
        // As when the database is gone: no retry helps, so nobody waits for one.
        outgoing.writeHead(404).end();
        return;
      }
      const isGzip = body[0] === 0x1f && body[1] === 0x8b;
      if (
        refused !== '' &&
        (incoming.url ?? '').includes('/ingest/') &&
        (isGzip ? gunzipSync(body) : body).includes(refused)
      ) {
        const error = {
          code: 'BadRequest_SeenTooMuch',
          message: 'no',
          '@permanent': true,
          '@message': 'this row does not fit',
        };
        outgoing.writeHead(400, { 'content-type': 'application/json' }).end(JSON.stringify({ error }));
        return;
      }
      const { method, url, headers } = incoming;
      const onward = request(`${target}${url ?? ''}`, { method, headers }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(outgoing);
      });
      onward.on('error', () => outgoing.destroy());
      onward.end(body);
    });
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

/** What of kql/ these tests ask, beside the tables. */
const USED = new Set(['IngestAudit']);

/** As an operator does before the functions run. */
async function fillCatalogs(): Promise<void> {
  const files = { cdn: join(dataDir, 'cdn.json'), content: join(dataDir, 'content.json') };
  writeFileSync(files.cdn, JSON.stringify({ '*.media.example': 'our-edge' }));
  writeFileSync(
    files.content,
    JSON.stringify([
      { contentId: 'title-1', title: 'A "quoted" \\ title\n', streamType: 'vod', durationMs: 5_400_000.5 },
    ]),
  );
  await replaceCatalog(places.cluster, cdnCatalog, [{ hostPattern: 'gone.example', cdn: 'gone' }]);
  await replaceCatalog(places.cluster, cdnCatalog, readCdnFile(files.cdn));
  await replaceCatalog(places.cluster, contentCatalog, readContentFile(files.content, 'default'));
}

beforeAll(async () => {
  process.env['FRAMEWATCH_PSEUDONYM_SECRET'] = testSettings('')['FRAMEWATCH_PSEUDONYM_SECRET'];
  [kusto, azurite, app] = await Promise.all([
    startKusto({ file: join(dataDir, 'kusto.duckdb'), port: 0, warmUp: false }),
    startAzurite({ blobPort: 0, queuePort: 0 }),
    builtApp(),
  ]);
  await createTables(kusto.url);
  places = openPlaces({
    cluster: kusto.url,
    database: 'framewatch',
    storage: azurite.connectionString(),
    drops: 'telemetry=default',
    data: dataDir,
  });
  const used = loadKql().flatMap(({ commands }) =>
    commands.filter(({ name }) => USED.has(name) || name.endsWith('Dedup_v1')),
  );
  for (const { text } of used) if (text.startsWith('.create')) await places.cluster.command(text);
  await fillCatalogs();
  gate = await startGate(kusto.url);
  const connection = azurite.connectionString();
  const settings = testSettings(`http://127.0.0.1:${(gate.address() as AddressInfo).port}`);
  ({ host } = await app.start({
    ...settings,
    FRAMEWATCH_BLOB_CONNECTION: connection,
    FRAMEWATCH_BLOB_GRACE_SECONDS: '0',
  }));
  blobs = BlobServiceClient.fromConnectionString(connection);
  await blobs.getContainerClient('telemetry').createIfNotExists();
});

afterAll(async () => {
  await host?.close();
  places?.cluster.close();
  gate?.close();
  await Promise.all([kusto?.close(), azurite?.close()]);
  app?.remove();
  rmSync(dataDir, { recursive: true, force: true });
});

const query = (kql: string): Promise<Row[]> => places.cluster.query(kql);
const countOf = async (kql: string): Promise<number> => Number((await query(`${kql} | count`))[0]?.['Count']);

async function post(body: string): Promise<Record<string, unknown>> {
  const response = await fetch(`${host.url}/api/v1/events`, {
    method: 'POST',
    headers: { 'content-type': 'text/plain', 'x-framewatch-key': 'simulator' },
    body,
  });
  return (await response.json()) as Record<string, unknown>;
}

const namesIn = (container: string): Promise<string[]> => namesOf(blobs, container);

const options = (isDryRun: boolean, reasons: readonly string[] = []) => ({
  filter: { reasons, limit: 1000 },
  isDryRun,
  kinds: ['events', 'blobs'] as const,
  progress: () => undefined,
});

const acmeLine = (session: string, customer: string, type: string, at: number): string =>
  JSON.stringify({
    event_type: type,
    customer_id: customer,
    session_id: session,
    title_id: 'title-1',
    event_timestamp: new Date(at).toISOString(),
    ip: '203.0.113.9',
  });

const PATIENT = { timeout: 60_000, interval: 100 };

/** Runs a command as an operator does, without a terminal. */
const run = (script: string, ...words: string[]): Promise<{ code: number | null; said: string }> =>
  new Promise((resolve) => {
    const place = ['--cluster', kusto.url, '--storage', azurite.connectionString(), '--data', dataDir];
    const child = spawn(process.execPath, [`scripts/${script}.ts`, ...place, ...words], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
    // `close`, not `exit`: the last words may come after the end.
    child.once('close', (code) => resolve({ code, said }));
  });

/** The books of everything so far. */
const unaccounted = (): Promise<Row[]> =>
  query('IngestAudit(ago(2d), now() + 1d) | where Unaccounted != 0 or Missing != 0 or MissingRejects != 0');

describe('replay', () => {
  const sid = randomUUID();

  it('rows that the store refused come back once it takes them, each exactly once, and a second replay changes nothing', async () => {
    const body = envelope(7, 12, Date.now());
    body.h.sid = sid;
    refused = `"eventId":"${sid}:3"`;
    expect(await post(JSON.stringify(body))).toMatchObject({ received: 12, accepted: 11, rejected: 1 });
    // The answer was lost on its way: the probe sends the events again, in an envelope of another moment.
    body.h.sent += 1234;
    expect(await post(JSON.stringify(body))).toMatchObject({ received: 12, accepted: 11, rejected: 1 });
    refused = '';
    expect(await countOf('RejectedEvents')).toBe(2);
    expect(await countOf('RejectedEvents | distinct RejectId'), 'one event, however often it came').toBe(1);
    expect(await unaccounted()).toEqual([]);
    const rows = `union PlaybackEventsDedup_v1, PlaybackBeatsDedup_v1 | where SessionId == "${sid}"`;
    expect(await countOf(rows)).toBe(11);

    const dry = await replay(places, { ...options(true), pageSize: 1 });
    expect(dry.events).toMatchObject([{ reason: 'sink-refused', outcome: 'stored' }]);
    expect(await countOf(rows), 'a dry run stores nothing').toBe(11);
    expect(await countOf('Replays')).toBe(0);

    expect(summaryOf(await replay(places, options(false)))).toMatchObject({ found: 1, stored: 1, left: 0 });
    expect(await countOf(rows)).toBe(12);
    expect(summaryOf(await replay(places, options(false)))).toMatchObject({ found: 0 });
    expect(await countOf(`union PlaybackEvents, PlaybackBeats | where EventId == "${sid}:3"`)).toBe(1);
    const [books] = await query(
      'IngestLedgerDedup_v1 | where Door == "replay" | project Received, Stored, Rejected, Duplicate',
    );
    expect(books).toEqual({ Received: 1, Stored: 1, Rejected: 0, Duplicate: 0 });
    expect(await unaccounted()).toEqual([]);
  });

  it('what was sent again meanwhile is there already; what is still wrong stays, with its reason', async () => {
    const body = envelope(8, 2, Date.now());
    body.h.sid = randomUUID();
    refused = `"eventId":"${body.h.sid}:1"`;
    await post(JSON.stringify(body));
    refused = '';
    await post(JSON.stringify(body));
    await post('{"strange":true}\n{"odd":1}\n{"queer":2}');
    const report = await replay(places, { ...options(false), pageSize: 1 });
    expect(summaryOf(report)).toMatchObject({ found: 4, duplicate: 1, rejected: 3, left: 3 });
    expect(new Set(report.events.map(({ rejectId }) => rejectId)).size, 'each page begins where the last ended').toBe(
      4,
    );
    expect(report.events.find(({ outcome }) => outcome === 'rejected')).toMatchObject({
      stillReason: 'unknown-dialect',
    });
    expect(summaryOf(await replay(places, options(false)))).toMatchObject({ found: 3, rejected: 3 });
    expect(summaryOf(await replay(places, options(false, ['not-json'])))).toMatchObject({ found: 0 });
    expect(
      await countOf(`union PlaybackEvents, PlaybackBeats | where SessionId == "${body.h.sid}" | where Sequence == 1`),
    ).toBe(1);
    expect(await unaccounted()).toEqual([]);
  });

  it('a blob that was given up is read to its end, once', async () => {
    const session = randomUUID();
    const name = `acme/${session}.ndjson`;
    const content = Array.from({ length: 30 }, (_none, at) =>
      acmeLine(session, 'someone', at === 0 ? 'start' : 'pause', Date.now() + at),
    );
    await blobs
      .getContainerClient('telemetry')
      .getBlockBlobClient(name)
      .upload(content.join('\n'), content.join('\n').length);
    // What five runs leave behind that were killed before any progress.
    const ref = { container: 'telemetry', name };
    const { etag } = await blobs.getContainerClient('telemetry').getBlobClient(name).getProperties();
    const claim = await checkpointStore(places.storage).claim(ref);
    if (claim === 'busy') throw new Error('busy');
    await claim.save({
      ...ref,
      etag: etag ?? '',
      state: 'running',
      linesDone: 0,
      attempts: 5,
      received: 0,
      stored: 0,
      rejected: 0,
    });
    await claim.release();
    await host.invoke('reconcileBlobs');
    await expect.poll(() => runState(blobs, name), PATIENT).toBe('quarantined');
    expect(await namesIn('quarantine')).toEqual([expect.stringContaining('blob-unreadable')]);
    const rows = `PlaybackEventsDedup_v1 | where SessionId == "${session}"`;
    expect(await countOf(rows)).toBe(0);

    expect((await replay(places, options(true))).blobs).toMatchObject([{ reason: 'blob-unreadable', outcome: 'open' }]);
    expect((await replay(places, options(false))).blobs).toMatchObject([{ outcome: 'stored' }]);
    expect(await countOf(rows)).toBe(30);
    expect((await replay(places, options(false))).blobs).toEqual([]);
    await host.invoke('reconcileBlobs');
    expect(await countOf(`PlaybackEvents | where SessionId == "${session}"`)).toBe(30);
    expect(await countOf(`PlaybackEvents | where SessionId == "${session}" | where isnotempty(ViewerId)`)).toBe(30);
    expect(await unaccounted()).toEqual([]);
  });
});

describe('catalogs', () => {
  it('name content and CDN where the sender does not, through both doors, and nothing else', async () => {
    const [known, unknown] = [randomUUID(), randomUUID()];
    const report = (sid: string, cid: string, host: string): string =>
      `e=ps,sta=s,sn=0,ts=${Date.now()},sid="${sid}",cid="${cid}",url="https://${host}/seg.m4s",v=2`;
    const response = await fetch(`${host.url}/api/v1/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/cmcd', 'x-framewatch-key': 'simulator' },
      body: `${report(known, 'title-1', 'a.media.example')}\n${report(unknown, 'title-2', 'a.other.example')}`,
    });
    expect(await response.json()).toMatchObject({ accepted: 2 });
    const names = await query(
      `PlaybackEvents | where SessionId in ("${known}", "${unknown}") | project SessionId, Cdn, ContentTitle, StreamType`,
    );
    expect(names).toContainEqual({
      SessionId: known,
      Cdn: 'our-edge',
      ContentTitle: 'A "quoted" \\ title\n',
      StreamType: 'vod',
    });
    expect(names).toContainEqual({ SessionId: unknown, Cdn: '', ContentTitle: '', StreamType: '' });
    const scrape = async () => readPrometheus(await (await fetch(`${host.url}/api/metrics`)).text());
    await expect
      .poll(async () => (await scrape()).get('framewatch_unaccounted_events')?.samples, PATIENT)
      .toEqual(new Map([['', 0]]));
    const metrics = await scrape();
    expect(metrics.get('framewatch_catalog_entries')?.samples).toEqual(
      new Map([
        ['{catalog="cdn"}', 1],
        ['{catalog="content"}', 1],
      ]),
    );
  });
});

describe('erasure', () => {
  const alice = 'alice@example.com';
  const bob = 'bob@example.com';
  const sessions = { alice: randomUUID(), bob: randomUUID(), aliceBlob: randomUUID(), bobBlob: randomUUID() };
  const waiting = { alice: randomUUID(), bob: randomUUID() };

  const send = async (sid: string, vid: string): Promise<void> => {
    const body = envelope(9, 5, Date.now());
    await post(
      `${JSON.stringify({ ...body, h: { ...body.h, sid, vid } })}\n${JSON.stringify({ v: 1, h: { ...body.h, sid, vid }, e: [{ k: 'nonsense', n: 90 }] })}`,
    );
  };
  const upload = async (container: string, name: string, body: Buffer, metadata = {}): Promise<void> => {
    await blobs.getContainerClient(container).createIfNotExists();
    await blobs.getContainerClient(container).getBlockBlobClient(name).uploadData(body, { metadata });
  };
  const textIn = async (container: string, name: string): Promise<string> => {
    const bytes = await blobs.getContainerClient(container).getBlobClient(name).downloadToBuffer();
    return (bytes[0] === 0x1f ? gunzipSync(bytes) : bytes).toString();
  };
  const rowsOf = async (sids: readonly string[]): Promise<number[]> => {
    const list = sids.map((sid) => `"${sid}"`).join(', ');
    const places_ = [
      'PlaybackEvents',
      'PlaybackEventsDedup_v1',
      'PlaybackBeats',
      'PlaybackBeatsDedup_v1',
      'CdnRequests',
      'CdnRequestsDedup_v1',
    ];
    const counts = await Promise.all(places_.map((place) => countOf(`${place} | where SessionId in (${list})`)));
    const likes = sids.map((sid) => `Payload contains_cs "${sid}"`).join(' or ');
    return [...counts, await countOf(`RejectedEvents | where ${likes}`)];
  };

  it('takes a viewer out of tables, views, quarantine, spill and dropped blobs; others keep every row', async () => {
    for (const [who, sid] of [
      [alice, sessions.alice],
      [bob, sessions.bob],
    ] as const)
      await send(sid, who);
    const now = Date.now();
    const firehose = [
      acmeLine(sessions.aliceBlob, alice, 'start', now),
      acmeLine(sessions.bobBlob, bob, 'start', now),
    ].join('');
    const ndjson = [
      acmeLine(sessions.aliceBlob, alice, 'pause', now + 1),
      acmeLine(sessions.bobBlob, bob, 'pause', now + 1),
      firehose,
    ];
    await upload('telemetry', 'acme/both.ndjson.gz', gzipSync(ndjson.join('\n')));
    await host.invoke('reconcileBlobs');
    await expect.poll(() => runState(blobs, 'acme/both.ndjson.gz'), PATIENT).toBe('done');
    expect(await countOf(`PlaybackEvents | where SessionId == "${sessions.bobBlob}"`)).toBe(2);
    const request = {
      eventId: `cdn-${sessions.alice}`,
      eventTime: new Date(now),
      receivedAt: new Date(now),
      batchId: 'cdn',
      tenant: 'default',
      source: 'fastly',
      schemaVersion: 1,
      sessionId: sessions.alice,
    };
    await places.cluster.command(
      `.ingest inline into table CdnRequests with (format='json', ingestionMappingReference='CdnRequests_v1') <| ${JSON.stringify(request)}`,
    );
    await upload('quarantine', '2026-01-01/too-large/copy', Buffer.from(ndjson.join('\n')), {
      container: 'telemetry',
      name: 'acme%2Fold.ndjson',
      reason: 'too-large',
    });
    const broken = gzipSync([...ndjson, ...Array.from({ length: 3000 }, (_one, n) => `{"n":${n * 7919}}`)].join('\n'));
    await upload('quarantine', '2026-01-02/not-gzip/copy', broken.subarray(0, broken.length - 20));
    isAway = true;
    for (const [who, sid] of [
      [alice, waiting.alice],
      [bob, waiting.bob],
    ] as const)
      await send(sid, who);
    isAway = false;
    expect((await namesIn('spill')).length).toBeGreaterThan(0);
    const [mine, others] = [
      [sessions.alice, sessions.aliceBlob],
      [sessions.bob, sessions.bobBlob],
    ] as const;
    const before = await rowsOf(others);
    expect((await rowsOf(mine)).every((rows) => rows > 0)).toBe(true);

    const whom = {
      viewers: [alice],
      sessions: [],
      searchesDrops: true,
      erasesDrops: true,
      deletesRows: true,
      progress: () => undefined,
      reference: 'R-1',
    };
    const dry = await erase(places, whom, true);
    expect(dry.report.tables.map((place) => place.before)).toEqual(await rowsOf(mine));
    expect(dry.report.drops).toMatchObject([{ name: 'acme/both.ndjson.gz', found: 2, action: 'found' }]);

    const { report, purge } = await erase(places, whom, false);
    expect(report.tables.map(({ after }) => after)).toEqual([0, 0, 0, 0, 0, 0, 0]);
    expect(await rowsOf(mine)).toEqual([0, 0, 0, 0, 0, 0, 0]);
    expect(await rowsOf(others)).toEqual(before);
    expect(report.blobs.map(({ container, found, action }) => [container, found > 0, action])).toEqual([
      ['spill', true, expect.stringMatching(/rewritten|deleted/)],
      ['quarantine', true, 'rewritten'],
      // What is behind the fault cannot be told from the viewer's: the copy goes as a whole.
      ['quarantine', true, 'deleted'],
    ]);
    for (const text of [
      await textIn('telemetry', 'acme/both.ndjson.gz'),
      await textIn('quarantine', '2026-01-01/too-large/copy'),
    ]) {
      expect(text).not.toContain(alice);
      expect(text.split(bob).length - 1, 'a neighbour in the same line stays').toBe(2);
    }
    expect(isClean(report)).toBe(true);
    expect((JSON.stringify(report) + purge + eraseLines(report).join()).includes(alice), 'the proof names nobody').toBe(
      false,
    );
    expect(
      /^#connect "https:\/\/ingest-[^]*\.purge table PlaybackEvents records in database framewatch <\| where ViewerId in \("[\da-f]{32}"/m.test(
        purge,
      ),
    ).toBe(true);

    // What waited comes in without the viewer; the rewritten blob is not read in again; the books know what was taken out.
    await expect
      .poll(async () => {
        await host.invoke('drainSpill');
        return namesIn('spill');
      }, PATIENT)
      .toEqual([]);
    await host.invoke('reconcileBlobs');
    expect((await rowsOf([waiting.alice])).reduce((sum, rows) => sum + rows)).toBe(0);
    expect(await countOf(`union PlaybackEvents, PlaybackBeats | where SessionId == "${waiting.bob}"`)).toBe(5);
    expect(await rowsOf(others)).toEqual(before);
    expect(await unaccounted()).toEqual([]);
  });

  it('by session, without knowing the viewer, and by the purge commands alone', async () => {
    const sid = randomUUID();
    await send(sid, 'someone else');
    const whom = {
      viewers: [],
      sessions: [sid],
      searchesDrops: true,
      erasesDrops: false,
      deletesRows: false,
      progress: () => undefined,
    };
    const { report, purge } = await erase(places, whom, false);
    expect(report.tables.map(({ after }) => after ?? 0).reduce((sum, rows) => sum + rows)).toBeGreaterThan(9);
    expect(await countOf('IngestAudit(ago(2d), now() + 1d) | where Unaccounted != 0')).toBe(0);
    // What Azure does on them.
    for (const [, place = '', where = ''] of purge.matchAll(/^\.purge (.+) in database framewatch <\| (where .+)$/gm))
      await places.cluster.command(`.delete ${place} <| ${place.split(' ')[1] ?? ''} | ${where}`);
    expect((await rowsOf([sid])).every((rows) => rows === 0)).toBe(true);
    expect(await unaccounted()).toEqual([]);
  });
});

it('npm run erase changes nothing unasked, and says so by its exit code', async () => {
  const before = await countOf('RejectedEvents');
  const { code, said } = await run('erase', '--session', 'of nobody');
  expect(code).toBe(3);
  expect(said).toContain('Not confirmed; nothing was changed.');
  expect(await countOf('RejectedEvents')).toBe(before);
});
