import type { IngestAnswer, WireEvent } from '../schema/probe-wire.ts';
import type { Label } from './incident.ts';

/** What was sent and what the front doors said of it. */
export interface Summary {
  sessions: number;
  /** Sessions reported as blobs instead of envelopes. */
  blobSessions: number;
  /** Events sent through the HTTP door, each once however often it was tried. */
  events: number;
  byKind: Record<string, number>;
  byTable: { PlaybackEvents: number; PlaybackBeats: number };
  stalls: number;
  stallMs: number;
  watchMs: number;
  /** The answers' own counts. */
  received: number;
  accepted: number;
  rejected: number;
  duplicate: number;
  requests: number;
  /** Answered 429 or 503, or not at all, and sent again. */
  retries: number;
  /** On the wire, compressed. */
  bytes: number;
  blobs: number;
  blobLines: number;
  seconds: number;
  labels: Label[];
  /** First few rejects, as the door words them. */
  rejects: IngestAnswer['errors'];
}

export const emptySummary = (labels: Label[] = []): Summary => ({
  sessions: 0,
  blobSessions: 0,
  events: 0,
  byKind: {},
  byTable: { PlaybackEvents: 0, PlaybackBeats: 0 },
  stalls: 0,
  stallMs: 0,
  watchMs: 0,
  received: 0,
  accepted: 0,
  rejected: 0,
  duplicate: 0,
  requests: 0,
  retries: 0,
  bytes: 0,
  blobs: 0,
  blobLines: 0,
  seconds: 0,
  labels,
  rejects: [],
});

/** The books do not balance: something was lost, invented or refused on the way. */
export class BooksError extends Error {
  override readonly name = 'BooksError';
  readonly summary: Summary;

  constructor(message: string, summary: Summary) {
    super(message);
    this.summary = summary;
  }
}

export const noteSent = (summary: Summary, events: readonly WireEvent[]): void => {
  summary.events += events.length;
  for (const event of events) {
    summary.byKind[event.k] = (summary.byKind[event.k] ?? 0) + 1;
    if (event.k === 'hb') {
      summary.byTable.PlaybackBeats++;
      summary.watchMs += event.iv - (event.ms.paused ?? 0);
    } else {
      summary.byTable.PlaybackEvents++;
    }
    if (event.k === 'stall') {
      summary.stalls++;
      summary.stallMs += event.ms;
    }
  }
};

const REJECTS_KEPT = 20;

/** Books one answer. @throws BooksError when it does not account for exactly the events that were sent. */
export const noteAnswer = (summary: Summary, sent: number, answer: IngestAnswer): void => {
  const { received, accepted, rejected, duplicate } = answer;
  summary.received += received;
  summary.accepted += accepted;
  summary.rejected += rejected;
  summary.duplicate += duplicate;
  summary.rejects.push(...answer.errors.slice(0, REJECTS_KEPT - summary.rejects.length));
  if (received !== sent || accepted + rejected + duplicate !== received) {
    const counts = `received ${received} = accepted ${accepted} + rejected ${rejected} + duplicate ${duplicate}`;
    throw new BooksError(`an answer does not add up: ${sent} events sent, ${counts}`, summary);
  }
};

/** @throws BooksError when events were refused (the simulator sends none that deserve it) or are unaccounted for. */
export const assertBalanced = (summary: Summary): void => {
  const { events, received, rejected, rejects } = summary;
  if (received !== events)
    throw new BooksError(`${events} events sent, but the answers account for ${received}`, summary);
  if (rejected === 0) return;
  const reasons = rejects
    .slice(0, 5)
    .map(({ id, code, field }) => `${id ?? '?'}: ${code}${field === undefined ? '' : ` (${field})`}`);
  throw new BooksError(`${rejected} of ${events} events were rejected, among them ${reasons.join('; ')}`, summary);
};
