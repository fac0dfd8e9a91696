import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream, createWriteStream, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createGzip } from 'node:zlib';
import { BlobServiceClient } from '@azure/storage-blob';
import { startAzurite } from '../local/azurite/azurite.ts';
import { startChild } from '../local/child-process.ts';
import { startFunctionsHost } from '../local/functions-host/supervisor.ts';
import { deployKql } from '../scripts/kql-deploy.ts';
import { packageApp } from '../scripts/package-app.ts';
import { acmeLine } from './acme-lines.ts';
import { envelope } from './bodies.ts';
import { median } from './median.ts';
import { MEASURED_CORE, peakRssMib, pin, processTree, treeCpuSeconds } from './process-stats.ts';
import type { Row } from './report.ts';

const ROOT = join(import.meta.dirname, '..');
const CONTAINER = 'telemetry';
const MIB = 1024 * 1024;
/** Of the blobs of `npm run bench`. */
const TEXT_MIB = 100;
const EVENTS = 50;
/** Each has a host of its own. */
const ROUNDS = 3;
const PATIENCE_MS = 600_000;
const STILL_MS = 2000;
/** A small blob first: it compiles. */
const WARM_BYTES = 8 * MIB;

interface Kind {
  readonly name: string;
  readonly what: string;
  readonly events: number;
  line(index: number, now: number): string;
}

const KINDS: readonly Kind[] = [
  {
    name: 'probe',
    what: `probe envelopes, ${EVENTS} events a line`,
    events: EVENTS,
    line: (index, now) => JSON.stringify(envelope(index, EVENTS, now)),
  },
  { name: 'acme', what: 'ACME telemetry, one event a line', events: 1, line: acmeLine },
];

interface Sample {
  readonly file: string;
  readonly lines: number;
  readonly textBytes: number;
}

/** Distinct lines, gzipped; nothing of it stays in memory. */
async function write(kind: Kind, file: string, textBytes: number, first: number): Promise<Sample> {
  const now = Date.now();
  const gzip = createGzip({ level: 6 });
  const out = gzip.pipe(createWriteStream(file));
  let lines = 0;
  let bytes = 0;
  while (bytes < textBytes) {
    const line = Buffer.from(`${kind.line(first + lines, now)}\n`);
    lines++;
    bytes += line.length;
    if (!gzip.write(line)) await once(gzip, 'drain');
  }
  gzip.end();
  await once(out, 'finish');
  return { file, lines, textBytes: bytes };
}

const bareCpuMs = (file: string): number => {
  const out = execFileSync(process.execPath, [join(ROOT, 'bench/bare-lines.ts'), file], { encoding: 'utf8' });
  return (JSON.parse(out) as { cpuMs: number }).cpuMs;
};

interface Stack {
  /** The app, built from what stands here now. */
  readonly app: string;
  readonly blobs: BlobServiceClient;
  readonly connection: string;
  readonly kustoUrl: string;
}

interface Run {
  readonly cpuMs: number;
  readonly peakMib: number;
  readonly seconds: number;
}

/** Uploads the blobs, announces them to a fresh host as Event Grid does, and waits until all their events are in the books. */
async function runBlobs(kind: Kind, warm: Sample, sample: Sample, stack: Stack): Promise<Run> {
  const host = await startFunctionsHost({
    app: stack.app,
    port: 0,
    onLine: () => undefined,
    env: {
      FRAMEWATCH_KUSTO_URL: stack.kustoUrl,
      FRAMEWATCH_BLOB_CONNECTION: stack.connection,
      FRAMEWATCH_DROP_CONTAINERS: `${CONTAINER}=bench`,
      FRAMEWATCH_KEYS: JSON.stringify({ bench: { tenant: 'bench', trusted: true } }),
      FRAMEWATCH_PSEUDONYM_SECRET: randomBytes(24).toString('base64'),
      ...Object.fromEntries(
        ['detect', 'reconcileBlobs', 'drainSpill', 'resumeBlobs', 'rotateSalts'].map((name) => [
          `AzureWebJobs.${name}.Disabled`,
          'true',
        ]),
      ),
    },
  });
  const announce = async (name: string): Promise<void> => {
    const url = `${stack.blobs.url}${CONTAINER}/${name}`;
    const event = {
      id: name,
      topic: '/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/devstoreaccount1',
      subject: `/blobServices/default/containers/${CONTAINER}/blobs/${name}`,
      eventType: 'Microsoft.Storage.BlobCreated',
      eventTime: new Date().toISOString(),
      data: { url },
      dataVersion: '',
      metadataVersion: '1',
    };
    await fetch(`${host.url}/runtime/webhooks/eventgrid?functionName=blobCreated`, {
      method: 'POST',
      headers: { 'aeg-event-type': 'Notification', 'content-type': 'application/json' },
      body: JSON.stringify([event]),
    });
  };
  const stored = async (): Promise<number> => {
    const answer = await fetch(`${host.url}/api/metrics`, { headers: { accept: 'application/json' } });
    const { events_stored_total: totals } = (await answer.json()) as { events_stored_total?: { blob?: number } };
    return totals?.blob ?? 0;
  };
  /** What one run of the function leaves, the timer takes up: asked for again only when nothing moves any more. */
  const finish = async (events: number): Promise<void> => {
    const until = Date.now() + PATIENCE_MS;
    let last = -1;
    for (let now = await stored(); now < events; now = await stored()) {
      if (Date.now() > until) throw new Error(`${now} of ${events} events after ${PATIENCE_MS} ms`);
      if (now === last) await host.invoke('reconcileBlobs');
      last = now;
      await sleep(STILL_MS);
    }
  };
  const put = (name: string, { file }: Sample): Promise<unknown> =>
    stack.blobs.getContainerClient(CONTAINER).getBlockBlobClient(name).uploadStream(createReadStream(file));
  try {
    pin(processTree(host.pid), MEASURED_CORE);
    await put(`${kind.name}/warm.gz`, warm);
    await announce(`${kind.name}/warm.gz`);
    await finish(warm.lines * kind.events);
    await put(`${kind.name}/day.gz`, sample);
    const [cpu, started] = [treeCpuSeconds(host.pid), performance.now()];
    await announce(`${kind.name}/day.gz`);
    await finish((warm.lines + sample.lines) * kind.events);
    return {
      cpuMs: (treeCpuSeconds(host.pid) - cpu) * 1000,
      peakMib: peakRssMib(host.pid),
      seconds: (performance.now() - started) / 1000,
    };
  } finally {
    await host.close();
  }
}

async function benchKind(kind: Kind, folder: string, stack: Stack, textMib: number): Promise<Row> {
  const warm = await write(kind, join(folder, 'warm.gz'), WARM_BYTES, 1e7);
  const sample = await write(kind, join(folder, 'day.gz'), textMib * MIB, 0);
  const runs: (Run & { readonly ratio: number; readonly bareMs: number })[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const before = bareCpuMs(sample.file);
    const run = await runBlobs({ ...kind, name: `${kind.name}/${round}` }, warm, sample, stack);
    const bareMs = (before + bareCpuMs(sample.file)) / 2;
    runs.push({ ...run, bareMs, ratio: bareMs / run.cpuMs });
  }
  const middle = (of: (run: (typeof runs)[number]) => number): number => median(runs.map(of));
  const megabytes = (bytes: number): string => `${(bytes / MIB).toFixed(1)} MiB`;
  const seconds = (ms: number): string => (ms / 1000).toFixed(1);
  const events = (sample.lines * kind.events).toLocaleString('en');
  return {
    what: `blob of ${kind.what}: ${megabytes(sample.textBytes)} of NDJSON in ${megabytes(statSync(sample.file).size)} of gzip`,
    figure: `${middle(({ ratio }) => ratio).toFixed(2)}× of bare gunzip + JSON.parse, ${Math.max(...runs.map(({ peakMib }) => peakMib)).toFixed(0)} MiB at most`,
    note: `${events} events; ${seconds(middle(({ cpuMs }) => cpuMs))} s of CPU from the Event Grid event to the books, Kusto client included, against ${seconds(middle(({ bareMs }) => bareMs))} s; ${middle((run) => run.seconds).toFixed(0)} s by the clock, with the engine on the same core; medians of ${ROUNDS} rounds; targets 0.5× and 150 MiB`,
  };
}

/**
 * A big blob through `blobCreated` against Azurite and the local engine, each in a process of its own.
 * @param textMib its size, unpacked
 */
export async function benchBlob(textMib = TEXT_MIB): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'framewatch-blob-bench-'));
  const app = join(folder, 'app');
  await packageApp(app);
  const azurite = await startAzurite({ dir: join(folder, 'azurite') });
  let kustoUrl = '';
  const engine = await startChild({
    name: 'engine',
    args: [join(ROOT, 'local/kusto/main.ts'), '--db', join(folder, 'kusto.duckdb'), '--port', '0'],
    ready: /ready|listening/i,
    log: (line) => {
      kustoUrl ||= /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0] ?? '';
    },
  });
  try {
    // All on one core, in turns: beside a busy neighbour a core is a third slower, and the bare reading has none.
    pin([engine.pid, azurite.pid], MEASURED_CORE);
    await deployKql({ cluster: kustoUrl, database: 'framewatch', log: () => undefined });
    const connection = azurite.connectionString();
    const blobs = BlobServiceClient.fromConnectionString(connection);
    await blobs.getContainerClient(CONTAINER).createIfNotExists();
    const rows: Row[] = [];
    for (const kind of KINDS) rows.push(await benchKind(kind, folder, { app, blobs, connection, kustoUrl }, textMib));
    return rows;
  } finally {
    await engine.stop();
    await azurite.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
