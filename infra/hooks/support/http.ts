// HTTP to Azure's endpoints: a bearer token, a deadline, and another try when the service says it is busy.
import { DefaultAzureCredential } from '@azure/identity';

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed JSON, or the text when it is none; undefined without a body. */
  readonly body: unknown;
}

export interface HttpOptions {
  readonly method?: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE';
  readonly json?: unknown;
  readonly bytes?: Uint8Array<ArrayBuffer>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Answers that are no error although they are not 2xx. */
  readonly allow?: readonly number[];
}

export type Http = (url: string, options?: HttpOptions) => Promise<HttpAnswer>;

const TRIES = 5;
const TIMEOUT_MS = 120_000;
const BUSY = new Set([408, 429, 500, 502, 503, 504]);

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Plain HTTP to this machine stands for Azure in tests and needs no credential. */
const isLocal = (url: string): boolean => /^http:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d+)?(\/|$)/.test(url);

function waitMs(retryAfter: string | null, attempt: number): number {
  const seconds = Number(retryAfter ?? Number.NaN);
  return Math.min(Number.isFinite(seconds) ? seconds * 1000 : 500 * 2 ** attempt, 60_000);
}

const parsed = (text: string): unknown => {
  if (text === '') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
};

/** What the service said, as short as it can be told. */
export function messageOf(body: unknown): string {
  const inner = (body as { error?: { code?: string; message?: string } } | undefined)?.error;
  if (inner?.message !== undefined) return `${inner.code ?? ''} ${inner.message}`.trim();
  const own = (body as { message?: string } | undefined)?.message;
  return own ?? (typeof body === 'string' ? body.slice(0, 300) : JSON.stringify(body ?? '').slice(0, 300));
}

/** Requests with tokens for one audience, as `https://management.azure.com/.default`; without one: as the caller signs them. */
export function httpFor(scope: string | undefined): Http {
  let credential: DefaultAzureCredential | undefined;
  const tokenFor = async (url: string): Promise<Record<string, string>> => {
    if (scope === undefined || isLocal(url)) return {};
    credential ??= new DefaultAzureCredential();
    const token = await credential.getToken(scope);
    return { authorization: `Bearer ${token.token}` };
  };
  return async (url, { method = 'GET', json, bytes, headers = {}, allow = [] } = {}) => {
    const content = json === undefined ? bytes : JSON.stringify(json);
    for (let attempt = 0; ; attempt++) {
      const response = await fetch(url, {
        method,
        headers: {
          ...(json === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
          ...(await tokenFor(url)),
        },
        ...(content === undefined ? {} : { body: content }),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const body = parsed(await response.text());
      if (response.ok || allow.includes(response.status))
        return { status: response.status, headers: response.headers, body };
      if (!BUSY.has(response.status) || attempt >= TRIES - 1) {
        const where = new URL(url);
        throw new Error(`${method} ${where.origin}${where.pathname}: ${response.status} ${messageOf(body)}`);
      }
      await sleep(waitMs(response.headers.get('retry-after'), attempt));
    }
  };
}
