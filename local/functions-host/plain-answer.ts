// The answer of a function without the web `Response` that `@azure/functions` would build around it: making one and reading its stream
// out again costs as much as the rest of an invocation. As with LazyRequest, the library takes one ready-made.

interface PlainInit {
  readonly status?: unknown;
  readonly headers?: unknown;
  readonly body?: unknown;
}

/** What the library reads of a `Response`. */
class PlainResponse {
  readonly status: number;
  readonly headers: { entries(): Iterable<readonly [string, string]> };
  readonly #body: string;

  constructor(status: number, headers: Readonly<Record<string, string>>, body: string) {
    this.status = status;
    const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
    const entries = lower.sort(([a], [b]) => (a < b ? -1 : 1));
    this.headers = { entries: () => entries };
    this.#body = body;
  }

  arrayBuffer(): Promise<ArrayBuffer> {
    const bytes = new TextEncoder().encode(this.#body);
    return Promise.resolve(bytes.buffer);
  }
}

/** Names and values that `Headers` leaves as they are. */
const NAME = /^[\w-]+$/;
const VALUE = /^[!-~]([ -~]*[!-~])?$/;

function plainHeaders(headers: unknown): Readonly<Record<string, string>> | undefined {
  if (typeof headers !== 'object' || headers === null || Object.getPrototypeOf(headers) !== Object.prototype)
    return undefined;
  const names = new Set<string>();
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value !== 'string' || !NAME.test(name) || !VALUE.test(value)) return undefined;
    names.add(name.toLowerCase());
  }
  return names.size === Object.keys(headers).length && names.has('content-type')
    ? (headers as Readonly<Record<string, string>>)
    : undefined;
}

/** A function's result with its `Response` ready-made where it is nothing but a status, plain headers with a type, and text. */
export function withPlainAnswer(result: unknown): unknown {
  if (typeof result !== 'object' || result === null || Object.getPrototypeOf(result) !== Object.prototype)
    return result;
  const { status, headers, body } = result as PlainInit;
  if (typeof body !== 'string' || 'jsonBody' in result || 'nativeResponse' in result) return result;
  if (typeof status !== 'number' || !Number.isInteger(status) || status < 200 || status > 599) return result;
  if (status === 204 || status === 205 || status === 304) return result;
  const plain = plainHeaders(headers);
  return plain ? { ...result, nativeResponse: new PlainResponse(status, plain, body) } : result;
}
