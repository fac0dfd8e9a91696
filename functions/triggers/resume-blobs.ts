import type { TimerHandler } from '@azure/functions';
import { runBlob, type BlobRunOptions } from '../pipeline/blob-run.ts';

/** Leaves the host time to stop before the run is due again. */
const BUDGET_MS = 45_000;

/** Goes on with the blobs whose last run was cut short, by the store or by the time. Lists only those, so it may run often. */
export function resumeBlobs(options: BlobRunOptions): TimerHandler {
  return async (_timer, context) => {
    const { checkpoints, clock, counters, tenants } = options;
    const endMs = clock.now() + BUDGET_MS;
    for (const { container, name } of await checkpoints.postponed()) {
      const left = endMs - clock.now();
      if (left <= 0) return;
      // A container that is no drop zone any more is nobody's to read.
      const result = Object.hasOwn(tenants, container) ? await runBlob({ container, name }, left, options) : 'missing';
      counters.add('blob_runs_total', 1, result);
      // The store is still away, for all of them.
      if (result === 'unfinished') return;
      if (result === 'busy') continue;
      await checkpoints.forget({ container, name });
      context.log(`resumeBlobs: ${result}`);
    }
  };
}
