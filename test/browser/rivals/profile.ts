import type { Browser, CDPSession } from 'playwright-core';

/** A stretch of the main thread: `ts` and `dur` by the clock, `tdur` of the thread's own CPU time, µs. */
interface Stretch {
  ts: number;
  dur: number;
  tdur: number;
}

/** A callback that the browser has called: a listener, a timer, a frame. */
interface Call extends Stretch {
  url: string;
}

interface Node {
  id: number;
  callFrame: { url: string };
  children?: number[];
}

/** A CPU profile and a trace of the same thread, both by the browser's monotonic clock in µs. */
export interface Profile {
  startTime: number;
  nodes: Node[];
  samples: number[];
  timeDeltas: number[];
  tasks: Stretch[];
  calls: Call[];
}

interface TraceEvent extends Partial<Stretch> {
  name: string;
  pid: number;
  tid: number;
  args?: { name?: string; data?: { url?: string } };
}

/** The page calls a function of this script that does nothing: what such a call costs is what the trace itself takes. */
export const EMPTY = 'sdk/empty.js';
const INTERVAL_US = 500;

/** The last one that has begun by then, if it still goes on. Those given are in order and do not overlap. */
function at<T extends Stretch>(list: readonly T[], time: number): T | undefined {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle]!.ts <= time) low = middle + 1;
    else high = middle;
  }
  const found = list[low - 1];
  return found && time < found.ts + found.dur ? found : undefined;
}

/** In order, without those inside of others. */
function outermost<T extends Stretch>(list: readonly T[]): T[] {
  let end = 0;
  return list
    .toSorted((a, b) => a.ts - b.ts || b.dur - a.dur)
    .filter(({ ts, dur }) => {
      if (ts + dur <= end) return false;
      end = ts + dur;
      return true;
    });
}

/** Which of these scripts each node of the profile belongs to: the innermost on its stack. */
function ownersOf(nodes: readonly Node[], urls: Record<string, string>): Map<number, string | undefined> {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const owners = new Map<number, string | undefined>();
  const visit = (node: Node, above: string | undefined): void => {
    const own = Object.entries(urls).find(([, url]) => node.callFrame.url.endsWith(url))?.[0] ?? above;
    owners.set(node.id, own);
    for (const child of node.children ?? []) visit(byId.get(child)!, own);
  };
  visit(nodes[0]!, undefined);
  return owners;
}

/**
 * Main-thread ms of CPU under each script, with all that it calls there (the player's getters, JSON, the browser's own code),
 * in two parts. What the browser calls itself (timers, listeners, frames) is taken from its trace: the thread's CPU time in
 * each call, less what tracing an empty call takes in the same minute. The rest (listeners of the player's own events, what
 * follows a promise) is sampled; a sample counts for the share of the processor that its task had. So neither part grows
 * while other programs have the core.
 */
export function costOf(
  { nodes, samples, timeDeltas, startTime, tasks, calls }: Profile,
  urls: Record<string, string>,
): Record<string, number> {
  const owners = ownersOf(nodes, urls);
  const empty = calls
    .filter(({ url }) => url.endsWith(EMPTY))
    .map(({ tdur }) => tdur)
    .sort((a, b) => a - b);
  const ownUs = empty[empty.length >> 1] ?? 0;
  return Object.fromEntries(
    Object.entries(urls).map(([name, script]) => {
      const own = outermost(calls.filter(({ url }) => url.endsWith(script)));
      let us = own.reduce((sum, { tdur }) => sum + Math.max(0, tdur - ownUs), 0);
      let time = startTime;
      samples.forEach((id, i) => {
        time += timeDeltas[i] ?? 0;
        if (owners.get(id) !== name || at(own, time)) return;
        const task = at(tasks, time);
        us += Math.max(0, timeDeltas[i + 1] ?? 0) * (task ? Math.min(1, task.tdur / task.dur) : 1);
      });
      return [name, us / 1000];
    }),
  );
}

const isStretch = (event: TraceEvent): event is TraceEvent & Stretch =>
  event.ts !== undefined && event.dur !== undefined && event.tdur !== undefined && event.dur > 0;

/** Of the renderer that has called the empty function. */
function mainThread(events: readonly TraceEvent[]): Pick<Profile, 'tasks' | 'calls'> {
  const known = events.find(({ args }) => args?.data?.url?.endsWith(EMPTY));
  const own = events.filter((event) => event.pid === known?.pid && event.tid === known.tid).filter(isStretch);
  if (!own.length) throw new Error('this Chromium does not tell the CPU time of its main thread');
  const calls = own
    .filter(({ name }) => name === 'FunctionCall')
    .map(({ ts, dur, tdur, args }) => ({ ts, dur, tdur, url: args?.data?.url ?? '' }));
  return { calls, tasks: outermost(own.filter(({ name }) => name === 'RunTask')) };
}

/** `client`: a session of the page whose scripts are to be measured. */
export async function startProfile(browser: Browser, client: CDPSession): Promise<() => Promise<Profile>> {
  const tracer = await browser.newBrowserCDPSession();
  const events: TraceEvent[] = [];
  tracer.on('Tracing.dataCollected', ({ value }) => {
    for (const event of value as unknown as TraceEvent[])
      if (event.name === 'RunTask' || event.name === 'FunctionCall') events.push(event);
  });
  const includedCategories = ['devtools.timeline', 'disabled-by-default-devtools.timeline'];
  const traceConfig = { includedCategories, excludedCategories: ['*'] };
  await tracer.send('Tracing.start', { transferMode: 'ReportEvents', traceConfig });
  await client.send('Profiler.enable');
  await client.send('Profiler.setSamplingInterval', { interval: INTERVAL_US });
  await client.send('Profiler.start');
  return async () => {
    const { profile } = await client.send('Profiler.stop');
    const over = new Promise<void>((resolve) => {
      tracer.once('Tracing.tracingComplete', () => resolve());
    });
    await tracer.send('Tracing.end');
    await over;
    return { ...(profile as Omit<Profile, 'tasks' | 'calls'>), ...mainThread(events) };
  };
}
