import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { WireEvent } from '../../schema/probe-wire.ts';
import type { LeanEnvelope } from '../../schema/probe-wire-v2.ts';
import { bodyOf, createQueue, MAX_CHARS, type Header, type Queue } from './queue.ts';

const headers = ['a', 'b'].map((sid): Header => ({ sid, t0: 1 }));
type Custom = Extract<WireEvent, { k: 'custom' }>;
const event = (n: number, name = 'x'): Custom => ({ k: 'custom', name, n, t: n });
const parse = (body: string) => JSON.parse(body) as LeanEnvelope;

/** One body goes out and arrives, or does not. */
function send(queue: Queue, arrives: boolean): string[] {
  const batch = queue.batch();
  if (!batch.length) return [];
  const { h, e } = parse(bodyOf(batch));
  if (arrives) for (const item of batch) queue.items.delete(item);
  return e.map(({ n }) => `${h.sid}${n}`);
}
const all = (queue: Queue) => {
  const told: string[] = [];
  while (queue.items.size) told.push(...send(queue, true));
  return told;
};

test('a body is the envelope of one session', () => {
  const queue = createQueue();
  queue.put(headers[0]!, event(0));
  queue.put(headers[0]!, event(1));
  queue.put(headers[1]!, event(0));
  const { v, h, e } = parse(bodyOf(queue.batch()));
  expect([v, h.sid, e.length]).toEqual([2, 'a', 2]);
  expect(Math.abs(Date.now() - h.sent)).toBeLessThan(1000);
  expect(all(queue)).toEqual(['a0', 'a1', 'b0']);
});

test('what failed to arrive is sent again, what arrived is not', () => {
  const queue = createQueue();
  queue.put(headers[0]!, event(0));
  expect(send(queue, false)).toEqual(['a0']);
  queue.put(headers[0]!, event(1));
  expect(send(queue, true)).toEqual(['a0', 'a1']);
  expect(queue.batch()).toEqual([]);
});

test('a full queue drops what comes, and the next event it takes says how many', () => {
  const queue = createQueue();
  for (let n = 0; n < 1002; n++) queue.put(headers[0]!, event(n));
  const [first] = send(queue, true);
  expect(first).toBe('a0');
  queue.put(headers[0]!, event(9999));
  const last = [...queue.items].at(-1)!;
  expect(JSON.parse(last.line)).toMatchObject({ n: 9999, d: 2 });
});

test('a body and a beacon beside it never exceed 60 KiB, whatever the letters; every event goes once and in the order of its session', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 120 });
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), text), { minLength: 1, maxLength: 300 }), (pushed) => {
      const queue = createQueue();
      pushed.forEach(([first, name], n) => queue.put(headers[first ? 0 : 1]!, event(n, name)));
      const seen: number[][] = [[], []];
      while (queue.items.size) {
        const batch = queue.batch();
        const body = bodyOf(batch);
        expect(body.length).toBeLessThan(MAX_CHARS + 1000);
        expect(new TextEncoder().encode(body).length).toBeLessThanOrEqual(30 * 1024);
        const { h, e } = parse(body);
        for (const one of e) {
          seen[h.sid === 'a' ? 0 : 1]!.push(one.n);
          expect(one.k === 'custom' && one.name).toBe(pushed[one.n]![1]);
        }
        for (const item of batch) queue.items.delete(item);
      }
      const numbers = (isFirst: boolean) => pushed.flatMap(([first], n) => (first === isFirst ? [n] : []));
      expect(seen).toEqual([numbers(true), numbers(false)]);
    }),
    { numRuns: 60 },
  );
});

test('in any order of sending, failing and overflowing: delivered + dropped = pushed, each once and in order', () => {
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.integer({ min: 1, max: 400 }) },
    fc.constantFrom('ok' as const, 'fail' as const),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const queue = createQueue();
      const delivered: string[] = [];
      let n = 0;
      for (const one of steps) {
        if (typeof one === 'number') for (let i = 0; i < one; i++) queue.put(headers[0]!, event(n++));
        else {
          const told = send(queue, one === 'ok');
          if (one === 'ok') delivered.push(...told);
        }
      }
      delivered.push(...all(queue));
      expect(delivered.length + queue.dropped).toBe(n);
      expect(new Set(delivered).size).toBe(delivered.length);
      const numbers = delivered.map((id) => Number(id.slice(1)));
      expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
    }),
    { numRuns: 40 },
  );
});
