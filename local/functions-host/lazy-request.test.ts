import { HttpRequest } from '@azure/functions';
import { describe, expect, it } from 'vitest';
import { LazyRequest } from './lazy-request.ts';

const url = 'http://localhost:7071/api/x?a=1&b=%20';
const headers = { 'content-type': 'application/json', 'x-one': 'a, b', 'content-length': '9' };
const text = '{"a":"ü"}';

/** As the host builds it: the library takes it for a web `Request`. */
const lazy = (body: Buffer | undefined): HttpRequest => {
  const nativeRequest = new LazyRequest({ url, method: 'POST', headers, body });
  const init = { url, method: 'POST', headers, query: {}, params: {}, body: body ? { bytes: body } : null };
  return new HttpRequest({ ...init, nativeRequest } as ConstructorParameters<typeof HttpRequest>[0]);
};
const real = (body: Buffer | undefined): Request =>
  new Request(url, { method: 'POST', headers, ...(body && { body }) });

type Reader = 'arrayBuffer' | 'text' | 'json' | 'blob' | 'formData';
const READERS: readonly Reader[] = ['arrayBuffer', 'text', 'json', 'blob', 'formData'];

const outcome = async (read: Promise<unknown>): Promise<unknown> => {
  try {
    const value = await read;
    if (value instanceof ArrayBuffer) return Buffer.from(value).toString();
    return value instanceof Blob ? [value.type, await value.text()] : value;
  } catch (error) {
    return (error as Error).constructor.name;
  }
};

/** Twice each, because a body can be read once. */
async function story(request: HttpRequest | Request, first: Reader, second: Reader): Promise<unknown[]> {
  const before = [request.url, request.method, [...request.headers], request.bodyUsed];
  const read = await outcome(request[first]());
  const between = request.bodyUsed;
  return [before, read, between, await outcome(request[second]()), request.bodyUsed, request.body === null];
}

const BODIES = [
  ['text', Buffer.from(text)],
  ['memory of its own', Buffer.copyBytesFrom(new TextEncoder().encode(text))],
  ['nothing', undefined],
] as const;
const CASES = BODIES.flatMap(([name, body]) =>
  READERS.flatMap((first) => READERS.map((second) => ({ name, body, first, second }))),
);

describe('a request that is built when it is needed', () => {
  it.each(CASES)('tells of a body of $name by $first, then $second, what a real one tells', async (one) => {
    expect(await story(lazy(one.body), one.first, one.second)).toEqual(
      await story(real(one.body), one.first, one.second),
    );
  });

  it('streams, clones, and refuses to clone what was read, like a real one', async () => {
    const streamed = await new Response(lazy(Buffer.from(text)).body).text();
    expect(streamed).toBe(text);
    const first = lazy(Buffer.from(text));
    const copy = first.clone();
    expect([await copy.text(), await first.text()]).toEqual([text, text]);
    expect(() => first.clone()).toThrow(TypeError);
  });
});
