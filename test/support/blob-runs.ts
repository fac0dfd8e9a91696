// Where the functions are with a dropped blob, told by the checkpoint and its lease; asking disturbs no run.
import { createHash } from 'node:crypto';
import type { BlobServiceClient } from '@azure/storage-blob';

const CONTAINER = 'checkpoints';

/** `done`, `quarantined` or `running` (cut short) when nobody is at the blob; `busy` while a run holds it; `none` before the first. */
export async function runState(blobs: BlobServiceClient, name: string, container = 'telemetry'): Promise<string> {
  const key = `${createHash('sha256').update(`${container}/${name}`).digest('hex')}.json`;
  const checkpoint = blobs.getContainerClient(CONTAINER).getBlobClient(key);
  if (!(await checkpoint.exists())) return 'none';
  const { leaseState, metadata } = await checkpoint.getProperties();
  return leaseState === 'leased' ? 'busy' : (metadata?.['state'] ?? 'none');
}

/** Names of the blobs in a container; none when there is no such container. */
export async function namesIn(blobs: BlobServiceClient, container: string): Promise<string[]> {
  const names: string[] = [];
  const client = blobs.getContainerClient(container);
  if (await client.exists()) for await (const { name } of client.listBlobsFlat()) names.push(name);
  return names;
}
