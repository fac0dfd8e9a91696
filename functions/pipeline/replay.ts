import { cdnRequests } from '../../schema/cdn-requests.ts';
import { playbackBeats } from '../../schema/playback-beats.ts';
import { playbackEvents } from '../../schema/playback-events.ts';
import type { RejectedEvent, Replay } from '../../schema/tables.ts';
import { checker } from '../../schema/validate.ts';
import { isRecord, tableRows, type Batch, type Outcome, type OutcomeRows } from './batch.ts';
import { cutText } from './clean.ts';
import { decodeLine, type Decoded } from './decode.ts';
import { ingest, type IngestPorts } from './ingest.ts';
import { readReports } from './log-lines.ts';
import { dialectOfPath } from './normalize/registry.ts';
import { objectsOf } from './row-text.ts';

// Quarantined events once more through the pipeline as it is now. What leaves quarantine is received, stored and accounted for
// like any batch; what stays is not. Nothing here knows an identity: quarantine holds none, and none is made up.

/** A row of quarantine with what the ledger says of its batch. */
export interface QuarantinedEvent extends Pick<
  RejectedEvent,
  'rejectId' | 'batchId' | 'tenant' | 'source' | 'stage' | 'reason' | 'position'
> {
  /** The rejected text, identity removed. */
  readonly payload: string;
  /** Epoch ms at which it first reached the front door. */
  readonly receivedMs: number;
  /** Front door of its batch; absent when the ledger has no such batch, because its sender was never answered. */
  readonly door?: string | undefined;
  readonly origin?: string | undefined;
}

export interface ReplayedBatch {
  /** What leaves quarantine; undefined when nothing does. */
  readonly outcome: Outcome | undefined;
  readonly marks: readonly Replay[];
}

export interface ReplayOptions extends IngestPorts {
  /** Names the batch in the ledger; the same name twice must mean the same content. */
  readonly batchId: string;
  /** Epoch ms of the run. */
  readonly nowMs: number;
  /** Which of these events the tables hold already. */
  known(eventIds: readonly string[]): Promise<ReadonlySet<string>>;
}

interface Attempt {
  readonly event: QuarantinedEvent;
  readonly outcome: Outcome;
}

/** `RejectedEvents.payload` holds no more; a text of this length was cut. */
const PAYLOAD_LENGTH = 8192;
const encoder = new TextEncoder();
const TABLES = ['PlaybackEvents', 'PlaybackBeats', 'CdnRequests'] as const;
const check = {
  PlaybackEvents: checker(playbackEvents),
  PlaybackBeats: checker(playbackBeats),
  CdnRequests: checker(cdnRequests),
};

/**
 * The batch an event came in, as far as it is known. A sender's word is believed only where the door itself is trusted:
 * the ledger does not say which key a request had. Its headers (GPC, DNT) are not known either, so a request is taken as opted out.
 */
function batchOf(event: QuarantinedEvent, batchId: string): Batch {
  const isTrustedDoor = event.door === 'blob' || event.door === 'hub';
  return {
    batchId,
    door: 'replay',
    tenant: event.tenant,
    receivedMs: event.receivedMs,
    origin: event.origin,
    bytes: 0,
    dialect: dialectOfPath(`${event.source}/`),
    isTrusted: isTrustedDoor,
    isOptedOut: !isTrustedDoor,
    edge: {},
  };
}

/** A row that the store had refused is a row already: it is checked and offered again. */
function rowAgain(event: QuarantinedEvent, batch: Batch, ports: IngestPorts): Outcome {
  let value: unknown;
  try {
    value = JSON.parse(event.payload);
  } catch {
    value = undefined;
  }
  const empty = ingest(batch, [], ports);
  if (!isRecord(value)) return empty;
  const table = 'kind' in value ? 'PlaybackEvents' : 'intervalMs' in value ? 'PlaybackBeats' : 'CdnRequests';
  const checked = check[table](
    { ...value, batchId: batch.batchId, receivedAt: new Date(batch.receivedMs).toISOString() },
    undefined,
  );
  if (!checked.ok) return empty;
  return { ...empty, source: event.source, received: 1, rows: { ...empty.rows, [table]: [checked.row] } };
}

function decoded(event: QuarantinedEvent, ports: IngestPorts): Decoded[] {
  const bytes = encoder.encode(event.payload);
  const isReport = event.source === 'cmcd' && !event.payload.trimStart().startsWith('{');
  return isReport ? readReports(bytes, ports.limits) : decodeLine(bytes, ports.limits);
}

function attempt(event: QuarantinedEvent, batchId: string, ports: IngestPorts): Attempt {
  const batch = batchOf(event, batchId);
  if (event.stage === 'store') return { event, outcome: rowAgain(event, batch, ports) };
  const entries = decoded(event, ports).map((one) => ({ decoded: one, line: event.position }));
  return { event, outcome: ingest(batch, entries, ports) };
}

const rowsOf = (outcome: Outcome, table: keyof OutcomeRows): readonly { readonly eventId: string }[] =>
  objectsOf<{ readonly eventId: string }>(tableRows(outcome, table));
const idsOf = (outcome: Outcome): string[] =>
  TABLES.flatMap((table) => rowsOf(outcome, table).map(({ eventId }) => eventId));

/** What an attempt adds to the tables: its rows without those that are there, which are counted as duplicates. */
function fresh(outcome: Outcome, known: Set<string>): Outcome {
  let duplicate = outcome.duplicate;
  const keep = (row: { readonly eventId: string }): boolean => {
    const isNew = !known.has(row.eventId);
    if (isNew) known.add(row.eventId);
    else duplicate++;
    return isNew;
  };
  const rows = Object.fromEntries(TABLES.map((table) => [table, rowsOf(outcome, table).filter(keep)]));
  return { ...outcome, rows: rows as unknown as OutcomeRows, text: undefined, duplicate };
}

/** One account for all that leaves quarantine. Its events are old news: the batch claims no lag. */
function joined(outcomes: readonly Outcome[]): Outcome | undefined {
  const [first] = outcomes;
  if (!first) return undefined;
  const sum = (read: (outcome: Outcome) => number): number => outcomes.reduce((total, one) => total + read(one), 0);
  return {
    ...first,
    received: sum(({ received }) => received),
    duplicate: sum(({ duplicate }) => duplicate),
    rows: {
      PlaybackEvents: outcomes.flatMap(({ rows }) => rows.PlaybackEvents),
      PlaybackBeats: outcomes.flatMap(({ rows }) => rows.PlaybackBeats),
      CdnRequests: outcomes.flatMap(({ rows }) => rows.CdnRequests),
    },
    rejects: outcomes.flatMap(({ rejects }) => rejects),
    errors: [],
    clientDropped: 0,
    firstEventMs: undefined,
    lastEventMs: undefined,
  };
}

function markOf({ event, outcome }: Attempt, kept: Outcome | undefined, options: ReplayOptions): Replay {
  const mark = {
    rejectId: event.rejectId,
    replayedAt: new Date(options.nowMs).toISOString(),
    batchId: options.batchId,
  };
  if (kept) {
    const isNew = Object.values(kept.rows).some((rows) => rows.length > 0);
    return { ...mark, outcome: isNew ? 'stored' : 'duplicate' };
  }
  const isCut = event.payload.length >= PAYLOAD_LENGTH;
  const [reject] = outcome.rejects;
  return {
    ...mark,
    outcome: 'rejected',
    reason: isCut ? 'cut' : (reject?.reason ?? event.reason),
    detail: isCut
      ? `the quoted text was cut to ${PAYLOAD_LENGTH} characters; only its sender can send it again`
      : cutText(reject?.detail ?? 'the quoted row does not fit the table', 400),
  };
}

/**
 * Tries quarantined events of one batch again. Changes nothing by itself.
 * The books of what it returns balance: received = rows + rejects + duplicate.
 */
export async function replayBatch(events: readonly QuarantinedEvent[], options: ReplayOptions): Promise<ReplayedBatch> {
  // Whatever the quoted text still says of a viewer, no pseudonym is made of it.
  const ports: IngestPorts = { ...options, digests: { ...options.digests, pseudonym: () => undefined } };
  const attempts = events.map((event) => attempt(event, options.batchId, ports));
  const ids = [...new Set(attempts.flatMap(({ outcome }) => idsOf(outcome)))];
  const known = new Set(ids.length === 0 ? [] : await options.known(ids));
  const leaving: Outcome[] = [];
  const marks = attempts.map((one) => {
    const leaves = idsOf(one.outcome).length > 0;
    const kept = leaves ? fresh(one.outcome, known) : undefined;
    if (kept) leaving.push(kept);
    return markOf(one, kept, options);
  });
  return { outcome: joined(leaving), marks };
}
