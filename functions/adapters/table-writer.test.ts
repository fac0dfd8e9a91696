import { afterEach, expect, it, vi } from 'vitest';
import { textOf } from '../pipeline/row-text.ts';
import { counterStore } from './counters.ts';
import { systemClock } from './system.ts';
import { TableWriter } from './table-writer.ts';

afterEach(() => vi.useRealTimers());

it('a burst after a quiet time leaves when it is over, not when its first row would have', async () => {
  vi.useFakeTimers();
  let calls = 0;
  const send = (): Promise<void> => {
    calls++;
    return Promise.resolve();
  };
  const base = { clock: systemClock, counters: counterStore(), maxCalls: 2, deadlineMs: 60_000 };
  const writer = new TableWriter(
    'PlaybackBeats',
    send,
    { ...base, lingerMs: 4, longestLingerMs: 1000 },
    { name: 'a test', callBytes: 3_000_000, pack: (rows) => rows, classify: () => ({ kind: 'permanent', detail: '' }) },
  );
  for (let burst = 1; burst <= 4; burst++) {
    const writes = Array.from({ length: 30 }, (_none, number) => writer.write(textOf([{ burst, number }])));
    await vi.advanceTimersByTimeAsync(20);
    expect(calls).toBe(burst);
    await Promise.all(writes);
    await vi.advanceTimersByTimeAsync(300);
  }
});
