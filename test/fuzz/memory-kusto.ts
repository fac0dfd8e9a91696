// Stands where Kusto's client stands: takes the very bytes that would go over the wire and keeps the books of each batch.
import type { TableName } from '../../schema/tables.ts';

export type StoredRow = Readonly<Record<string, unknown>>;

export interface BatchBooks {
  /** Rows of telemetry: events, beats, requests. */
  stored: number;
  rejects: number;
  readonly ledger: StoredRow[];
  /** In the order in which they were acknowledged. */
  readonly rows: { readonly table: TableName; readonly row: StoredRow }[];
}

export interface MemoryKusto {
  ingest(table: TableName, gzipped: Uint8Array): Promise<void>;
  /** What came since the last look, by batch. */
  take(): Map<string, BatchBooks>;
}

/** Stands before the store: may hold a call back, fail it or let it through. */
export type Gate = (table: TableName, pass: () => Promise<void>) => Promise<void>;

export function memoryKusto(gate: Gate = (_table, pass) => pass()): MemoryKusto {
  let batches = new Map<string, BatchBooks>();
  const booksOf = (batchId: string): BatchBooks => {
    let books = batches.get(batchId);
    if (!books) batches.set(batchId, (books = { stored: 0, rejects: 0, ledger: [], rows: [] }));
    return books;
  };
  return {
    ingest: (table, rows) =>
      gate(table, () => {
        for (const line of Buffer.from(rows).toString('utf8').split('\n')) {
          if (line === '') continue;
          const row = JSON.parse(line) as StoredRow;
          const books = booksOf(String(row['batchId']));
          if (table === 'IngestLedger') books.ledger.push(row);
          else if (table === 'RejectedEvents') books.rejects++;
          else books.stored++;
          books.rows.push({ table, row });
        }
        return Promise.resolve();
      }),
    take() {
      const taken = batches;
      batches = new Map();
      return taken;
    },
  };
}
