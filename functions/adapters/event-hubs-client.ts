import type { EventHubProducerClient } from '@azure/event-hubs';
import { kept } from './kept.ts';

// The only file of the functions that knows Microsoft's Event Hubs client, which is loaded when first used.

export interface RowsHubOptions {
  /** Connection string, or the namespace's host name, to be used with an identity. */
  readonly connection: string;
  readonly isConnectionString: boolean;
  readonly managedIdentityClientId: string | undefined;
  readonly hub: string;
  /** Longest single send. */
  readonly attemptMs: number;
}

export interface HubMessage {
  readonly body: Uint8Array;
  readonly properties: Readonly<Record<string, string>>;
  /** Messages of one key lie in one partition, in order; absent: partitions in turn. */
  readonly partitionKey: string | undefined;
}

export interface RowsHub {
  /** Resolves when the hub has acknowledged it. Rejects with what the client library throws. */
  send(message: HubMessage): Promise<void>;
  /** Cheapest round trip that proves the hub is there. */
  ping(): Promise<void>;
  close(): void;
}

async function connect(options: RowsHubOptions): Promise<EventHubProducerClient> {
  const { EventHubProducerClient: Client } = await import('@azure/event-hubs');
  const { connection, hub, attemptMs, managedIdentityClientId: clientId } = options;
  // Retries are the table writer's, within its deadline. The time limit is the only way the client learns that the answer to a
  // send was lost with its connection.
  const more = { retryOptions: { maxRetries: 0, timeoutInMs: attemptMs } };
  if (options.isConnectionString) return new Client(connection, hub, more);
  const { DefaultAzureCredential, ManagedIdentityCredential } = await import('@azure/identity');
  const credential =
    clientId === undefined ? new DefaultAzureCredential() : new ManagedIdentityCredential({ clientId });
  return new Client(connection, hub, credential, more);
}

/** One client a process; connecting happens at the first call. */
export function rowsHub(options: RowsHubOptions): RowsHub {
  const client = kept(() => connect(options));
  return {
    async send({ body, properties, partitionKey }) {
      const event = { body, properties: { ...properties } };
      await (await client.get()).sendBatch([event], partitionKey === undefined ? {} : { partitionKey });
    },
    async ping() {
      await (await client.get()).getEventHubProperties();
    },
    close() {
      client.close((open) => open.close());
    },
  };
}
