import type { WireEvent } from '../../schema/probe-wire.ts';

// Reads what the oracle saw and what the probe said.

const GAP_MS = 250;

/** Lengths of the gaps between frames on screen, less the one frame's time that belongs to every frame. */
export function interruptions(frames: number[], frameMs = 1000 / 24): number[] {
  return frames.flatMap((at, i) => (i && at - frames[i - 1]! > GAP_MS ? [at - frames[i - 1]! - frameMs] : []));
}

export function kinds<K extends WireEvent['k']>(events: WireEvent[], kind: K): Extract<WireEvent, { k: K }>[] {
  return events.filter((event): event is Extract<WireEvent, { k: K }> => event.k === kind);
}

export function only<T>(items: T[]): T {
  if (items.length !== 1) throw new Error(`expected one, got ${JSON.stringify(items)}`);
  return items[0]!;
}

/** Sequence numbers from 0 without gap and without double. */
export function isComplete(events: WireEvent[]): boolean {
  const numbers = events.map(({ n }) => n).sort((a, b) => a - b);
  return numbers.every((n, i) => n === i);
}

export const sum = (values: number[]): number => values.reduce((a, b) => a + b, 0);
