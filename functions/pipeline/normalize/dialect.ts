import type { Digests } from '../ports.ts';
import type { BoundsFault } from '../bounds.ts';
import { isRecord } from '../batch.ts';
import type { Claims, Draft, DraftFault, Group, Place } from '../batch.ts';

export interface ParseContext {
  /** Gives the next record its place. */
  next(): Place;
  /** Blob: container and name, part of the ids of records that bring none. */
  readonly origin: string;
  readonly digests: Digests;
  /** Size of the record as it was sent. */
  readonly bytes: number;
  /** What makes a value more than one event may be; asked before a large value is walked through. */
  boundsFault(event: unknown): BoundsFault | undefined;
}

/** One format that the doors understand: a file of its own here and an entry in the registry. */
export interface Dialect {
  /** Value of the `source` column. */
  readonly id: string;
  /** A record holds many events: the dialect itself looks at the bounds of each. */
  readonly isEnvelope?: true;
  /** Whether a record looks like this dialect. Looks at the shape only; a bad value is a reject of the dialect, not a mismatch. */
  matches(record: Readonly<Record<string, unknown>>): boolean;
  /** Never throws: what it does not understand becomes a fault of the group. */
  parse(record: Record<string, unknown>, context: ParseContext): Group;
}

/** What an event says of its content and its host. */
function named({ fields }: Draft): Pick<Claims, 'contentId' | 'mediaHost'> {
  const { contentId, props } = fields;
  return { contentId, mediaHost: isRecord(props) ? props['host'] : undefined };
}

/** The group of a format whose records are one event each. */
export function groupOfOne(source: string, read: Draft | DraftFault, claims: Claims = {}): Group {
  const isFault = 'reason' in read;
  return {
    source,
    shared: {},
    claims: isFault ? claims : { ...named(read), ...claims },
    drafts: isFault ? [] : [read],
    faults: isFault ? [read] : [],
    clientDropped: 0,
    quote: (raw) => raw,
  };
}

/** Id of a record that brings none: the same for the same place and content, however often it is read. */
export const placedId = (record: unknown, { position, part }: Place, { origin, digests }: ParseContext): string =>
  digests.sha256(`${origin}#${position}.${part}#${JSON.stringify(record).toWellFormed()}`);
