import { type ChildProcess, spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

/** Azurite's published development account: the same on every machine, no secret. */
export const DEV_ACCOUNT = 'devstoreaccount1';
const DEV_KEY = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';

/** Connection string of the development account; the queue part is left out without a port. */
export const devConnectionString = (blobPort: number, queuePort?: number): string =>
  [
    'DefaultEndpointsProtocol=http',
    `AccountName=${DEV_ACCOUNT}`,
    `AccountKey=${DEV_KEY}`,
    `BlobEndpoint=http://127.0.0.1:${blobPort}/${DEV_ACCOUNT}`,
    ...(queuePort === undefined ? [] : [`QueueEndpoint=http://127.0.0.1:${queuePort}/${DEV_ACCOUNT}`]),
    '',
  ].join(';');

export interface AzuriteOptions {
  /** Folder that keeps the blobs and queues; without it nothing outlives the process. */
  dir?: string;
  /** Keeps everything in memory; the default without `dir`. */
  inMemory?: boolean;
  /** 0 takes a free port. */
  blobPort?: number;
  queuePort?: number;
  /** Receives Azurite's own lines, errors included. */
  log?: (line: string) => void;
  /** How long the start may take. */
  startTimeoutMs?: number;
}

export interface Azurite {
  /** Without the account, e.g. http://127.0.0.1:10012 */
  blobUrl: string;
  queueUrl: string;
  pid: number;
  /** Pass the port of a proxy to go through it instead of straight to Azurite. */
  connectionString: (blobPort?: number) => string;
  /** Resolves with the exit code when Azurite ends, asked or not. */
  exited: Promise<number | null>;
  /** SIGTERM, then waits: everything acknowledged is on disk afterwards. */
  close: () => Promise<void>;
}

const LISTENS = /^Azurite (Blob|Queue|Table) service is successfully listening at (http:\S+)$/;
const STOP_PATIENCE_MS = 15_000;

// --tablePort: unused, but the one-process start always brings that service up.
// Keep-alive: longer than any client keeps a socket, so that a reused one is never just being closed.
const argumentsOf = (options: AzuriteOptions): string[] => {
  const { blobPort = 0, queuePort = 0, dir } = options;
  const hosts = '--blobHost 127.0.0.1 --queueHost 127.0.0.1 --tableHost 127.0.0.1';
  const ports = `--blobPort ${blobPort} --queuePort ${queuePort} --tablePort 0`;
  const fixed = `${hosts} ${ports} --blobKeepAliveTimeout 120 --queueKeepAliveTimeout 120 --disableTelemetry --skipApiVersionCheck --silent`;
  const where = dir === undefined || options.inMemory === true ? ['--inMemoryPersistence'] : ['--location', dir];
  return [...fixed.split(' '), ...where];
};

const startError = (text: string, code: number | null, options: AzuriteOptions): Error => {
  const taken = /EADDRINUSE.*?:(\d+)/.exec(text)?.[1];
  if (taken !== undefined) {
    const what = Number(taken) === options.queuePort ? 'queue' : 'blob';
    return new Error(
      `port ${taken} on 127.0.0.1 is taken, so Azurite's ${what} service cannot start: stop what listens there or choose another port`,
    );
  }
  return new Error(`Azurite ended during its start (exit code ${code}): ${text.trim() || 'no output'}`);
};

/** Resolves with the addresses of the services once all three listen. */
const listening = (child: ChildProcess, options: AzuriteOptions, log: (line: string) => void) =>
  new Promise<{ blobUrl: string; queueUrl: string }>((resolve, reject) => {
    const urls = new Map<string, string>();
    let tail = '';
    const read = (line: string): void => {
      tail = `${tail}${line}\n`.slice(-4000);
      log(line);
      const [, service, url] = LISTENS.exec(line) ?? [];
      if (service !== undefined && url !== undefined) urls.set(service, url);
      const [blobUrl, queueUrl] = [urls.get('Blob'), urls.get('Queue')];
      // The handlers for SIGTERM are installed after the last service is up.
      if (blobUrl !== undefined && queueUrl !== undefined && urls.has('Table')) resolve({ blobUrl, queueUrl });
    };
    if (child.stdout) createInterface({ input: child.stdout }).on('line', read);
    if (child.stderr) createInterface({ input: child.stderr }).on('line', read);
    child.once('error', reject);
    child.once('close', (code) => reject(startError(tail, code, options)));
    const patience = options.startTimeoutMs ?? 60_000;
    setTimeout(() => reject(new Error(`Azurite did not start within ${patience} ms: ${tail}`)), patience).unref();
  });

const answers = async (url: string): Promise<void> => {
  const response = await fetch(`${url}/${DEV_ACCOUNT}?comp=list`, { signal: AbortSignal.timeout(10_000) });
  await response.arrayBuffer();
  // Any answer of the storage protocol will do: unsigned requests are refused with 403.
  if (!response.headers.has('x-ms-request-id')) throw new Error(`what listens on ${url} is not a blob service`);
};

/**
 * Runs Azurite (blobs and queues) as a child process on 127.0.0.1 and waits until it answers.
 * It ends with this process, even when this one is killed.
 * @throws when a port is taken, naming it, or when Azurite ends or stays silent during its start.
 */
export const startAzurite = async (options: AzuriteOptions = {}): Promise<Azurite> => {
  const log = options.log ?? (() => undefined);
  const require = createRequire(import.meta.url);
  const entry = require.resolve('azurite/dist/src/azurite.js');
  const watch = new URL('stop-with-parent.ts', import.meta.url).href;
  const child = spawn(process.execPath, ['--import', watch, entry, ...argumentsOf(options)], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
  const close = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    const last = setTimeout(() => {
      log(`Azurite did not stop within ${STOP_PATIENCE_MS} ms and is killed: its newest writes may be lost`);
      child.kill('SIGKILL');
    }, STOP_PATIENCE_MS);
    await exited;
    clearTimeout(last);
  };
  try {
    const { blobUrl, queueUrl } = await listening(child, options, log);
    await answers(blobUrl);
    const [blobPort, queuePort] = [Number(new URL(blobUrl).port), Number(new URL(queueUrl).port)];
    return {
      blobUrl,
      queueUrl,
      pid: child.pid ?? 0,
      connectionString: (through = blobPort) => devConnectionString(through, queuePort),
      exited,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
};
