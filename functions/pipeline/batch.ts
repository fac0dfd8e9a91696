import type { RejectReason } from '../../schema/operations.ts';
import type { CdnRequest, PlaybackBeat, PlaybackEvent, RejectedEvent } from '../../schema/tables.ts';
import type { IngestAnswer } from '../../schema/probe-wire.ts';
import type { GeoFacts, UserAgentHints } from './ports.ts';
import { joinRows, type RowList, type RowText } from './row-text.ts';

// The words that every step of the pipeline shares.

export interface Batch {
  readonly batchId: string;
  readonly door: 'http' | 'blob' | 'hub' | 'replay';
  readonly tenant: string;
  /** Epoch ms. */
  readonly receivedMs: number;
  /** Blob: container and name. HTTP: origin of the page. */
  readonly origin?: string | undefined;
  /** Size on the wire. */
  readonly bytes: number;
  /** Dialect fixed by where the batch came from; absent: each record is recognised by its content. */
  readonly dialect?: string | undefined;
  /** The sender is a server of ours: its word on geography and device is believed. */
  readonly isTrusted: boolean;
  /** The browser asked not to be identified (Sec-GPC, DNT). */
  readonly isOptedOut: boolean;
  /** What the edge says of the sender in headers we trust. */
  readonly edge: GeoFacts;
  /** The sender's network, cut by `networkOf`. */
  readonly network?: string | undefined;
  readonly userAgent?: UserAgentHints | undefined;
}

/** Where a record stands: index in the batch or line of the blob, and which record of that line. */
export interface Place {
  readonly position: number;
  readonly part: number;
}

/** One event a dialect understood: columns of its own, the shared ones come from its group. */
export interface Draft {
  readonly place: Place;
  readonly table: keyof OutcomeRows;
  readonly eventId: string;
  readonly sequence: unknown;
  /** Epoch ms on the sender's clock. */
  readonly claimedMs: number;
  readonly fields: Record<string, unknown>;
  readonly raw: unknown;
}

/** One event a dialect did not understand. */
export interface DraftFault {
  readonly place: Place;
  readonly reason: RejectReason;
  readonly field?: string | undefined;
  readonly detail: string;
  readonly id?: string | undefined;
  readonly raw: unknown;
}

/** What a sender says of itself and its viewer; consumed by enrichment and privacy, never stored as it is. */
export interface Claims {
  readonly viewerId?: unknown;
  readonly consent?: unknown;
  /** The viewer's address; believed when the sender is trusted. */
  readonly address?: unknown;
  readonly geo?: { country?: unknown; region?: unknown; city?: unknown; asn?: unknown } | undefined;
  readonly device?: { type?: unknown; os?: unknown; browser?: unknown } | undefined;
  /** What is played, and the host that served it; for the catalogs, where the group's columns do not say. */
  readonly contentId?: unknown;
  readonly mediaHost?: unknown;
}

/** Events that share a session header. */
export interface Group {
  readonly source: string;
  /** Columns common to all drafts of the group. */
  readonly shared: Record<string, unknown>;
  readonly claims: Claims;
  /** Epoch ms at which the sender says it sent this; absent when its clock is taken as it is. */
  readonly sentMs?: number | undefined;
  readonly drafts: readonly Draft[];
  readonly faults: readonly DraftFault[];
  /** Events the client has dropped so far, by its own count. */
  readonly clientDropped: number;
  /** The text to quarantine for an event of this group: replayable on its own. */
  readonly quote: (raw: unknown) => unknown;
}

export interface OutcomeRows {
  readonly PlaybackEvents: PlaybackEvent[];
  readonly PlaybackBeats: PlaybackBeat[];
  readonly CdnRequests: CdnRequest[];
}

/** What became of a batch before it was stored: received = rows + rejects + duplicate. */
export interface Outcome {
  readonly batch: Batch;
  readonly source: string;
  readonly received: number;
  readonly duplicate: number;
  readonly rows: OutcomeRows;
  /** Rows beside those, written as text by the fast path; read both by {@link tableRows}. */
  readonly text?: { readonly [T in keyof OutcomeRows]?: RowText } | undefined;
  readonly rejects: readonly RejectedEvent[];
  readonly errors: IngestAnswer['errors'];
  readonly clientDropped: number;
  readonly firstEventMs: number | undefined;
  readonly lastEventMs: number | undefined;
}

/** The rows of one table, from both paths. */
export const tableRows = <T extends keyof OutcomeRows>(
  { rows, text }: Pick<Outcome, 'rows' | 'text'>,
  table: T,
): RowList<OutcomeRows[T][number]> => joinRows<OutcomeRows[T][number]>(text?.[table], rows[table]);

/** Rows of all tables. */
export const rowCount = ({ rows, text }: Pick<Outcome, 'rows' | 'text'>): number =>
  [...Object.values(rows), ...Object.values(text ?? {}).map(({ ends }) => ends)].reduce(
    (sum, { length }) => sum + length,
    0,
  );

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
