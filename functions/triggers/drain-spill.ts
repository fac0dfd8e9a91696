import type { TimerHandler } from '@azure/functions';
import type { SpillStore } from '../pipeline/ports.ts';
import { drainSpill as drain } from '../pipeline/spill-drain.ts';
import type { StorePorts } from '../pipeline/store.ts';
import { causeOf } from './log-safety.ts';

/** Leaves the host time to stop before the run is due again. */
const BUDGET_MS = 45_000;

/** Brings back what was spilled while the store was away. */
export function drainSpill(spill: SpillStore, options: StorePorts & { isDraining(): boolean }): TimerHandler {
  return async (_timer, context) => {
    const { drained, aside, state, detail } = await drain(spill, BUDGET_MS, options, () => options.isDraining());
    if (aside > 0) context.error(`drainSpill: ${aside} blobs could not be brought back and are in quarantine`);
    if (drained > 0 || state === 'store-away')
      context.log(`drainSpill: ${drained} blobs brought back, ${state}${detail ? `: ${causeOf(detail)}` : ''}`);
  };
}
