/** The calls of the Blob service after which Event Grid tells of a new blob. */
type UploadApi = 'PutBlob' | 'PutBlockList' | 'CopyBlob';

/** A request that, when it succeeds, leaves a new or replaced blob behind. */
export interface Upload {
  api: UploadApi;
  container: string;
  /** Decoded: may hold spaces, slashes and letters beyond ASCII. */
  blob: string;
}

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

const decode = (part: string): string | undefined => {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
};

/**
 * Recognises an upload by its method, path and query: `PUT /account/container/blob` without `restype`, and without `comp` (a whole
 * blob, or a copy) or with `comp=blocklist`. Blocks, metadata, tags, leases, pages and appends create no blob and give `undefined`.
 */
export const uploadOf = (method: string | undefined, url: string, headers: Headers): Upload | undefined => {
  if (method !== 'PUT') return undefined;
  const [path = '', query = ''] = url.split('?', 2);
  const parameters = new URLSearchParams(query);
  if (parameters.has('restype')) return undefined;
  const [, , container, ...rest] = path.split('/');
  const name = decode(rest.join('/'));
  const decodedContainer = decode(container ?? '');
  if (!decodedContainer || !name) return undefined;
  const comp = parameters.get('comp');
  if (comp === 'blocklist') return { api: 'PutBlockList', container: decodedContainer, blob: name };
  if (comp !== null) return undefined;
  // A put with a source and a blob type is `Put Blob From URL`: the copy is the blob's whole content, made before the answer.
  const isCopy = headers['x-ms-copy-source'] !== undefined && headers['x-ms-blob-type'] === undefined;
  return { api: isCopy ? 'CopyBlob' : 'PutBlob', container: decodedContainer, blob: name };
};
