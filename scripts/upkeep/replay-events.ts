// Quarantined events out of Kusto, through the pipeline, and back with a mark each.
import type { Replay } from '../../schema/tables.ts';
import { replayBatch, type QuarantinedEvent } from '../../functions/pipeline/replay.ts';
import type { IngestPorts } from '../../functions/pipeline/ingest.ts';
import { store, type StorePorts } from '../../functions/pipeline/store.ts';
import type { Cluster, Row } from '../kql/cluster.ts';
import { textList, textLiteral, timeLiteral } from '../kql/literals.ts';

export interface ReplayFilter {
  readonly reasons: readonly string[];
  readonly since?: Date | undefined;
  readonly until?: Date | undefined;
  readonly tenant?: string | undefined;
  readonly limit: number;
}

export interface ReplayRun {
  /** Absent: only tells what would happen. */
  readonly ports: IngestPorts & StorePorts;
  readonly isDryRun: boolean;
  /** Quarantined events of one query. */
  readonly pageSize?: number | undefined;
  /** Part of the names of the batches of this run. */
  readonly runId: string;
  progress(text: string): void;
}

export type ReplayOutcome = Replay['outcome'];

/** What became of one quarantined event. */
export interface ReplayVerdict {
  readonly rejectId: string;
  /** Why it was in quarantine. */
  readonly reason: string;
  readonly outcome: ReplayOutcome;
  /** Why it still is. */
  readonly stillReason?: string | undefined;
  readonly detail?: string | undefined;
}

/** Rows of one query: payloads have up to 8 KiB, answers up to 64 MB. */
const PAGE = 2000;
const IDS_PER_QUERY = 500;

/** A blob that could not be read leaves a row of its own; it is replayed as a blob. */
const isBlobRow = (row: Row): boolean => String(row['BatchId']).endsWith('-fault');

const dateOf = (value: unknown): Date => (value instanceof Date ? value : new Date(String(value)));
const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

function pageQuery(filter: ReplayFilter, pageSize: number, after: { at: Date; id: string } | undefined): string {
  const { reasons, since, until, tenant } = filter;
  const conditions = [
    since && `ReceivedAt >= ${timeLiteral(since)}`,
    until && `ReceivedAt < ${timeLiteral(until)}`,
    tenant !== undefined && `Tenant == ${textLiteral(tenant)}`,
    reasons.length > 0 && `Reason in (${textList(reasons)})`,
  ].filter((condition) => typeof condition === 'string');
  // After its twins are one: else a later one of them would stand on a later page once more.
  const page = after
    ? `| where ReceivedAt > ${timeLiteral(after.at)} or (ReceivedAt == ${timeLiteral(after.at)} and strcmp(RejectId, ${textLiteral(after.id)}) > 0)\n`
    : '';
  return `let Done = Replays
  | summarize arg_max(ReplayedAt, Outcome) by RejectId
  | where Outcome != "rejected"
  | project RejectId;
let Doors = IngestLedger | summarize take_any(Door, Origin) by BatchId;
RejectedEvents
${conditions.map((condition) => `| where ${condition}\n`).join('')}| summarize arg_min(ReceivedAt, *) by RejectId
${page}| join kind=leftanti Done on RejectId
| sort by ReceivedAt asc, RejectId asc
| take ${pageSize}
| join kind=leftouter Doors on BatchId
| project RejectId, BatchId, ReceivedAt, Tenant, Source, Stage, Reason, Position, Payload, Door, Origin
| sort by ReceivedAt asc, RejectId asc`;
}

const eventOf = (row: Row): QuarantinedEvent => ({
  rejectId: String(row['RejectId']),
  batchId: String(row['BatchId']),
  tenant: String(row['Tenant']),
  source: String(row['Source']),
  stage: row['Stage'] as QuarantinedEvent['stage'],
  reason: row['Reason'] as QuarantinedEvent['reason'],
  position: Number(row['Position']),
  payload: textOf(row['Payload']) ?? '',
  receivedMs: dateOf(row['ReceivedAt']).getTime(),
  door: textOf(row['Door']),
  origin: textOf(row['Origin']),
});

/** Which of these events the tables hold, whatever the age: the views recognise twins for a day only. */
async function knownEvents(cluster: Cluster, ids: readonly string[]): Promise<Set<string>> {
  const known = new Set<string>();
  for (let start = 0; start < ids.length; start += IDS_PER_QUERY) {
    const list = textList(ids.slice(start, start + IDS_PER_QUERY));
    const of = (table: string): string => `(${table} | where EventId in (${list}) | project EventId)`;
    const rows = await cluster.query(
      `union ${['PlaybackEvents', 'PlaybackBeats', 'CdnRequests'].map(of).join(', ')} | distinct EventId`,
    );
    for (const row of rows) known.add(String(row['EventId']));
  }
  return known;
}

function byBatch(events: readonly QuarantinedEvent[]): Map<string, QuarantinedEvent[]> {
  const batches = new Map<string, QuarantinedEvent[]>();
  for (const event of events) {
    const batch = batches.get(event.batchId);
    if (batch) batch.push(event);
    else batches.set(event.batchId, [event]);
  }
  return batches;
}

/**
 * Replays quarantined events, oldest first. What is stored twice by a run that broke off is recognised by the next one.
 * @throws {SinkUnavailable} when the store is away; what is not marked by then comes again
 */
export async function replayEvents(cluster: Cluster, filter: ReplayFilter, run: ReplayRun): Promise<ReplayVerdict[]> {
  const { ports, isDryRun, runId, pageSize = PAGE } = run;
  const verdicts: ReplayVerdict[] = [];
  // What this run has stored or, in a dry run, would have.
  const seen = new Set<string>();
  const known = async (ids: readonly string[]): Promise<Set<string>> => {
    const found = await knownEvents(
      cluster,
      ids.filter((id) => !seen.has(id)),
    );
    for (const id of ids) {
      if (seen.has(id)) found.add(id);
      seen.add(id);
    }
    return found;
  };
  let after: { at: Date; id: string } | undefined;
  for (let page = 0; verdicts.length < filter.limit; page++) {
    const rows = await cluster.query(pageQuery(filter, pageSize, after));
    const last = rows.at(-1);
    const chosen = rows
      .filter((row) => !isBlobRow(row))
      .slice(0, filter.limit - verdicts.length)
      .map(eventOf);
    const reasonOf = new Map(chosen.map(({ rejectId, reason }) => [rejectId, reason]));
    for (const [original, events] of byBatch(chosen)) {
      const batchId = `${original.slice(0, 150)}.${runId}.${page}`;
      const { outcome, marks } = await replayBatch(events, { ...ports, batchId, nowMs: ports.clock.now(), known });
      if (!isDryRun) {
        if (outcome) await store(outcome, ports);
        await ports.sink.write({ Replays: marks });
      }
      for (const { rejectId, outcome: became, reason, detail } of marks)
        verdicts.push({ rejectId, reason: reasonOf.get(rejectId) ?? '', outcome: became, stillReason: reason, detail });
    }
    if (chosen.length > 0) run.progress(`${verdicts.length} events looked at`);
    if (!last || rows.length < pageSize) break;
    after = { at: dateOf(last['ReceivedAt']), id: String(last['RejectId']) };
  }
  return verdicts;
}
