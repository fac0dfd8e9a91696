import type { HttpHandler, HttpRequest, HttpResponseInit, InvocationContext } from '@azure/functions';
import type { IngestAnswer } from '../../schema/probe-wire.ts';
import { isRecord, type Batch, type Outcome } from '../pipeline/batch.ts';
import { decodeBody, type Decoded } from '../pipeline/decode.ts';
import { ingest, type Entry, type IngestPorts } from '../pipeline/ingest.ts';
import { readReports } from '../pipeline/log-lines.ts';
import { SinkUnavailable, type Tokens } from '../pipeline/ports.ts';
import { storeOrSpill, type SpillPorts } from '../pipeline/spill.ts';
import { ingestEnvelope } from '../pipeline/transcode/envelope.ts';
import { answer, preflight, refuse, type AnswerOptions } from './answers.ts';
import { causeOf } from './log-safety.ts';
import type { Allowance, Quota, Sender } from './quotas.ts';
import { batchOf, networkFrom, type RequestOptions } from './request-batch.ts';
import { readBody, type BodyOptions } from './request-body.ts';
import type { KeyRing } from './write-keys.ts';

export interface DoorOptions extends SpillPorts, IngestPorts, RequestOptions, BodyOptions {
  readonly keys: KeyRing;
  readonly quota: Quota;
  /** Absent: no secrets are configured, and tokens are not accepted. */
  readonly tokens?: Tokens | undefined;
  /** Pace and sampling that the answer asks of probes. */
  readonly advice: Pick<IngestAnswer, 'interval' | 'sample'>;
  isDraining(): boolean;
}

const DRAIN_RETRY_MS = 5000;
const BUSY_RETRY_MS = 2000;
/** Requests that wait for the store at once. The calls of group commit take what many of them bring; more only wait in memory. */
const MAX_UNDER_WAY = 256;
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

const QUOTA_MESSAGES = {
  quota: 'The quota of this write key is used up.',
  'address-quota': 'The quota of this network is used up.',
};

const overQuota = ({ code, retryAfterMs }: Extract<Allowance, { ok: false }>, cors: AnswerOptions): HttpResponseInit =>
  refuse(429, { code, message: QUOTA_MESSAGES[code] }, { ...cors, retryAfterMs });

/** Whether a record speaks of another session than the one its token was issued for. */
function isForeign(decoded: Decoded, sessionId: string): boolean {
  if (!decoded.ok) return false;
  const { value } = decoded;
  const header = isRecord(value) && isRecord(value['h']) ? value['h'] : value;
  return !isRecord(header) || header['sid'] !== sessionId;
}

interface Admitted extends Sender {
  /** The only session that the sender's token lets it speak of. */
  readonly sessionId?: string | undefined;
}

/** Makes a batch durable and tells its sender. */
async function keep(
  outcome: Outcome,
  isUndecodable: boolean,
  options: DoorOptions,
  cors: AnswerOptions,
): Promise<HttpResponseInit> {
  // Rejects are in quarantine before anyone is told, whatever the answer is.
  const { received, stored, rejected, duplicate, errors } = await storeOrSpill(outcome, options);
  if (isUndecodable)
    return refuse(400, { code: errors[0]?.code ?? 'not-json', message: 'The body could not be decoded.' }, cors);
  const result: IngestAnswer = { received, accepted: stored, rejected, duplicate, errors, ...options.advice };
  return answer(stored + duplicate === 0 && rejected > 0 ? 422 : 202, result, cors);
}

async function acceptBody(
  body: Uint8Array,
  batch: Batch,
  sender: Admitted,
  options: DoorOptions,
  cors: AnswerOptions,
): Promise<HttpResponseInit> {
  const { sessionId } = sender;
  await options.digests.prepare?.(batch.receivedMs);
  // What the fast path declines is decoded, and its sender told what is wrong with it.
  const outcome = sessionId === undefined ? ingestEnvelope(batch, body, options) : undefined;
  if (!outcome) return await acceptDecoded(body, batch, sender, options, cors);
  const allowance = options.quota.take(sender, outcome.received, body.length);
  return allowance.ok ? await keep(outcome, false, options, cors) : overQuota(allowance, cors);
}

async function acceptDecoded(
  body: Uint8Array,
  batch: Batch,
  sender: Admitted,
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
  const allowance = options.quota.take(sender, events, body.length);
  if (!allowance.ok) return overQuota(allowance, cors);
  const { sessionId } = sender;
  if (sessionId !== undefined && decoded.some((one) => isForeign(one, sessionId)))
    return refuse(403, { code: 'token-session', message: 'The token is for another session.' }, cors);
  const isUndecodable = decoded.every(({ ok }) => !ok);
  return await keep(ingest(batch, entries, options), isUndecodable, options, cors);
}

/** What the sender's token says, or the answer that refuses it. */
async function checkToken(
  request: HttpRequest,
  { key }: Sender,
  options: DoorOptions,
  cors: AnswerOptions,
): Promise<Pick<Admitted, 'sessionId'> | HttpResponseInit> {
  const token = request.headers.get('x-framewatch-token') ?? request.query.get('t');
  if (token === null || token === '')
    return key.needsToken
      ? refuse(
          401,
          { code: 'no-token', message: 'This write key needs a token: header x-framewatch-token, or ?t=.' },
          cors,
        )
      : {};
  const origin = request.headers.get('origin') ?? undefined;
  const said = await options.tokens?.verify(token, { tenant: key.tenant, origin, nowMs: options.clock.now() });
  return said ?? refuse(401, { code: 'bad-token', message: 'The token is not valid here and now.' }, cors);
}

async function receive(
  request: HttpRequest,
  context: InvocationContext,
  options: DoorOptions,
  isBusy: boolean,
): Promise<HttpResponseInit> {
  const origin = request.headers.get('origin');
  const allowedOrigin = origin !== null && options.keys.allowsOrigin(origin) ? origin : undefined;
  if (request.method === 'OPTIONS') return preflight(allowedOrigin);
  const cors: AnswerOptions = { allowedOrigin };
  const admission = options.keys.admit(request.headers.get('x-framewatch-key') ?? request.query.get('k'), origin);
  if (!admission.ok) return refuse(admission.status, { code: admission.code, message: admission.message }, cors);
  if (options.isDraining())
    return refuse(
      503,
      { code: 'draining', message: 'This instance is stopping.' },
      { ...cors, retryAfterMs: DRAIN_RETRY_MS },
    );
  // Before the body is looked at: to refuse must cost less than to serve.
  if (isBusy)
    return refuse(
      503,
      { code: 'busy', message: 'More is coming in than this instance takes. Keep the events and try again.' },
      { ...cors, retryAfterMs: BUSY_RETRY_MS },
    );
  const { key } = admission;
  // A server of ours speaks for many viewers from one address.
  const sender: Sender = { key, network: key.isTrusted ? undefined : networkFrom(request, options) };
  const allowance = options.quota.look(sender);
  if (!allowance.ok) return overQuota(allowance, cors);
  try {
    const said = await checkToken(request, sender, options, cors);
    if ('status' in said) return said;
    const body = await readBody(request, options, cors);
    if (!('bytes' in body)) return body;
    const batch = batchOf(request, sender, origin, body.wire, options);
    return await acceptBody(body.bytes, batch, { ...sender, ...said }, options, cors);
  } catch (error) {
    const isExpected = error instanceof SinkUnavailable;
    context.error(`ingestEvents: ${isExpected ? 'store unavailable' : 'failed'}: ${causeOf(error)}`);
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
  let underWay = 0;
  return async (request, context) => {
    underWay++;
    try {
      const response = await receive(request, context, options, underWay > MAX_UNDER_WAY);
      options.counters.add('requests_total', 1, String(response.status ?? 200));
      return response;
    } finally {
      underWay--;
    }
  };
}
