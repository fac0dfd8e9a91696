import { mappingOf, type TableName } from '../../schema/tables.ts';
import type { Sink } from '../pipeline/ports.ts';
import type { HubMessage, RowsHub } from './event-hubs-client.ts';
import type { KustoFailure } from './kusto-errors.ts';
import { tableSink } from './table-sink.ts';
import { TableWriter, type Destination, type WriterOptions } from './table-writer.ts';

export interface EventHubsSinkOptions extends WriterOptions {
  readonly hub: Pick<RowsHub, 'send'>;
}

/** A message may have 1 MiB with all that AMQP adds; the rest is headroom. */
const MESSAGE_BYTES = 1_000_000;
/** What Microsoft asks for: https://learn.microsoft.com/azure/event-hubs/event-hubs-messaging-exceptions */
const BUSY_MS = 4000;
const DETAIL_LENGTH = 300;
const CONFIGURATION =
  /^(Unauthorized|MessagingEntityNotFound|MessagingEntityDisabled|CredentialUnavailable|Authentication)/;

/** What a failed send means. The client names its errors by `code`; errors of credentials have a name. */
export function classifyHubError(error: unknown): KustoFailure {
  const bag = typeof error === 'object' && error !== null ? error : {};
  const code = 'code' in bag && typeof bag.code === 'string' ? bag.code : error instanceof Error ? error.name : '';
  const detail = `${code}: ${error instanceof Error ? error.message : 'unknown error'}`.slice(0, DETAIL_LENGTH);
  if (code === 'MessageTooLargeError') return { kind: 'too-large', detail };
  if (code === 'ArgumentError') return { kind: 'permanent', detail };
  if (code === 'ServerBusyError' || code === 'QuotaExceededError')
    return { kind: 'throttled', detail, retryAfterMs: BUSY_MS };
  if (CONFIGURATION.test(code)) return { kind: 'configuration', detail };
  return { kind: 'transient', detail, retryAfterMs: undefined };
}

const EVENT_HUBS: Destination = {
  name: 'Event Hubs',
  callBytes: MESSAGE_BYTES,
  pack: (rows) => rows,
  classify: classifyHubError,
};

const KEY = /"sessionId":"([\w.:-]{1,128})"/;
/** Enough of a row to find its session in. */
const HEAD_BYTES = 4096;

/** One message: rows as JSON lines, and where Kusto's data connection shall put them. Names of properties are Kusto's, case included. */
export function messageOf(table: TableName, rows: Uint8Array): HubMessage {
  const head = Buffer.from(rows.buffer, rows.byteOffset, Math.min(rows.length, HEAD_BYTES)).toString('latin1');
  return {
    body: rows,
    properties: { Table: table, Format: 'multijson', IngestionMappingReference: mappingOf(table) },
    partitionKey: KEY.exec(head)?.[1],
  };
}

/**
 * Rows to hub `rows`, with group commit per table: one message for what arrives together, keyed by the session of its first row.
 * A message that the hub has acknowledged is durable.
 * {@link https://learn.microsoft.com/azure/data-explorer/ingest-data-event-hub-overview#ingestion-properties}
 */
export function eventHubsSink(options: EventHubsSinkOptions): Sink {
  return tableSink(
    (table) => new TableWriter(table, (rows) => options.hub.send(messageOf(table, rows)), options, EVENT_HUBS),
  );
}
