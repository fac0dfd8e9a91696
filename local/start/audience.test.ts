import { expect, test } from 'vitest';
import type { HistoryProgress } from '../viewer/history-progress.ts';
import { startAudience, type AudienceRun } from './audience.ts';
import { readOptions } from './options.ts';

test('the history’s progress is told as the audience sends it, until it goes live', async () => {
  const told: (HistoryProgress | undefined)[] = [];
  const printed: string[] = [];
  let child: Parameters<AudienceRun['run']>[0] | undefined;
  let isReady = (): void => undefined;
  const started = startAudience({
    options: readOptions(['--backfill', '2d'])!,
    root: '/app',
    run: (options) => {
      child = options;
      return new Promise((resolve) => (isReady = resolve));
    },
    print: (line) => void printed.push(line),
    onHistory: (progress) => void told.push(progress),
  });
  child!.onMessage?.({ phase: 'backfill', at: 7, fraction: 0.5, etaSeconds: 3, sessions: 1 });
  child!.onMessage?.({ phase: 'backfill', at: 8, fraction: 1 });
  for (const other of [undefined, 'ready', { phase: 'live', at: 9 }, { phase: 'backfill', at: 9 }])
    child!.onMessage?.(other);
  child!.onLine?.('backfill [███] 100 %');
  child!.onLine?.('live 2026-03-01 00:00Z');
  child!.onMessage?.({ phase: 'backfill', at: 9, fraction: 1 });
  isReady();
  await started;
  expect(told).toEqual([{ at: 7, fraction: 0.5, etaSeconds: 3 }, { at: 8, fraction: 1 }, undefined]);
  expect(printed.at(-1)).toContain('History is in');
  expect(child!.args).toContain('--backfill=2d');
});
