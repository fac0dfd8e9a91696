import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { textOf } from '../pipeline/row-text.ts';
import { CallMemory } from './call-memory.ts';
import { counterStore } from './counters.ts';
import type { KustoFailure } from './kusto-errors.ts';
import { systemClock } from './system.ts';
import { TableWriter } from './table-writer.ts';

it('memory that was given back serves the next call that fits it', () => {
  const memory = new CallMemory(2);
  const first = memory.take(1_000_000);
  memory.giveBack(first);
  expect(memory.take(900_000)).toBe(first);
  expect(memory.take(900_000)).not.toBe(first);
});

it('memory under way is never handed out twice, is as large as asked for, and little is kept', () => {
  const step = fc.record({ bytes: fc.integer({ min: 1, max: 2_000_000 }), isBack: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const memory = new CallMemory(2);
      const underWay = new Set<Buffer>();
      for (const { bytes, isBack } of steps) {
        const taken = memory.take(bytes);
        expect(taken.length).toBeGreaterThanOrEqual(bytes);
        expect(underWay.has(taken)).toBe(false);
        underWay.add(taken);
        const [oldest] = underWay;
        if (isBack && oldest) {
          underWay.delete(oldest);
          memory.giveBack(oldest);
        }
      }
    }),
    { numRuns: 50 },
  );
});

interface Call {
  readonly body: Uint8Array;
  end(error?: Error): void;
}

/** Calls as a destination sees them; each is over when the test says so. */
function held(longestLingerMs?: number): { readonly writer: TableWriter; readonly calls: Call[] } {
  const calls: Call[] = [];
  const send = (body: Uint8Array): Promise<void> =>
    new Promise((resolve, reject) => {
      calls.push({ body, end: (error) => (error ? reject(error) : resolve()) });
    });
  const base = { clock: systemClock, counters: counterStore(), maxCalls: 2, deadlineMs: 60_000 };
  const options = { ...base, lingerMs: 0, longestLingerMs };
  const classify = (): KustoFailure => ({ kind: 'transient', detail: 'no answer', retryAfterMs: 0 });
  const destination = { name: 'a test', callBytes: 3_000_000, pack: (rows: Uint8Array) => rows, classify };
  return { writer: new TableWriter('PlaybackBeats', send, options, destination), calls };
}

it('rows stay as they are until their call is acknowledged, however many calls come and fail meanwhile', async () => {
  const { writer, calls } = held();
  const send = (name: string): Promise<unknown>[] =>
    [1, 2, 3].map((number) => writer.write(textOf([{ name, number, long: name.repeat(1000) }])));
  const read = (index: number): unknown[] =>
    Buffer.from(calls[index]?.body ?? [])
      .toString()
      .split('\n')
      .map((line) => (JSON.parse(line) as { name: string }).name);
  const first = send('a');
  await vi.waitFor(() => expect(calls).toHaveLength(1));
  const second = send('b');
  await vi.waitFor(() => expect(calls).toHaveLength(2));
  expect([read(0), read(1)]).toEqual([Array(3).fill('a'), Array(3).fill('b')]);
  // The first is given up by its client, which may still be sending it, and tried again.
  calls[0]?.end(new Error('no answer'));
  await vi.waitFor(() => expect(calls).toHaveLength(3));
  expect(read(2)).toEqual(Array(3).fill('a'));
  calls[1]?.end();
  await Promise.all(second);
  const third = send('c');
  await vi.waitFor(() => expect(calls).toHaveLength(4));
  expect([read(2), read(3)]).toEqual([Array(3).fill('a'), Array(3).fill('c')]);
  expect(calls[3]?.body.buffer, 'what was acknowledged is used again').toBe(calls[1]?.body.buffer);
  calls[2]?.end();
  await Promise.all(first);
  const fourth = send('d');
  await vi.waitFor(() => expect(calls).toHaveLength(5));
  expect(calls[4]?.body.buffer, 'the attempt that was given up may still read it').not.toBe(calls[0]?.body.buffer);
  calls[3]?.end();
  calls[4]?.end();
  await Promise.all([...third, ...fourth]);
});
