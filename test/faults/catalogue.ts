// The faults that the matrix injects between the functions and what they depend on.
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import type { Answer, Exchange, Fault } from './proxy.ts';

/** What stands behind a proxy decides how its errors look. */
export type Target = 'kusto' | 'blob';

/** How one fault is brought about. `down` and `dns` are states of the connection, the others happen to each exchange. */
export type Injection = 'down' | 'dns' | ((target: Target) => Fault);

/** Seconds that faults with a Retry-After ask for. */
export const RETRY_AFTER_SECONDS = 2;
/** A row with this text is refused for good by {@link FAULTS}['400 permanent']. */
export const POISON = 'poison-of-the-matrix';

const json = (status: number, value: unknown, headers: readonly string[] = []): Answer => {
  const body = Buffer.from(JSON.stringify(value));
  return {
    status,
    headers: ['content-type', 'application/json', 'content-length', String(body.length), ...headers],
    body,
  };
};

/** An error as Kusto words it (OneApi), or as storage does (a code in a header). */
function errorOf(
  target: Target,
  status: number,
  code: string,
  isPermanent: boolean,
  headers: readonly string[] = [],
): Answer {
  if (target === 'kusto') {
    const error = {
      code,
      message: 'injected',
      '@type': `Kusto.${code}`,
      '@message': 'injected fault',
      '@permanent': isPermanent,
    };
    return json(status, { error }, headers);
  }
  const body = Buffer.from(
    `<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>injected</Message></Error>`,
  );
  return {
    status,
    headers: [
      'content-type',
      'application/xml',
      'content-length',
      String(body.length),
      'x-ms-error-code',
      code,
      ...headers,
    ],
    body,
  };
}

const refusing =
  (status: number, code: string, isPermanent = false, retryAfterSeconds?: number) =>
  (target: Target): Fault =>
  (exchange) =>
    exchange.answer(
      errorOf(
        target,
        status,
        code,
        isPermanent,
        retryAfterSeconds === undefined ? [] : ['retry-after', String(retryAfterSeconds)],
      ),
    );

const wrong = (contentType: string, text: string) => (): Fault => (exchange) => {
  const body = Buffer.from(text);
  exchange.answer({ status: 200, headers: ['content-type', contentType, 'content-length', String(body.length)], body });
};

/** Quarantine quotes the row that was refused, so it is left alone. */
const holdsPoison = ({ url, body }: Exchange): boolean =>
  url.includes('/Playback') && (body[0] === 0x1f ? gunzipSync(body) : body).includes(POISON);

const BYTES_PER_SECOND = 20_000;
const LATENCY_MS = 700;

export const FAULTS = {
  reset: () => (exchange) => exchange.reset(),
  hang: () => () => undefined,
  '429 with Retry-After': refusing(429, 'General_ThrottledIngestion', false, RETRY_AFTER_SECONDS),
  '429 without': refusing(429, 'General_ThrottledIngestion'),
  '500': refusing(500, 'General_InternalServerError'),
  '503': refusing(503, 'ServerBusy'),
  '503 with Retry-After': refusing(503, 'ServerBusy', false, RETRY_AFTER_SECONDS),
  slow: () => async (exchange) => {
    await sleep((exchange.body.length / BYTES_PER_SECOND) * 1000);
    await exchange.answerSliced(await exchange.pass(), BYTES_PER_SECOND / 1000);
  },
  latency: () => async (exchange) => {
    await sleep(LATENCY_MS);
    exchange.answer(await exchange.pass());
  },
  'half answer': () => async (exchange) => exchange.answerSliced(await exchange.pass(), 4096, 0.5),
  'wrong content: HTML': wrong('text/html', '<!DOCTYPE html><title>Sign in</title><p>Accept the terms to go on.'),
  'wrong content: JSON': wrong('application/json', '{"answer":42}'),
  refused: 'down',
  'DNS gone': 'dns',
  'commit, then reset': () => async (exchange) => {
    await exchange.pass();
    exchange.reset();
  },
  'commit, then 500': (target) => async (exchange) => {
    await exchange.pass();
    exchange.answer(errorOf(target, 500, 'General_InternalServerError', false));
  },
  '400 permanent': (target) => async (exchange) => {
    if (holdsPoison(exchange)) exchange.answer(errorOf(target, 400, 'BadRequest_StreamingIngestionFailed', true));
    else exchange.answer(await exchange.pass());
  },
  '400 transient': refusing(400, 'General_BadRequest', false),
  '401': refusing(401, 'Unauthorized', true),
  '403': refusing(403, 'Forbidden', true),
  '404': refusing(404, 'BadRequest_EntityNotFound', true),
  slicer: () => async (exchange) => exchange.answerSliced(await exchange.pass(), 7),
} as const satisfies Readonly<Record<string, Injection>>;

export type FaultName = keyof typeof FAULTS;
