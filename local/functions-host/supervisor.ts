import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import type { FromWorker, FunctionSummary, WorkerOptions } from './protocol.ts';

export interface FunctionsHostOptions {
  /** Directory with host.json and package.json, whose `main` names the built app. */
  readonly app: string;
  /** 0 takes a free one. Default 7071. */
  readonly port?: number;
  readonly host?: string;
  /** Settings file, relative to the app; default local.settings.json. */
  readonly settings?: string | undefined;
  /** Where checkpoints of hubs are kept; default `.framewatch/functions-host` of the app. */
  readonly state?: string | undefined;
  /** Variables beside those of this process; they win over the settings file. */
  readonly env?: Readonly<Record<string, string>>;
  /** Receives every line of output; absent: it goes to this process's own. */
  readonly onLine?: (line: string) => void;
}

export interface FunctionsHost {
  readonly url: string;
  readonly functions: readonly FunctionSummary[];
  /** Process id of the app; another one after a crash. */
  readonly pid: number;
  /** Runs a function by its admin endpoint; resolves when it has been started. */
  invoke(name: string, input?: unknown): Promise<void>;
  /** Stops cleanly: requests under way are answered. */
  close(): Promise<void>;
}

const FIRST_RESTART_MS = 250;
const SLOWEST_RESTART_MS = 10_000;
/** Longest time a stopping worker is given beyond its own limit. */
const KILL_MS = 12_000;
const WORKER = join(import.meta.dirname, 'worker.ts');

/**
 * Bursts must not leave their mark on the memory of a process that runs for weeks. V8's young generation grows with them up to
 * 128 MB and its pages are kept; 16 MB a half is what a steady load uses. glibc raises its own thresholds with each large buffer
 * that is freed, and then keeps what it could give back; thresholds that are set stay (mallopt(3), M_TRIM_THRESHOLD).
 */
const YOUNG = '--max-semi-space-size=16';
/** Threads that share the collection of so small a space wait for each other longer than they save: 5 to 10 % of a busy worker's CPU. */
const SERIAL = '--no-parallel-scavenge';
const MALLOC = { MALLOC_TRIM_THRESHOLD_: '131072', MALLOC_ARENA_MAX: '2' };

/** Cuts a stream of chunks into lines. */
function lineReader(onLine: (line: string) => void): (chunk: Buffer) => void {
  let rest = '';
  return (chunk) => {
    const lines = (rest + chunk.toString('utf8')).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
  };
}

function start(options: FunctionsHostOptions, worker: WorkerOptions): ChildProcess {
  const { onLine, env } = options;
  const child = fork(WORKER, [JSON.stringify(worker)], {
    env: { ...MALLOC, ...process.env, ...env },
    silent: onLine !== undefined,
    execArgv: [YOUNG, SERIAL],
  });
  if (onLine) {
    child.stdout?.on('data', lineReader(onLine));
    child.stderr?.on('data', lineReader(onLine));
  }
  return child;
}

type Ready = Extract<FromWorker, { type: 'ready' }>;

/** Resolves when the worker serves; rejects when the app cannot start. */
function readiness(child: ChildProcess): Promise<Ready> {
  return new Promise((resolve, reject) => {
    child.once('message', (message) => {
      const said = message as FromWorker;
      if (said.type === 'ready') resolve(said);
      else reject(new Error(said.message));
    });
    child.once('error', reject);
    child.once('exit', (code, signal) =>
      reject(new Error(`the functions worker ended (${signal ?? code}) before it was ready`)),
    );
  });
}

const ended = (child: ChildProcess): Promise<void> =>
  child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve()
    : new Promise((resolve) => child.once('exit', () => resolve()));

/**
 * Runs a built function app in a process of its own and keeps it running.
 * @throws when the app cannot start: settings, port or code are wrong
 */
export async function startFunctionsHost(options: FunctionsHostOptions): Promise<FunctionsHost> {
  const base = {
    app: options.app,
    host: options.host ?? '127.0.0.1',
    ...(options.settings === undefined ? {} : { settings: options.settings }),
    ...(options.state === undefined ? {} : { state: options.state }),
  };
  let child = start(options, { ...base, port: options.port ?? 7071 });
  const { url, functions } = await readiness(child);
  const port = Number(new URL(url).port);
  const say = options.onLine ?? ((line: string) => process.stderr.write(`${line}\n`));
  let isClosing = false;
  let delayMs = FIRST_RESTART_MS;
  let timer: NodeJS.Timeout | undefined;

  const restart = (): void => {
    child = start(options, { ...base, port });
    readiness(child).then(
      () => {
        delayMs = FIRST_RESTART_MS;
      },
      () => undefined,
    );
    watch();
  };
  const watch = (): void => {
    child.once('exit', (code, signal) => {
      if (isClosing) return;
      say(
        `[${new Date().toISOString()}] The functions worker ended (${signal ?? code}); starting it again in ${delayMs} ms.`,
      );
      timer = setTimeout(restart, delayMs);
      delayMs = Math.min(delayMs * 2, SLOWEST_RESTART_MS);
    });
  };
  watch();

  return {
    url,
    functions,
    get pid() {
      return child.pid ?? 0;
    },
    async invoke(name, input) {
      const response = await fetch(`${url}/admin/functions/${name}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ input: input ?? '' }),
      });
      if (response.status !== 202) throw new Error(`function ${name} was not started: ${response.status}`);
    },
    async close() {
      isClosing = true;
      clearTimeout(timer);
      if (child.connected) child.send('stop');
      const killer = setTimeout(() => child.kill('SIGKILL'), KILL_MS);
      await ended(child);
      clearTimeout(killer);
    },
  };
}
