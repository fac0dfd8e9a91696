import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Linger } from './linger.ts';

const OPTIONS = { lingerMs: 4, longestMs: 250 };

interface Left {
  readonly atMs: number;
  readonly arrivals: number;
  /** Wait of its first arrival. */
  readonly waitedMs: number;
  /** How often the writer looked whether it is time, this time included. */
  readonly looks: number;
}

/** Calls that leave, in simulated time. `answerMs`: a sender that waits for its answer sends again so long after its call left. */
class Simulation {
  readonly left: Left[] = [];
  readonly #linger = new Linger(OPTIONS);
  #waiting: number[] = [];

  /** Runs arrivals at given times, or, for `answerMs`, `senders` that wait for their answers. */
  run(times: readonly number[], answerMs?: number): Left[] {
    const queue = [...times].sort((a, b) => a - b);
    const untilMs = (queue.at(-1) ?? 0) + 60_000;
    let [leaveMs, looks] = [Infinity, 0];
    for (let steps = 0; steps < 100_000; steps++) {
      const next = Math.min(queue[0] ?? Infinity, leaveMs);
      if (next === Infinity || next > untilMs) break;
      if (queue[0] === next) {
        queue.shift();
        this.#waiting.push(next);
        this.#linger.arrive(next);
        // The writer looks when the timer that it has set runs out, and then again; an arrival may bring that forward.
        leaveMs = Math.min(leaveMs, next + this.#linger.waitMs(next, false));
        continue;
      }
      looks++;
      const waitMs = this.#linger.waitMs(next, false);
      if (waitMs > 0) {
        leaveMs = next + waitMs;
        continue;
      }
      this.#linger.leave(next);
      this.left.push({
        atMs: next,
        arrivals: this.#waiting.length,
        waitedMs: next - (this.#waiting[0] ?? next),
        looks,
      });
      looks = 0;
      if (answerMs !== undefined) {
        queue.push(...this.#waiting.map(() => next + answerMs));
        queue.sort((a, b) => a - b);
      }
      this.#waiting = [];
      leaveMs = Infinity;
      if (answerMs !== undefined && this.left.length >= 400) break;
    }
    return this.left;
  }
}

const every = (ms: number, count: number): number[] => Array.from({ length: count }, (_none, n) => 10_000 + n * ms);

describe('how long rows wait for company', () => {
  it.each([
    [1, 5000],
    [10, 1000],
    [20, 500],
    [50, 300],
  ])('senders that come every %i ms gather for the longest time', (pauseMs, count) => {
    const left = new Simulation().run(every(pauseMs, count)).slice(20, -1);
    const mean = left.reduce((sum, { arrivals }) => sum + arrivals, 0) / left.length;
    expect(mean).toBeGreaterThan(240 / pauseMs / 1.3);
  });

  it('senders that come whatever we do are not looked for again and again: each look wakes the process', () => {
    const left = new Simulation().run(every(10, 1000)).slice(20, -1);
    expect(Math.max(...left.map(({ looks }) => looks))).toBe(1);
  });

  it.each([12, 64])('%i senders that wait for their answers, after a steady time, wait in vain once', (senders) => {
    const simulation = new Simulation();
    const before = simulation.run(every(10, 1000)).length;
    const waits = simulation
      .run(
        every(1, senders).map((ms) => ms + 20_000),
        12,
      )
      .slice(before);
    const long = waits.slice(0, 200).filter(({ waitedMs }) => waitedMs > OPTIONS.longestMs / 2);
    expect(waits.length).toBeGreaterThan(200);
    expect(long.length).toBeLessThanOrEqual(2);
  });

  it('a lone request after a quiet time does not wait', () => {
    const busy = every(10, 200);
    const left = new Simulation().run([...busy, (busy.at(-1) ?? 0) + 5000]);
    expect(left.at(-1)).toMatchObject({ arrivals: 1, waitedMs: OPTIONS.lingerMs });
  });

  it('what comes now and then does not wait', () => {
    for (const { waitedMs } of new Simulation().run(every(300, 50))) expect(waitedMs).toBe(OPTIONS.lingerMs);
  });

  it.each([1, 2, 3, 6])('%i senders that wait for their answers are hardly slowed down', (senders) => {
    const answerMs = 12;
    const left = new Simulation().run(every(3, senders), answerMs);
    expect(left.length).toBe(400);
    const spentMs = (left.at(-1)?.atMs ?? 0) - (left[0]?.atMs ?? 0);
    const events = left.reduce((sum, { arrivals }) => sum + arrivals, 0);
    // Alone, each would take 16 ms a request.
    expect(spentMs / events).toBeLessThan(((answerMs + OPTIONS.lingerMs) / senders) * 1.5);
  });

  it('no arrival waits longer than the longest time, whatever comes when', () => {
    const pauses = fc.array(fc.oneof(fc.nat(3), fc.nat(60), fc.nat(2000)), { minLength: 1, maxLength: 80 });
    fc.assert(
      fc.property(pauses, (list) => {
        let atMs = 1000;
        const left = new Simulation().run(list.map((pause) => (atMs += pause)));
        expect(left.reduce((sum, { arrivals }) => sum + arrivals, 0)).toBe(list.length);
        for (const { waitedMs } of left) expect(waitedMs).toBeLessThanOrEqual(OPTIONS.longestMs);
      }),
    );
  });

  it('while a call is under way what comes gathers, at most for the longest time', () => {
    const linger = new Linger(OPTIONS);
    linger.arrive(1000);
    expect([linger.waitMs(1000, true), linger.waitMs(1200, true), linger.waitMs(1300, true)]).toEqual([250, 50, 0]);
    expect(linger.waitMs(1000, false)).toBe(OPTIONS.lingerMs);
  });

  it('without a longest time everything leaves after the short one', () => {
    const linger = new Linger({ lingerMs: 4, longestMs: 0 });
    for (let n = 0; n < 100; n++) linger.arrive(n);
    expect([linger.waitMs(3, false), linger.waitMs(4, true)]).toEqual([1, 0]);
  });
});
