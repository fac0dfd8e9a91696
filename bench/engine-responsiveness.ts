// How long a ping waits while the engine works, what a start costs until the first answer, and memory at rest.
// Run: node bench/engine-responsiveness.ts

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { memoryMb } from './engine-start.ts';

const MAIN = join(import.meta.dirname, '../local/kusto/main.ts');

interface Started {
  readonly child: ChildProcess;
  readonly url: string;
  readonly startedAt: number;
}

async function start(): Promise<Started> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, [MAIN, '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (data: Buffer) => {
      const found = /http:\/\/\S+/.exec(data.toString())?.[0];
      if (found !== undefined) resolve(found);
    });
    child.once('exit', (code) => reject(new Error(`the engine ended with code ${String(code)}`)));
  });
  return { child, url, startedAt };
}

async function query(url: string, csl: string): Promise<number> {
  const startedAt = performance.now();
  const answer = await fetch(`${url}/v1/rest/${csl.startsWith('.') ? 'mgmt' : 'query'}`, {
    method: 'POST',
    body: JSON.stringify({ db: 'framewatch', csl }),
  });
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(text.slice(0, 500));
  return performance.now() - startedAt;
}

/** Delays of `ask` every 10 ms while `work` runs. */
async function during(ask: () => Promise<unknown>, work: Promise<number>): Promise<string> {
  const delays: number[] = [];
  const state = { isDone: false };
  const end = (): void => void (state.isDone = true);
  work.then(end, end);
  while (!state.isDone) {
    const at = performance.now();
    await ask();
    delays.push(performance.now() - at);
    await sleep(10);
  }
  const tookMs = await work;
  delays.sort((a, b) => a - b);
  const at = (share: number): string => (delays[Math.floor((delays.length - 1) * share)] ?? 0).toFixed(0);
  return `took ${tookMs.toFixed(0)} ms; ${delays.length} asked, delay p50 ${at(0.5)} p95 ${at(0.95)} max ${at(1)} ms`;
}

const memoryText = (pid: number): string => `${(memoryMb(pid) ?? 0).toFixed(0)} MB`;

const SERIES = `range S from 1 to 700 step 1 | extend k = 1
| join kind=inner (range I from 0 to 2015 step 1 | extend k = 1) on k
| extend At = datetime(2026-01-01) + I * 5m, V = 100.0 + 10 * sin(I * 0.0218) + (S * I) % 7
| make-series V = avg(V) default = 0.0 on At from datetime(2026-01-01) to datetime(2026-01-08) step 5m by S
| extend (flag, score, baseline) = series_decompose_anomalies(V, 2.5, -1, 'linefit')
| summarize count(), max(array_length(flag))`;
const ROW = '{"N":1,"Name":"x"}\n';

async function main(): Promise<void> {
  const { child, url, startedAt } = await start();
  const pid = child.pid ?? 0;
  const ready = performance.now() - startedAt;
  const ping = (): Promise<unknown> => fetch(`${url}/v1/rest/ping`).then((answer) => answer.text());
  const ingest = (): Promise<unknown> =>
    fetch(`${url}/v1/rest/ingest/framewatch/R?streamFormat=json`, { method: 'POST', body: ROW.repeat(50) }).then(
      (answer) => answer.text(),
    );
  console.log(`ready after ${ready.toFixed(0)} ms`);
  console.log(`first query, cold: ping ${await during(ping, query(url, 'print x = 1 | where x > 0'))}`);
  console.log(`start to first answer ${(performance.now() - startedAt).toFixed(0)} ms`);
  await sleep(3000);
  console.log(`memory at rest ${memoryText(pid)}`);
  await query(url, '.create-merge table R (N:long, Name:string)');
  console.log(`series query: ping ${await during(ping, query(url, SERIES))}`);
  console.log(`series query: ingest of 50 rows ${await during(ingest, query(url, SERIES.replace('2.5', '2.6')))}`);
  await sleep(1000);
  console.log(`memory after ${memoryText(pid)}`);
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}

await main();
