// A steady load with bad events, resends and a fault now and then, while memory and lag of the functions are watched.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { envelope } from '../../bench/bodies.ts';
import type { IngestAnswer, WireEvent } from '../../schema/probe-wire.ts';
import { FAULTS, type FaultName } from './catalogue.ts';
import { post } from './doors.ts';
import type { FaultStack } from './fault-stack.ts';
import type { Vitals } from './inside.ts';
import { isSpillEmpty, unaccounted } from './scenario.ts';

export interface SoakOptions {
  readonly warmUpSeconds: number;
  readonly seconds: number;
  /** A fault of Kusto begins this often and stays for {@link FAULT_SECONDS}; twice as often while warming up, so that each has been met. */
  readonly faultEverySeconds: number;
  /** Runs `drainSpill` by hand once a second where the app's own timer is off. */
  readonly isDriven: boolean;
}

export interface SoakReport {
  readonly faults: number;
  /** Answers by status; 0 stands for none. */
  readonly statuses: Readonly<Record<string, number>>;
  /** What the 202s said, and what the deduplicated view and the quarantine hold. */
  readonly told: Readonly<Record<'received' | 'accepted' | 'rejected' | 'duplicate', number>>;
  readonly found: { readonly rows: number; readonly distinct: number; readonly rejects: number };
  readonly unaccounted: readonly unknown[];
  /** From the last acknowledgement until nothing waited in the spill; undefined when it did not get there. */
  readonly drainSeconds: number | undefined;
  readonly vitals: readonly Vitals[];
}

const EVENTS = 50;
const BATCHES_PER_SECOND = 10;
const FAULT_SECONDS = 5;
/** So long the spill may stay as deep as it is before it is given up. */
const STILL_MS = 120_000;
/** The same for a view that does not show yet what is stored. */
const SETTLE_MS = 60_000;
const SOAK_FAULTS: readonly FaultName[] = [
  'reset',
  '429 with Retry-After',
  'half answer',
  '500',
  'refused',
  'commit, then reset',
  'latency',
  'DNS gone',
  'wrong content: HTML',
  'hang',
];

/** Fifty events: 5 % of them bad, one twice. */
function mixedBatch(tag: string, index: number): { body: string; bad: number } {
  const batch = envelope(index, EVENTS, Date.now());
  batch.h.sid = `${tag}${index}`;
  const bad = 2 + (index % 2);
  for (let n = 0; n < bad; n++) batch.e[10 + n] = { k: 'stall', n: 10 + n, t: 10, ms: 'long' } as unknown as WireEvent;
  batch.e[49] = batch.e[48] as WireEvent;
  return { body: JSON.stringify(batch), bad };
}

/** Least-squares slope of y over x. */
export function slope(points: readonly (readonly [x: number, y: number])[]): number {
  const mean = (index: 0 | 1): number => points.reduce((sum, point) => sum + point[index], 0) / points.length;
  const [mx, my] = [mean(0), mean(1)];
  const sxy = points.reduce((sum, [x, y]) => sum + (x - mx) * (y - my), 0);
  const sxx = points.reduce((sum, [x]) => sum + (x - mx) ** 2, 0);
  return sxx === 0 ? 0 : sxy / sxx;
}

async function faultsDuring(stack: FaultStack, options: SoakOptions, isOver: () => boolean): Promise<number> {
  let count = 0;
  const warmMs = performance.now() + options.warmUpSeconds * 1000;
  const untilMs = async (ms: number): Promise<void> => {
    const endMs = performance.now() + ms;
    while (!isOver() && performance.now() < endMs) await sleep(100);
  };
  for (;;) {
    const everySeconds = performance.now() < warmMs ? options.faultEverySeconds / 2 : options.faultEverySeconds;
    await untilMs((everySeconds - FAULT_SECONDS) * 1000);
    if (isOver()) return count;
    await stack.inject('kusto', FAULTS[SOAK_FAULTS[count % SOAK_FAULTS.length] as FaultName]);
    count++;
    await untilMs(FAULT_SECONDS * 1000);
    await stack.heal();
  }
}

async function holdings(stack: FaultStack, tag: string): Promise<SoakReport['found']> {
  const [events] = await stack.query<{ R: number; D: number }>(
    `union PlaybackEventsDedup_v1, PlaybackBeatsDedup_v1 | where SessionId startswith '${tag}' | summarize R = count(), D = count_distinct(EventId)`,
  );
  const [rejects] = await stack.query<{ N: number }>(
    `RejectedEvents | where Payload has '${tag.slice(0, -1)}' | summarize N = count_distinct(RejectId)`,
  );
  return { rows: Number(events?.R), distinct: Number(events?.D), rejects: Number(rejects?.N) };
}

/** What the functions say waits in the spill; 0 as long as no drain has looked. */
async function spillDepth(stack: FaultStack): Promise<number> {
  const answer = await fetch(`${stack.host.url}/api/health`);
  const { checks } = (await answer.json()) as { checks: Record<string, readonly { observedValue?: number }[]> };
  return checks['spill:depth']?.[0]?.observedValue ?? 0;
}

/** Waits for as long as the spill gets smaller; seconds until it was empty, undefined when it came to a stand before. */
async function drainTime(stack: FaultStack): Promise<number | undefined> {
  const startMs = performance.now();
  let least = Infinity;
  let movedMs = startMs;
  while (performance.now() - movedMs < STILL_MS) {
    const depth = await spillDepth(stack);
    // Said by the last drain: what was spilled since, only the container knows.
    if (depth === 0 && (await isSpillEmpty(stack))) return (performance.now() - startMs) / 1000;
    if (depth < least) [least, movedMs] = [depth, performance.now()];
    await sleep(500);
  }
  return undefined;
}

/** What a report shows to be broken: empty when nothing is lost, nothing twice and the books balance. */
export function brokenIn({ told, found, unaccounted: open, drainSeconds }: SoakReport): string[] {
  return [
    ...(told.received === told.accepted + told.rejected + told.duplicate ? [] : ['the answers do not add up']),
    ...(drainSeconds === undefined ? ['the spill was never empty'] : []),
    ...(found.distinct === told.accepted ? [] : [`${told.accepted} accepted, ${found.distinct} there`]),
    ...(found.rows === found.distinct ? [] : [`${found.rows - found.distinct} twice`]),
    // A batch whose answer was lost comes again as another: its bad events too are there once.
    ...(found.rejects === told.rejected ? [] : [`${told.rejected} bad, ${found.rejects} in quarantine`]),
    ...(open.length === 0 ? [] : [`books out of balance: ${JSON.stringify(open)}`]),
  ];
}

/** 500 events a second for the time given. A batch that finds no 202 is sent again, as the probe does. */
export async function runSoak(stack: FaultStack, options: SoakOptions): Promise<SoakReport> {
  const tag = `soak-${randomUUID()}-`;
  const statuses: Record<string, number> = {};
  const told = { received: 0, accepted: 0, rejected: 0, duplicate: 0 };
  const state = { isOver: false };
  const send = async (body: string): Promise<void> => {
    for (;;) {
      const { status, text } = await post(stack.host.url, body);
      statuses[status] = (statuses[status] ?? 0) + 1;
      if (status === 202) {
        const answer = JSON.parse(text) as IngestAnswer;
        for (const key of ['received', 'accepted', 'rejected', 'duplicate'] as const) told[key] += answer[key];
        return;
      }
      await sleep(500);
    }
  };
  const driving = (async () => {
    if (!options.isDriven) return;
    while (!state.isOver) {
      await sleep(1000);
      await stack.host.invoke('drainSpill').catch(() => undefined);
    }
  })();
  let isLoading = true;
  const faulting = faultsDuring(stack, options, () => !isLoading);
  const startMs = performance.now();
  const total = (options.warmUpSeconds + options.seconds) * BATCHES_PER_SECOND;
  const sending: Promise<void>[] = [];
  for (let index = 0; index < total; index++) {
    const waitMs = startMs + (index * 1000) / BATCHES_PER_SECOND - performance.now();
    if (waitMs > 0) await sleep(waitMs);
    sending.push(send(mixedBatch(tag, index).body));
  }
  isLoading = false;
  const faults = await faulting;
  await stack.heal();
  await Promise.all(sending);
  const drainSeconds = await drainTime(stack);
  const untilMs = performance.now() + SETTLE_MS;
  let found = await holdings(stack, tag);
  while (performance.now() < untilMs && (found.distinct < told.accepted || found.rejects < told.rejected)) {
    await sleep(500);
    found = await holdings(stack, tag);
  }
  state.isOver = true;
  await driving;
  const fromMs = Date.now() - (performance.now() - startMs) + options.warmUpSeconds * 1000;
  const vitals = stack.vitals().filter(({ atMs }) => atMs >= fromMs && atMs < fromMs + options.seconds * 1000);
  return { faults, statuses, told, found, unaccounted: await unaccounted(stack), drainSeconds, vitals };
}
