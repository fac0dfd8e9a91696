import { createHash } from 'node:crypto';
import type { BlockBlobClient } from '@azure/storage-blob';
import type { BlobRef, Checkpoint, Checkpoints, Claim } from '../pipeline/ports.ts';
import { kept } from './kept.ts';
import { statusOf, type StorageAccount } from './storage-account.ts';

// Checkpoints as small blobs, written under a lease and with If-Match: two runs over one blob cannot both go on.

const CONTAINER = 'checkpoints';
const LEASE_SECONDS = 60;
const RENEW_AFTER_MS = 20_000;
const POSTPONED = 'postponed/';
const MOST_POSTPONED = 100;

/** Blob names are long and may hold anything; their digest is a safe name of fixed length. */
const keyOf = ({ container, name }: BlobRef): string =>
  `${createHash('sha256').update(`${container}/${name}`).digest('hex')}.json`;
/** ETags come with quotes in headers and without in listings. */
const bare = (etag: string | undefined): string => (etag ?? '').replaceAll('"', '');

/** Leases forbid writing without them (412), If-None-Match forbids writing at all (409): both mean it is there. */
async function createIfMissing(blob: BlockBlobClient): Promise<void> {
  try {
    await blob.upload('', 0, { conditions: { ifNoneMatch: '*' } });
  } catch (error) {
    const status = statusOf(error);
    if (status !== 409 && status !== 412) throw error;
  }
}

async function claimOf(blob: BlockBlobClient): Promise<Claim | 'busy'> {
  await createIfMissing(blob);
  const lease = blob.getBlobLeaseClient();
  try {
    await lease.acquireLease(LEASE_SECONDS);
  } catch (error) {
    if (statusOf(error) === 409) return 'busy';
    throw error;
  }
  const { leaseId } = lease;
  let renewedMs = performance.now();
  const read = async () => {
    const current = await blob.download(0, undefined, { conditions: { leaseId } });
    const chunks: Buffer[] = [];
    for await (const chunk of current.readableStreamBody ?? []) chunks.push(Buffer.from(chunk));
    return { text: Buffer.concat(chunks).toString('utf8'), current };
  };
  const { text, current } = await read().catch(async (error: unknown) => {
    // Given back at once: left to its end, the lease would keep the blob waiting for a minute.
    await lease.releaseLease().catch(() => undefined);
    throw error;
  });
  let etag = current.etag ?? '*';
  return {
    checkpoint: text === '' ? undefined : (JSON.parse(text) as Checkpoint),
    async save(checkpoint) {
      if (performance.now() - renewedMs > RENEW_AFTER_MS) {
        await lease.renewLease();
        renewedMs = performance.now();
      }
      const body = JSON.stringify(checkpoint);
      const metadata = { state: checkpoint.state, etag: bare(checkpoint.etag) };
      const written = await blob.upload(body, Buffer.byteLength(body), {
        conditions: { leaseId, ifMatch: etag },
        metadata,
      });
      etag = written.etag ?? '*';
    },
    async release() {
      try {
        await lease.releaseLease();
      } catch (error) {
        // Lost already, by time or by someone else: there is nothing left to give back.
        if (statusOf(error) !== 409) throw error;
      }
    },
  };
}

export function checkpointStore(account: StorageAccount): Checkpoints {
  const { get: checkpoints } = kept(async () => {
    const container = (await account.client()).getContainerClient(CONTAINER);
    await container.createIfNotExists();
    return container;
  });
  return {
    claim: async (ref) => claimOf((await checkpoints()).getBlockBlobClient(keyOf(ref))),
    async postpone(ref) {
      const body = JSON.stringify(ref);
      await (await checkpoints()).getBlockBlobClient(`${POSTPONED}${keyOf(ref)}`).upload(body, Buffer.byteLength(body));
    },
    async postponed() {
      const container = await checkpoints();
      const refs: BlobRef[] = [];
      for await (const { name } of container.listBlobsFlat({ prefix: POSTPONED })) {
        const text = await container.getBlobClient(name).downloadToBuffer();
        refs.push(JSON.parse(text.toString('utf8')) as BlobRef);
        if (refs.length === MOST_POSTPONED) break;
      }
      return refs;
    },
    forget: async (ref) =>
      void (await (await checkpoints()).getBlobClient(`${POSTPONED}${keyOf(ref)}`).deleteIfExists()),
    async unfinished(container) {
      const known = new Map<string, Readonly<Record<string, string>>>();
      for await (const blob of (await checkpoints()).listBlobsFlat({ includeMetadata: true }))
        known.set(blob.name, blob.metadata ?? {});
      const drop = (await account.client()).getContainerClient(container);
      const found: (BlobRef & { isKnown: boolean; modifiedMs: number })[] = [];
      if (!(await drop.exists())) return found;
      for await (const { name, properties } of drop.listBlobsFlat()) {
        const checkpoint = known.get(keyOf({ container, name }));
        const isFinished =
          checkpoint !== undefined && checkpoint['state'] !== 'running' && checkpoint['etag'] === bare(properties.etag);
        const hasState = checkpoint?.['state'] !== undefined;
        if (!isFinished)
          found.push({ container, name, isKnown: hasState, modifiedMs: properties.lastModified.getTime() });
      }
      return found.sort((a, b) => a.modifiedMs - b.modifiedMs);
    },
  };
}
