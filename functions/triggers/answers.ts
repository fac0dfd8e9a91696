import type { HttpResponseInit } from '@azure/functions';

// Every answer of the HTTP door. Texts are fixed: nothing of a request or an exception is echoed.

export interface AnswerOptions {
  /** Echoed only when it is on the list of the key. */
  readonly allowedOrigin?: string | undefined;
  readonly retryAfterMs?: number | undefined;
}

const BASE_HEADERS = {
  'cache-control': 'no-store',
  'cross-origin-resource-policy': 'cross-origin',
  vary: 'Origin',
  'x-content-type-options': 'nosniff',
};

function headersOf(options: AnswerOptions): Record<string, string> {
  const headers: Record<string, string> = { ...BASE_HEADERS };
  if (options.allowedOrigin !== undefined) {
    headers['access-control-allow-origin'] = options.allowedOrigin;
    headers['access-control-expose-headers'] = 'Retry-After';
  }
  if (options.retryAfterMs !== undefined)
    headers['retry-after'] = String(Math.max(1, Math.ceil(options.retryAfterMs / 1000)));
  return headers;
}

/** The body is text on purpose: `jsonBody` costs a second pass through `Headers`. */
export const answer = (status: number, body: object, options: AnswerOptions): HttpResponseInit => ({
  status,
  body: JSON.stringify(body),
  headers: { ...headersOf(options), 'content-type': 'application/json' },
});

export interface Refused {
  readonly code: string;
  readonly message: string;
  readonly limit?: number | undefined;
}

export const refuse = (status: number, error: Refused, options: AnswerOptions): HttpResponseInit =>
  answer(status, { error }, options);

const PREFLIGHT_SECONDS = 3600;

/** A preflight from a foreign origin is answered without permission, which the browser reads as no. */
export const preflight = (allowedOrigin: string | undefined): HttpResponseInit => ({
  status: 204,
  headers: {
    ...headersOf({ allowedOrigin }),
    ...(allowedOrigin === undefined
      ? {}
      : {
          'access-control-allow-methods': 'POST',
          'access-control-allow-headers': 'content-type, content-encoding, x-framewatch-key, x-framewatch-token',
          'access-control-max-age': String(PREFLIGHT_SECONDS),
        }),
  },
});
