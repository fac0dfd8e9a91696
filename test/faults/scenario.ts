// One fault, all doors: inject, send, hold, heal, and recount until everything is there.
import { setTimeout as sleep } from 'node:timers/promises';
import { RETRY_AFTER_SECONDS, type Injection, type Target } from './catalogue.ts';
import type { Door, Manners, Receipt } from './doors.ts';
import type { FaultStack } from './fault-stack.ts';
import type { Call } from './proxy.ts';
import type { WireFault } from './tcp-proxy.ts';

export interface Scenario {
  readonly name: string;
  readonly target: Target | 'both' | 'hub' | 'senders';
  readonly injection?: Injection;
  /** Of the connection between the host and the hub. */
  readonly wireFault?: WireFault;
  readonly manners?: Manners;
  /** How long the fault stays, ms. */
  readonly holdMs: number;
  /** The fault is one of the data: it stays until all is stored or in quarantine. */
  readonly isOfData?: boolean;
  /** Runs the timers' functions by hand this often; absent: the app's own schedule. */
  readonly driveMs?: number;
}

export interface Result {
  readonly door: string;
  /** From healing until everything was stored and the spill was empty; undefined when it never was. */
  readonly recoverySeconds: number | undefined;
  readonly statuses: Receipt['statuses'];
  readonly refusals: readonly string[];
  /** Sessions with fewer events than were acknowledged, and with an event twice in the deduplicated view. */
  readonly short: readonly string[];
  readonly doubled: readonly string[];
  /** Poisoned events that are not in quarantine. */
  readonly unquarantined: number;
}

export interface ScenarioReport {
  readonly results: readonly Result[];
  /** Batches whose books do not balance or whose rows are missing. */
  readonly unaccounted: readonly unknown[];
  /** Calls that came earlier than Retry-After allowed. */
  readonly early: readonly Call[];
}

const GIVE_UP_MS = 150_000;
const POLL_MS = 150;
const SLOWEST_DRIVE_MS = 4000;
/** Calls under way when the first answer came were sent in good faith. */
const UNDER_WAY_MS = 250;

interface Found {
  readonly SessionId: string;
  readonly Rows: number;
  readonly Distinct: number;
}

async function recount(stack: FaultStack, tag: string): Promise<Map<string, Found>> {
  const rows = await stack.query<Found>(
    `union PlaybackEventsDedup_v1, PlaybackBeatsDedup_v1 | where SessionId startswith '${tag}' | summarize Rows = count(), Distinct = count_distinct(EventId) by SessionId`,
  );
  return new Map(rows.map((row) => [row.SessionId, row]));
}

const quarantined = async (stack: FaultStack, tag: string): Promise<number> => {
  const [row] = await stack.query<{ N: number }>(
    `RejectedEvents | where Reason == 'sink-refused' and Payload has '${tag}' | summarize N = count_distinct(RejectId)`,
  );
  return row?.N ?? 0;
};

export async function isSpillEmpty(stack: FaultStack): Promise<boolean> {
  const container = stack.blobs.getContainerClient('spill');
  if (!(await container.exists())) return true;
  for await (const _blob of container.listBlobsFlat()) return false;
  return true;
}

/** Throttled calls of a path must not be followed by another before the time is over. */
function tooEarly(calls: readonly Call[], healedMs: number): Call[] {
  const until = new Map<string, { fromMs: number; toMs: number }>();
  return calls.filter(({ atMs, path }) => {
    if (!path.startsWith('/v1/rest/ingest/')) return false;
    const wait = until.get(path);
    const isEarly = wait !== undefined && atMs > wait.fromMs && atMs < wait.toMs;
    if (atMs < healedMs) until.set(path, { fromMs: atMs + UNDER_WAY_MS, toMs: atMs + RETRY_AFTER_SECONDS * 1000 - 20 });
    return isEarly;
  });
}

async function settle(
  stack: FaultStack,
  tag: string,
  door: Door,
  sent: Promise<Receipt>,
  healedMs: number,
): Promise<Result> {
  const receipt = await sent;
  const prefix = `${tag}-${door.name}-`;
  for (;;) {
    const found = await recount(stack, prefix);
    const short = [...receipt.sessions]
      .filter(([sid, events]) => (found.get(sid)?.Distinct ?? 0) < events)
      .map(([sid]) => sid);
    const doubled = [...found.values()]
      .filter(({ SessionId, Rows, Distinct }) => Rows !== Distinct || Rows > (receipt.sessions.get(SessionId) ?? 0))
      .map(({ SessionId }) => SessionId);
    const unquarantined = receipt.poisoned === 0 ? 0 : receipt.poisoned - (await quarantined(stack, prefix));
    const isDone = short.length === 0 && unquarantined <= 0 && (await isSpillEmpty(stack));
    const elapsedMs = performance.now() - healedMs;
    if (isDone || elapsedMs > GIVE_UP_MS) {
      const { statuses, refusals } = receipt;
      return {
        door: door.name,
        recoverySeconds: isDone ? elapsedMs / 1000 : undefined,
        statuses,
        refusals,
        short,
        doubled,
        unquarantined,
      };
    }
    await sleep(POLL_MS);
  }
}

/** Batches out of balance, whatever scenario they belong to. */
export const unaccounted = (stack: FaultStack): Promise<unknown[]> =>
  stack.query(
    `IngestAudit(now() - 1d, now() + 1d) | where Balance != 0 or Unaccounted != 0 or Missing > 0 or MissingRejects > 0 | take 5`,
  );

let count = 0;

export async function runScenario(
  stack: FaultStack,
  doors: readonly Door[],
  scenario: Scenario,
): Promise<ScenarioReport> {
  const { target, injection, manners = {}, holdMs, driveMs } = scenario;
  const tag = `s${++count}`;
  const targets: readonly Target[] =
    target === 'both' ? ['kusto', 'blob'] : target === 'senders' || target === 'hub' ? [] : [target];
  if (injection !== undefined) for (const one of targets) await stack.inject(one, injection);
  if (scenario.wireFault) await stack.hubWire.inject(scenario.wireFault);
  const state = { isOver: false };
  const drive = async (): Promise<void> => {
    if (driveMs === undefined) return;
    let waitMs = driveMs;
    while (!state.isOver) {
      await sleep(waitMs);
      // Runs that pile up on a busy machine would keep it busy.
      waitMs = Math.min(waitMs * 1.5, SLOWEST_DRIVE_MS);
      for (const name of ['drainSpill', 'resumeBlobs', 'reconcileBlobs'])
        await stack.host.invoke(name).catch(() => undefined);
    }
  };
  const sendings = doors.map((door) => door.send(stack, `${tag}-${door.name}-`, manners));
  // Awaited after healing; a failure before that must not go unheard.
  for (const sending of sendings) sending.catch(() => undefined);
  const driving = drive();
  await sleep(holdMs);
  if (!scenario.isOfData) await stack.heal();
  const healedMs = performance.now();
  try {
    const results = await Promise.all(
      doors.map((door, index) => settle(stack, tag, door, sendings[index] as Promise<Receipt>, healedMs)),
    );
    const asksToWait = scenario.name.endsWith('with Retry-After') && targets.includes('kusto');
    const early = asksToWait ? tooEarly(stack.proxies.kusto.calls, healedMs) : [];
    return { results, unaccounted: await unaccounted(stack), early };
  } finally {
    state.isOver = true;
    await driving;
    await stack.heal();
  }
}

/** Everything that a scenario promises, as a list of what was broken: empty when all held. */
export function brokenPromises(
  { results, unaccounted: open, early }: ScenarioReport,
  mostRecoverySeconds: number,
): string[] {
  const broken = results.flatMap(({ door, recoverySeconds, statuses, refusals, short, doubled, unquarantined }) => [
    ...(recoverySeconds === undefined ? [`${door}: not complete, ${short.length} sessions short`] : []),
    ...(recoverySeconds !== undefined && recoverySeconds > mostRecoverySeconds
      ? [`${door}: recovery took ${recoverySeconds.toFixed(1)} s`]
      : []),
    ...(doubled.length > 0 ? [`${door}: twice in the deduplicated view: ${doubled.join()}`] : []),
    ...(unquarantined !== 0 ? [`${door}: ${unquarantined} poisoned events are not in quarantine`] : []),
    ...Object.keys(statuses)
      .filter((status) => !DOCUMENTED.has(Number(status)))
      .map((status) => `${door}: answered ${status}`),
    ...refusals.filter((text) => !isOwnWords(text)).map((text) => `${door}: said ${text.slice(0, 200)}`),
  ]);
  if (open.length > 0) broken.push(`books out of balance: ${JSON.stringify(open)}`);
  if (early.length > 0) broken.push(`${early.length} calls before the end of Retry-After`);
  return broken;
}

/** 0 is a sender that gave up waiting; the rest are the answers of docs that faults may cause. */
const DOCUMENTED = new Set([0, 202, 429, 503]);

/** A refusal has a code and one of the door's fixed texts, and nothing of what went wrong behind it. */
function isOwnWords(text: string): boolean {
  if (/ECONN|ENOTFOUND|axios|localhost|127\.0\.0\.1|injected|Error:|\bat .+:\d+/.test(text)) return false;
  try {
    const { error, ...rest } = JSON.parse(text) as { error?: { code?: unknown; message?: unknown } };
    return typeof error?.code === 'string' && typeof error.message === 'string' && Object.keys(rest).length === 0;
  } catch {
    return false;
  }
}
