import type { BlobClient } from '@azure/storage-blob';
import { statusOf } from '../../functions/adapters/storage-account.ts';

const LEASE_SECONDS = 60;
const RENEW_MS = 20_000;
const PAUSE_MS = 1000;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Holds a lease on a blob while `work` runs, so that two commands do not meet on it, nor a command and the functions.
 * @returns `busy` when someone else has kept it at each of `tries` looks, a second apart; `gone` when there is no such blob
 */
export async function leased<T>(
  blob: BlobClient,
  tries: number,
  work: (leaseId: string) => Promise<T>,
): Promise<T | 'busy' | 'gone'> {
  const lease = blob.getBlobLeaseClient();
  for (let attempt = 1; ; attempt++) {
    try {
      await lease.acquireLease(LEASE_SECONDS);
      break;
    } catch (error) {
      if (statusOf(error) === 404) return 'gone';
      if (statusOf(error) !== 409) throw error;
      if (attempt >= tries) return 'busy';
      await sleep(PAUSE_MS);
    }
  }
  const timer = setInterval(() => void lease.renewLease().catch(() => undefined), RENEW_MS);
  try {
    return await work(lease.leaseId);
  } finally {
    clearInterval(timer);
    // Gone with the blob when it was deleted.
    await lease.releaseLease().catch(() => undefined);
  }
}
