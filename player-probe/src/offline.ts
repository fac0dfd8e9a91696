import type { Core } from './core.ts';
import { newId, refused } from './privacy.ts';
import type { Header, Item } from './queue.ts';

export interface OfflineOptions {
  /** What is older is dropped, and counted as such; 24. */
  maxAgeHours?: number;
}

/** What the storage holds under a name: the events of each session as text, and what they are sent with. */
type Kept = [header: Header, events: string[]][];

const PREFIX = 'framewatch:';
const HOUR_MS = 3_600_000;
/** Of the queue's thousand places: the present session wants some as well. */
const MAX_KEPT = 700;

/** Without consent nothing is kept on the device. */
const mayKeep = ({ h }: Item) => h.consent !== 0;

/** What earlier pages have left; takes their names along. */
function read(): { names: string[]; kept: Kept } {
  const names = Object.keys(localStorage).filter((name) => name.startsWith(PREFIX));
  const kept = names.flatMap((name) => {
    try {
      return JSON.parse(localStorage.getItem(name)!) as Kept;
    } catch {
      return [];
    }
  });
  return { names, kept };
}

/**
 * For `plugins`: what has not arrived when the page goes is kept in the browser's storage and sent from the next page of the
 * site that has this plugin and plays, with its own session and numbers, so that the server takes every event once. What goes with the
 * page's last beacon is kept too, for nobody hears the answer to that. Storage on the device is for you to ask consent for:
 * nothing is kept of a session without it, nor where the browser says no (GPC, DNT), and what was kept is removed then.
 */
export const keepOffline =
  ({ maxAgeHours = 24 }: OfflineOptions = {}) =>
  (core: Core): void => {
    const { queue, emit, guard } = core;
    const own = PREFIX + newId();
    /** The first of those that waited at the last beat, and whether something is kept. */
    let oldest: Item | undefined;
    let isKept = false;
    let isTaken = false;

    const keep = guard(() => {
      const sessions = new Map<Header, string[]>();
      if (!refused())
        for (const item of [...queue.items].filter(mayKeep).slice(0, MAX_KEPT))
          sessions.set(item.h, [...(sessions.get(item.h) ?? []), item.line]);
      isKept = sessions.size > 0;
      if (isKept) localStorage.setItem(own, JSON.stringify([...sessions]));
      else localStorage.removeItem(own);
    });
    const take = guard(() => {
      const { names, kept } = read();
      const since = Date.now() - maxAgeHours * HOUR_MS;
      // Who says no now has taken back the earlier yes.
      const mayTell = !refused() && core.header!.consent !== 0;
      for (const [h, events] of kept)
        for (const line of events)
          if (mayTell && h.t0 > since && queue.items.size < MAX_KEPT) queue.items.add({ h, line });
          else queue.dropped++;
      // Kept anew before it is let go of.
      keep();
      for (const name of names) localStorage.removeItem(name);
    });
    const send = guard(() => void core.flush().then(keep));
    const check = guard((isLast: boolean) => {
      // What still waits since the last beat does not arrive.
      const isStuck = queue.items.has(oldest!);
      [oldest] = queue.items;
      if (isLast || isStuck || isKept) keep();
    });

    core.emit = (event) => {
      // Not before anything may leave: behind a consent gate this is the answer.
      if (!isTaken) {
        isTaken = true;
        take();
        if (queue.items.size) send();
      }
      emit(event);
      if (event.k === 'hb' || event.k === 'end') check(document.hidden || event.k === 'end');
    };
    core.signal.addEventListener('abort', send);
  };
