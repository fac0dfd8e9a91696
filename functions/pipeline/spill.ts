import { isRecord, rowCount, tableRows, type Outcome, type OutcomeRows } from './batch.ts';
import { jsonOf } from './row-text.ts';
import { SinkUnavailable, type Spill, type SpilledBlob, type SpillStore } from './ports.ts';
import { store, type Stored, type StorePorts } from './store.ts';

// While the store is away, batches wait in blob storage: durable, so they may be acknowledged, and minimised already,
// so nothing waits there that the tables would not hold. A timer brings them back, oldest first.

const VERSION = 1;
/** Batches under way at once while draining: enough to fill the calls of group commit. */
const ABREAST = 16;

export interface SpillPorts extends StorePorts {
  /** Absent: no blob storage is configured, and an unavailable store is the sender's to wait for. */
  readonly spill?: Spill | undefined;
}

/** One line of a spill blob. */
export function spillLine(outcome: Outcome): string {
  // Enrichment and privacy are over: where the sender is and what it runs on is in the rows as far as it may be kept.
  const { userAgent: _userAgent, network: _network, ...batch } = outcome.batch;
  const { rows, text: _text, ...rest } = outcome;
  const account = JSON.stringify({ v: VERSION, ...rest, batch: { ...batch, edge: {} } });
  const tables = (Object.keys(rows) as (keyof OutcomeRows)[]).map(
    (table) => `"${table}":${jsonOf(tableRows(outcome, table))}`,
  );
  return `${account.slice(0, -1)},"rows":{${tables.join(',')}}}`;
}

/** The batch of a line; undefined when the line is not one of ours. */
export function readSpillLine(line: string): Outcome | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (!isRecord(value) || value['v'] !== VERSION || !isRecord(value['batch']) || !isRecord(value['rows']))
    return undefined;
  const { v: _version, ...outcome } = value;
  const lists = [...Object.values(value['rows']), value['rejects'], value['errors']];
  return lists.every(Array.isArray) ? (outcome as unknown as Outcome) : undefined;
}

/**
 * Makes a batch durable: in the store, or in the spill while the store is away. When this resolves the batch may be acknowledged.
 * @throws {SinkUnavailable} when neither takes it
 */
export async function storeOrSpill(outcome: Outcome, ports: SpillPorts): Promise<Stored> {
  try {
    return await store(outcome, ports);
  } catch (error) {
    if (!(error instanceof SinkUnavailable) || !ports.spill) throw error;
    await ports.spill.put(spillLine(outcome)).catch(() => {
      throw error;
    });
    const { received, duplicate, rejects, errors, batch } = outcome;
    ports.counters.add('events_spilled_total', received, batch.door);
    return { received, stored: rowCount(outcome), rejected: rejects.length, duplicate, errors };
  }
}

/** Stores what one spill blob holds; the lines that are none of ours. */
async function drainBlob(lines: readonly string[], ports: StorePorts): Promise<number> {
  let strange = 0;
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < lines.length) {
      const outcome = readSpillLine(lines[next++] ?? '');
      if (!outcome) strange++;
      else {
        await store(outcome, ports);
        ports.counters.add('events_drained_total', outcome.received, outcome.batch.door);
      }
    }
  };
  const workers = await Promise.allSettled(Array.from({ length: ABREAST }, worker));
  const failed = workers.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
  return strange;
}

export interface DrainResult {
  /** Blobs brought back. */
  readonly drained: number;
  /** Why it ended. `store-away`: the rest waits for the next run. */
  readonly state: 'empty' | 'store-away' | 'busy' | 'time-up';
  /** What the store said, when it is away. */
  readonly detail?: string;
}

/**
 * Brings spilled batches back, oldest first, until none is left, the store is away again or the time is up.
 * A blob goes only after all of it is stored; what is stored twice, deduplication removes.
 */
export async function drainSpill(spill: SpillStore, budgetMs: number, ports: StorePorts): Promise<DrainResult> {
  const deadlineMs = ports.clock.now() + budgetMs;
  let drained = 0;
  const bringBack = async (blob: SpilledBlob): Promise<Omit<DrainResult, 'drained'> | undefined> => {
    const claim = await spill.claim(blob);
    if (claim === 'gone') return undefined;
    if (claim === 'busy') return { state: 'busy' };
    try {
      const strange = await drainBlob(claim.lines, ports);
      await (strange > 0 ? claim.putAside() : claim.remove());
      drained++;
      return undefined;
    } catch (error) {
      await claim.release();
      if (error instanceof SinkUnavailable) return { state: 'store-away', detail: error.message };
      throw error;
    }
  };
  const waiting: SpilledBlob[] = [];
  for await (const blob of spill.waiting()) waiting.push(blob);
  let done = 0;
  const show = (): void => {
    const oldest = waiting[done];
    ports.counters.set('spill_blobs', waiting.length - done);
    ports.counters.set('spill_oldest_seconds', oldest ? (ports.clock.now() - oldest.modifiedMs) / 1000 : 0);
  };
  show();
  for (const blob of waiting) {
    if (ports.clock.now() > deadlineMs) return { drained, state: 'time-up' };
    const stop = await bringBack(blob);
    if (stop) return { drained, ...stop };
    done++;
    show();
  }
  return { drained, state: 'empty' };
}
