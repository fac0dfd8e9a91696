import type { WireEvent } from '../../schema/probe-wire.ts';

// Reads what the probe said.

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
