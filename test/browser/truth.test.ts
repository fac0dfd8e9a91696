import { describe, expect, test } from 'vitest';
import type { Entry, Frame, Sight } from './oracle.ts';
import { FRAME_MS, truthsOf } from './truth.ts';

// The judge is judged by hand-made sights whose truth is plain.

/** Frames from `at` ms on for `ms`, the first of them with that media time in s. */
const run = (at: number, ms: number, media: number, size = '640x360'): Frame[] =>
  Array.from({ length: Math.floor(ms / FRAME_MS) + 1 }, (_, i) => ({
    at: at + i * FRAME_MS,
    media: media + (i * FRAME_MS) / 1000,
    size,
  }));
const said = (at: number, what: string, head: number, value?: number): Entry => ({
  at,
  what,
  head,
  ...(value !== undefined && { value }),
});
const sight = (frames: Frame[], log: Entry[], blocks: Sight['blocks'] = []): Sight => ({ frames, log, blocks });
const only = (seen: Sight) => {
  const [truth] = truthsOf(seen);
  return { ...truth!, interruptionMs: Math.round(truth!.interruptionMs) };
};

describe('the truth of a sight', () => {
  const played = run(500, 2000, 0);
  const end = said(6000, 'over', 3);

  test('startup is request to first frame; a smooth playback has no interruption', () => {
    const log = [said(100, 'request', 0), said(2500, 'over', 2)];
    expect(only(sight(played, log))).toMatchObject({ startupMs: 400, interruptionMs: 0, stalls: 0, freezes: 0 });
  });

  test('a playhead that stands is a stall, one that runs on a freeze, each less one frame', () => {
    const log = [said(100, 'request', 0), end];
    const stall = [...played, ...run(4000, 2000, 2 + FRAME_MS / 1000)];
    expect(only(sight(stall, log))).toMatchObject({ interruptionMs: 1500 - 42, stalls: 1, freezes: 0 });
    const freeze = [...played, ...run(4000, 2000, 3.5)];
    expect(only(sight(freeze, log))).toMatchObject({ interruptionMs: 1500 - 42, stalls: 0, freezes: 1 });
  });

  test('a gap below half a second counts only when the element had nothing to play', () => {
    const frames = [...played, ...run(2800, 3200, 2.04)];
    const log = [said(100, 'request', 0), end];
    expect(only(sight(frames, log)).interruptionMs).toBe(0);
    const waited = [log[0]!, said(2550, 'waiting', 2, 2), end];
    expect(only(sight(frames, waited))).toMatchObject({ interruptionMs: 300 - 42, stalls: 1 });
  });

  test('a single frame that a starved player paints ahead of playing on is in the middle of one stall', () => {
    const painted = { at: 3500, media: 2.04, head: 2, size: '640x360' };
    const frames = [...played, painted, ...run(3700, 2300, 2.08)];
    const log = [said(100, 'request', 0), said(2510, 'waiting', 2, 2), said(3650, 'playing', 2, 4), end];
    expect(only(sight(frames, log))).toMatchObject({
      interruptionMs: Math.round(1200 - 2 * FRAME_MS),
      stalls: 1,
      either: 0,
    });
    const flowing = log.toSpliced(2, 1, said(3500, 'playing', 2, 4));
    expect(only(sight(frames, flowing))).toMatchObject({ interruptionMs: 1000 - 42, stalls: 1 });
  });

  test('a last frame that comes after the word of waiting begins a short stall as a long one', () => {
    const tail = { at: 2520, media: 2.04, head: 2.02, size: '640x360' };
    const log = [said(100, 'request', 0), said(2505, 'waiting', 2.02, 2), said(2790, 'playing', 2.02, 4), end];
    const frames = [...played, tail, ...run(2800, 3200, 2.08)];
    expect(only(sight(frames, log))).toMatchObject({ interruptionMs: 280 - 42, stalls: 1, blips: 0 });
    // What the element says before the first frame is the start's.
    const start = [said(100, 'request', 0), said(400, 'waiting', 0, 1), said(790, 'playing', 0, 4), end];
    const early = [{ at: 500, media: 0, head: 0, size: '640x360' }, ...run(800, 5200, 0.04)];
    expect(only(sight(early, start))).toMatchObject({ interruptionMs: 0, stalls: 0, blips: 0 });
  });

  test('frames that a busy machine shows late are no stall: the playhead ran on, and data was there when it was heard', () => {
    const frames = [...played, { at: 2733, media: 2.21, head: 2.21, size: '640x360' }, ...run(2775, 3200, 2.25)];
    const late = [said(100, 'request', 0), said(2730, 'waiting', 2.2, 4), said(2731, 'playing', 2.2, 4), end];
    expect(only(sight(frames, late))).toMatchObject({ interruptionMs: 0, stalls: 0, either: 0, blips: 0 });
    const behind = [said(100, 'request', 0), said(2740, 'waiting', 2.2, 2), said(2744, 'playing', 2.2, 4), end];
    expect(only(sight(frames, behind))).toMatchObject({ interruptionMs: 0, stalls: 0, blips: 1 });
  });

  test('the waiting that is part of a jump is none of the viewer’s after it', () => {
    const landed = { at: 2520, media: 20, head: 20, size: '640x360' };
    const frames = [...played, landed, ...run(2660, 3300, 20.04)];
    const log = [said(100, 'request', 0), said(2510, 'seek', 2, 20), said(2540, 'seeking', 20, 1)];
    const rest = [said(2541, 'waiting', 20, 1), said(2550, 'seeked', 20, 4), said(2550, 'playing', 20, 4), end];
    expect(only(sight(frames, [...log, ...rest]))).toMatchObject({ interruptionMs: 0, stalls: 0, blips: 0 });
  });

  test('a pause and a jump are not waited for, what comes before and after them is', () => {
    const frames = [...played, ...run(5500, 500, 2.04)];
    const log = [said(100, 'request', 0), said(3500, 'pause', 2), said(4500, 'resume', 2), end];
    const truth = only(sight(frames, log));
    expect(truth).toMatchObject({ interruptionMs: 1000 - 42 + 1000, stalls: 2 });
    const jump = [said(100, 'request', 0), said(2510, 'seek', 2, 20), end];
    expect(only(sight([...played, ...run(5500, 500, 20)], jump)).interruptionMs).toBe(0);
  });

  test('what stands until the end counts until then; another source begins with its own first frame', () => {
    const log = [
      said(100, 'request', 0),
      said(4500, 'over', 2),
      said(4500, 'request', 2),
      said(4600, 'emptied', 0),
      end,
    ];
    const late = { at: 4550, media: 2.1, size: '640x360' };
    const [first, second] = truthsOf(sight([...played, late, ...run(5000, 1000, 0)], log));
    expect(Math.round(first!.interruptionMs)).toBe(2000 - 42);
    expect(second).toMatchObject({ startupMs: 500, interruptionMs: 0 });
  });

  test('a player that has given up has ended it, whenever the viewer goes', () => {
    const log = [
      said(100, 'request', 0),
      said(510, 'playing', 0, 4),
      said(3000, 'error', 2, 4),
      said(4000, 'emptied', 0),
    ];
    expect(only(sight(played, [...log, end]))).toMatchObject({ interruptionMs: 1500 - 42, stalls: 1 });
    // It has mended its media and looks for where it was.
    const mended = [...log, said(4100, 'seeking', 2, 1), end];
    expect(only(sight(played, mended))).toMatchObject({ interruptionMs: 3500 - 42, stalls: 1 });
  });

  test('a size that changes is a switch; a block far from a measured moment is no harm', () => {
    const frames = [...run(500, 1000, 0, '192x108'), ...run(1542, 4400, 1.04, '320x180')];
    const log = [said(100, 'request', 0), end];
    expect(only(sight(frames, log, [{ at: 3000, ms: 250 }]))).toMatchObject({ switches: 1, blockedMs: 0 });
    expect(only(sight(frames, log, [{ at: 600, ms: 250 }])).blockedMs).toBe(250);
    // Its first frame was still to come; the frame of one that was told late is there.
    expect(only(sight(frames, log.toSpliced(1, 0, said(5990, 'resize', 5, 360)))).switches).toBe(2);
    expect(only(sight(frames, log.toSpliced(1, 0, said(5990, 'resize', 5, 180)))).switches).toBe(1);
  });
});
