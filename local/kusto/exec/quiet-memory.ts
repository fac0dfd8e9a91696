import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** How long nothing was asked. */
const QUIET_MS = 3000;
const LEAST_GROWTH_BYTES = 4 * 1024 * 1024;

type Collect = (options: { type: 'major'; execution: 'sync'; flavor: 'last-resort' }) => void;
let collect: Collect | undefined;
let quiet: NodeJS.Timeout | undefined;
let heapAtRest = 0;

/**
 * Call it after each piece of work. When none follows for some seconds the heap is collected and what is free goes back to the system:
 * V8 itself waits for the next allocations, which at rest do not come. Takes 20 to 80 ms, and nothing when little was allocated.
 */
export function freeWhenQuiet(): void {
  if (quiet !== undefined) {
    quiet.refresh();
    return;
  }
  quiet = setTimeout(() => {
    if (process.memoryUsage().heapUsed < heapAtRest + LEAST_GROWTH_BYTES) return;
    if (collect === undefined) {
      setFlagsFromString('--expose-gc');
      collect = runInNewContext('gc') as Collect;
    }
    collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
    heapAtRest = process.memoryUsage().heapUsed;
  }, QUIET_MS).unref();
}
