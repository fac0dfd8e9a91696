import type { Core, Probe } from './core.ts';
import { guard } from './guard.ts';
import type { Item } from './queue.ts';

// Keeps what could not be delivered over the end of the page. It writes to the browser's storage, which in many places needs
// the viewer's consent: nobody has it who does not call it.

const NAME = 'framewatch';
const MOST = 1000;

/** What is kept, as it was queued; nothing where storage is denied or damaged. */
function read(): Item[] {
  const kept = JSON.parse(localStorage.getItem(NAME) ?? '[]') as Item[];
  return Array.isArray(kept)
    ? kept.filter(({ h, json }) => typeof h?.sid === 'string' && typeof json === 'string')
    : [];
}

/**
 * Delivers what an earlier page of this origin could not, and keeps what this one cannot. Call it after `attach`, once the
 * viewer has agreed to storage; the server takes an event that comes twice once.
 */
export const keepOffline: (probe: Probe) => void = guard((probe: Probe) => {
  const core = probe as Core;
  const { items } = core.queue;
  // One header object for each session: a body is of one.
  const headers = new Map<string, Item['h']>();
  for (const { h, json } of guard(read)() ?? []) {
    if (!headers.has(h.sid)) headers.set(h.sid, h);
    items.add({ h: headers.get(h.sid)!, json });
  }
  localStorage.removeItem(NAME);
  // Before the probe's own listener takes them: a beacon of a page without a line is lost.
  addEventListener(
    'pagehide',
    guard(() => {
      if (navigator.onLine) return;
      core.session?.end(performance.now(), 'exit');
      localStorage.setItem(NAME, JSON.stringify([...items].slice(-MOST)));
    }),
    { signal: core.signal, capture: true },
  );
  if (items.size) void core.flush();
});
