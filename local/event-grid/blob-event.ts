import { randomUUID } from 'node:crypto';
import { DEV_ACCOUNT } from '../azurite/azurite.ts';
import type { Upload } from './upload.ts';

export const TOPIC = `/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/local/providers/Microsoft.Storage/storageAccounts/${DEV_ACCOUNT}`;
const EVENT_TYPE = 'Microsoft.Storage.BlobCreated';

/** A BlobCreated event in the Event Grid schema, as Azure Storage publishes it. */
export interface BlobEvent {
  topic: string;
  subject: string;
  eventType: typeof EVENT_TYPE;
  id: string;
  eventTime: string;
  data: {
    api: string;
    clientRequestId?: string;
    requestId: string;
    eTag: string;
    contentType: string;
    /** Left out when the blob was replaced or deleted before its size could be asked for. */
    contentLength?: number;
    blobType: string;
    url: string;
    /** Compares as a string: of two events of one blob the greater is the newer. */
    sequencer: string;
    storageDiagnostics: { batchId: string };
  };
  dataVersion: '';
  metadataVersion: '1';
}

/** What the answer to the upload, or a look at the blob, says about it. */
export interface BlobFacts {
  /** Address of the blob as the uploader wrote it, without query. */
  url: string;
  eTag: string;
  contentType?: string | undefined;
  contentLength?: number | undefined;
  blobType?: string | undefined;
  requestId?: string | undefined;
  clientRequestId?: string | undefined;
}

let lastSequence = 0n;
/** Grows with time, so also across restarts; two in one millisecond differ in the low digits. */
const nextSequencer = (): string => {
  const now = BigInt(Date.now()) << 20n;
  lastSequence = now > lastSequence ? now : lastSequence + 1n;
  return lastSequence.toString(16).padStart(32, '0');
};

/** Event Grid writes ETags without quotes. */
const bareETag = (eTag: string): string => eTag.replace(/^(W\/)?"|"$/g, '');

export const blobEvent = (upload: Upload, facts: BlobFacts, now = new Date()): BlobEvent => ({
  topic: TOPIC,
  subject: `/blobServices/default/containers/${upload.container}/blobs/${upload.blob}`,
  eventType: EVENT_TYPE,
  id: randomUUID(),
  eventTime: now.toISOString(),
  data: {
    api: upload.api,
    ...(facts.clientRequestId === undefined ? {} : { clientRequestId: facts.clientRequestId }),
    requestId: facts.requestId ?? randomUUID(),
    eTag: bareETag(facts.eTag),
    contentType: facts.contentType ?? 'application/octet-stream',
    ...(facts.contentLength === undefined ? {} : { contentLength: facts.contentLength }),
    blobType: facts.blobType ?? 'BlockBlob',
    url: facts.url,
    sequencer: nextSequencer(),
    storageDiagnostics: { batchId: randomUUID() },
  },
  dataVersion: '',
  metadataVersion: '1',
});

/** The same event as CloudEvents 1.0, structured mode. */
export const asCloudEvent = (event: BlobEvent) => ({
  specversion: '1.0',
  source: event.topic,
  subject: event.subject,
  type: event.eventType,
  id: event.id,
  time: event.eventTime,
  data: event.data,
});
