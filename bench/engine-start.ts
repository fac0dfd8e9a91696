import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startChild } from '../local/child-process.ts';
import { median } from './median.ts';
import type { Row } from './report.ts';

const MAIN = join(import.meta.dirname, '..', 'local/kusto/main.ts');
/** Between the answer and the measurement. */
const REST_MS = 10_000;
const MAX_START_S = 1.5;
const MAX_MEMORY_MB = 250;

export interface StartedEngine {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** The engine alone, as a process of its own. */
export async function startEngine(file: string, database: string): Promise<StartedEngine> {
  let url = '';
  const child = await startChild({
    name: 'kusto',
    args: [MAIN, '--db', file, '--port', '0', '--database', database],
    ready: /http:\/\/\S+/,
    log: (line) => {
      url ||= /http:\/\/[\d.]+:\d+/.exec(line)?.[0] ?? '';
    },
  });
  return { url, pid: child.pid, stop: () => child.stop() };
}

export async function ask(url: string, path: string, database: string, text: string): Promise<string> {
  const response = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ db: database, csl: text }),
  });
  const body = await response.text();
  if (!response.ok) throw new Error(`${text}: ${response.status} ${body}`);
  return body;
}

/**
 * Memory in MB of a process and all those it started (the compiler is one), as their proportional set size: pages that several share
 * are counted once. Undefined where there is no /proc.
 */
export function memoryMb(pid: number): number | undefined {
  try {
    const kb = /^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1];
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
    return children.reduce((sum, child) => sum + (memoryMb(child) ?? 0), Number(kb ?? 0) / 1024);
  } catch {
    return undefined;
  }
}

/** From nothing to the first answer of a table of a million rows, and what the process holds when it has nothing to do. */
export async function benchStart(file: string, database: string, table: string): Promise<Row[]> {
  const seconds: number[] = [];
  let memory: number | undefined;
  for (let i = 0; i < 3; i++) {
    const started = performance.now();
    const engine = await startEngine(file, database);
    await ask(engine.url, '/v2/rest/query', database, `${table} | count`);
    seconds.push((performance.now() - started) / 1000);
    await new Promise((resolve) => setTimeout(resolve, REST_MS));
    memory = memoryMb(engine.pid);
    await engine.stop();
  }
  return [
    {
      what: 'process start to the first query’s answer',
      figure: `${median(seconds).toFixed(2)} s`,
      note: `target ≤ ${MAX_START_S} s`,
    },
    {
      what: 'memory at rest, after that query',
      figure: memory === undefined ? 'not measured' : `${Math.round(memory)} MB`,
      note: `${REST_MS / 1000} s idle; proportional set size of all its processes; target ≤ ${MAX_MEMORY_MB} MB`,
    },
  ];
}
