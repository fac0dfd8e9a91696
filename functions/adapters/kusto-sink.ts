import type { TableName } from '../../schema/tables.ts';
import type { Clock, Counters, Gauges, Refusal, RowsByTable, Sink } from '../pipeline/ports.ts';
import { textOf, type RowList } from '../pipeline/row-text.ts';
import type { KustoClient } from './kusto-client.ts';
import { TableWriter } from './table-writer.ts';

export interface KustoSinkOptions {
  readonly client: Pick<KustoClient, 'ingest'>;
  readonly clock: Clock;
  readonly counters: Counters & Gauges;
  readonly lingerMs: number;
  readonly maxCalls: number;
  readonly deadlineMs: number;
}

/** Rows to Kusto by streaming ingestion, with group commit per table. */
export function kustoSink(options: KustoSinkOptions): Sink {
  const writers = new Map<TableName, TableWriter>();
  const writerOf = (table: TableName): TableWriter => {
    let writer = writers.get(table);
    if (!writer) {
      writer = new TableWriter(table, (gzipped) => options.client.ingest(table, gzipped), options);
      writers.set(table, writer);
    }
    return writer;
  };
  const writeTable = async (table: TableName, rows: RowList<object>): Promise<Refusal[]> => {
    const refusals = await writerOf(table).write(textOf(rows));
    return refusals.map((refusal) => ({ table, ...refusal }));
  };
  return {
    async write(rows: RowsByTable) {
      const writes = Object.entries(rows).map(([table, list]) => writeTable(table as TableName, list));
      // All must be over before anyone is told: a rejected promise must not leave its siblings writing unseen.
      const results = await Promise.allSettled(writes);
      const failed = results.find((result) => result.status === 'rejected');
      if (failed) throw failed.reason;
      return results.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
    },
  };
}
