import { inflateBody } from '../http/body.ts';
import { KustoError } from '../types.ts';

const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]']);
const TIMEOUT_MS = 60_000;

/** Reads a blob by its URL (with SAS), inflated. Only loopback and the hosts of the configured storage account are asked. */
export async function fetchBlob(uri: string, limit: number, hosts: ReadonlySet<string>): Promise<Buffer> {
  // `url;account-key` forms are for other kinds of storage.
  const url = URL.canParse(uri) ? new URL(uri) : null;
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new KustoError('BADREQUEST', `BadRequest_InvalidBlob: '${uri.split('?')[0] ?? ''}' is no blob URL`);
  if (!LOOPBACK.has(url.hostname) && !hosts.has(url.host)) {
    throw new KustoError(
      'BADREQUEST',
      `Forbidden_StorageHost: this engine reads blobs from its own storage account only, not from '${url.host}'`,
    );
  }
  const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS), redirect: 'error' }).catch(
    (error: unknown) => {
      throw new KustoError(
        'BADREQUEST',
        `Download_TransientError: the blob cannot be read: ${error instanceof Error ? error.message : ''}`,
        undefined,
        false,
      );
    },
  );
  if (!response.ok) {
    const isGone = response.status === 404;
    throw new KustoError(
      'BADREQUEST',
      `${isGone ? 'Download_SourceNotFound' : 'Download_AccessFailed'}: the blob answers HTTP ${response.status}`,
      undefined,
      response.status < 500,
    );
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > limit)
      throw new KustoError('BADREQUEST', `Stream_InputStreamTooLarge: the blob is larger than ${limit} bytes`);
    chunks.push(chunk);
  }
  const encoding = response.headers.get('content-encoding') ?? undefined;
  return inflateBody(Buffer.concat(chunks), encoding === 'gzip' ? undefined : encoding, limit * 16);
}
