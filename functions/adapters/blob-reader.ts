import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { BlobClient } from '@azure/storage-blob';
import { BlobFault, type BlobReader, type BlobRef } from '../pipeline/ports.ts';
import { gunzipped } from './gunzip.ts';
import { statusOf, type StorageAccount } from './storage-account.ts';

/** Real telemetry inflates 8 to 60 times; a bomb 1,000 times. Small files may do what they like. */
const MAX_RATIO = 250;
const RATIO_FROM_BYTES = 16 * 1024 * 1024;
const DOWNLOAD_RETRIES = 3;
const QUARANTINE = 'quarantine';

async function* counted(source: AsyncIterable<Uint8Array>, count: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    count(chunk.length);
    yield chunk;
  }
}

const isZlibError = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('Z_');

/** Undoes gzip when the content is gzip, in bounded memory and with a bounded ratio. A chunk stands until the one after the next is asked for. */
export async function* inflated(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let input = 0;
  const iterator = counted(source, (bytes) => (input += bytes));
  const first = await iterator.next();
  if (first.done) return;
  const head = first.value;
  async function* whole(): AsyncGenerator<Uint8Array> {
    yield head;
    yield* iterator;
  }
  if (head[0] !== 0x1f || head[1] !== 0x8b) {
    yield* whole();
    return;
  }
  let output = 0;
  try {
    for await (const chunk of gunzipped(whole())) {
      output += chunk.length;
      if (output > RATIO_FROM_BYTES && output > input * MAX_RATIO) {
        throw new BlobFault('too-large', `inflates more than ${MAX_RATIO} times`);
      }
      yield chunk;
    }
  } catch (error) {
    throw isZlibError(error) ? new BlobFault('not-gzip', 'broken gzip data') : error;
  }
}

/** Storage may cut the two first bytes apart; the magic number needs both. */
async function* withHead(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let head: Uint8Array | undefined;
  for await (const chunk of source) {
    if (head === undefined || head.length < 2) {
      head = head === undefined ? chunk : Buffer.concat([head, chunk]);
      if (head.length >= 2) yield head;
    } else yield chunk;
  }
  if (head !== undefined && head.length < 2) yield head;
}

/** Names from outside never become paths of ours. */
const asideName = (ref: BlobRef, etag: string, reason: string): string =>
  `${new Date().toISOString().slice(0, 10)}/${reason}/${createHash('sha256').update(`${ref.container}/${ref.name}#${etag}`).digest('hex')}`;

/** Reads blobs of the configured account only, never a URL from an event. */
export function blobReader(account: StorageAccount): BlobReader {
  const blobOf = async ({ container, name }: BlobRef): Promise<BlobClient> => {
    const blob = (await account.client()).getContainerClient(container).getBlobClient(name);
    // A name such as `../other/x` would leave its container when it becomes a URL. The client shows backslashes as slashes.
    if (blob.containerName !== container || blob.name !== name.replaceAll('\\', '/'))
      throw new BlobFault('blob-unreadable', 'no name of a blob');
    return blob;
  };
  const download = async (ref: BlobRef, etag: string): Promise<AsyncIterable<Uint8Array>> => {
    try {
      const response = await (
        await blobOf(ref)
      ).download(0, undefined, { conditions: { ifMatch: etag }, maxRetryRequests: DOWNLOAD_RETRIES });
      return response.readableStreamBody as AsyncIterable<Uint8Array> & NodeJS.ReadableStream;
    } catch (error) {
      const status = statusOf(error);
      if (status === 412 || status === 404) throw new BlobFault('blob-changed', 'another version has taken its place');
      throw error;
    }
  };
  return {
    async stat(ref) {
      try {
        const { etag, contentLength, lastModified } = await (await blobOf(ref)).getProperties();
        return { etag: etag ?? '', size: contentLength ?? 0, modifiedMs: lastModified?.getTime() ?? 0 };
      } catch (error) {
        if (statusOf(error) === 404) return undefined;
        throw error;
      }
    },
    async *open(ref, etag) {
      yield* inflated(withHead(await download(ref, etag)));
    },
    async quarantine(ref, etag, reason) {
      const container = (await account.client()).getContainerClient(QUARANTINE);
      await container.createIfNotExists();
      const metadata = { container: ref.container, name: encodeURIComponent(ref.name).slice(0, 1024), reason };
      const source = Readable.from(await download(ref, etag), { objectMode: false });
      await container
        .getBlockBlobClient(asideName(ref, etag, reason))
        .uploadStream(source, 1024 * 1024, 2, { metadata });
    },
  };
}
