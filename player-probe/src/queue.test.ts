import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Envelope, WireEvent } from '../../schema/probe-wire.ts';
import { createQueue, MAX_CHARS, type Header } from './queue.ts';

const headers = ['a', 'b'].map((sid): Header => ({ sid, t0: 1 }));
const event = (n: number, name = 'x'): WireEvent => ({ k: 'custom', name, n, t: n });
const parse = (body: string) => (body ? body.split('\n').map((line) => JSON.parse(line) as Envelope) : []);
const told = (body: string) => parse(body).flatMap(({ h, e }) => e.map(({ n }) => `${h.sid}${n}`));

test('events of two sessions ride in one body, an envelope each', () => {
  const queue = createQueue();
  queue.push(headers[0]!, event(0));
  queue.push(headers[0]!, event(1));
  queue.push(headers[1]!, event(0));
  const envelopes = parse(queue.take());
  expect(envelopes.map(({ v, h, e }) => [v, h.sid, e.length])).toEqual([
    [1, 'a', 2],
    [1, 'b', 1],
  ]);
  expect(Math.abs(Date.now() - envelopes[0]!.h.sent)).toBeLessThan(1000);
});

test('what failed to arrive is sent again, what arrived is not', () => {
  const queue = createQueue();
  queue.push(headers[0]!, event(0));
  expect(told(queue.take())).toEqual(['a0']);
  queue.push(headers[0]!, event(1));
  expect(queue.settle(false)).toBe(1);
  expect(told(queue.take())).toEqual(['a0', 'a1']);
  queue.settle(true);
  expect(queue.take()).toBe('');
});

test('an overflow drops the oldest that is not in flight, and the next event says how many', () => {
  const queue = createQueue();
  for (let n = 0; n < 1000; n++) queue.push(headers[0]!, event(n));
  const first = told(queue.take());
  for (let n = 1000; queue.dropped < 2; n++) queue.push(headers[0]!, event(n));
  queue.settle(false);
  expect(told(queue.take()).slice(0, first.length)).toEqual(first);
  queue.push(headers[0]!, event(9999));
  queue.settle(true);
  let d: number | undefined;
  for (let body = queue.take(); body; body = (queue.settle(true), queue.take())) d = parse(body).at(-1)!.e.at(-1)!.d;
  expect(d).toBe(2);
});

test('a body never exceeds 60 KiB, whatever the letters, and holds every event once and in order', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 500 });
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), text), { minLength: 1, maxLength: 150 }), (pushed) => {
      const queue = createQueue();
      pushed.forEach(([first, name], n) => queue.push(headers[first ? 0 : 1]!, event(n, name)));
      const seen: number[] = [];
      for (let body = queue.take(); body; body = (queue.settle(true), queue.take())) {
        expect(body.length).toBeLessThanOrEqual(MAX_CHARS + 2);
        expect(new TextEncoder().encode(body).length).toBeLessThanOrEqual(60 * 1024);
        for (const { e } of parse(body))
          for (const one of e) {
            seen.push(one.n);
            expect(one.k === 'custom' && one.name).toBe(pushed[one.n]![1]);
          }
      }
      expect(seen).toEqual(pushed.map((_, n) => n));
    }),
    { numRuns: 60 },
  );
});

test('in any order of sending, failing and overflowing: delivered + dropped + waiting = pushed, each once and in order', () => {
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.integer({ min: 1, max: 400 }) },
    fc.constantFrom('ok' as const, 'fail' as const),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const queue = createQueue();
      const delivered: string[] = [];
      let n = 0;
      for (const one of [...steps, ...Array<'ok'>(400).fill('ok')]) {
        if (typeof one === 'number') for (let i = 0; i < one; i++) queue.push(headers[0]!, event(n++));
        else {
          const body = queue.take();
          queue.settle(one === 'ok');
          if (one === 'ok') delivered.push(...told(body));
        }
      }
      expect(delivered.length + queue.dropped).toBe(n);
      expect(new Set(delivered).size).toBe(delivered.length);
      const numbers = delivered.map((id) => Number(id.slice(1)));
      expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
    }),
    { numRuns: 40 },
  );
});
