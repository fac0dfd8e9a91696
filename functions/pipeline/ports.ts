import type { DEVICE_TYPES } from '../../schema/common-fields.ts';
import type { RejectReason } from '../../schema/operations.ts';
import type { ContentCatalogRow, Rows, TableName } from '../../schema/tables.ts';
import type { RowList } from './row-text.ts';

// What the pipeline needs from the world. Adapters implement these; tests pass plain objects.

/** The only source of time in the pipeline. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
}

export interface Ids {
  /** A new batch id: unique, sorts by time. */
  next(): string;
}

export interface Digests {
  /** Lower-case hex of SHA-256. */
  sha256(text: string): string;
  /** Pseudonym of a viewer: the same within a tenant and a UTC day, unlinkable beyond. Undefined when none can be made now. */
  pseudonym(tenant: string, viewerId: string, atMs: number): string | undefined;
  /** Resolves when pseudonyms of that moment can be made, or cannot for now; asked before a batch is read. Never rejects. */
  prepare?(atMs: number): Promise<void>;
}

/** Short-lived proof that a sender was let in by a server that knows a secret of ours. */
export interface Tokens {
  /** What the token says; undefined when it is not valid for this tenant, origin and time. */
  verify(
    token: string,
    expected: { readonly tenant: string; readonly origin: string | undefined; readonly nowMs: number },
  ): Promise<{ readonly sessionId?: string } | undefined>;
}

export interface Device {
  readonly deviceType?: (typeof DEVICE_TYPES)[number] | undefined;
  readonly os?: string | undefined;
  readonly browser?: string | undefined;
}

/** Where a viewer's network is. */
export interface GeoFacts {
  /** ISO 3166-1 alpha-2. */
  readonly country?: string | undefined;
  readonly region?: string | undefined;
  readonly city?: string | undefined;
  readonly asn?: number | undefined;
}

export interface GeoReader {
  /** What is known of a network as `networkOf` cuts it; unknown facts are left out, never guessed. */
  locate(network: string): GeoFacts;
}

/** What a browser says about itself in its request headers. */
export interface UserAgentHints {
  readonly userAgent: string;
  /** `Sec-CH-UA-Platform` and `Sec-CH-UA-Mobile`, as sent. */
  readonly platform?: string | undefined;
  readonly mobile?: string | undefined;
  /** `Sec-CH-UA-Full-Version-List`, or `Sec-CH-UA`, as sent. */
  readonly brands?: string | undefined;
  /** `Sec-CH-UA-Form-Factors`, as sent. */
  readonly formFactors?: string | undefined;
}

export interface UserAgentReader {
  /** Unknown parts are left out, never guessed. */
  read(hints: UserAgentHints): Device;
}

/** Names for hosts and content ids, in memory. */
export interface Catalogs {
  /** Undefined when no entry fits. */
  cdnOf(host: string): string | undefined;
  contentOf(tenant: string, contentId: string): ContentCatalogRow | undefined;
  /** Resolves when the catalogs are at hand, or cannot be had for now. Never rejects. */
  prepare(): Promise<void>;
}

export interface Inflater {
  /** Undoes gzip when the bytes start with its magic number; stops at `maxBytes` of output. */
  inflate(
    bytes: Uint8Array,
    maxBytes: number,
  ): { ok: true; bytes: Uint8Array } | { ok: false; reason: 'not-gzip' | 'too-large' };
}

/** As objects or as ready text: `textOf` and `objectsOf` (row-text.ts) read either. */
export type RowsByTable = { readonly [T in TableName]?: RowList<Rows[T]> };

/** One row that the store refuses for good, whatever else is in the call. */
export interface Refusal {
  readonly table: TableName;
  /** Index in the rows given for that table. */
  readonly index: number;
  readonly detail: string;
}

export interface Sink {
  /**
   * Resolves when every row is durable, except the refused ones it returns.
   * `batch`: the id that these rows have whenever they are written again; a store that keeps such ids takes them once.
   * @throws {SinkUnavailable} when the outcome is unknown or the store is away: nothing may be acknowledged.
   */
  write(rows: RowsByTable, batch?: string): Promise<readonly Refusal[]>;
}

/** The store is away, throttles or is misconfigured: the sender keeps its batch and comes again. */
export class SinkUnavailable extends Error {
  override readonly name = 'SinkUnavailable';
  readonly retryAfterMs: number;

  constructor(message: string, retryAfterMs: number) {
    super(message);
    this.retryAfterMs = retryAfterMs;
  }
}

/** Where batches wait while the store is away. */
export interface Spill {
  /**
   * Resolves when the line is durable.
   * @throws {SinkUnavailable} when it is not
   */
  put(line: string): Promise<void>;
}

export interface SpilledBlob {
  readonly name: string;
  readonly bytes: number;
  /** When it was written, epoch ms. */
  readonly modifiedMs: number;
}

/** The right to bring one spilled blob back, held under a lease. */
export interface SpillClaim {
  readonly lines: readonly string[];
  /** All of it is stored. */
  remove(): Promise<void>;
  /** Part of it is not ours to understand: kept in quarantine, as it is. */
  putAside(): Promise<void>;
  release(): Promise<void>;
}

export interface SpillStore extends Spill {
  /** Resolves when the spill could take a batch now. */
  ping(): Promise<void>;
  /** Oldest first. */
  waiting(): AsyncIterable<SpilledBlob>;
  /** `busy` when another run holds the blob, `gone` when it has finished it. */
  claim(blob: SpilledBlob): Promise<SpillClaim | 'busy' | 'gone'>;
}

export const COUNTERS = {
  events_received_total: 'Events, lines or bodies that came in, by door.',
  events_stored_total: 'Rows acknowledged by the store, by door.',
  events_rejected_total: 'Events in quarantine, by reason.',
  events_duplicate_total: 'Events dropped because the same batch held them already, by door.',
  events_spilled_total: 'Events that wait in blob storage because the store was away, by door.',
  events_drained_total: 'Events brought back from there and stored, by door.',
  pseudonyms_missing_total: 'Sessions stored without viewer because the salt of the day was not at hand.',
  requests_total: 'Answers of the HTTP door, by status.',
  sink_calls_total: 'Ingestion calls, by outcome.',
  sink_rows_total: 'Rows sent to the store, by table.',
  blob_runs_total: 'Runs over a blob, by outcome.',
  event_grid_ignored_total: 'Event Grid events that did not name a blob of ours, by cause.',
  hub_messages_total: 'Messages of the event hub, by outcome.',
  detector_runs_total: 'Runs of the detectors, by outcome.',
  audits_total: 'Audits of the books, by outcome.',
} as const;
export type CounterName = keyof typeof COUNTERS;

export interface Counters {
  /** `label` must come from a bounded set. */
  add(name: CounterName, value: number, label?: string): void;
}

/** What stands at a moment, beside the counters. */
export const GAUGES = {
  rows_pending: 'Rows that wait for a call, by table.',
  breaker_open: '1 while calls of a table are held back because the store failed, by table.',
  spill_blobs: 'Blobs that wait in the spill, as the last drain saw them.',
  spill_oldest_seconds: 'Age of the oldest of them.',
  events_per_second: 'Events received over the last minute, by door.',
  unaccounted_events:
    'Events that the ledger tells and the tables do not hold, in the last audited hour. 0 when all is well.',
  audited_batches: 'Batches that the last audit looked at.',
  audit_timestamp_seconds: 'When the books were last audited, Unix time.',
  catalog_entries: 'Rows of a catalog in memory, by catalog.',
  catalog_timestamp_seconds: 'When a catalog was last read, Unix time, by catalog.',
  ingest_lag_seconds: 'From the newest event of the last stored batch to its storing, by door.',
} as const;
export type GaugeName = keyof typeof GAUGES;

export interface Gauges {
  /** `label` must come from a bounded set. */
  set(name: GaugeName, value: number, label?: string): void;
}

export interface BlobRef {
  readonly container: string;
  readonly name: string;
}

export interface BlobFacts {
  readonly etag: string;
  readonly size: number;
  /** When it reached the front door, epoch ms. */
  readonly modifiedMs: number;
}

/** This version of the blob can never be read to its end. */
export class BlobFault extends Error {
  override readonly name = 'BlobFault';
  readonly reason: RejectReason;

  constructor(reason: RejectReason, message: string) {
    super(message);
    this.reason = reason;
  }
}

export interface BlobReader {
  /** Undefined when there is no such blob. */
  stat(ref: BlobRef): Promise<BlobFacts | undefined>;
  /**
   * The content of that very version, inflated when it is gzip. A piece of it stands until the one after the next is asked for.
   * @throws {BlobFault} when the bytes are at fault; anything else is worth another try
   */
  open(ref: BlobRef, etag: string): AsyncIterable<Uint8Array>;
  /** Puts the blob aside for good, as it is. */
  quarantine(ref: BlobRef, etag: string, reason: RejectReason): Promise<void>;
}

/** How far a version of a blob has been read. */
export interface Checkpoint {
  readonly container: string;
  readonly name: string;
  readonly etag: string;
  readonly state: 'running' | 'done' | 'quarantined';
  /** Lines that are durable. */
  readonly linesDone: number;
  /** Runs begun since the last progress. */
  readonly attempts: number;
  readonly received: number;
  readonly stored: number;
  readonly rejected: number;
}

/** The right to work on a blob, held under a lease. */
export interface Claim {
  readonly checkpoint: Checkpoint | undefined;
  /** @throws when the lease was lost or someone else wrote: the run must stop */
  save(checkpoint: Checkpoint): Promise<void>;
  release(): Promise<void>;
}

export interface Checkpoints {
  /** `busy` when another run holds the blob. */
  claim(ref: BlobRef): Promise<Claim | 'busy'>;
  /** Notes that a run ended before its blob did. */
  postpone(ref: BlobRef): Promise<void>;
  /** Some of the blobs noted so; costs one listing, however many blobs there are. */
  postponed(): Promise<readonly BlobRef[]>;
  /** The note has served. */
  forget(ref: BlobRef): Promise<void>;
  /** Blobs of a container that no run has finished in their present version, oldest first. */
  unfinished(
    container: string,
  ): Promise<readonly (BlobRef & { readonly isKnown: boolean; readonly modifiedMs: number })[]>;
}
