// What was acknowledged, against what is there.
import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultStack } from './fault-stack.ts';

const POLL_MS = 250;

/** Sessions that begin with `tag` and hold fewer events in the deduplicated views than the number given for them. */
export async function shortOf(
  stack: FaultStack,
  tag: string,
  acknowledged: ReadonlyMap<string, number>,
): Promise<string[]> {
  const rows = await stack.query<{ SessionId: string; N: number }>(
    `union PlaybackEventsDedup_v1, PlaybackBeatsDedup_v1 | where SessionId startswith '${tag}' | summarize N = count_distinct(EventId) by SessionId`,
  );
  const found = new Map(rows.map(({ SessionId, N }) => [SessionId, N]));
  return [...acknowledged].filter(([sid, events]) => (found.get(sid) ?? 0) < events).map(([sid]) => sid);
}

/** The same once what waits in the spill has come back, or the time is up. */
export async function shortInTheEnd(
  stack: FaultStack,
  tag: string,
  acknowledged: ReadonlyMap<string, number>,
  mostMs: number,
): Promise<string[]> {
  const untilMs = performance.now() + mostMs;
  for (;;) {
    const short = await shortOf(stack, tag, acknowledged);
    if (short.length === 0 || performance.now() > untilMs) return short;
    await stack.host.invoke('drainSpill').catch(() => undefined);
    await sleep(POLL_MS);
  }
}
