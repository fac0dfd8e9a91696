import { readFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
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

interface ProcessMemory {
  readonly anonymousKb: number;
  readonly fileKb: number;
}

function memoryOf(pid: number): ProcessMemory[] {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const kb = (field: string): number => Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0);
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  const own = { anonymousKb: kb('Anonymous'), fileKb: kb('Rss') - kb('Anonymous') };
  return [own, ...children.flatMap(memoryOf)];
}

/**
 * Memory in MB of a process and all those it started (the compiler is one): what each holds for itself, and the files they have mapped,
 * which are the same ones, counted once. More than the proportional set size where other programs map Node's files too.
 * Undefined where there is no /proc.
 */
export function memoryMb(pid: number): number | undefined {
  try {
    const processes = memoryOf(pid);
    const own = processes.reduce((sum, { anonymousKb }) => sum + anonymousKb, 0);
    return (own + Math.max(...processes.map(({ fileKb }) => fileKb))) / 1024;
  } catch {
    return undefined;
  }
}

/** Seconds of CPU that a process and those it started have used; undefined where there is no /proc. */
function cpuSeconds(pid: number): number | undefined {
  try {
    // Behind the name in parentheses, user and system time are the 12th and 13th field, in hundredths.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
    const own = (Number(fields[11]) + Number(fields[12])) / 100;
    return children.reduce((sum, child) => sum + (cpuSeconds(child) ?? 0), own);
  } catch {
    return undefined;
  }
}

/** From nothing to the first answer of a table of a million rows, and what the process holds when it has nothing to do. */
export async function benchStart(file: string, database: string, table: string): Promise<Row[]> {
  const seconds: number[] = [];
  const cpu: number[] = [];
  let memory: number | undefined;
  for (let i = 0; i < 3; i++) {
    const started = performance.now();
    const engine = await startEngine(file, database);
    await ask(engine.url, '/v2/rest/query', database, `${table} | count`);
    seconds.push((performance.now() - started) / 1000);
    cpu.push(cpuSeconds(engine.pid) ?? Number.NaN);
    await new Promise((resolve) => setTimeout(resolve, REST_MS));
    memory = memoryMb(engine.pid);
    await engine.stop();
  }
  return [
    {
      what: 'process start to the first query’s answer',
      figure: `${median(seconds).toFixed(2)} s`,
      note: `target ≤ ${MAX_START_S} s; ${median(cpu).toFixed(2)} s of CPU, load average ${(loadavg()[0] ?? 0).toFixed(1)} on ${cpus().length} cores`,
    },
    {
      what: 'memory at rest, after that query',
      figure: memory === undefined ? 'not measured' : `${Math.round(memory)} MB`,
      note: `${REST_MS / 1000} s idle; all its processes, shared files counted once; target ≤ ${MAX_MEMORY_MB} MB`,
    },
  ];
}
