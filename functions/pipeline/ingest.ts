import { isRecord, type Batch, type Group, type Outcome, type Place } from './batch.ts';
import { Books } from './books.ts';
import { boundsFault } from './bounds.ts';
import type { Decoded } from './decode.ts';
import { GroupRows, sharedColumns, type IngestPorts } from './group-rows.ts';
import { dialectFor } from './normalize/registry.ts';
import type { SeenEvents } from './seen-events.ts';

export type { IngestPorts } from './group-rows.ts';

/** A decoded record and, for blobs, the line it stands on. */
export interface Entry {
  readonly decoded: Decoded;
  readonly line?: number;
}

function addGroup(books: Books, group: Group, batch: Batch, ports: IngestPorts): void {
  const { source } = group;
  books.source ??= source;
  books.clientDropped += group.clientDropped;
  for (const { raw, id, ...fault } of group.faults)
    books.reject({ options: { ...fault, source, stage: 'normalize', raw: group.quote(raw) }, id });
  const shared = sharedColumns(group, group.drafts[0]?.table === 'CdnRequests', batch, ports);
  const rows = new GroupRows(group, shared, batch, ports);
  for (const draft of group.drafts) {
    const reject = rows.add(draft, books, ({ eventId }) => books.isDuplicate(eventId));
    if (reject) books.reject(reject);
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
 * The books balance: received = rows + rejects + duplicate. `seen`: what other parts of the batch hold.
 */
export function ingest(batch: Batch, entries: readonly Entry[], ports: IngestPorts, seen?: SeenEvents): Outcome {
  const books = new Books(batch, ports.digests, seen);
  const places = placesOf();
  for (const { decoded, line } of entries) {
    const next = places(line);
    if (!decoded.ok) {
      const { reason, detail, text } = decoded;
      books.reject({
        options: { place: next(), source: batch.dialect ?? batch.door, stage: 'decode', reason, detail, raw: text },
      });
      continue;
    }
    const { value, isSuspect, size } = decoded;
    const bounds = (event: unknown) => (isSuspect ? boundsFault(event, ports.limits) : undefined);
    const dialect = isRecord(value) ? dialectFor(value, batch.dialect) : undefined;
    if (!isRecord(value) || !dialect) {
      const reason = isRecord(value) ? 'unknown-dialect' : 'not-an-object';
      const detail = isRecord(value) ? 'no dialect recognises this record' : 'expected a JSON object';
      books.reject({
        options: {
          place: next(),
          source: batch.dialect ?? batch.door,
          stage: 'normalize',
          reason,
          detail,
          raw: value,
        },
      });
      continue;
    }
    const fault = dialect.isEnvelope ? undefined : bounds(value);
    if (fault) {
      books.reject({ options: { ...fault, place: next(), source: dialect.id, stage: 'decode', raw: value } });
      continue;
    }
    const context = { next, origin: batch.origin ?? '', digests: ports.digests, bytes: size, boundsFault: bounds };
    addGroup(books, dialect.parse(value, context), batch, ports);
  }
  return books.close();
}
