import type { Sink } from '../pipeline/ports.ts';
import type { KustoClient } from './kusto-client.ts';
import { tableSink } from './table-sink.ts';
import { TableWriter, type WriterOptions } from './table-writer.ts';

export interface KustoSinkOptions extends WriterOptions {
  readonly client: Pick<KustoClient, 'ingest'>;
}

/** Rows to Kusto by streaming ingestion, with group commit per table. */
export function kustoSink(options: KustoSinkOptions): Sink {
  return tableSink((table) => new TableWriter(table, (gzipped) => options.client.ingest(table, gzipped), options));
}
