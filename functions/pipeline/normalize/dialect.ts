import type { Digests } from '../ports.ts';
import type { Group, Place } from '../batch.ts';

export interface ParseContext {
  /** Gives the next record its place. */
  next(): Place;
  /** Blob: container and name, part of the ids of records that bring none. */
  readonly origin: string;
  readonly digests: Digests;
}

/** One format that the doors understand: a file of its own here and an entry in the registry. */
export interface Dialect {
  /** Value of the `source` column. */
  readonly id: string;
  /** Whether a record looks like this dialect. Looks at the shape only; a bad value is a reject of the dialect, not a mismatch. */
  matches(record: Readonly<Record<string, unknown>>): boolean;
  /** Never throws: what it does not understand becomes a fault of the group. */
  parse(record: Record<string, unknown>, context: ParseContext): Group;
}
