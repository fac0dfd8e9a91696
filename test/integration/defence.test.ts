// The app in the local host, the engine and blob storage for real: planted secrets and identities must come out nowhere, damaged bodies
// over the wire must leave the books balanced, and hostile text must stay text.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { ClientRequestProperties } from 'azure-kusto-data';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { tables } from '../../schema/tables.ts';
import { mutate } from '../fuzz/mutate.ts';
import { seeds } from '../fuzz/seeds.ts';
import { startAppStack, type AppStack } from '../support/app-stack.ts';
import { TEST_ORIGIN } from '../support/functions-app.ts';
import { randomOf } from '../support/kusto-fuzz.ts';
import { createDedupViews } from '../support/kusto-tables.ts';

const isHeavy = process.env['FRAMEWATCH_HEAVY'] !== undefined;
const dataDir = mkdtempSync(join(tmpdir(), 'framewatch-defence-'));
const WRITE_KEY = 'write-key-canary7';
const SETTINGS = {
  FRAMEWATCH_PSEUDONYM_SECRET: 'pseudonym-secret-canary7',
  FRAMEWATCH_TOKEN_SECRETS: JSON.stringify({ k1: 'token-secret-canary7'.repeat(3) }),
  FRAMEWATCH_KEYS: JSON.stringify({
    browser: { tenant: 'default', origins: [TEST_ORIGIN] },
    [WRITE_KEY]: { tenant: 'default', trusted: true, eventsPerSecond: 1_000_000 },
  }),
};
let stack: AppStack;
let query: AppStack['query'];
/** Everything that the app has answered. */
const answers: string[] = [];

/** Loaded by every child process: writes down what it looks up and connects to beyond this machine, and that it is there. */
const WATCH = `
const { appendFileSync } = require('node:fs'), dns = require('node:dns'), net = require('node:net');
const note = (what) => appendFileSync(${JSON.stringify(join(dataDir, 'network.log'))}, what + '\\n');
const isHere = (host) => host === undefined || /^(127\\.|localhost$|::1$|0\\.0\\.0\\.0$|::$)/.test(host);
note('watching ' + process.argv[1]);
for (const [where, name] of [[dns, 'lookup'], [dns.promises, 'lookup'], [dns, 'resolve'], [dns, 'resolve4']]) {
  const real = where[name];
  where[name] = function (host, ...rest) { if (!isHere(host)) note('looks up ' + host); return real.call(this, host, ...rest); };
}
const { connect } = net.Socket.prototype;
net.Socket.prototype.connect = function (...args) {
  const [first] = Array.isArray(args[0]) ? args[0] : args;
  if (typeof first === 'object' && first !== null && !isHere(first.host)) note('connects to ' + first.host);
  return connect.apply(this, args);
};
`;

beforeAll(async () => {
  const watch = join(dataDir, 'watch.cjs');
  writeFileSync(watch, WATCH);
  process.env['NODE_OPTIONS'] = `--require=${watch}`;
  const settings = {
    ...SETTINGS,
    FRAMEWATCH_DROP_CONTAINERS: 'telemetry=default',
    FRAMEWATCH_KUSTO_DEADLINE_MS: '1000',
    FRAMEWATCH_NETWORK_EVENTS_PER_SECOND: '0',
  };
  stack = await startAppStack({ dataDir, settings });
  delete process.env['NODE_OPTIONS'];
  await createDedupViews(stack.kustoUrl);
  ({ query } = stack);
});
afterAll(() => stack?.close());

/** What was acknowledged while the store was away, or slow, is in the tables afterwards. */
async function drained(): Promise<void> {
  const rest = async (): Promise<string[]> => {
    await stack.host.invoke('drainSpill');
    return stack.namesIn('spill');
  };
  await expect.poll(rest, { timeout: 60_000, interval: 300 }).toEqual([]);
}

async function send(
  path: string,
  body: string | Uint8Array<ArrayBuffer> | undefined,
  headers: Record<string, string> = {},
  method = 'POST',
): Promise<number> {
  const response = await fetch(`${stack.host.url}${path}`, {
    method,
    headers: { 'content-type': 'text/plain', 'x-framewatch-key': WRITE_KEY, ...headers },
    ...(body === undefined ? {} : { body }),
  });
  const told = JSON.stringify([...response.headers]);
  answers.push(`${response.status} ${told} ${await response.text()}`);
  return response.status;
}

const EVENTS = '/api/v1/events';
const envelope = (sid: string, events: readonly object[], header: object = {}): string =>
  JSON.stringify({ v: 1, h: { sid, t0: Date.now() - 60_000, sent: Date.now(), ...header }, e: events });

// Planted: whoever finds one of these anywhere has found a leak.
const ADDRESSES = ['198.51.100.177', '2001:db8:77:88:99::aa'];
const PLANTED = {
  viewer: 'viewer-canary7',
  email: 'alice.canary7@example.com',
  signature: 'sig-canary7',
  key: 'account-key-canary7',
  bearer: 'bearer-canary7',
  cookie: 'cookie-canary7',
  title: 'path-canary7',
};
const [ipv4, ipv6] = ADDRESSES as [string, string];
const SAS = `https://store.blob.core.windows.net/c/${PLANTED.title}?sv=2024&sig=${PLANTED.signature}`;
const MESSAGE = `no ${SAS} for ${PLANTED.email} at ${ipv4} and [${ipv6}]:443, AccountName=a;AccountKey=${PLANTED.key}`;
const IDENTITY = {
  vid: PLANTED.viewer,
  ip: ipv4,
  clientIp: ipv6,
  email: PLANTED.email,
  user_id: PLANTED.viewer,
  password: PLANTED.key,
  Authorization: `Bearer ${PLANTED.bearer}`,
  cookie: PLANTED.cookie,
};
const HEADERS = {
  'x-forwarded-for': `${ipv6}, ${ipv4}:443`,
  cookie: `session=${PLANTED.cookie}`,
  authorization: `Bearer ${PLANTED.bearer}`,
  referer: SAS,
  'user-agent': `Mozilla/5.0 (X11; Linux x86_64) Firefox/130.0 ${PLANTED.email}`,
};
const FORGED = '\r\n[2026-06-01T00:00:00.000Z] forged-line \u001b[2J\u202e';

/** Everything that the engine and blob storage hold, drop container aside: what producers drop is theirs. */
async function everythingStored(): Promise<string> {
  const parts: string[] = [];
  for (const name of Object.keys(tables)) parts.push(JSON.stringify(await query(name)));
  for await (const container of stack.blobs.listContainers()) {
    if (container.name === 'telemetry') continue;
    const inside = stack.blobs.getContainerClient(container.name);
    for await (const blob of inside.listBlobsFlat({ includeMetadata: true })) {
      const bytes = await inside.getBlobClient(blob.name).downloadToBuffer();
      // A blob that is no gzip after all is put aside as it is, under the same rules as the drop container that it came from.
      if (blob.metadata?.['reason'] === 'not-gzip') continue;
      const text = bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes;
      parts.push(`${container.name}/${blob.name} ${JSON.stringify(blob.metadata)} ${text.toString('utf8')}`);
    }
  }
  return parts.join('\n');
}

function expectNoCanary(where: string, text: string): void {
  for (const planted of ['canary7', ...ADDRESSES, 'Eby8vdM02', 'forged-line \u001b']) {
    const at = text.indexOf(planted);
    const near = at === -1 ? '' : text.slice(Math.max(0, at - 160), at + 60);
    expect({ where, planted, near }).toEqual({ where, planted, near: '' });
  }
}

it('planted secrets, addresses and viewers come out nowhere: not in answers, logs, metrics, rows, quarantine or spill', async () => {
  const control = randomUUID();
  const bad = { k: `no-such ${PLANTED.email}`, n: 9, t: 1, msg: MESSAGE, ...IDENTITY, deep: [{ ...IDENTITY }] };
  const events = [
    { k: 'error', n: 0, t: 1, cat: 'app', code: 'E1', msg: MESSAGE, src: SAS, extra: { note: MESSAGE, ...IDENTITY } },
    { k: 'stall', n: 1, t: 2, ms: MESSAGE, ...IDENTITY },
    bad,
  ];
  const good = envelope(control, events, { ...IDENTITY, extra: MESSAGE });
  expect(await send(EVENTS, good, HEADERS)).toBe(202);
  const browser = { 'x-framewatch-key': 'browser', origin: TEST_ORIGIN };
  expect(await send(EVENTS, good, { ...HEADERS, ...browser, 'sec-gpc': '1' })).toBe(202);
  const broken = `{"vid":"${PLANTED.viewer}","ip":"${ipv4}","x":["${ipv6}","${PLANTED.email}"],"token":"${PLANTED.bearer}","url":"${SAS}" ${FORGED}`;
  const w3c = `#Fields: date time c-ip\n2026-06-01\t10:00:00\t${ipv4}\t?token=${PLANTED.key}\tsession=${PLANTED.cookie}\t${SAS}`;
  const statuses = [
    await send(EVENTS, broken, HEADERS),
    await send(EVENTS, `${'x'.repeat(8170)}"ip":"${ipv4}","mail":"${PLANTED.email}"`, HEADERS),
    await send(EVENTS, w3c, HEADERS),
    await send(EVENTS, `v=2,ts=1,sid="s",vid=${PLANTED.viewer},(`, { ...HEADERS, 'content-type': 'application/cmcd' }),
    await send(EVENTS, Buffer.concat([Buffer.from([0x1f, 0x8b]), Buffer.from(broken)]), HEADERS),
    await send(EVENTS, Buffer.concat([Buffer.from([0xff]), Buffer.from(broken)]), HEADERS),
    await send(EVENTS, gzipSync(broken.repeat(40_000)), HEADERS),
    await send(`${EVENTS}?sig=${PLANTED.signature}`, envelope(randomUUID(), [bad], { ...IDENTITY, geo: 5 }), HEADERS),
    await send(EVENTS, good, { ...HEADERS, 'content-type': `text/${PLANTED.title}` }),
    await send(EVENTS, good, { ...HEADERS, 'x-framewatch-key': PLANTED.key }),
    await send(`${EVENTS}?k=${PLANTED.key}`, good, { ...HEADERS, 'x-framewatch-key': '' }),
    await send(EVENTS, good, { ...HEADERS, 'x-framewatch-token': `eyJhbGciOiJub25lIn0.${PLANTED.bearer}.` }),
    await send(EVENTS, good, { ...HEADERS, origin: `https://${PLANTED.title}.example` }),
    await send(`/api/${PLANTED.title}`, good, HEADERS),
  ];
  expect(statuses).toEqual([400, 400, 400, 400, 400, 400, 413, 422, 415, 403, 401, 401, 403, 404]);

  const drop = stack.blobs.getContainerClient('telemetry');
  const acme = `{"event_type":"start","session_id":"${control}","event_timestamp":"2026-06-01T11:00:00Z","customer_id":"${PLANTED.viewer}","ip":"${ipv4}","note":"${MESSAGE}"}`;
  for (const [name, body] of [
    [`acme/${control}.json`, Buffer.from(`${acme}\n${broken}\n${w3c}\n`)],
    [`acme/broken-${control}.gz`, gzipSync(acme).subarray(0, -8)],
  ] as const)
    await drop.getBlockBlobClient(name).uploadData(body);
  const url = `${stack.host.url}/runtime/webhooks/eventgrid?functionName=blobCreated&code=${PLANTED.key}`;
  const notify = async (subject: unknown, more: object = {}): Promise<void> => {
    const event = {
      id: '1',
      topic: '/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/devstoreaccount1',
      subject,
      eventType: 'Microsoft.Storage.BlobCreated',
      data: { url: `${stack.azurite.blobUrl}/devstoreaccount1/telemetry/x` },
      ...more,
    };
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'aeg-event-type': 'Notification', 'content-type': 'application/json' },
      body: JSON.stringify([event]),
    });
    answers.push(await response.text());
    expect(response.status).toBe(202);
  };
  const at = (name: string): string => `/blobServices/default/containers/telemetry/blobs/${name}`;
  await notify(at(`acme/${control}.json`));
  await notify(at(`acme/broken-${control}.gz`));
  for (const subject of [at(`../${PLANTED.title}`), at(`${PLANTED.email}${FORGED}`), SAS, at('\ud800'), { a: SAS }])
    await notify(subject);
  await notify(at('x'), { data: { url: SAS } });
  await notify(at('x'), { topic: `/${PLANTED.title}${FORGED}`, eventType: PLANTED.key });

  // And with the store away: the batch waits in blob storage.
  await stack.stopKusto();
  expect(await send(EVENTS, good, HEADERS)).toBe(202);
  await stack.startKusto();
  for (const path of ['metrics', 'health', 'readyz', 'livez']) await send(`/api/${path}`, undefined, {}, 'GET');
  await send('/api/metrics', undefined, { accept: 'application/json' }, 'GET');

  const stored = await everythingStored();
  for (const found of [control, 'E1', 'no-such …', 'spill/', 'checkpoints/']) expect(stored).toContain(found);
  expectNoCanary('answers', answers.join('\n'));
  expectNoCanary('logs', stack.lines.join('\n'));
  expectNoCanary('store', stored);
});

it('every line of the log is one line, bounded, without controls', () => {
  expect(stack.lines.length).toBeGreaterThan(3);
  for (const line of stack.lines) {
    expect(line.length).toBeLessThanOrEqual(4096);
    expect(line).not.toMatch(/[^\P{Cc}\t]|[\u2028\u2029\u202a-\u202e]/u);
    expect(line).not.toMatch(/^\[2026-06-01T00:00:00/);
  }
});

const BODIES = isHeavy ? 10_000 : 120;
it(`${BODIES} damaged bodies over HTTP: documented answers, the same process alive, the books balanced in the store`, async () => {
  const random = randomOf(7);
  const all = seeds(Date.now());
  const { pid } = stack.host;
  const counts = new Map<number, number>();
  for (let sent = 0; sent < BODIES; sent += 10) {
    const wave = Array.from({ length: 10 }, () => {
      const seed = random.pick(all);
      return { body: new Uint8Array(mutate(seed.body, random, random.pick(all).body)), type: seed.contentType };
    });
    for (const status of await Promise.all(wave.map(({ body, type }) => send(EVENTS, body, { 'content-type': type }))))
      counts.set(status, (counts.get(status) ?? 0) + 1);
  }
  expect([...counts.keys()].filter((status) => ![202, 400, 413, 415, 422].includes(status))).toEqual([]);
  expect(counts.get(202) ?? 0).toBeGreaterThan(BODIES / 20);
  expect(stack.host.pid).toBe(pid);
  await drained();
  // A batch that was cut short and came again from the spill has rows twice under its id: each counts once.
  const ledger = 'IngestLedger | summarize take_any(*) by BatchId';
  expect(await query(`${ledger} | where Received != Stored + Rejected + Duplicate + Dropped`)).toEqual([]);
  const [books] = await query(`${ledger} | summarize Stored = sum(Stored), Rejected = sum(Rejected)`);
  const [rows] = await query('union PlaybackEvents, PlaybackBeats, CdnRequests | distinct BatchId, EventId | count');
  const [rejects] = await query('RejectedEvents | distinct BatchId, RejectId | count');
  expect([rows?.['Count'], rejects?.['Count']]).toEqual([books?.['Stored'], books?.['Rejected']]);
});

const HOSTILE_IDS = [
  `' | take 0 //`, `" | take 1`, `'; .drop table PlaybackEvents; print '`, `.drop table PlaybackEvents`, `h@"x"`, `@'x'`, `\\'`, `\\`, `''`, `"]`,
  `*`, `%`, `\${__user}`, '$__timeFilter', '```x```', 'a\tb', 'a\nb', '\u202ea', 'é', 'e\u0301', '😀', '=1+1', '-- x', '/* x */', '{"a":1}', ' x ', 'null', 'ﬀ',
]; // prettier-ignore

it('hostile text as a session id stays text: each id finds its own two rows through the query functions, and nothing else happens', async () => {
  const source = readFileSync(join(import.meta.dirname, '..', '..', 'kql', 'functions', 'Session.kql'), 'utf8');
  await query(source);
  const ids = HOSTILE_IDS.map((id) => id + randomUUID());
  const body = ids.map((sid) =>
    envelope(sid, [
      { k: 'custom', n: 0, t: 0, msg: sid, note: sid },
      { k: 'pause', n: 1, t: 1 },
    ]),
  );
  expect(await send(EVENTS, body.join('\n'))).toBe(202);
  await drained();
  const before = Number((await query('PlaybackEvents | count'))[0]?.['Count']);
  for (const sid of ids) {
    const properties = new ClientRequestProperties();
    properties.setParameter('sid', sid);
    const rows = await query('declare query_parameters(sid:string); Session(sid)', properties);
    expect({ sid, rows: rows.length }).toEqual({ sid, rows: 2 });
  }
  const stored = await query('PlaybackEvents | where Sequence == 0 | project SessionId, Note = tostring(Props.note)');
  const notes = new Map(stored.map(({ SessionId, Note }) => [SessionId, Note]));
  for (const sid of ids) expect(notes.get(sid)).toBe(sid);
  expect(Number((await query('PlaybackEvents | count'))[0]?.['Count'])).toBe(before);
});

it('no process of the app, its host or blob storage has looked up a name or left this machine', () => {
  const seen = readFileSync(join(dataDir, 'network.log'), 'utf8').trim().split('\n');
  expect(seen.filter((line) => line.startsWith('watching ')).join(' ')).toMatch(
    /functions-host.*azurite|azurite.*functions-host/,
  );
  expect(seen.filter((line) => !line.startsWith('watching '))).toEqual([]);
});
