import { randomUUID } from 'node:crypto';
import { BlobServiceClient } from '@azure/storage-blob';
import { asCloudEvent, type BlobEvent, TOPIC } from './blob-event.ts';
import { nameOf, type Subscription } from './subscription.ts';

export interface Obituary {
  subscription: Subscription;
  event: BlobEvent;
  deadLetterReason: string;
  deliveryAttempts: number;
  lastDeliveryOutcome: string;
  publishTime: Date;
  lastDeliveryAttemptTime: Date;
}

/** Where Event Grid puts it: topic, subscription and hour as folders. */
const pathOf = (obituary: Obituary, now: Date): string =>
  [
    TOPIC.slice(1),
    nameOf(obituary.subscription).toUpperCase(),
    now.getUTCFullYear(),
    now.getUTCMonth() + 1,
    now.getUTCDate(),
    now.getUTCHours(),
    `${randomUUID()}.json`,
  ].join('/');

/** Writes given-up events into a container of the storage account, straight to Azurite: a dead letter is no upload to tell of. */
export const deadLetterBox = (connectionString: string, container: string) => {
  const client = BlobServiceClient.fromConnectionString(connectionString).getContainerClient(container);
  let exists: Promise<unknown> | undefined;
  return async (obituary: Obituary): Promise<void> => {
    exists ??= client.createIfNotExists();
    await exists.catch((error: unknown) => {
      exists = undefined;
      throw error;
    });
    const { subscription, event, publishTime, lastDeliveryAttemptTime, ...rest } = obituary;
    const record = {
      ...(subscription.schema === 'cloudEvents' ? asCloudEvent(event) : event),
      ...rest,
      publishTime: publishTime.toISOString(),
      lastDeliveryAttemptTime: lastDeliveryAttemptTime.toISOString(),
    };
    const text = JSON.stringify(subscription.schema === 'cloudEvents' ? record : [record]);
    const blob = client.getBlockBlobClient(pathOf(obituary, lastDeliveryAttemptTime));
    await blob.upload(text, Buffer.byteLength(text), { blobHTTPHeaders: { blobContentType: 'application/json' } });
  };
};
