import { join } from 'node:path';
import { devConnectionString } from '../azurite/azurite.ts';
import type { ChildOptions } from '../child-process.ts';
import type { StartOptions } from './options.ts';
import { SIMULATOR_KEY } from './settings.ts';

export interface AudienceRun {
  readonly options: StartOptions;
  readonly root: string;
  /** Newest event of an earlier run; undefined on new data. */
  readonly historyEnd: Date | undefined;
  readonly run: (
    child: Omit<ChildOptions, 'log' | 'onExit'> & { isOnce?: boolean; onLine?: (line: string) => void },
  ) => Promise<void>;
  readonly print: (line: string) => void;
}

const UNIT_MS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

const spanMs = (span: string): number => Number(span.slice(0, -1)) * UNIT_MS[span.slice(-1) as keyof typeof UNIT_MS];

/** Whole minutes of history to fill: all of it on new data, else the gap since the last event. */
export function minutesToFill(backfill: string, historyEnd: Date | undefined, now: Date): number {
  const wanted = spanMs(backfill);
  const missing = historyEnd ? Math.min(wanted, now.getTime() - historyEnd.getTime()) : wanted;
  return Math.max(1, Math.ceil(missing / 60_000));
}

/** Fills the history with visible progress, then keeps a live audience watching. Resolves when the history is in. */
export async function startAudience({ options, root, historyEnd, run, print }: AudienceRun): Promise<void> {
  const { ports, seed, backfill } = options;
  const minutes = minutesToFill(backfill, historyEnd, new Date());
  print(
    historyEnd
      ? `Filling the gap of ${minutes} minutes in the demo audience’s history …`
      : `Seeding the demo audience: ${backfill} of history, then live …`,
  );
  let isHistoryIn = false;
  await run({
    name: 'audience',
    args: [
      join(root, 'simulate/cli.ts'),
      '--scenario=steady',
      '--live',
      `--backfill=${minutes}m`,
      `--seed=${seed}`,
      `--key=${SIMULATOR_KEY}`,
      `--endpoint=http://127.0.0.1:${ports.functions}/api/v1/events`,
      `--blob=${devConnectionString(ports.blob)}`,
    ],
    isOnce: true,
    readyTimeoutMs: 1_800_000,
    ready: /live/i,
    onLine: (line) => {
      if (!isHistoryIn) print(`  ${line}`);
      isHistoryIn ||= /live/i.test(line);
    },
  });
  print('History is in. The audience goes on live.');
}
