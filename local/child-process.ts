// Child processes of the local stack: started with a message channel, so that they end themselves when this process is gone, however it went.
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface ChildOptions {
  readonly name: string;
  /** Script and its arguments, run by this Node. */
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** A line of standard output that says the child answers. */
  readonly ready: RegExp;
  readonly readyTimeoutMs?: number;
  readonly log: (line: string) => void;
  /** What the child sends through the channel. */
  readonly onMessage?: ((message: unknown) => void) | undefined;
  /** Called when the child ends although nobody asked it to. */
  readonly onExit?: (how: string) => void;
}

export interface Child {
  readonly pid: number;
  /** SIGTERM, then SIGKILL when it has not ended after `graceMs`. */
  stop(graceMs?: number): Promise<void>;
}

const TAIL_LINES = 20;

/** Starts a child and resolves once it says it is ready; rejects with its last lines when it ends or hangs before that. */
export async function startChild(options: ChildOptions): Promise<Child> {
  const child = spawn(process.execPath, options.args, {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...process.env, ...options.env },
  });
  if (options.onMessage) child.on('message', options.onMessage);
  let isStopping = false;
  const tail: string[] = [];
  const ended = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? `exit ${code}`));
    child.once('error', (error) => resolve(error.message));
  });
  const ready = new Promise<void>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      if (!stream) continue;
      createInterface({ input: stream }).on('line', (line) => {
        tail.push(line);
        if (tail.length > TAIL_LINES) tail.shift();
        options.log(line);
        if (options.ready.test(line)) resolve();
      });
    }
  });
  const failure = (how: string): Error =>
    new Error(`${options.name} did not start (${how}). Its last words:\n${tail.join('\n')}`);
  const timeoutMs = options.readyTimeoutMs ?? 60_000;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(failure(`silent for ${timeoutMs / 1000} s`)), timeoutMs);
  });
  try {
    await Promise.race([ready, late, ended.then((how) => Promise.reject(failure(how)))]);
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  } finally {
    clearTimeout(timer);
  }
  void ended.then((how) => isStopping || options.onExit?.(how));
  return {
    pid: child.pid ?? 0,
    stop: async (graceMs = 10_000) => {
      isStopping = true;
      await stopProcess(child, ended, graceMs);
    },
  };
}

async function stopProcess(child: ChildProcess, ended: Promise<string>, graceMs: number): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
  await ended;
  clearTimeout(timer);
}
