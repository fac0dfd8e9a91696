import { isRecord, rowCount, tableRows, type Outcome, type OutcomeRows } from './batch.ts';
import { jsonOf } from './row-text.ts';
import { SinkUnavailable, type Spill } from './ports.ts';
import { store, type Stored, type StorePorts } from './store.ts';

// While the store is away, batches wait in blob storage: durable, so they may be acknowledged, and minimised already,
// so nothing waits there that the tables would not hold. A timer brings them back (spill-drain.ts).

const VERSION = 1;

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
