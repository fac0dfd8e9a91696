import { gunzipSync } from 'node:zlib';
import type { Inflater } from '../pipeline/ports.ts';

const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

const isTooLarge = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';

/** Synchronous on purpose: for a body of a few kilobytes the thread pool costs five times the work itself. */
export const inflater: Inflater = {
  inflate(bytes, maxBytes) {
    if (!isGzip(bytes)) return bytes.length > maxBytes ? { ok: false, reason: 'too-large' } : { ok: true, bytes };
    try {
      return { ok: true, bytes: gunzipSync(bytes, { maxOutputLength: maxBytes }) };
    } catch (error) {
      return { ok: false, reason: isTooLarge(error) ? 'too-large' : 'not-gzip' };
    }
  },
};
