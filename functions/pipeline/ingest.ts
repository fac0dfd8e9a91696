import { cdnRequests } from '../../schema/cdn-requests.ts';
import { playbackBeats } from '../../schema/playback-beats.ts';
import { playbackEvents } from '../../schema/playback-events.ts';
import { SCHEMA_VERSION, type RejectedEvent } from '../../schema/tables.ts';
import { checker } from '../../schema/validate.ts';
import { isRecord, type Batch, type Draft, type Group, type Outcome, type OutcomeRows, type Place } from './batch.ts';
import { boundsFault } from './bounds.ts';
import type { Decoded, Limits } from './decode.ts';
import { enrich, enrichRequest, type EnrichPorts } from './enrich.ts';
import { eventTime } from './event-time.ts';
import { dialectFor } from './normalize/registry.ts';
import type { Digests } from './ports.ts';
import { protect } from './privacy.ts';
import { rejectRow, type RejectOptions } from './rejects.ts';

export interface IngestPorts extends EnrichPorts {
  readonly digests: Digests;
  readonly limits: Limits;
}

/** A decoded record and, for blobs, the line it stands on. */
export interface Entry {
  readonly decoded: Decoded;
  readonly line?: number;
}

const MAX_ERRORS = 50;
const check = {
  PlaybackEvents: checker(playbackEvents),
  PlaybackBeats: checker(playbackBeats),
  CdnRequests: checker(cdnRequests),
};

/** Collects what becomes of one batch. */
class Books {
  readonly rows: OutcomeRows = { PlaybackEvents: [], PlaybackBeats: [], CdnRequests: [] };
  readonly rejects: RejectedEvent[] = [];
  readonly errors: Outcome['errors'] = [];
  readonly #seen = new Set<string>();
  readonly #batch: Batch;
  readonly #ports: IngestPorts;
  received = 0;
  duplicate = 0;
  clientDropped = 0;
  source: string | undefined;
  firstMs = Infinity;
  lastMs = -Infinity;

  constructor(batch: Batch, ports: IngestPorts) {
    this.#batch = batch;
    this.#ports = ports;
  }

  reject(options: RejectOptions, id?: string): void {
    this.received++;
    this.rejects.push(rejectRow(this.#batch, options, this.#ports.digests));
    if (this.errors.length < MAX_ERRORS) {
      const { place, reason: code, field } = options;
      this.errors.push({
        index: place.position,
        ...(id === undefined ? {} : { id }),
        code,
        ...(field === undefined ? {} : { field }),
      });
    }
  }

  /** True when the batch holds this event already; resends within one batch are dropped and counted. */
  isDuplicate(eventId: string): boolean {
    if (!this.#seen.has(eventId)) {
      this.#seen.add(eventId);
      return false;
    }
    this.received++;
    this.duplicate++;
    return true;
  }

  store<T extends Draft['table']>(table: T, row: OutcomeRows[T][number], eventMs: number): void {
    this.received++;
    (this.rows[table] as (typeof row)[]).push(row);
    if (eventMs < this.firstMs) this.firstMs = eventMs;
    if (eventMs > this.lastMs) this.lastMs = eventMs;
  }
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

function addGroup(books: Books, group: Group, batch: Batch, ports: IngestPorts): void {
  const { source } = group;
  books.source ??= source;
  books.clientDropped += group.clientDropped;
  for (const { raw, id, ...fault } of group.faults)
    books.reject({ ...fault, source, stage: 'normalize', raw: group.quote(raw) }, id);
  const skewMs = group.sentMs === undefined ? undefined : batch.receivedMs - group.sentMs;
  const shared: Record<string, unknown> = {
    ...group.shared,
    receivedAt: new Date(batch.receivedMs).toISOString(),
    batchId: batch.batchId,
    tenant: batch.tenant,
    source,
    schemaVersion: SCHEMA_VERSION,
  };
  // A CDN's log speaks of requests: it has no viewer, no device and no session clock to say anything about.
  if (group.drafts[0]?.table === 'CdnRequests') Object.assign(shared, enrichRequest(group.claims, batch, ports));
  else {
    Object.assign(shared, enrich(group.claims, batch, ports), { clockSkewMs: skewMs });
    protect(shared, group.claims, batch, ports.digests);
  }
  // Tables whose checker has passed the shared columns once.
  const passed = new Set<Draft['table']>();
  for (const draft of group.drafts) {
    const { place, table, eventId } = draft;
    const { row, eventMs } = rowOf(draft, shared, batch, skewMs);
    const checked = check[table](row, passed.has(table) ? shared : undefined);
    if (!checked.ok) {
      const { field, code: reason, detail } = checked;
      books.reject({ place, source, stage: 'validate', reason, field, detail, raw: group.quote(draft.raw) }, eventId);
      continue;
    }
    passed.add(table);
    if (!books.isDuplicate(eventId)) books.store(table, checked.row, eventMs);
  }
}

/** Gives records their places: counted through for requests, by line for blobs. */
function placesOf(): (line: number | undefined) => () => Place {
  let running = 0;
  let lastLine = -1;
  let part = 0;
  return (line) => () => {
    if (line === undefined) return { position: running++, part: 0 };
    part = line === lastLine ? part + 1 : 0;
    lastLine = line;
    return { position: line, part };
  };
}

/**
 * The whole story of a batch: normalize → enrich → privacy → validate. Pure; never throws on any input.
 * The books balance: received = rows + rejects + duplicate.
 */
export function ingest(batch: Batch, entries: readonly Entry[], ports: IngestPorts): Outcome {
  const books = new Books(batch, ports);
  const places = placesOf();
  for (const { decoded, line } of entries) {
    const next = places(line);
    if (!decoded.ok) {
      const { reason, detail, text } = decoded;
      books.reject({ place: next(), source: batch.dialect ?? batch.door, stage: 'decode', reason, detail, raw: text });
      continue;
    }
    const { value, isSuspect, size } = decoded;
    const bounds = (event: unknown) => (isSuspect ? boundsFault(event, ports.limits) : undefined);
    const dialect = isRecord(value) ? dialectFor(value, batch.dialect) : undefined;
    if (!isRecord(value) || !dialect) {
      const reason = isRecord(value) ? 'unknown-dialect' : 'not-an-object';
      const detail = isRecord(value) ? 'no dialect recognises this record' : 'expected a JSON object';
      books.reject({
        place: next(),
        source: batch.dialect ?? batch.door,
        stage: 'normalize',
        reason,
        detail,
        raw: value,
      });
      continue;
    }
    const fault = dialect.isEnvelope ? undefined : bounds(value);
    if (fault) {
      books.reject({ ...fault, place: next(), source: dialect.id, stage: 'decode', raw: value });
      continue;
    }
    addGroup(
      books,
      dialect.parse(value, {
        next,
        origin: batch.origin ?? '',
        digests: ports.digests,
        bytes: size,
        boundsFault: bounds,
      }),
      batch,
      ports,
    );
  }
  const { received, duplicate, rows, rejects, errors, clientDropped, firstMs, lastMs } = books;
  return {
    batch,
    source: books.source ?? batch.dialect ?? batch.door,
    received,
    duplicate,
    rows,
    rejects,
    errors,
    clientDropped,
    firstEventMs: Number.isFinite(firstMs) ? firstMs : undefined,
    lastEventMs: Number.isFinite(lastMs) ? lastMs : undefined,
  };
}
