import type { HttpHandler, HttpRequest, HttpResponseInit, InvocationContext } from '@azure/functions';
import type { IngestAnswer } from '../../schema/probe-wire.ts';
import type { Batch } from '../pipeline/batch.ts';
import { decodeBody, type Limits } from '../pipeline/decode.ts';
import { ingest, type Entry, type IngestPorts } from '../pipeline/ingest.ts';
import { readReports } from '../pipeline/log-lines.ts';
import { lastHop, networkOf } from '../pipeline/network.ts';
import { SinkUnavailable, type GeoFacts, type Ids, type Inflater } from '../pipeline/ports.ts';
import { storeOrSpill, type SpillPorts } from '../pipeline/spill.ts';
import { answer, preflight, refuse, type AnswerOptions } from './answers.ts';
import type { KeyRing, Quota, SenderKey } from './write-keys.ts';

export interface DoorOptions extends SpillPorts, IngestPorts {
  readonly ids: Ids;
  readonly inflater: Inflater;
  readonly keys: KeyRing;
  readonly quota: Quota;
  readonly limits: Limits;
  readonly maxWireBytes: number;
  readonly edgeHeaders: Readonly<Partial<Record<keyof GeoFacts, string>>>;
  /** Header with the client's address, set by the proxy before us. */
  readonly addressHeader: string;
  /** Pace and sampling that the answer asks of probes. */
  readonly advice: Pick<IngestAnswer, 'interval' | 'sample'>;
  isDraining(): boolean;
}

/** Reports of CMCD v2 event mode, one a line. */
const CMCD_TYPE = 'application/cmcd';
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
const DRAIN_RETRY_MS = 5000;
/** Edge headers come URL-encoded or in Latin-1 at times; longer ones are not geography. */
const MAX_EDGE_LENGTH = 96;

function edgeFacts(request: HttpRequest, names: DoorOptions['edgeHeaders']): GeoFacts {
  const read = (name: string | undefined): string | undefined => {
    const value = name === undefined ? null : request.headers.get(name);
    return value === null || value === '' || value.length > MAX_EDGE_LENGTH ? undefined : value;
  };
  const asn = Number(read(names.asn) ?? Number.NaN);
  return {
    country: read(names.country),
    region: read(names.region),
    city: read(names.city),
    asn: Number.isNaN(asn) ? undefined : asn,
  };
}

function batchOf(
  request: HttpRequest,
  key: SenderKey,
  origin: string | null,
  bytes: number,
  options: DoorOptions,
): Batch {
  const { headers } = request;
  return {
    batchId: options.ids.next(),
    door: 'http',
    tenant: key.tenant,
    receivedMs: options.clock.now(),
    origin: origin ?? undefined,
    bytes,
    dialect: contentType(request) === CMCD_TYPE ? 'cmcd' : undefined,
    isTrusted: key.isTrusted,
    isOptedOut: headers.get('sec-gpc') === '1' || headers.get('dnt') === '1',
    edge: edgeFacts(request, options.edgeHeaders),
    network: networkOf(lastHop(headers.get(options.addressHeader))),
    userAgent: {
      userAgent: headers.get('user-agent') ?? '',
      platform: headers.get('sec-ch-ua-platform') ?? undefined,
      mobile: headers.get('sec-ch-ua-mobile') ?? undefined,
    },
  };
}

const contentType = (request: HttpRequest): string =>
  (request.headers.get('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';

/** The body as it was before compression, or the answer that refuses it. */
async function readBody(
  request: HttpRequest,
  options: DoorOptions,
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

/** Events in a body, before anything is done with them. */
function countEvents(entries: readonly Entry[]): number {
  let count = 0;
  for (const { decoded } of entries) {
    const events =
      decoded.ok && typeof decoded.value === 'object' && decoded.value !== null && 'e' in decoded.value
        ? decoded.value.e
        : undefined;
    count += Array.isArray(events) ? events.length : 1;
  }
  return count;
}

async function acceptBody(
  body: Uint8Array,
  batch: Batch,
  key: SenderKey,
  options: DoorOptions,
  cors: AnswerOptions,
): Promise<HttpResponseInit> {
  const decoded = batch.dialect === 'cmcd' ? readReports(body, options.limits) : decodeBody(body, options.limits);
  const entries = decoded.map((one) => ({ decoded: one }));
  if (entries.length === 0)
    return refuse(
      400,
      { code: 'empty', message: 'The body is empty. A chunked body does not reach this service: send Content-Length.' },
      cors,
    );
  const events = countEvents(entries);
  if (events > options.limits.maxEvents) {
    return refuse(
      413,
      { code: 'too-many-events', message: 'Too many events in one body.', limit: options.limits.maxEvents },
      cors,
    );
  }
  const quota = options.quota.take(key, events);
  if (!quota.ok)
    return refuse(
      429,
      { code: 'quota', message: 'The quota of this write key is used up.' },
      { ...cors, retryAfterMs: quota.retryAfterMs },
    );
  await options.digests.prepare?.(batch.receivedMs);
  const outcome = ingest(batch, entries, options);
  // Rejects are in quarantine before anyone is told, whatever the answer is.
  const { received, stored, rejected, duplicate, errors } = await storeOrSpill(outcome, options);
  const isUndecodable = decoded.every(({ ok }) => !ok);
  if (isUndecodable)
    return refuse(400, { code: errors[0]?.code ?? 'not-json', message: 'The body could not be decoded.' }, cors);
  const result: IngestAnswer = { received, accepted: stored, rejected, duplicate, errors, ...options.advice };
  return answer(stored + duplicate === 0 && rejected > 0 ? 422 : 202, result, cors);
}

async function receive(
  request: HttpRequest,
  context: InvocationContext,
  options: DoorOptions,
): Promise<HttpResponseInit> {
  const origin = request.headers.get('origin');
  if (request.method === 'OPTIONS')
    return preflight(origin !== null && options.keys.allowsOrigin(origin) ? origin : undefined);
  const admission = options.keys.admit(request.headers.get('x-framewatch-key') ?? request.query.get('k'), origin);
  const cors: AnswerOptions = {
    allowedOrigin: origin !== null && options.keys.allowsOrigin(origin) ? origin : undefined,
  };
  if (!admission.ok) return refuse(admission.status, { code: admission.code, message: admission.message }, cors);
  if (options.isDraining())
    return refuse(
      503,
      { code: 'draining', message: 'This instance is stopping.' },
      { ...cors, retryAfterMs: DRAIN_RETRY_MS },
    );
  const body = await readBody(request, options, cors);
  if (!('bytes' in body)) return body;
  try {
    return await acceptBody(
      body.bytes,
      batchOf(request, admission.key, origin, body.wire, options),
      admission.key,
      options,
      cors,
    );
  } catch (error) {
    const isExpected = error instanceof SinkUnavailable;
    context.error(
      `ingestEvents: ${isExpected ? 'store unavailable' : 'failed'}: ${error instanceof Error ? error.message : String(error)}`,
    );
    const retryAfterMs = isExpected ? error.retryAfterMs : DRAIN_RETRY_MS;
    return refuse(
      503,
      { code: 'unavailable', message: 'The events could not be stored. Keep them and try again.' },
      { ...cors, retryAfterMs },
    );
  }
}

/** `POST /api/v1/events`: what a viewer's browser or a server of ours sends. A 202 means stored. */
export function ingestEvents(options: DoorOptions): HttpHandler {
  return async (request, context) => {
    const response = await receive(request, context, options);
    options.counters.add('requests_total', 1, String(response.status ?? 200));
    return response;
  };
}
