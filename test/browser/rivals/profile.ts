import type { CDPSession } from 'playwright-core';

interface Node {
  id: number;
  callFrame: { url: string };
  children?: number[];
}

interface Profile {
  nodes: Node[];
  samples: number[];
  timeDeltas: number[];
}

/**
 * Main-thread ms under each script: a sample belongs to the innermost of these scripts on the stack, with all that it calls
 * there (the player's getters, JSON, the browser's own code).
 */
export function costOf({ nodes, samples, timeDeltas }: Profile, urls: Record<string, string>): Record<string, number> {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const owner = new Map<number, string | undefined>();
  const visit = (node: Node, above: string | undefined): void => {
    const own = Object.entries(urls).find(([, url]) => node.callFrame.url.endsWith(url))?.[0] ?? above;
    owner.set(node.id, own);
    for (const child of node.children ?? []) visit(byId.get(child)!, own);
  };
  visit(nodes[0]!, undefined);
  const cost: Record<string, number> = Object.fromEntries(Object.keys(urls).map((name) => [name, 0]));
  samples.forEach((id, i) => {
    const name = owner.get(id);
    // The time that this sample was on the stack runs until the next one.
    if (name !== undefined) cost[name]! += Math.max(0, timeDeltas[i + 1] ?? 0) / 1000;
  });
  return cost;
}

export async function startProfile(client: CDPSession): Promise<() => Promise<Profile>> {
  await client.send('Profiler.enable');
  await client.send('Profiler.setSamplingInterval', { interval: 200 });
  await client.send('Profiler.start');
  return async () => (await client.send('Profiler.stop')).profile as Profile;
}
