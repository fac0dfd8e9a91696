import { HttpResponse, type HttpResponseInit } from '@azure/functions';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { withPlainAnswer } from './plain-answer.ts';

/** As the library reads an answer before it crosses to the host. */
async function read(init: unknown): Promise<object> {
  const response = new HttpResponse(init as HttpResponseInit);
  const body = Buffer.from(await response.arrayBuffer());
  return { status: response.status, headers: [...response.headers.entries()], body };
}

const isShort = (init: unknown): boolean => 'nativeResponse' in (withPlainAnswer(init) as object);
const attempt = (init: unknown): Promise<unknown> =>
  read(init).catch((error: unknown) => (error instanceof Error ? error.name : 'failed'));

const names = fc.oneof(
  fc.constantFrom('content-type', 'Content-Type', 'vary', 'Retry-After', 'set-cookie', 'a b', 'x_y', ''),
  fc.string({ maxLength: 5 }),
);
const values = fc.oneof(
  fc.constantFrom('application/json', ' padded ', '', 'a\tb', 'ü', '\r\n'),
  fc.string({ maxLength: 8 }),
);

it('the short way answers what the library’s own `Response` answers, whatever a function returns', async () => {
  let short = 0;
  const init = fc.record(
    {
      status: fc.oneof(
        fc.constantFrom(200, 202, 204, 304, 422, 503, 99, 600, 200.5),
        fc.integer({ min: 200, max: 599 }),
      ),
      // What the short way asks for is rare among names and values of any kind.
      headers: fc.oneof(
        fc.dictionary(names, values, { maxKeys: 4, noNullPrototype: true }),
        fc.constant({ 'content-type': 'application/json', vary: 'Origin' }),
      ),
      body: fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constant(undefined)),
    },
    { requiredKeys: [], noNullPrototype: true },
  );
  await fc.assert(
    fc.asyncProperty(init, async (result) => {
      if (isShort(result)) short++;
      expect(await attempt(withPlainAnswer(result))).toEqual(await attempt(result));
    }),
    { numRuns: 400 },
  );
  expect(short).toBeGreaterThan(0);
});

it('an answer of the door takes the short way; a body that is no text, a `Response` and no answer at all do not', async () => {
  const headers = { 'cache-control': 'no-store', vary: 'Origin', 'content-type': 'application/json' };
  const init = { status: 202, body: '{"received":1,"quote":"“ü”"}', headers };
  expect(isShort(init)).toBe(true);
  expect(await read(withPlainAnswer(init))).toEqual(await read(init));
  expect(isShort({ ...init, body: Buffer.from('x') })).toBe(false);
  expect(isShort({ ...init, jsonBody: {} })).toBe(false);
  expect(isShort({ status: 202, body: 'text without a type' })).toBe(false);
  for (const other of [undefined, null, 'text', new HttpResponse(init)]) expect(withPlainAnswer(other)).toBe(other);
});
