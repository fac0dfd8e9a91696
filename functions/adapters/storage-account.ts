import type { BlobServiceClient, RequestPolicyFactory } from '@azure/storage-blob';
import { kept } from './kept.ts';

// Which storage account is ours, and a client for it, loaded at first use.

export interface StorageAccount {
  readonly name: string;
  /** `host[:port]` of its blob endpoint. */
  readonly host: string;
  client(): Promise<BlobServiceClient>;
}

interface StorageOptions {
  readonly connection: string;
  readonly isConnectionString: boolean;
  readonly managedIdentityClientId: string | undefined;
}

const DEVELOPMENT =
  'DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;BlobEndpoint=http://127.0.0.1:10000/devstoreaccount1;';

/** Tries of a call. The library's own waits between them, 4, 12 and 28 s, would outlast the outage by a minute. */
const RETRIES = { maxTries: 4, retryDelayInMs: 250, maxRetryDelayInMs: 4000 };
/** Longest wait for the head of an answer; without it a call that hangs holds its run, and with it the timer, for ever. */
const CALL_MS = 15_000;

const limitTime: RequestPolicyFactory = {
  create: (next) => ({
    sendRequest(request) {
      request.timeout = CALL_MS;
      return next.sendRequest(request);
    },
  }),
};

/** Name and host of the account in a connection string. */
export function accountOf(connection: string): { name: string; host: string } {
  const text = /UseDevelopmentStorage=true/i.test(connection) ? DEVELOPMENT : connection;
  const parts = new Map(
    text
      .split(';')
      .map((part) => [part.slice(0, part.indexOf('=')).trim().toLowerCase(), part.slice(part.indexOf('=') + 1)]),
  );
  const name = parts.get('accountname') ?? '';
  const suffix = parts.get('endpointsuffix') ?? 'core.windows.net';
  const endpoint = parts.get('blobendpoint') ?? `https://${name}.blob.${suffix}`;
  return { name, host: new URL(endpoint).host };
}

export function storageAccount(options: StorageOptions): StorageAccount {
  const { connection, isConnectionString, managedIdentityClientId: clientId } = options;
  const url = isConnectionString ? undefined : new URL(connection);
  const { name, host } = url ? { name: url.hostname.split('.', 1)[0] ?? '', host: url.host } : accountOf(connection);
  const connect = async (): Promise<BlobServiceClient> => {
    const { BlobServiceClient: Client, newPipeline } = await import('@azure/storage-blob');
    const limited = (endpoint: string, credential: Parameters<typeof newPipeline>[0]): BlobServiceClient => {
      const pipeline = newPipeline(credential, { retryOptions: RETRIES });
      pipeline.factories.push(limitTime);
      return new Client(endpoint, pipeline);
    };
    if (isConnectionString) {
      const text = /UseDevelopmentStorage=true/i.test(connection) ? DEVELOPMENT : connection;
      const { url: endpoint, credential } = Client.fromConnectionString(text);
      return limited(endpoint, credential);
    }
    const { DefaultAzureCredential, ManagedIdentityCredential } = await import('@azure/identity');
    return limited(
      connection,
      clientId === undefined ? new DefaultAzureCredential() : new ManagedIdentityCredential({ clientId }),
    );
  };
  return {
    name,
    host,
    client: kept(connect).get,
  };
}

/** HTTP status of a failed storage call. */
export const statusOf = (error: unknown): number | undefined =>
  typeof error === 'object' && error !== null && 'statusCode' in error && typeof error.statusCode === 'number'
    ? error.statusCode
    : undefined;
