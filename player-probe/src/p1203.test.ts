import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { WireEvent } from '../../schema/probe-wire.ts';
import { toP1203 } from './p1203.ts';

const counters = {
  stalls: 1,
  stallMs: 700,
  freezes: 0,
  freezeMs: 0,
  seeks: 1,
  seekMs: 300,
  playMs: 10_000,
  watchMs: 12_000,
  bits: 0,
  drop: 0,
  tot: 240,
  err: 0,
  up: 1,
  down: 0,
};
const low = { kbps: 800, w: 640, h: 360 };
const high = { kbps: 1800, w: 1280, h: 720 };

const SESSION: WireEvent[] = [
  { n: 0, t: 0, pt: 0, k: 'request', auto: true },
  { n: 1, t: 200, pt: 0, k: 'ready', ms: 200, reps: [{ kbps: 800, codec: 'avc1.4d401f' }] },
  { n: 2, t: 650, pt: 0, ...low, k: 'start', ms: 650 },
  { n: 3, t: 4650, pt: 4000, ...high, k: 'rendition', from: 800, to: 1800 },
  { n: 4, t: 6000, pt: 5000, ...high, k: 'stall', ms: 350, open: true },
  { n: 5, t: 6350, pt: 5000, ...high, k: 'stall', ms: 700 },
  { n: 6, t: 8650, pt: 30_000, ...high, k: 'seek', ms: 300, from: 7000, to: 30_000 },
  { n: 7, t: 11_650, pt: 33_000, ...high, k: 'hb', st: 'ended', iv: 9, ms: {}, pw: 960, ph: 540, c: counters },
  { n: 8, t: 11_650, pt: 33_000, ...high, k: 'end', why: 'exit', c: counters },
];

describe('P.1203 mode-0 input', () => {
  test('renditions in the order they were seen, the start and the stall where they were', () => {
    expect(toP1203(SESSION, { audio: { codec: 'aaclc', kbps: 128 }, streamId: 42 })).toEqual({
      IGen: { device: 'pc', displaySize: '960x540' },
      I11: { streamId: 42, segments: [{ start: 0, duration: 10, bitrate: 128, codec: 'aaclc' }] },
      I13: {
        streamId: 42,
        segments: [
          { start: 0, duration: 4, bitrate: 800, codec: 'h264', fps: 24, resolution: '640x360' },
          { start: 4, duration: 6, bitrate: 1800, codec: 'h264', fps: 24, resolution: '1280x720' },
        ],
      },
      I23: {
        streamId: 42,
        stalling: [
          [0, 0.65],
          [5, 0.7],
        ],
      },
    });
  });

  test('what the model needs and nobody knows is an error, not a guess', () => {
    const blind = SESSION.map((event) => (event.k === 'ready' ? { ...event, reps: [] } : event));
    expect(() => toP1203(blind)).toThrow('codec');
    expect(toP1203(blind, { codec: 'h264' }).I13.segments).toHaveLength(2);
    expect(() => toP1203(SESSION.slice(0, 2))).toThrow('no picture');
    expect(() => toP1203(SESSION.slice(0, 4))).toThrow('fps, displaySize');
  });

  test('a stall whose end was lost counts as far as it was told', () => {
    const cut = SESSION.filter(({ n }) => n !== 5);
    expect(toP1203(cut).I23.stalling.at(-1)![1]).toBe(0.35);
  });

  test('segments cover what was played without gap or overlap; stalls are in order and within', () => {
    const step = fc.oneof(
      fc.record({
        kind: fc.constant('play'),
        ms: fc.integer({ min: 1, max: 9000 }),
        rung: fc.integer({ min: 0, max: 3 }),
      }),
      fc.record({ kind: fc.constant('stall'), ms: fc.integer({ min: 1, max: 9000 }), rung: fc.constant(0) }),
      fc.record({ kind: fc.constant('seek'), ms: fc.integer({ min: 0, max: 90_000 }), rung: fc.constant(0) }),
    );
    fc.assert(
      fc.property(fc.array(step, { minLength: 1 }), fc.integer({ min: 1, max: 5000 }), (steps, startMs) => {
        let [t, pt, rung, played] = [startMs, 0, 0, 0];
        const stalls: [number, number][] = [[0, startMs / 1000]];
        const at = () => ({ n: 0, t, pt, kbps: 500 + rung, w: 320 * (rung + 1), h: 180 * (rung + 1) });
        const events: WireEvent[] = [{ ...at(), k: 'start', ms: startMs }];
        for (const { kind, ms, rung: next } of steps) {
          t += ms;
          if (kind === 'stall') {
            stalls.push([played / 1000, ms / 1000]);
            events.push({ ...at(), k: 'stall', ms });
          } else if (kind === 'seek') {
            const from = pt;
            pt = ms;
            events.push({ ...at(), k: 'seek', ms, from, to: pt });
          } else {
            pt += ms;
            played += ms;
            rung = next;
            events.push({ ...at(), k: 'rendition', to: 500 + rung });
          }
        }
        events.push({ ...at(), k: 'end', why: 'exit', c: counters });
        if (!played) return;
        const { I13, I23 } = toP1203(events, { codec: 'h264', displaySize: '1920x1080', fps: 24 });
        let end = 0;
        for (const { start, duration } of I13.segments) {
          expect(start).toBeCloseTo(end, 6);
          expect(duration).toBeGreaterThan(0);
          end = start + duration;
        }
        expect(end).toBeCloseTo(played / 1000, 6);
        expect(I23.stalling).toEqual(stalls);
      }),
    );
  });
});
