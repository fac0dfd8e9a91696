import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { mappingOf, type TableName } from '../../schema/tables.ts';
import { SinkUnavailable, type Counters, type RowsByTable, type Sink } from '../pipeline/ports.ts';
import { countOf, textOf } from '../pipeline/row-text.ts';
import { kept } from './kept.ts';
import { connectionOf, within, type KustoOptions } from './kusto-client.ts';

// Queued ingestion, for blobs too big for streaming: rows go to blob storage of the cluster's ingestion service and a message into
// its queue. They are durable then, and in their table within minutes. The library for it is loaded when first used.

export interface KustoQueue {
  /**
   * Resolves when the rows are in the queue. Rows with a tag that the table has seen are left out by the cluster.
   * @param lines newline-separated JSON
   */
  put(table: TableName, lines: Uint8Array, tag: string): Promise<void>;
  close(): void;
}

/** A queue takes its time: upload, then message. */
const PATIENCE = 4;

/** One client a process; connecting happens at the first call. */
export function kustoQueue(options: KustoOptions): KustoQueue {
  const client = kept(async () => {
    const { IngestClient } = await import('azure-kusto-ingest');
    return new IngestClient(await connectionOf(options), { database: options.database });
  });
  return {
    async put(table, lines, tag) {
      const { CompressionType, DataFormat, StreamDescriptor } = await import('azure-kusto-ingest');
      const gzipped = Readable.from([gzipSync(lines, { level: 1 })]);
      const sent = (await client.get()).ingestFromStream(new StreamDescriptor(gzipped, null, CompressionType.GZIP), {
        table,
        format: DataFormat.JSON,
        ingestionMappingReference: mappingOf(table),
        ingestByTags: [tag],
        ingestIfNotExists: JSON.stringify([tag]),
      });
      await within(options.timeoutMs * PATIENCE, sent);
    },
    close() {
      client.close((open) => open.close());
    },
  };
}

/** Tables whose rows tell how a batch went: they must be readable at once, and are few. */
const AT_ONCE: ReadonlySet<string> = new Set<TableName>(['IngestLedger', 'RejectedEvents']);
const RETRY_MS = 30_000;

/** Rows to Kusto's queue; books and rejects go straight into their tables through `direct`. */
export function queuedSink(queue: Pick<KustoQueue, 'put'>, direct: Sink, counters: Counters): Sink {
  return {
    async write(rows: RowsByTable, batch) {
      const isNow = (table: string): boolean => AT_ONCE.has(table) || batch === undefined;
      const puts: Promise<void>[] = [];
      for (const [table, list] of Object.entries(rows)) {
        if (isNow(table) || countOf(list) === 0) continue;
        const { bytes, ends } = textOf(list);
        // A batch that was cut elsewhere is another one, whatever its id.
        puts.push(queue.put(table as TableName, bytes.subarray(0, -1), `${batch}-${ends.length}`));
        counters.add('sink_rows_total', ends.length, table);
      }
      const results = await Promise.allSettled(puts);
      for (const { status } of results)
        counters.add('sink_calls_total', 1, status === 'fulfilled' ? 'queued' : 'transient');
      const failed = results.find((result) => result.status === 'rejected');
      if (failed) {
        const { reason } = failed as { reason: unknown };
        throw new SinkUnavailable(`Kusto's queue: ${reason instanceof Error ? reason.message : 'failed'}`, RETRY_MS);
      }
      return direct.write(Object.fromEntries(Object.entries(rows).filter(([table]) => isNow(table))));
    },
  };
}
