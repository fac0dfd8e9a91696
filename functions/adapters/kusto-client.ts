import type { Client as DataClient, KustoConnectionStringBuilder } from 'azure-kusto-data';
import { mappingOf, type TableName } from '../../schema/tables.ts';
import { sendIngestion, type TransportConfig } from './kusto-transport.ts';
import { kept } from './kept.ts';

// The only file that knows Microsoft's data client. It is loaded when first used: importing it costs more than everything else at start.
// Streaming ingestion is a call of that client; azure-kusto-ingest wraps it, costs 300 ms more to load and adds nothing to it.

export interface KustoOptions {
  readonly url: string;
  readonly database: string;
  /** Client id of a user-assigned identity; absent: the default credential chain. */
  readonly managedIdentityClientId: string | undefined;
  /** Deadline of one call. */
  readonly timeoutMs: number;
}

export interface KustoClient {
  /** One streaming call: newline-separated JSON, as it is or gzipped. Rejects with what the client library throws. */
  ingest(table: TableName, rows: Uint8Array): Promise<void>;
  /** Runs a management command. */
  command(text: string): Promise<void>;
  /** Rows of a query. */
  query(text: string): Promise<Readonly<Record<string, unknown>>[]>;
  /** Cheapest round trip that proves the database answers. */
  ping(): Promise<void>;
  close(): void;
}

const APPLICATION = 'framewatch';
/** Where commands go, and how many times as long as other calls they may take: a run of all detectors is one. */
const MANAGEMENT = '/v1/rest/mgmt';
const COMMAND_PATIENCE = 4;

/** Plain HTTP to this machine is the local stack and needs no credential. */
const isLocal = (url: string): boolean => /^http:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d+)?\/?$/.test(url);

interface RequestConfig extends TransportConfig {
  readonly headers: TransportConfig['headers'] & { delete(name: string): unknown };
  signal?: unknown;
  adapter?: unknown;
}

interface Requests {
  readonly interceptors: { readonly request: { use(onRequest: (config: RequestConfig) => RequestConfig): unknown } };
}

const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

/**
 * What the library does not let its callers set. Every call gets a deadline: its own is ten and a half minutes for ingestion.
 * And it says of every body that it is gzip; Kusto takes rows as they are too:
 * {@link https://learn.microsoft.com/kusto/api/rest/streaming-ingest#request-headers}
 */
function amendCalls(client: DataClient, timeoutMs: number): void {
  (client.axiosInstance as unknown as Requests).interceptors.request.use((config) => {
    config.signal = AbortSignal.timeout(config.url?.endsWith(MANAGEMENT) ? timeoutMs * COMMAND_PATIENCE : timeoutMs);
    // Nothing but an ingestion has bytes for a body.
    if (!Buffer.isBuffer(config.data)) return config;
    config.adapter = sendIngestion;
    if (!isGzip(config.data)) config.headers.delete('Content-Encoding');
    return config;
  });
}

export async function connectionOf(options: KustoOptions): Promise<KustoConnectionStringBuilder> {
  const { KustoConnectionStringBuilder: Builder } = await import('azure-kusto-data');
  if (isLocal(options.url)) {
    const builder = new Builder(`Data Source=${options.url};Initial Catalog=${options.database}`);
    builder.applicationNameForTracing = APPLICATION;
    builder.userNameForTracing = APPLICATION;
    return builder;
  }
  const { DefaultAzureCredential, ManagedIdentityCredential } = await import('@azure/identity');
  const clientId = options.managedIdentityClientId;
  const credential =
    clientId === undefined ? new DefaultAzureCredential() : new ManagedIdentityCredential({ clientId });
  const builder = Builder.withTokenCredential(options.url, credential);
  builder.initialCatalog = options.database;
  builder.applicationNameForTracing = APPLICATION;
  builder.userNameForTracing = APPLICATION;
  return builder;
}

/** Beyond the deadline of the request itself, which fires first and says more. */
const SLACK_MS = 250;

/** Before its first call the library asks for the cluster's metadata, with no deadline at all: this one covers that too. */
export async function within<T>(timeoutMs: number, call: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs + SLACK_MS);
  });
  try {
    return await Promise.race([call, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Kusto answers an ingestion with a table. A 200 with anything else comes from something in between, and the rows are nowhere. */
function assertIngested(answer: unknown): void {
  if (typeof answer === 'object' && answer !== null && 'Tables' in answer && Array.isArray(answer.Tables)) return;
  throw new Error('what answered the ingestion with 200 is not Kusto');
}

async function connect(options: KustoOptions): Promise<DataClient> {
  const { Client } = await import('azure-kusto-data');
  const client = new Client(await connectionOf(options));
  amendCalls(client, options.timeoutMs);
  return client;
}

/** One client a process, agents kept alive; connecting happens at the first call. */
export function kustoClient(options: KustoOptions): KustoClient {
  const { database, timeoutMs } = options;
  const client = kept(() => connect(options));
  return {
    async ingest(table, rows) {
      const open = await client.get();
      // A buffer, never a stream: the library hangs for ever when a source stream fails. And never another view on bytes:
      // axios sends all of the memory that one lies in.
      const body = Buffer.from(rows.buffer, rows.byteOffset, rows.byteLength);
      assertIngested(
        await within(timeoutMs, open.executeStreamingIngest(database, table, body, 'json', mappingOf(table))),
      );
    },
    async command(text) {
      await within(timeoutMs * COMMAND_PATIENCE, (await client.get()).executeMgmt(database, text));
    },
    async query(text) {
      const answer = await within(timeoutMs, (await client.get()).executeQuery(database, text));
      return answer.primaryResults.flatMap((table) =>
        [...table.rows()].map((row) => row.toJSON<Readonly<Record<string, unknown>>>()),
      );
    },
    async ping() {
      await within(timeoutMs, (await client.get()).executeQuery(database, 'print 1'));
    },
    close() {
      client.close((open) => open.close());
    },
  };
}
