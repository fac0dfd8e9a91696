import type { RejectReason } from '../../schema/operations.ts';
import type { Limits } from './decode.ts';

const encoder = new TextEncoder();

export interface BoundsFault {
  readonly reason: RejectReason;
  readonly detail: string;
}

function nestingFault(value: unknown, limits: Limits, depth: number): BoundsFault | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth > limits.maxDepth) return { reason: 'too-deep', detail: `nested deeper than ${limits.maxDepth}` };
  const items = Object.values(value);
  if (!Array.isArray(value) && items.length > limits.maxKeys) {
    return { reason: 'too-many-keys', detail: `expected at most ${limits.maxKeys} keys, got ${items.length}` };
  }
  for (const item of items) {
    const fault = nestingFault(item, limits, depth + 1);
    if (fault) return fault;
  }
  return undefined;
}

/** Checks one event against the limits of an event. Safe on anything that {@link scanJson} let through. */
export function boundsFault(event: unknown, limits: Limits): BoundsFault | undefined {
  // Size first: it is the engine's own code that walks through a large value.
  const text = JSON.stringify(event) ?? '';
  // UTF-8 takes at most three bytes a UTF-16 unit: most events need no encoding to know.
  const size = text.length * 3 <= limits.maxEventBytes ? 0 : encoder.encode(text).length;
  if (size > limits.maxEventBytes)
    return { reason: 'too-large', detail: `expected at most ${limits.maxEventBytes} bytes, got ${size}` };
  return nestingFault(event, limits, 1);
}
