import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { UsageError, type Ports } from './options.ts';

const HOST = '127.0.0.1';

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: HOST, exclusive: true }, () => server.close(() => resolve(true)));
  });

const WHO: Readonly<Record<keyof Ports, string>> = {
  functions: 'the functions (also the port of `func start`)',
  kusto: 'Kusto (also the port of the Kusto emulator)',
  blob: 'blob storage (also the port of Azurite)',
  queue: 'queues (also the port of Azurite)',
  viewer: 'dashboards and the demo page',
  hubs: 'Event Hubs (also the port of the Event Hubs emulator)',
  azuriteBlob: 'Azurite behind the Event Grid relay',
};

/** Names every taken port at once and what to do; starts nothing before all are free. */
export async function checkPorts(ports: Ports): Promise<void> {
  const taken: string[] = [];
  for (const [room, port] of Object.entries(ports) as [keyof Ports, number][]) {
    if (!(await isFree(port))) taken.push(`  ${port}  for ${WHO[room]}`);
  }
  if (taken.length === 0) return;
  throw new UsageError(
    [
      taken.length === 1 ? 'A port is taken by another program:' : 'Ports are taken by other programs:',
      ...taken,
      'Stop that program (another `npm start`?), or choose other ports: npm start -- --port-base 17000',
    ].join('\n'),
  );
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

/** The data belong to one running stack: DuckDB's file has one owner. Returns what releases the lock. */
export function lockData(dataDir: string, isFresh: boolean): () => void {
  const lock = join(dataDir, 'running.pid');
  if (existsSync(lock)) {
    const pid = Number(readFileSync(lock, 'utf8'));
    if (pid > 0 && isAlive(pid)) {
      throw new UsageError(
        `${dataDir} is in use by the stack with process id ${pid}. Stop it with Ctrl-C there, or run a second one on other data: npm start -- --data .framewatch-2 --port-base 17000`,
      );
    }
  }
  if (isFresh) rmSync(dataDir, { recursive: true, force: true });
  mkdirSync(dataDir, { recursive: true });
  writeFileSync(lock, String(process.pid));
  return () => rmSync(lock, { force: true });
}
