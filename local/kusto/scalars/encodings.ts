import { gunzipSync, inflateSync } from 'node:zlib';
import { elementsOf } from './json-text.ts';

/** Bytes of UTF-8, or undefined when they are no valid UTF-8. */
function utf8Of(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Bytes of a base64 text with its padding; undefined when it is none. */
function bytesOfBase64(text: string): Buffer | undefined {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text) ? Buffer.from(text, 'base64') : undefined;
}

/** `base64_encode_tostring`. */
export function base64Encode(text: string): string {
  return Buffer.from(text).toString('base64');
}

/** `base64_decode_tostring`; null when it is no base64 of UTF-8. */
export function base64Decode(text: string): string | null {
  const bytes = bytesOfBase64(text);
  return bytes ? (utf8Of(bytes) ?? null) : null;
}

/** `base64_decode_toarray`; null when it is no base64. */
export function base64Bytes(text: string): number[] | null {
  const bytes = bytesOfBase64(text);
  return bytes ? [...bytes] : null;
}

/** `base64_encode_fromarray`; null when it is no array of bytes. */
export function base64OfBytes(array: string | null): string | null {
  const bytes = elementsOf(array)?.map(Number);
  return bytes?.every((byte) => Number.isInteger(byte) && byte >= 0 && byte < 256)
    ? Buffer.from(bytes).toString('base64')
    : null;
}

function percent(text: string, keep: RegExp): string {
  return Array.from(Buffer.from(text), (byte) => {
    const char = String.fromCharCode(byte);
    return keep.test(char) ? char : `%${byte.toString(16).padStart(2, '0')}`;
  }).join('');
}

/** `url_encode`: as forms are written, a blank becomes `+`. */
export function urlEncode(text: string): string {
  return percent(text, /[A-Za-z0-9\-_.!*() ]/).replaceAll(' ', '+');
}

/** `url_decode`: `+` becomes a blank; sequences that are none stay. */
export function urlDecode(text: string): string {
  return text
    .replaceAll('+', ' ')
    .replaceAll(/(?:%[0-9A-Fa-f]{2})+/g, (run) => Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8'));
}

const INFLATED_LIMIT = 64 * 1024 * 1024;

function inflated(
  text: string,
  inflate: (bytes: Buffer, options: { maxOutputLength: number }) => Buffer,
): string | null {
  const bytes = bytesOfBase64(text);
  if (!bytes) return null;
  try {
    return utf8Of(inflate(bytes, { maxOutputLength: INFLATED_LIMIT })) ?? null;
  } catch {
    return null;
  }
}

/** `zlib_decompress_from_base64_string`; null when it is none. */
export function zlibDecompress(text: string): string | null {
  return inflated(text, inflateSync);
}

/** `gzip_decompress_from_base64_string`; null when it is none. */
export function gzipDecompress(text: string): string | null {
  return inflated(text, gunzipSync);
}
