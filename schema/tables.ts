import { cdnCatalog, contentCatalog } from './catalogs.ts';
import { cdnRequests } from './cdn-requests.ts';
import { erasures, replays } from './corrections.ts';
import { anomalies, ingestLedger, rejectedEvents } from './operations.ts';
import { playbackBeats } from './playback-beats.ts';
import { playbackEvents } from './playback-events.ts';
import type { RowOf, Table } from './spec.ts';

/** Raised with every added field; fields are added, never renamed or re-typed. */
export const SCHEMA_VERSION = 1;

export type PlaybackEvent = RowOf<(typeof playbackEvents)['fields']>;
export type PlaybackBeat = RowOf<(typeof playbackBeats)['fields']>;
export type CdnRequest = RowOf<(typeof cdnRequests)['fields']>;
export type RejectedEvent = RowOf<(typeof rejectedEvents)['fields']>;
export type IngestLedgerRow = RowOf<(typeof ingestLedger)['fields']>;
export type Anomaly = RowOf<(typeof anomalies)['fields']>;
export type Replay = RowOf<(typeof replays)['fields']>;
export type Erasure = RowOf<(typeof erasures)['fields']>;
export type CdnCatalogRow = RowOf<(typeof cdnCatalog)['fields']>;
export type ContentCatalogRow = RowOf<(typeof contentCatalog)['fields']>;

export interface Rows {
  PlaybackEvents: PlaybackEvent;
  PlaybackBeats: PlaybackBeat;
  CdnRequests: CdnRequest;
  RejectedEvents: RejectedEvent;
  IngestLedger: IngestLedgerRow;
  Anomalies: Anomaly;
  Replays: Replay;
  Erasures: Erasure;
  CdnCatalog: CdnCatalogRow;
  ContentCatalog: ContentCatalogRow;
}
export type TableName = keyof Rows;

/** The one list of tables. */
export const tables = {
  PlaybackEvents: playbackEvents,
  PlaybackBeats: playbackBeats,
  CdnRequests: cdnRequests,
  RejectedEvents: rejectedEvents,
  IngestLedger: ingestLedger,
  Anomalies: anomalies,
  Replays: replays,
  Erasures: erasures,
  CdnCatalog: cdnCatalog,
  ContentCatalog: contentCatalog,
} as const satisfies Record<TableName, Table>;

/** Name of a table's JSON ingestion mapping. */
export const mappingOf = (table: TableName): string => `${table}_v1`;
