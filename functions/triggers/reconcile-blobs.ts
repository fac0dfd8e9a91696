import type { TimerHandler } from '@azure/functions';
import { runBlob, type BlobRunOptions } from '../pipeline/blob-run.ts';
import { SinkUnavailable } from '../pipeline/ports.ts';
import { causeOf } from './log-safety.ts';

/** Leaves the host time to stop before the next tick. */
const BUDGET_MS = 45_000;
export interface ReconcileOptions extends BlobRunOptions {
  /** A fresh blob is left to Event Grid, which is faster. */
  readonly graceMs: number;
}

/** Finishes blobs that a run left unfinished, and finds those that Event Grid never announced. */
export function reconcileBlobs(options: ReconcileOptions): TimerHandler {
  return async (_timer, context) => {
    const endMs = options.clock.now() + BUDGET_MS;
    for (const container of Object.keys(options.tenants)) {
      for (const { isKnown, modifiedMs, ...ref } of await options.checkpoints.unfinished(container)) {
        const left = endMs - options.clock.now();
        if (left <= 0) return;
        if (!isKnown && options.clock.now() - modifiedMs < options.graceMs) continue;
        try {
          const result = await runBlob(ref, left, options);
          options.counters.add('blob_runs_total', 1, result);
          if (result === 'done' || result === 'quarantined') context.log(`reconcileBlobs: ${result}`);
        } catch (error) {
          options.counters.add('blob_runs_total', 1, 'failed');
          context.error(`reconcileBlobs: ${causeOf(error)}`);
          // The store is away for all of them; one bad blob is no reason to leave the others.
          if (error instanceof SinkUnavailable) return;
        }
      }
    }
  };
}
