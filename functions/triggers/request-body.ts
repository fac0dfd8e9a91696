import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import type { Limits } from '../pipeline/decode.ts';
import type { Inflater } from '../pipeline/ports.ts';
import { refuse, type AnswerOptions } from './answers.ts';
import { CMCD_TYPE, contentType } from './request-batch.ts';

export interface BodyOptions {
  readonly inflater: Inflater;
  readonly limits: Limits;
  readonly maxWireBytes: number;
}

const CONTENT_TYPES = new Set([
  '',
  'text/plain',
  CMCD_TYPE,
  'application/json',
  'application/x-ndjson',
  'application/octet-stream',
  'application/gzip',
]);
const ENCODINGS = new Set(['', 'identity', 'gzip']);

/** The body as it was before compression, or the answer that refuses it. */
export async function readBody(
  request: HttpRequest,
  options: BodyOptions,
  cors: AnswerOptions,
): Promise<{ bytes: Uint8Array; wire: number } | HttpResponseInit> {
  const encoding = (request.headers.get('content-encoding') ?? '').trim().toLowerCase();
  if (!CONTENT_TYPES.has(contentType(request)))
    return refuse(
      415,
      { code: 'content-type', message: 'Send text/plain, application/json or application/cmcd.' },
      cors,
    );
  if (!ENCODINGS.has(encoding))
    return refuse(415, { code: 'content-encoding', message: 'Send the body as it is or as gzip.' }, cors);
  const wire = new Uint8Array(await request.arrayBuffer());
  const { maxWireBytes, limits } = options;
  if (wire.length > maxWireBytes)
    return refuse(413, { code: 'too-large', message: 'The body is too large.', limit: maxWireBytes }, cors);
  const inflated = options.inflater.inflate(wire, limits.maxBodyBytes);
  if (inflated.ok) return { bytes: inflated.bytes, wire: wire.length };
  return inflated.reason === 'too-large'
    ? refuse(
        413,
        { code: 'too-large', message: 'The body is too large once inflated.', limit: limits.maxBodyBytes },
        cors,
      )
    : refuse(400, { code: 'not-gzip', message: 'The body begins as gzip but is not.' }, cors);
}
