// kill -9 while events come in, and the recount afterwards.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { envelope } from '../../bench/bodies.ts';
import { acmeLine, post, upload } from './doors.ts';
import type { FaultStack } from './fault-stack.ts';
import { isSpillEmpty, unaccounted } from './scenario.ts';

export interface KillTally {
  readonly kills: number;
  /** Kills that struck while the events of a blob were partly stored. */
  readonly midBlob: number;
  readonly acknowledged: number;
  /** Sessions with fewer events than were acknowledged, and with one twice in the deduplicated view. */
  readonly short: readonly string[];
  readonly doubled: readonly string[];
  /** Rows of quarantine: nothing sent is at fault, so each would be a torn batch. */
  readonly unparseable: number;
  readonly unaccounted: readonly unknown[];
}

type Victim = 'functions' | 'engine' | 'both';

const EVENTS = 20;
const CLIENTS = 4;
const FRESH_ACKS = 12;
const RESTART_MS = 30_000;
/** Leases of the dead end after a minute. */
const SETTLE_MS = 180_000;

/** SIGKILL to the functions' process. Resolves when its successor answers. */
async function killFunctions(stack: FaultStack): Promise<void> {
  const { pid } = stack.host;
  process.kill(pid, 'SIGKILL');
  const untilMs = performance.now() + RESTART_MS;
  while (performance.now() < untilMs) {
    await sleep(40);
    if (stack.host.pid === pid) continue;
    const isUp = await fetch(`${stack.host.url}/api/livez`).then(
      (answer) => answer.ok,
      () => false,
    );
    if (isUp) return;
  }
  throw new Error('the functions did not come back after a kill');
}

const strike: Readonly<Record<Victim, (stack: FaultStack) => Promise<unknown>>> = {
  functions: killFunctions,
  engine: (stack) => stack.engine.killAndRestart(),
  both: (stack) => Promise.all([killFunctions(stack), stack.engine.killAndRestart()]),
};

async function recount(
  stack: FaultStack,
  tag: string,
  sessions: ReadonlyMap<string, number>,
): Promise<Pick<KillTally, 'short' | 'doubled' | 'unparseable'>> {
  const rows = await stack.query<{ SessionId: string; Rows: number; Distinct: number }>(
    `union PlaybackEventsDedup_v1, PlaybackBeatsDedup_v1 | where SessionId startswith '${tag}' | summarize Rows = count(), Distinct = count_distinct(EventId) by SessionId`,
  );
  const found = new Map(rows.map((row) => [row.SessionId, row.Distinct]));
  const [rejects] = await stack.query<{ N: number }>(
    `RejectedEvents | where Payload has '${tag.slice(0, -1)}' | summarize N = count()`,
  );
  return {
    short: [...sessions].filter(([sid, events]) => (found.get(sid) ?? 0) < events).map(([sid]) => sid),
    doubled: rows.filter(({ Rows, Distinct }) => Rows !== Distinct).map(({ SessionId }) => SessionId),
    unparseable: Number(rejects?.N),
  };
}

/** Runs the timers' functions until nothing is short or the time is up. */
async function settled(
  stack: FaultStack,
  tag: string,
  sessions: ReadonlyMap<string, number>,
): ReturnType<typeof recount> {
  const untilMs = performance.now() + SETTLE_MS;
  for (;;) {
    const now = await recount(stack, tag, sessions);
    if ((now.short.length === 0 && (await isSpillEmpty(stack))) || performance.now() > untilMs) return now;
    for (const name of ['drainSpill', 'resumeBlobs', 'reconcileBlobs'])
      await stack.host.invoke(name).catch(() => undefined);
    await sleep(700);
  }
}

/** Kills one process after another while clients post; a batch without an answer is sent again. */
export async function killDuringHttp(stack: FaultStack, kills: number): Promise<KillTally> {
  const tag = `kill-${randomUUID()}-`;
  const sessions = new Map<string, number>();
  const state = { isOver: false };
  let next = 0;
  const client = async (): Promise<void> => {
    while (!state.isOver) {
      const batch = envelope(next, EVENTS, Date.now());
      batch.h.sid = `${tag}${next++}`;
      const body = JSON.stringify(batch);
      while (!state.isOver) {
        const { status } = await post(stack.host.url, body);
        if (status === 202) {
          sessions.set(batch.h.sid, EVENTS);
          break;
        }
        await sleep(30);
      }
    }
  };
  const clients = Array.from({ length: CLIENTS }, client);
  const victims: readonly Victim[] = ['functions', 'engine', 'functions', 'both'];
  for (let kill = 0; kill < kills; kill++) {
    const before = sessions.size;
    const untilMs = performance.now() + RESTART_MS;
    while (sessions.size < before + FRESH_ACKS && performance.now() < untilMs) await sleep(10);
    await sleep(Math.random() * 100);
    await strike[victims[kill % victims.length] as Victim](stack);
  }
  state.isOver = true;
  await Promise.all(clients);
  const end = await settled(stack, tag, sessions);
  return { kills, midBlob: 0, acknowledged: sessions.size * EVENTS, ...end, unaccounted: await unaccounted(stack) };
}

const LINES = 6000;
const SLOW_STORE_MS = 150;

/** Calls so far that write events. */
const writesOf = ({ proxies }: FaultStack): number =>
  proxies.kusto.calls.filter(({ path }) => /\/ingest\/.*PlaybackEvents/.test(path)).length;

/** Kills the functions while they read blobs of two chunks each. */
export async function killDuringBlobs(stack: FaultStack, kills: number): Promise<KillTally> {
  const tag = `kill-${randomUUID()}-`;
  const sessions = new Map<string, number>();
  // A slower store, so that a kill finds a blob half stored often enough.
  await stack.inject('kusto', () => async (exchange) => {
    await sleep(SLOW_STORE_MS);
    exchange.answer(await exchange.pass());
  });
  let midBlob = 0;
  for (let kill = 0; kill < kills; kill++) {
    const session = `${tag}${kill}`;
    const atMs = Date.now() - 60_000;
    const lines = Array.from({ length: LINES }, (_none, index) => acmeLine(session, index, atMs));
    const writes = writesOf(stack);
    await upload(stack, `acme/${session}.json`, Buffer.from(lines.join('\n')));
    sessions.set(session, LINES);
    if (kill % 2 === 0) await sleep(100 + Math.random() * 900);
    else {
      // The first chunk is on its way into the store: on a slow machine a moment by chance mostly comes before that.
      const untilMs = performance.now() + RESTART_MS;
      while (writesOf(stack) === writes && performance.now() < untilMs) await sleep(10);
      await sleep(SLOW_STORE_MS + Math.random() * 2 * SLOW_STORE_MS);
    }
    await killFunctions(stack);
    const [stored] = await stack.query<{ N: number }>(
      `PlaybackEvents | where SessionId == '${session}' | summarize N = count_distinct(EventId)`,
    );
    if (Number(stored?.N) > 0 && Number(stored?.N) < LINES) midBlob++;
  }
  await stack.heal();
  const end = await settled(stack, tag, sessions);
  return { kills, midBlob, acknowledged: kills * LINES, ...end, unaccounted: await unaccounted(stack) };
}
