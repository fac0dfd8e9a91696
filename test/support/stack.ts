// A whole local stack for a test: `npm start` as a child on free ports and a folder of its own.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, KustoConnectionStringBuilder } from 'azure-kusto-data';

const ROOT = join(import.meta.dirname, '..', '..');

export interface TestStack {
  readonly functionsUrl: string;
  readonly kustoUrl: string;
  readonly viewerUrl: string;
  readonly blobPort: number;
  readonly queuePort: number;
  readonly dataDir: string;
  /** Seconds from the command to the status table. */
  readonly startSeconds: number;
  readonly output: () => string;
  /** Rows of a query as objects, read by azure-kusto-data. */
  readonly query: <Row>(csl: string) => Promise<Row[]>;
  /** Ctrl-C, and what a clean stop takes. Resolves with the exit code. */
  readonly stop: () => Promise<number | null>;
  /** SIGKILL to the process that started the others, and to it alone. */
  readonly killParent: () => Promise<void>;
  /** SIGKILL to every process of the stack at once. */
  readonly kill9: () => Promise<void>;
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });

/** A base such that all fourteen ports from it on are free now. */
export async function freePortBase(): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const base = 20_000 + Math.floor(Math.random() * 600) * 20;
    const ports = Array.from({ length: 14 }, (_none, index) => base + index);
    if ((await Promise.all(ports.map(isFree))).every(Boolean)) return base;
  }
  throw new Error('found no fourteen free ports in a row');
}

/** Waits until all ports of a base are free again. */
export async function untilFree(base: number): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt++) {
    const ports = Array.from({ length: 14 }, (_none, index) => base + index);
    if ((await Promise.all(ports.map(isFree))).every(Boolean)) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`ports ${base} … ${base + 13} are still taken after a minute`);
}

export const newDataDir = (): string => mkdtempSync(join(tmpdir(), 'framewatch-stack-'));
export const removeDataDir = (dir: string): void => rmSync(dir, { recursive: true, force: true, maxRetries: 3 });

const exitOf = (child: ChildProcess): Promise<number | null> =>
  child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve(child.exitCode)
    : new Promise((resolve) => child.once('exit', (code) => resolve(code)));

/** Starts the stack on `dataDir`; `detached` makes it a process group of its own, so that kill9 reaches all of it. */
export async function startStack(options: {
  dataDir: string;
  base?: number;
  args?: readonly string[];
}): Promise<TestStack> {
  const base = options.base ?? (await freePortBase());
  const started = performance.now();
  const child = spawn(
    process.execPath,
    ['local/start.ts', '--empty', '--data', options.dataDir, '--port-base', String(base), ...(options.args ?? [])],
    {
      cwd: ROOT,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let output = '';
  const exited = exitOf(child);
  const killAll = (): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch (error) {
      // All of it has ended already.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  };
  // A process group of its own outlives a test that fails before it could stop it.
  process.once('exit', killAll);
  void exited.then(() => process.off('exit', killAll));
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`the stack did not come up in 90 s:\n${output}`)), 90_000);
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        output += chunk.toString();
        if (output.includes('Framewatch is up')) {
          clearTimeout(timer);
          resolve();
        }
      });
    }
    void exited.then((code) => {
      clearTimeout(timer);
      reject(new Error(`the stack ended (${code}):\n${output}`));
    });
  });
  const kustoUrl = `http://127.0.0.1:${base + 1}`;
  const client = new Client(new KustoConnectionStringBuilder(kustoUrl));
  return {
    functionsUrl: `http://127.0.0.1:${base}`,
    kustoUrl,
    viewerUrl: `http://127.0.0.1:${base + 4}`,
    blobPort: base + 2,
    queuePort: base + 3,
    dataDir: options.dataDir,
    startSeconds: (performance.now() - started) / 1000,
    output: () => output,
    query: async <Row>(csl: string) =>
      (await client.execute('framewatch', csl)).primaryResults[0]?.toJSON<Row>().data ?? [],
    stop: async () => {
      client.close();
      child.kill('SIGINT');
      return exited;
    },
    killParent: async () => {
      client.close();
      child.kill('SIGKILL');
      await exited;
    },
    kill9: async () => {
      client.close();
      killAll();
      await exited;
    },
  };
}
