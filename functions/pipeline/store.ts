import type { IngestLedgerRow, RejectedEvent } from '../../schema/tables.ts';
import { isRecord, rowCount, tableRows, type Outcome } from './batch.ts';
import type { Clock, Counters, Digests, Gauges, Refusal, RowsByTable, Sink } from './ports.ts';
import { rejectRow, type Twins } from './rejects.ts';
import { rowAt } from './row-text.ts';

export interface StorePorts {
  readonly sink: Sink;
  readonly clock: Clock;
  readonly digests: Digests;
  readonly counters: Counters & Gauges;
}

export interface Stored {
  readonly received: number;
  readonly stored: number;
  readonly rejected: number;
  readonly duplicate: number;
  readonly errors: Outcome['errors'];
}

const stampOf = (ms: number): string => new Date(ms).toISOString();

/** The account of a batch, written after its rows because only then is it true. */
function ledgerRow(outcome: Outcome, refused: number, storedMs: number): IngestLedgerRow {
  const { batch, rejects, firstEventMs, lastEventMs } = outcome;
  return {
    batchId: batch.batchId,
    receivedAt: stampOf(batch.receivedMs),
    storedAt: stampOf(storedMs),
    door: batch.door,
    tenant: batch.tenant,
    source: outcome.source,
    origin: batch.origin?.slice(0, 1024).toWellFormed(),
    received: outcome.received,
    stored: rowCount(outcome) - refused,
    rejected: rejects.length + refused,
    duplicate: outcome.duplicate,
    dropped: 0,
    clientDropped: outcome.clientDropped,
    bytes: batch.bytes,
    firstEventTime: firstEventMs === undefined ? undefined : stampOf(firstEventMs),
    lastEventTime: lastEventMs === undefined ? undefined : stampOf(lastEventMs),
    lagMs: lastEventMs === undefined ? undefined : storedMs - lastEventMs,
  };
}

/** Rows the store refuses for good go to quarantine like any other reject; the row itself is quoted, it holds no raw identity. */
function refusedRejects(
  outcome: Outcome,
  written: RowsByTable,
  refusals: readonly Refusal[],
  digests: Digests,
): RejectedEvent[] {
  const offset = outcome.received;
  const twins: Twins = new Map();
  return refusals.map(({ table, index, detail }, number) => {
    const row = rowAt(written[table] ?? [], index);
    // Places beyond the batch: a refused row no longer knows its own.
    const place = { position: offset + number, part: 0 };
    // The row names its batch: sent again it is another text, and the same event.
    const key = `${table}:${isRecord(row) ? String(row['eventId']) : ''}`;
    return rejectRow(
      outcome.batch,
      { place, source: outcome.source, stage: 'store', reason: 'sink-refused', detail, raw: row, key },
      digests,
      twins,
    );
  });
}

/** A batch whose rows and rejects are durable, and which the books do not tell of yet. */
export interface Account {
  readonly ledger: IngestLedgerRow;
  readonly rejects: readonly RejectedEvent[];
  /** Rows that the store has refused for good: they are in quarantine when the account is in the books. */
  readonly refused: readonly RejectedEvent[];
  readonly errors: Outcome['errors'];
}

/**
 * Makes the rows and rejects of a batch durable; its account has to be booked afterwards.
 * @throws {SinkUnavailable} what was written already is removed by deduplication when the batch comes again
 */
export async function storeRows(outcome: Outcome, ports: StorePorts): Promise<Account> {
  const { sink, clock, digests } = ports;
  const { rejects, batch } = outcome;
  const written: RowsByTable = {
    PlaybackEvents: tableRows(outcome, 'PlaybackEvents'),
    PlaybackBeats: tableRows(outcome, 'PlaybackBeats'),
    CdnRequests: tableRows(outcome, 'CdnRequests'),
    RejectedEvents: rejects,
  };
  const refusals = await sink.write(written, batch.batchId);
  const lost = refusals.find(({ table }) => table === 'RejectedEvents');
  if (lost) throw new Error(`the store refuses a quarantine row: ${lost.detail}`);
  const refused = refusedRejects(outcome, written, refusals, digests);
  const errors = [...outcome.errors, ...refused.map(({ position }) => ({ index: position, code: 'sink-refused' }))];
  return { ledger: ledgerRow(outcome, refused.length, clock.now()), rejects, refused, errors };
}

/**
 * Enters batches into the books, all in one call. When this resolves they may be acknowledged.
 * @throws {SinkUnavailable} nothing may be acknowledged
 */
export async function book(accounts: readonly Account[], { sink, counters }: StorePorts): Promise<void> {
  const unbooked = await sink.write({
    RejectedEvents: accounts.flatMap(({ refused }) => refused),
    IngestLedger: accounts.map(({ ledger }) => ledger),
  });
  if (unbooked[0]) throw new Error(`the store refuses a row of ${unbooked[0].table}: ${unbooked[0].detail}`);
  for (const { ledger, rejects, refused } of accounts) {
    const { door, received, stored, duplicate, lagMs } = ledger;
    if (lagMs !== undefined) counters.set('ingest_lag_seconds', lagMs / 1000, door);
    counters.add('events_received_total', received, door);
    counters.add('events_stored_total', stored, door);
    if (duplicate > 0) counters.add('events_duplicate_total', duplicate, door);
    for (const { reason } of [...rejects, ...refused]) counters.add('events_rejected_total', 1, reason);
  }
}

/**
 * Makes a batch durable: rows and rejects first, then the ledger. When this resolves the batch may be acknowledged.
 * @throws {SinkUnavailable} nothing may be acknowledged; what was written already is removed by deduplication when the batch comes again
 */
export async function store(outcome: Outcome, ports: StorePorts): Promise<Stored> {
  const account = await storeRows(outcome, ports);
  await book([account], ports);
  const { received, stored, rejected, duplicate } = account.ledger;
  return { received, stored, rejected, duplicate, errors: account.errors };
}
