import { BlobServiceClient } from '@azure/storage-blob';
import { devConnectionString } from '../azurite/azurite.ts';
import { blobEvent } from './blob-event.ts';
import { startCourier } from './courier.ts';
import { deadLetterBox } from './dead-letter.ts';
import { openJournal } from './journal.ts';
import { startPoller } from './poller.ts';
import { type SeenUpload, startProxy } from './proxy.ts';
import type { SubscriptionStats } from './route.ts';
import type { Subscription } from './subscription.ts';

export interface EventGridOptions {
  /** `proxy` stands before Azurite and sees each upload; `poll` lists the blobs instead and listens on no port. */
  mode?: 'proxy' | 'poll';
  /** Port of the proxy on 127.0.0.1; 0 takes a free one. */
  listenPort?: number;
  /** Azurite itself, e.g. http://127.0.0.1:10012 */
  azuriteBlobUrl: string;
  /** To Azurite itself, for sizes and dead letters; by default the development account at `azuriteBlobUrl`. */
  connectionString?: string;
  subscriptions: readonly Subscription[];
  /** Factor on Event Grid's waits and time to live: 1 is Azure's pace (10 s, 30 s, 1 min …), the default 0.05 is twenty times faster. */
  scale?: number;
  deadLetterContainer?: string;
  /** Keeps undelivered events over a restart; without it they are lost with the process. */
  stateDir?: string;
  pollMs?: number;
  timeoutMs?: number;
  concurrency?: number;
  log?: (line: string) => void;
}

interface EventGridStats {
  /** Uploads seen. */
  events: number;
  subscriptions: Record<string, SubscriptionStats>;
}

export interface EventGrid {
  /** Where clients upload to: the proxy, or Azurite itself in poll mode. */
  url: string;
  port: number;
  connectionString: string;
  stats: () => EventGridStats;
  close: () => Promise<void>;
}

const header = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value);

const numberOf = (value: string | undefined): number | undefined =>
  value !== undefined && /^\d+$/.test(value) ? Number(value) : undefined;

/** Builds the event of an upload; asks Azurite for what the request does not say. */
const eventBuilder = (client: BlobServiceClient, fallbackHost: string) => async (seen: SeenUpload) => {
  const { upload, request, answer } = seen;
  const eTag = header(answer.headers.etag) ?? '';
  const facts = {
    url: `http://${request.headers.host ?? fallbackHost}${(request.url ?? '').split('?', 1)[0]}`,
    eTag,
    requestId: header(answer.headers['x-ms-request-id']),
    clientRequestId: header(request.headers['x-ms-client-request-id']),
    blobType: header(request.headers['x-ms-blob-type']),
    contentType: header(request.headers['x-ms-blob-content-type']) ?? header(request.headers['content-type']),
    contentLength: sizeInRequest(upload.api, request.headers),
  };
  if (facts.contentLength !== undefined) return blobEvent(upload, facts);
  const blob = client.getContainerClient(upload.container).getBlobClient(upload.blob);
  // Replaced or deleted in between: the event goes out without a size, a newer one follows it.
  const known = await blob.getProperties({ conditions: { ifMatch: eTag } }).catch(() => undefined);
  const { contentLength, contentType, blobType } = known ?? {};
  return blobEvent(upload, { ...facts, contentLength, contentType: contentType ?? facts.contentType, blobType });
};

/** The size, when the request carries the whole blob: a block list or a source says nothing of it. */
const sizeInRequest = (api: string, headers: SeenUpload['request']['headers']): number | undefined => {
  if (api !== 'PutBlob' || headers['x-ms-copy-source'] !== undefined) return undefined;
  return numberOf(header(headers['x-ms-blob-content-length'])) ?? numberOf(headers['content-length']);
};

/**
 * Stands in for Event Grid between the local Blob service and the functions: an upload becomes a BlobCreated event, delivered
 * at least once to every subscription that wants it, after the validation handshake, with Event Grid's retries and dead letters.
 * @throws when the port is taken.
 */
export const startEventGrid = async (options: EventGridOptions): Promise<EventGrid> => {
  const { azuriteBlobUrl, stateDir, log = () => undefined, deadLetterContainer = 'eventgrid-deadletter' } = options;
  const connectionString = options.connectionString ?? devConnectionString(Number(new URL(azuriteBlobUrl).port));
  const client = BlobServiceClient.fromConnectionString(connectionString);
  const journal = openJournal(stateDir);
  const courier = startCourier({
    subscriptions: options.subscriptions,
    journal,
    bury: deadLetterBox(connectionString, deadLetterContainer),
    scale: options.scale ?? 0.05,
    timeoutMs: options.timeoutMs ?? 30_000,
    concurrency: options.concurrency ?? 4,
    log,
  });
  let events = 0;
  const publish: typeof courier.publish = (event) => {
    courier.publish(event);
    events++;
  };
  const build = eventBuilder(client, new URL(azuriteBlobUrl).host);
  const onUpload = async (seen: SeenUpload): Promise<void> => publish(await build(seen));
  const closeCourier = async (): Promise<void> => {
    await courier.close();
    journal.close();
  };
  const stats = () => ({ events, subscriptions: courier.stats() });
  if (options.mode === 'poll') {
    const everyMs = options.pollMs ?? 500;
    const poller = startPoller({ client, publish, everyMs, except: [deadLetterContainer], stateDir, log });
    const close = async (): Promise<void> => {
      await poller.close();
      await closeCourier();
    };
    return { url: azuriteBlobUrl, port: Number(new URL(azuriteBlobUrl).port), connectionString, stats, close };
  }
  try {
    const proxy = await startProxy({ listenPort: options.listenPort ?? 0, targetUrl: azuriteBlobUrl, onUpload, log });
    return {
      url: `http://127.0.0.1:${proxy.port}`,
      port: proxy.port,
      connectionString: devConnectionString(proxy.port),
      stats,
      close: async () => {
        await proxy.close();
        await closeCourier();
      },
    };
  } catch (error) {
    await closeCourier();
    throw error;
  }
};
