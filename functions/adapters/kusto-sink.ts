import { gzipSync } from 'node:zlib';
import type { Sink } from '../pipeline/ports.ts';
import type { KustoClient } from './kusto-client.ts';
import { classify } from './kusto-errors.ts';
import { tableSink } from './table-sink.ts';
import { TableWriter, type Destination, type WriterOptions } from './table-writer.ts';

export interface KustoSinkOptions extends WriterOptions {
  readonly client: Pick<KustoClient, 'ingest'>;
  /** Rows are compressed: a fourteenth of the bytes, for twice the CPU of sending them as they are. */
  readonly isGzip?: boolean | undefined;
}

/** Streaming ingestion takes 4 MB of uncompressed rows; the rest is headroom for its own overhead. */
const CALL_BYTES = 3_500_000;

const KUSTO: Destination = { name: 'Kusto', callBytes: CALL_BYTES, pack: (rows) => rows, classify };
const KUSTO_GZIP: Destination = { ...KUSTO, pack: (rows) => gzipSync(rows, { level: 1 }) };

/** Rows to Kusto by streaming ingestion, with group commit per table. */
export function kustoSink(options: KustoSinkOptions): Sink {
  const destination = options.isGzip === true ? KUSTO_GZIP : KUSTO;
  return tableSink(
    (table) => new TableWriter(table, (rows) => options.client.ingest(table, rows), options, destination),
  );
}
