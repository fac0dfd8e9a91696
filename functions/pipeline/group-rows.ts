import { cdnRequests } from '../../schema/cdn-requests.ts';
import { playbackBeats } from '../../schema/playback-beats.ts';
import { playbackEvents } from '../../schema/playback-events.ts';
import { SCHEMA_VERSION } from '../../schema/tables.ts';
import { checker } from '../../schema/validate.ts';
import type { Batch, Draft, Group } from './batch.ts';
import type { Books, Reject } from './books.ts';
import { cdnNamed, fillFromCatalogs } from './catalogs.ts';
import type { Limits } from './decode.ts';
import { enrich, enrichRequest, type EnrichPorts } from './enrich.ts';
import { eventTime } from './event-time.ts';
import type { Digests } from './ports.ts';
import { protect } from './privacy.ts';

export interface IngestPorts extends EnrichPorts {
  readonly digests: Digests;
  readonly limits: Limits;
}

/** The checkers of the tables that drafts go to. */
const check = {
  PlaybackEvents: checker(playbackEvents),
  PlaybackBeats: checker(playbackBeats),
  CdnRequests: checker(cdnRequests),
};

/** The clock offset of a group's sender, as far as it says when it sent. */
export const skewOf = ({ sentMs }: Pick<Group, 'sentMs'>, batch: Batch): number | undefined =>
  sentMs === undefined ? undefined : batch.receivedMs - sentMs;

/** What every row of a group holds, enriched and minimised. `isRequests`: its drafts are a CDN's requests. */
export function sharedColumns(
  group: Pick<Group, 'source' | 'shared' | 'claims' | 'sentMs'>,
  isRequests: boolean,
  batch: Batch,
  ports: IngestPorts,
): Record<string, unknown> {
  const shared: Record<string, unknown> = {
    ...group.shared,
    receivedAt: new Date(batch.receivedMs).toISOString(),
    batchId: batch.batchId,
    tenant: batch.tenant,
    source: group.source,
    schemaVersion: SCHEMA_VERSION,
  };
  // A CDN's log speaks of requests: it has no viewer, no device and no session clock to say anything about.
  if (isRequests) return Object.assign(shared, enrichRequest(group.claims, batch, ports));
  Object.assign(shared, enrich(group.claims, batch, ports), { clockSkewMs: skewOf(group, batch) });
  if (ports.catalogs) fillFromCatalogs(shared, group.claims, batch.tenant, ports.catalogs);
  protect(shared, group.claims, batch, ports.digests);
  return shared;
}

/** A draft joined with what its session, its batch and the server's clock say. */
function rowOf(
  draft: Draft,
  shared: Record<string, unknown>,
  batch: Batch,
  skewMs: number | undefined,
): { row: Record<string, unknown>; eventMs: number } {
  const { eventMs, flag } = eventTime(draft.claimedMs, batch.receivedMs, skewMs ?? 0);
  const row = draft.fields;
  row['eventId'] = draft.eventId;
  row['sequence'] = draft.sequence;
  row['eventTime'] = new Date(eventMs).toISOString();
  if (flag !== undefined) row['timeFlag'] = flag;
  for (const name of Object.keys(shared)) row[name] ??= shared[name];
  return { row, eventMs };
}

/** Drafts of one group become rows. */
export class GroupRows {
  readonly #group: Pick<Group, 'source' | 'quote'>;
  readonly #shared: Record<string, unknown>;
  readonly #skewMs: number | undefined;
  readonly #batch: Batch;
  readonly #catalogs: IngestPorts['catalogs'];
  /** Tables whose checker has passed the shared columns once. */
  readonly #passed = new Set<Draft['table']>();

  constructor(
    group: Pick<Group, 'source' | 'quote' | 'sentMs'>,
    shared: Record<string, unknown>,
    batch: Batch,
    ports: Pick<IngestPorts, 'catalogs'>,
  ) {
    this.#group = group;
    this.#shared = shared;
    this.#skewMs = skewOf(group, batch);
    this.#batch = batch;
    // Of the probe's events only: other formats are read as they are.
    this.#catalogs = group.source === 'probe' ? ports.catalogs : undefined;
  }

  /** Checks a draft and stores its row, unless the batch holds it already; returns what is wrong with it. */
  add(draft: Draft, books: Books, isDuplicate: (draft: Draft) => boolean): Reject | undefined {
    const { place, table, eventId: id, raw } = draft;
    const { source, quote } = this.#group;
    const { fields } = draft;
    if (typeof fields['cdn'] === 'string') fields['cdn'] = cdnNamed(fields['cdn'], this.#catalogs);
    const { row, eventMs } = rowOf(draft, this.#shared, this.#batch, this.#skewMs);
    const checked = check[table](row, this.#passed.has(table) ? this.#shared : undefined);
    if (!checked.ok) {
      const { field, code: reason, detail } = checked;
      return { options: { place, source, stage: 'validate', reason, field, detail, raw: quote(raw) }, id };
    }
    this.#passed.add(table);
    if (!isDuplicate(draft)) books.store(table, checked.row, eventMs);
    return undefined;
  }
}
