// More than the functions can take: explicit answers, bounded memory, and the way back.
import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { envelope } from '../../bench/bodies.ts';
import type { FaultStack } from './fault-stack.ts';
import { shortInTheEnd } from './recount.ts';

export interface OverloadReport {
  /** Events a second that eight patient senders get through. */
  readonly capacity: number;
  /** Events a second that were offered then, and how many times the capacity that is. */
  readonly offered: number;
  readonly times: number;
  /** Answers by status; 0 stands for a connection that was not answered. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Most memory of the functions before and during, MB. */
  readonly rssBeforeMb: number;
  readonly rssMostMb: number;
  /** From the end of the load to a prompt 202; Infinity when none came. */
  readonly recoverySeconds: number;
  /** Sessions with a 202, and those of them that are not complete in the end. */
  readonly acknowledged: number;
  readonly short: readonly string[];
}

const EVENTS = 50;
const SESSIONS = 400;
const GIVE_UP_MS = 60_000;
const ANSWER_MS = 30_000;

type Post = (body: Buffer) => Promise<number>;

function poster(url: string, agent: Agent): Post {
  return (body) =>
    new Promise((resolve) => {
      const outgoing = request(
        `${url}/api/v1/events`,
        {
          method: 'POST',
          agent,
          timeout: ANSWER_MS,
          headers: { 'content-type': 'text/plain', 'x-framewatch-key': 'simulator', 'content-length': body.length },
        },
        (answer) => {
          answer.resume();
          answer.once('end', () => resolve(answer.statusCode ?? 0));
          answer.once('error', () => resolve(0));
        },
      );
      outgoing.once('timeout', () => outgoing.destroy());
      outgoing.once('error', () => resolve(0));
      outgoing.end(body);
    });
}

/** Events a second of patient senders: the next batch goes when the last was answered. */
async function capacityOf(send: Post, list: readonly Buffer[], seconds: number): Promise<number> {
  const startMs = performance.now();
  let done = 0;
  let next = 0;
  const sender = async (): Promise<void> => {
    while (performance.now() - startMs < seconds * 1000) {
      if ((await send(list[next++ % list.length] as Buffer)) === 202) done++;
    }
  };
  await Promise.all(Array.from({ length: 8 }, sender));
  return (done * EVENTS) / ((performance.now() - startMs) / 1000);
}

/** Offers `times` the capacity for so long, whatever the answers are, over at most `connections`; it is over when a 202 takes no longer than `promptMs`. */
export async function overload(
  stack: FaultStack,
  options: {
    readonly times: number;
    readonly seconds: number;
    readonly connections: number;
    readonly promptMs: number;
  },
): Promise<OverloadReport> {
  const agent = new Agent({ keepAlive: true, maxSockets: options.connections });
  const send = poster(stack.host.url, agent);
  const tag = `load-${randomUUID()}-`;
  const acknowledged = new Map<string, number>();
  const list = Array.from({ length: SESSIONS }, (_none, index) => {
    const batch = envelope(index, EVENTS, Date.now());
    batch.h.sid = `${tag}${index}`;
    return Buffer.from(JSON.stringify(batch));
  });
  const capacity = await capacityOf(send, list, Math.min(3, options.seconds));
  const rssOf = (): number => (stack.vitals().at(-1)?.rss ?? 0) / 1e6;
  const rssBeforeMb = rssOf();
  const statuses: Record<string, number> = {};
  const pending = new Set<Promise<void>>();
  const perSecond = (capacity / EVENTS) * options.times;
  const startMs = performance.now();
  let offered = 0;
  while (performance.now() - startMs < options.seconds * 1000) {
    const due = ((performance.now() - startMs) / 1000) * perSecond;
    for (; offered < due; offered++) {
      const index = offered % list.length;
      const one = send(list[index] as Buffer).then((status) => {
        if (status === 202) acknowledged.set(`${tag}${index}`, EVENTS);
        statuses[status] = (statuses[status] ?? 0) + 1;
        pending.delete(one);
      });
      pending.add(one);
    }
    await sleep(5);
  }
  const endMs = performance.now();
  let recoverySeconds = Infinity;
  while (performance.now() < endMs + GIVE_UP_MS) {
    const askedMs = performance.now();
    const answer = await fetch(`${stack.host.url}/api/v1/events`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain', 'x-framewatch-key': 'simulator' },
      body: new Uint8Array(list[0] as Buffer),
    }).catch(() => undefined);
    await answer?.arrayBuffer();
    if (answer?.status === 202 && performance.now() - askedMs < options.promptMs) {
      recoverySeconds = (performance.now() - endMs) / 1000;
      break;
    }
    await sleep(100);
  }
  await Promise.all(pending);
  agent.destroy();
  const during = stack.vitals().map(({ rss }) => rss / 1e6);
  return {
    capacity,
    offered: (offered * EVENTS) / ((endMs - startMs) / 1000),
    times: options.times,
    statuses,
    rssBeforeMb,
    rssMostMb: Math.max(...during),
    recoverySeconds,
    acknowledged: acknowledged.size,
    short: await shortInTheEnd(stack, tag, acknowledged, GIVE_UP_MS),
  };
}
