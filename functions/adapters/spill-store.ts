import { randomUUID } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { ContainerClient } from '@azure/storage-blob';
import { SinkUnavailable, type Clock, type SpillClaim, type SpillStore } from '../pipeline/ports.ts';
import { kept } from './kept.ts';
import { statusOf, type StorageAccount } from './storage-account.ts';

// Batches as gzip NDJSON blobs named by time, so that a listing is the order in which they came.

const CONTAINER = 'spill';
const QUARANTINE = 'quarantine';
const LEASE_SECONDS = 60;
const UPLOAD_MS = 10_000;
const BLOB_BYTES = 4 * 1024 * 1024;
/** What may wait for an upload: beyond that senders are told to come again, instead of filling the memory. */
const MAX_PENDING_BYTES = 64 * 1024 * 1024;
const MAX_INFLATED_BYTES = 256 * 1024 * 1024;
const RETRY_MS = 2000;
const LINGER_MS = 20;

interface Waiting {
  readonly line: string;
  resolve(): void;
  reject(error: Error): void;
}

/** `2026/11/22/08/20261122T083011123Z-<random>.ndjson.gz` */
function nameAt(ms: number): string {
  const stamp = new Date(ms).toISOString();
  return `${stamp.slice(0, 13).replace(/[-T]/g, '/')}/${stamp.replace(/[-:.]/g, '')}-${randomUUID()}.ndjson.gz`;
}

const linesOf = (bytes: Buffer): string[] =>
  gunzipSync(bytes, { maxOutputLength: MAX_INFLATED_BYTES }).toString('utf8').split('\n').filter(Boolean);

async function claimOf(
  container: ContainerClient,
  name: string,
  quarantine: ContainerClient,
): Promise<SpillClaim | 'busy' | 'gone'> {
  const blob = container.getBlockBlobClient(name);
  const lease = blob.getBlobLeaseClient();
  try {
    await lease.acquireLease(LEASE_SECONDS);
  } catch (error) {
    if (statusOf(error) === 409) return 'busy';
    if (statusOf(error) === 404) return 'gone';
    throw error;
  }
  const conditions = { leaseId: lease.leaseId };
  const bytes = await blob.downloadToBuffer(0, undefined, { conditions }).catch(async (error: unknown) => {
    // Given back at once: left to its end, the lease would keep the batch waiting for a minute.
    await lease.releaseLease().catch(() => undefined);
    throw error;
  });
  let lines: string[];
  try {
    lines = linesOf(bytes);
  } catch {
    lines = ['broken gzip data'];
  }
  return {
    lines,
    remove: async () => void (await blob.delete({ conditions })),
    async putAside() {
      await quarantine.createIfNotExists();
      await quarantine.getBlockBlobClient(`spill/${name}`).uploadData(bytes);
      await blob.delete({ conditions });
    },
    release: async () => void (await lease.releaseLease().catch(() => undefined)),
  };
}

/** The spill of one storage account. Lines that come together share a blob. */
export function spillStore(account: StorageAccount, clock: Clock): SpillStore {
  let pending: Waiting[] = [];
  let pendingBytes = 0;
  let isUploading = false;
  const { get: container } = kept(async () => {
    const client = (await account.client()).getContainerClient(CONTAINER);
    await client.createIfNotExists();
    return client;
  });

  /** Takes as many of the waiting as fit one blob. */
  const take = (): Waiting[] => {
    let bytes = 0;
    const end = pending.findIndex(({ line }, index) => (bytes += line.length) > BLOB_BYTES && index > 0);
    const taken = end === -1 ? pending : pending.slice(0, end);
    pending = end === -1 ? [] : pending.slice(end);
    pendingBytes -= taken.reduce((sum, { line }) => sum + line.length, 0);
    return taken;
  };

  const upload = async (waiters: readonly Waiting[]): Promise<void> => {
    try {
      const body = gzipSync(waiters.map(({ line }) => line).join('\n'), { level: 1 });
      const blob = (await container()).getBlockBlobClient(nameAt(clock.now()));
      await blob.upload(body, body.length, {
        conditions: { ifNoneMatch: '*' },
        abortSignal: AbortSignal.timeout(UPLOAD_MS),
      });
      for (const waiter of waiters) waiter.resolve();
    } catch (error) {
      const failure = new SinkUnavailable(
        `the spill takes nothing: ${String(statusOf(error) ?? 'no answer')}`,
        RETRY_MS,
      );
      for (const waiter of waiters) waiter.reject(failure);
    }
  };

  /** One upload at a time: what comes meanwhile shares the next. */
  const run = async (): Promise<void> => {
    if (isUploading) return;
    isUploading = true;
    // What is refused together comes together.
    await new Promise((resolve) => setTimeout(resolve, LINGER_MS));
    while (pending.length > 0) await upload(take());
    isUploading = false;
  };

  return {
    put(line) {
      if (pendingBytes + line.length > MAX_PENDING_BYTES)
        return Promise.reject(new SinkUnavailable('more is coming in than the spill takes', RETRY_MS));
      return new Promise((resolve, reject) => {
        pending.push({ line, resolve, reject });
        pendingBytes += line.length;
        void run();
      });
    },
    ping: async () => void (await (await container()).getProperties()),
    async *waiting() {
      for await (const { name, properties } of (await container()).listBlobsFlat())
        yield { name, bytes: properties.contentLength ?? 0, modifiedMs: properties.lastModified.getTime() };
    },
    claim: async ({ name }) =>
      claimOf(await container(), name, (await account.client()).getContainerClient(QUARANTINE)),
  };
}
