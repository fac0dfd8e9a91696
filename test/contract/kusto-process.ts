import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** An engine in a process of its own, so that it can be killed. */
export interface EngineProcess {
  readonly url: string;
  readonly child: ChildProcess;
  stop(signal: NodeJS.Signals): Promise<number | null>;
}

const MAIN = fileURLToPath(new URL('../../local/kusto/main.ts', import.meta.url));

/** Starts the engine's process on a free port and waits for its line. */
export async function startEngineProcess(args: readonly string[]): Promise<EngineProcess> {
  const child = spawn(process.execPath, [MAIN, '--port', '0', ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (data: Buffer) => {
      const found = /http:\/\/\S+/.exec(data.toString())?.[0];
      if (found !== undefined) resolve(found);
    });
    child.once('exit', (code) => reject(new Error(`the engine ended with code ${String(code)} before it was ready`)));
  });
  return {
    url,
    child,
    stop: async (signal) => {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      const ended = once(child, 'exit');
      child.kill(signal);
      await ended;
      return child.exitCode;
    },
  };
}
