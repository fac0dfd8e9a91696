import { join } from 'node:path';
import { devConnectionString } from '../azurite/azurite.ts';
import type { ChildOptions } from '../child-process.ts';
import type { HistoryProgress } from '../viewer/history-progress.ts';
import type { StartOptions } from './options.ts';
import { SIMULATOR_KEY } from './settings.ts';

export interface AudienceRun {
  readonly options: StartOptions;
  readonly root: string;
  readonly run: (
    child: Omit<ChildOptions, 'log' | 'onExit'> & { isOnce?: boolean; onLine?: (line: string) => void },
  ) => Promise<void>;
  readonly print: (line: string) => void;
  /** Told twice a second as the history grows; without a progress when it is in. */
  readonly onHistory: (progress: HistoryProgress | undefined) => void;
}

/** The progress of a history in a message of the audience, see simulate/progress.ts. */
function historyIn(message: unknown): HistoryProgress | undefined {
  if (typeof message !== 'object' || message === null) return undefined;
  const { phase, fraction, at, etaSeconds } = message as Record<string, unknown>;
  if (phase !== 'backfill' || typeof fraction !== 'number' || typeof at !== 'number') return undefined;
  return { fraction, at, ...(typeof etaSeconds === 'number' && { etaSeconds }) };
}

/**
 * Fills the history with visible progress, then keeps a live audience watching. Resolves when the history is in.
 * What was sent is remembered in the data folder: the next start fills only the gap, and sessions go on with their ids.
 */
export async function startAudience({ options, root, run, print, onHistory }: AudienceRun): Promise<void> {
  const { ports, seed, backfill, dataDir } = options;
  print(`Demo audience: ${backfill} of history, or what is missing of it, then live.`);
  let isHistoryIn = false;
  await run({
    name: 'audience',
    args: [
      join(root, 'simulate/cli.ts'),
      '--scenario=steady',
      '--live',
      `--backfill=${backfill}`,
      `--seed=${seed}`,
      `--state=${join(dataDir, 'audience.json')}`,
      `--key=${SIMULATOR_KEY}`,
      `--endpoint=http://127.0.0.1:${ports.functions}/api/v1/events`,
      `--blob=${devConnectionString(ports.blob)}`,
    ],
    isOnce: true,
    readyTimeoutMs: 1_800_000,
    ready: /^\s*live\b/i,
    onMessage: (message) => {
      const progress = historyIn(message);
      if (progress && !isHistoryIn) onHistory(progress);
    },
    onLine: (line) => {
      isHistoryIn ||= /^\s*live\b/i.test(line);
      if (!isHistoryIn && line.includes('backfill')) print(line);
    },
  });
  onHistory(undefined);
  print('History is in. The audience goes on live.');
}
