import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, gunzipSync, inflate } from 'node:zlib';
import { KustoError } from '../types.ts';

const unzip = promisify(gunzip);
const unDeflate = promisify(inflate);
const unBrotli = promisify(brotliDecompress);

/** Inflated on the spot: the thread pool is shared with running queries, and its queue costs more than the work. */
const SYNC_BYTES = 64 * 1024;

export const tooLarge = (limit: number): KustoError =>
  new KustoError(
    'BADREQUEST',
    `Stream_InputStreamTooLarge: the request is larger than ${limit} bytes (${limit / 1024 / 1024} MB); send it in parts or use queued ingestion`,
  );

/** The whole body, inflated when it is gzip (by its header or its first bytes); refused when it is larger than `limit` before or after. */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    // What lies beyond is read and dropped, so that the client gets its answer instead of a reset connection.
    if (size <= limit) chunks.push(chunk);
    else if (size > limit * 16) break;
  }
  if (size > limit) throw tooLarge(limit);
  return inflateBody(Buffer.concat(chunks), request.headers['content-encoding'], limit);
}

export async function inflateBody(body: Buffer, encoding: string | undefined, limit: number): Promise<Buffer> {
  // Small chunks cost a turn of the event loop each, large ones memory for every small request.
  const chunkSize = Math.min(1024 * 1024, Math.max(16 * 1024, body.length * 8));
  const options = { maxOutputLength: limit, chunkSize };
  try {
    if (body[0] === 0x1f && body[1] === 0x8b)
      return body.length <= SYNC_BYTES ? gunzipSync(body, options) : await unzip(body, options);
    if (encoding === 'deflate') return await unDeflate(body, options);
    if (encoding === 'br') return await unBrotli(body, options);
    return body;
  } catch (error) {
    if (
      error instanceof RangeError ||
      (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE')
    )
      throw tooLarge(limit);
    throw new KustoError(
      'BADREQUEST',
      `The compressed body cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
