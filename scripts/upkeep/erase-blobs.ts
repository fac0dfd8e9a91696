// The storage account's part of an erasure: spill, quarantine, and the blobs that third parties dropped.
import { gzipSync } from 'node:zlib';
import type { BlockBlobClient, ContainerClient } from '@azure/storage-blob';
import { checkpointStore } from '../../functions/adapters/checkpoint-store.ts';
import type { StorageAccount } from '../../functions/adapters/storage-account.ts';
import {
  erasedLines,
  sessionsInLine,
  textLines,
  eraseSpilled,
  packed,
  spilledLines,
  UnsearchableError,
  type Tally,
} from './erase-lines.ts';
import { leased } from './leased.ts';
import type { Matcher } from './subject.ts';

const TRIES = 10;
const PART_BYTES = 4 * 1024 * 1024;
const SPILLED = 'spill/';
/** Where the product itself puts blobs with events. */
export const OWN_CONTAINERS = ['spill', 'quarantine'];

/** A blob in which the subject was found, or that could not be searched. */
export interface BlobFinding {
  readonly container: string;
  readonly name: string;
  /** Records of the subject. */
  readonly found: number;
  readonly action: 'found' | 'rewritten' | 'deleted' | 'busy' | 'unsearchable';
  readonly detail?: string | undefined;
}

export interface BlobSearch {
  readonly matcher: Matcher;
  /** False: only look. */
  readonly isErasing: boolean;
  progress(text: string): void;
}

type Source = AsyncIterable<Uint8Array> & NodeJS.ReadableStream;
type Conditions = Readonly<{ leaseId?: string; ifMatch?: string }>;

interface Found extends Tally {
  readonly isGzip: boolean;
  /** Why it could not be read to its end; what was counted stands before it. */
  readonly fault?: string;
}

/** Reads through a blob, as far as it can be read. */
async function search(blob: BlockBlobClient, matcher: Matcher): Promise<Found> {
  const tally = { erased: 0, kept: 0 };
  let isGzip = false;
  try {
    const { readableStreamBody } = await blob.download(0, 2).catch(() => ({ readableStreamBody: undefined }));
    const head: Buffer[] = [];
    for await (const chunk of (readableStreamBody ?? []) as Source) head.push(Buffer.from(chunk));
    isGzip = Buffer.concat(head).toString('hex') === '1f8b';
    const whole = await blob.download();
    const lines = erasedLines(whole.readableStreamBody as Source, matcher, tally);
    while (!(await lines.next()).done);
  } catch (error) {
    if (error instanceof UnsearchableError || (error instanceof Error && error.name === 'BlobFault'))
      return { ...tally, isGzip, fault: error.message };
    throw error;
  }
  return { ...tally, isGzip };
}

/** Writes a blob anew without the subject's records, its properties kept. Gives the new ETag; undefined when nothing was left. */
async function rewrite(
  blob: BlockBlobClient,
  found: Found,
  matcher: Matcher,
  conditions: Conditions,
): Promise<string | undefined> {
  if (found.kept === 0) {
    await blob.delete({ conditions });
    return undefined;
  }
  const source = await blob.download(0, undefined, { conditions });
  const lines = erasedLines(source.readableStreamBody as Source, matcher, { erased: 0, kept: 0 });
  const { etag } = await blob.uploadStream(packed(lines, found.isGzip), PART_BYTES, 2, {
    conditions,
    metadata: source.metadata ?? {},
    blobHTTPHeaders: { blobContentType: source.contentType ?? 'application/octet-stream' },
  });
  return etag;
}

/** Spilled batches and those of them in quarantine: rows are taken out, their batch's account is corrected. */
async function eraseSpillBlob(
  blob: BlockBlobClient,
  { matcher, isErasing }: BlobSearch,
): Promise<Omit<BlobFinding, 'container' | 'name'> | undefined> {
  const work = async (leaseId: string): Promise<Omit<BlobFinding, 'container' | 'name'> | undefined> => {
    const conditions = leaseId === '' ? {} : { leaseId };
    const lines = spilledLines(await blob.downloadToBuffer(0, undefined, { conditions }));
    const made = lines.map((line) => eraseSpilled(line, matcher));
    const found = made.reduce((sum, { erased }) => sum + erased, 0);
    if (found === 0) return undefined;
    if (!isErasing) return { found, action: 'found' };
    const kept = made.flatMap(({ text }) => text ?? []);
    if (kept.length === 0) {
      await blob.delete({ conditions });
      return { found, action: 'deleted' };
    }
    const body = gzipSync(kept.join('\n'));
    await blob.upload(body, body.length, { conditions });
    return { found, action: 'rewritten' };
  };
  if (!isErasing) return work('');
  const result = await leased(blob, TRIES, work);
  if (result === 'gone') return undefined;
  return result === 'busy'
    ? { found: 0, action: 'busy', detail: 'it is being drained: run the erasure again' }
    : result;
}

async function eraseCopy(
  blob: BlockBlobClient,
  options: BlobSearch,
): Promise<Omit<BlobFinding, 'container' | 'name'> | undefined> {
  const found = await search(blob, options.matcher);
  const { fault } = found;
  if (found.erased === 0) return fault === undefined ? undefined : { found: 0, action: 'unsearchable', detail: fault };
  if (!options.isErasing) return { found: found.erased, action: 'found', detail: fault };
  // What is behind the fault cannot be told from the subject's: the copy goes as a whole. The sender's own is where it was dropped.
  const result = await leased(blob, TRIES, async (leaseId) =>
    rewrite(blob, fault === undefined ? found : { ...found, kept: 0 }, options.matcher, { leaseId }),
  );
  if (result === 'busy') return { found: found.erased, action: 'busy' };
  return { found: found.erased, action: result === undefined ? 'deleted' : 'rewritten' };
}

async function containerOf(storage: StorageAccount, name: string): Promise<ContainerClient | undefined> {
  const container = (await storage.client()).getContainerClient(name);
  return (await container.exists()) ? container : undefined;
}

/** Sessions that blobs tie to the subject: those that wait in the spill, and those whose raw lines name a viewer. */
export async function sessionsInBlobs(
  storage: StorageAccount,
  containers: readonly string[],
  matcher: Matcher,
): Promise<Set<string>> {
  const sessions = new Set<string>();
  for (const name of containers) {
    const container = await containerOf(storage, name);
    if (!container) continue;
    for await (const item of container.listBlobsFlat()) {
      const { readableStreamBody } = await container.getBlobClient(item.name).download();
      for await (const text of textLines(readableStreamBody as Source))
        for (const session of sessionsInLine(text, matcher)) sessions.add(session);
    }
  }
  return sessions;
}

/** Spill and quarantine, which are the product's own. */
export async function eraseOwnBlobs(storage: StorageAccount, options: BlobSearch): Promise<BlobFinding[]> {
  const findings: BlobFinding[] = [];
  for (const name of OWN_CONTAINERS) {
    const container = await containerOf(storage, name);
    if (!container) continue;
    for await (const item of container.listBlobsFlat()) {
      const blob = container.getBlockBlobClient(item.name);
      const isSpill = name === 'spill' || item.name.startsWith(SPILLED);
      const finding = await (isSpill ? eraseSpillBlob(blob, options) : eraseCopy(blob, options));
      if (finding) findings.push({ container: name, name: item.name, ...finding });
    }
  }
  return findings;
}

/**
 * Blobs as third parties dropped them, with raw ids: listed, and written anew where the operator asks for it. The checkpoint is
 * held meanwhile and told of the new version, so that it is not read in again.
 */
export async function eraseDrops(
  storage: StorageAccount,
  containers: readonly string[],
  options: BlobSearch,
): Promise<BlobFinding[]> {
  const findings: BlobFinding[] = [];
  const checkpoints = checkpointStore(storage);
  for (const name of containers) {
    const container = await containerOf(storage, name);
    if (!container) continue;
    let looked = 0;
    for await (const item of container.listBlobsFlat()) {
      if (++looked % 100 === 0) options.progress(`${looked} blobs of ${name} searched`);
      const blob = container.getBlockBlobClient(item.name);
      const place = { container: name, name: item.name };
      const found = await search(blob, options.matcher);
      if (found.fault !== undefined) {
        findings.push({ ...place, found: found.erased, action: 'unsearchable', detail: found.fault });
        continue;
      }
      if (found.erased === 0) continue;
      if (!options.isErasing) {
        findings.push({ ...place, found: found.erased, action: 'found' });
        continue;
      }
      const claim = await checkpoints.claim(place);
      if (claim === 'busy' || claim.checkpoint?.state === 'running') {
        if (claim !== 'busy') await claim.release();
        findings.push({
          ...place,
          found: found.erased,
          action: 'busy',
          detail: 'it is being read in: run the erasure again',
        });
        continue;
      }
      try {
        const { etag: before = '' } = await blob.getProperties();
        const etag = await rewrite(blob, found, options.matcher, { ifMatch: before });
        // A version that was not read in yet will be, without the records.
        if (etag !== undefined && claim.checkpoint?.etag === before) await claim.save({ ...claim.checkpoint, etag });
        findings.push({ ...place, found: found.erased, action: etag === undefined ? 'deleted' : 'rewritten' });
      } finally {
        await claim.release();
      }
    }
  }
  return findings;
}

/** Days for which storage keeps what was deleted or overwritten; undefined when it does not say. */
export async function softDeleteDays(storage: StorageAccount): Promise<number | undefined> {
  try {
    const { deleteRetentionPolicy } = await (await storage.client()).getProperties();
    return deleteRetentionPolicy?.enabled ? (deleteRetentionPolicy.days ?? 0) : 0;
  } catch {
    return undefined;
  }
}
