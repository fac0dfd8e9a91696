import type { CDPSession } from 'playwright-core';

interface Node {
  id: number;
  callFrame: { url: string; functionName: string };
  children?: number[];
}

/** A CPU profile, and the CPU time that the main thread had meanwhile, ms. */
export interface Profile {
  threadMs: number;
  nodes: Node[];
  samples: number[];
  timeDeltas: number[];
}

const IDLE = '(idle)';

/**
 * Main-thread ms of CPU under each script: a sample belongs to the innermost of these scripts on the stack, with all that it
 * calls there (the player's getters, JSON, the browser's own code). Samples run on while other programs have the core, so
 * they are scaled to the CPU time of the thread.
 */
export function costOf(
  { nodes, samples, timeDeltas, threadMs }: Profile,
  urls: Record<string, string>,
): Record<string, number> {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const owner = new Map<number, string | undefined>();
  const visit = (node: Node, above: string | undefined): void => {
    const own = Object.entries(urls).find(([, url]) => node.callFrame.url.endsWith(url))?.[0] ?? above;
    owner.set(node.id, own);
    for (const child of node.children ?? []) visit(byId.get(child)!, own);
  };
  visit(nodes[0]!, undefined);
  const cost: Record<string, number> = Object.fromEntries(Object.keys(urls).map((name) => [name, 0]));
  let busyMs = 0;
  samples.forEach((id, i) => {
    // The time that this sample was on the stack runs until the next one.
    const ms = Math.max(0, timeDeltas[i + 1] ?? 0) / 1000;
    const name = owner.get(id);
    if (name !== undefined) cost[name]! += ms;
    if (byId.get(id)!.callFrame.functionName !== IDLE) busyMs += ms;
  });
  const share = Math.min(1, threadMs / busyMs);
  return Object.fromEntries(Object.entries(cost).map(([name, ms]) => [name, ms * share]));
}

async function threadMsOf(client: CDPSession): Promise<number> {
  const { metrics } = await client.send('Performance.getMetrics');
  const time = metrics.find(({ name }) => name === 'ThreadTime');
  if (!time) throw new Error('this Chromium does not tell the CPU time of its main thread');
  return time.value * 1000;
}

export async function startProfile(client: CDPSession): Promise<() => Promise<Profile>> {
  await client.send('Performance.enable');
  await client.send('Profiler.enable');
  await client.send('Profiler.setSamplingInterval', { interval: 1000 });
  const before = await threadMsOf(client);
  await client.send('Profiler.start');
  return async () => {
    const { profile } = await client.send('Profiler.stop');
    return { ...(profile as Omit<Profile, 'threadMs'>), threadMs: (await threadMsOf(client)) - before };
  };
}
