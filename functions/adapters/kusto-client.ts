import type { Client as DataClient, KustoConnectionStringBuilder } from 'azure-kusto-data';
import type { StreamingIngestClient } from 'azure-kusto-ingest';
import { mappingOf, type TableName } from '../../schema/tables.ts';

// The only file that knows Microsoft's clients. They are loaded when first used: importing them costs more than everything else at start.

export interface KustoOptions {
  readonly url: string;
  readonly database: string;
  /** Client id of a user-assigned identity; absent: the default credential chain. */
  readonly managedIdentityClientId: string | undefined;
  /** Deadline of one call. */
  readonly timeoutMs: number;
}

export interface KustoClient {
  /** One streaming call: newline-separated JSON, gzipped. Rejects with what the client library throws. */
  ingest(table: TableName, gzipped: Uint8Array): Promise<void>;
  /** Runs a management command. */
  command(text: string): Promise<void>;
  /** Cheapest round trip that proves the database answers. */
  ping(): Promise<void>;
  close(): void;
}

const APPLICATION = 'framewatch';

/** Plain HTTP to this machine is the local stack and needs no credential. */
const isLocal = (url: string): boolean => /^http:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d+)?\/?$/.test(url);

interface Requests {
  readonly interceptors: {
    readonly request: { use(onRequest: (config: { signal?: unknown }) => { signal?: unknown }): unknown };
  };
}

/** Every call gets a deadline: the library's own is ten and a half minutes and cannot be set for ingestion. */
function limitTime(client: DataClient, timeoutMs: number): void {
  (client.axiosInstance as unknown as Requests).interceptors.request.use((config) => ({
    ...config,
    signal: AbortSignal.timeout(timeoutMs),
  }));
}

async function connectionOf(options: KustoOptions): Promise<KustoConnectionStringBuilder> {
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

interface Clients {
  readonly data: DataClient;
  readonly streaming: StreamingIngestClient;
  ingest(table: TableName, gzipped: Uint8Array): Promise<unknown>;
}

async function connect(options: KustoOptions): Promise<Clients> {
  const [{ Client }, ingestion] = await Promise.all([import('azure-kusto-data'), import('azure-kusto-ingest')]);
  const { StreamingIngestClient: Streaming, StreamDescriptor, CompressionType, DataFormat } = ingestion;
  const data = new Client(await connectionOf(options));
  const streaming = new Streaming(await connectionOf(options), { database: options.database });
  limitTime(data, options.timeoutMs);
  const inner = (streaming as unknown as { readonly kustoClient?: DataClient }).kustoClient;
  if (!inner) throw new Error('azure-kusto-ingest has changed: its streaming client holds no data client');
  limitTime(inner, options.timeoutMs);
  return {
    data,
    streaming,
    // A buffer, never a stream: the library hangs for ever when a source stream fails.
    ingest: (table, gzipped) => {
      const bytes = new Uint8Array(gzipped).buffer;
      const source = new StreamDescriptor(bytes, null, CompressionType.GZIP, bytes.byteLength);
      return streaming.ingestFromStream(source, {
        table,
        format: DataFormat.JSON,
        ingestionMappingReference: mappingOf(table),
      });
    },
  };
}

/** One client a process, agents kept alive; connecting happens at the first call. */
export function kustoClient(options: KustoOptions): KustoClient {
  let connecting: Promise<Clients> | undefined;
  const clients = (): Promise<Clients> => {
    connecting ??= connect(options).catch((error: unknown) => {
      connecting = undefined;
      throw error;
    });
    return connecting;
  };
  return {
    async ingest(table, gzipped) {
      await (await clients()).ingest(table, gzipped);
    },
    async command(text) {
      await (await clients()).data.executeMgmt(options.database, text);
    },
    async ping() {
      await (await clients()).data.executeQuery(options.database, 'print 1');
    },
    close() {
      connecting?.then(
        ({ data, streaming }) => {
          data.close();
          streaming.close();
        },
        () => undefined,
      );
    },
  };
}
