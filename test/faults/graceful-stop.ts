// SIGTERM under load: who was in is answered, who comes is told to go elsewhere, and nothing acknowledged is lost.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { envelope } from '../../bench/bodies.ts';
import { post } from './doors.ts';
import type { FaultStack } from './fault-stack.ts';
import { shortInTheEnd } from './recount.ts';

export interface StopReport {
  /** Answers of `readyz` from the signal on, in the order of asking; 0 for none. */
  readonly readiness: readonly number[];
  /** Requests that were under way at the signal, by status. */
  readonly underWay: Readonly<Record<string, number>>;
  /** Requests that came after it, by status. */
  readonly late: Readonly<Record<string, number>>;
  readonly exitSeconds: number;
  readonly acknowledged: number;
  readonly short: readonly string[];
}

const EVENTS = 10;
const CLIENTS = 8;
const WAIT_MS = 30_000;

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

const readyz = (url: string): Promise<number> =>
  fetch(`${url}/api/readyz`, { headers: { connection: 'close' } }).then(
    (answer) => answer.status,
    () => 0,
  );

/** Sends SIGTERM to the functions while clients post, and watches. The supervisor starts the next process. */
export async function stopUnderLoad(stack: FaultStack): Promise<StopReport> {
  const tag = `stop-${randomUUID()}-`;
  const { url, pid } = stack.host;
  const acknowledged = new Map<string, number>();
  const [underWay, late]: [Record<string, number>, Record<string, number>] = [{}, {}];
  let signalMs = Infinity;
  const state = { isOver: false };
  let next = 0;
  const client = async (): Promise<void> => {
    while (!state.isOver) {
      const sid = `${tag}${next++}`;
      const batch = envelope(next, EVENTS, Date.now());
      batch.h.sid = sid;
      const startMs = performance.now();
      const { status } = await post(url, JSON.stringify(batch));
      if (status === 202) acknowledged.set(sid, EVENTS);
      const books = startMs > signalMs ? late : underWay;
      if (performance.now() > signalMs) books[status] = (books[status] ?? 0) + 1;
      if (status !== 202) await sleep(20);
    }
  };
  const clients = Array.from({ length: CLIENTS }, client);
  const untilMs = performance.now() + WAIT_MS;
  while (acknowledged.size < 40 && performance.now() < untilMs) await sleep(10);
  process.kill(pid, 'SIGTERM');
  signalMs = performance.now();
  const asked: Promise<number>[] = [];
  while (isAlive(pid) && performance.now() < signalMs + WAIT_MS) {
    // Side by side: an answer that takes its time must not hide what came meanwhile.
    asked.push(readyz(url));
    await sleep(20);
  }
  const exitSeconds = (performance.now() - signalMs) / 1000;
  const readiness = await Promise.all(asked);
  state.isOver = true;
  await Promise.all(clients);
  const backMs = performance.now() + WAIT_MS;
  while ((await readyz(url)) !== 200 && performance.now() < backMs) await sleep(50);
  // What was spilled is acknowledged too.
  const short = await shortInTheEnd(stack, tag, acknowledged, WAIT_MS);
  return { readiness, underWay, late, exitSeconds, acknowledged: acknowledged.size * EVENTS, short };
}
