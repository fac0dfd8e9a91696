// What a Functions host promises over HTTP. Runs against the local host, or, with FUNCTIONS_BASE_URL, against a host that is
// running test/contract/host-app already (`func start`): the same suite, so that the local host cannot drift from the real one.
import { request } from 'node:http';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startFunctionsHost, type FunctionsHost } from '../../local/functions-host/supervisor.ts';

const external = process.env['FUNCTIONS_BASE_URL'];
let host: FunctionsHost | undefined;
let base = external ?? '';
const lines: string[] = [];

beforeAll(async () => {
  if (external !== undefined) return;
  host = await startFunctionsHost({
    app: join(import.meta.dirname, 'host-app'),
    port: 0,
    onLine: (line) => lines.push(line),
  });
  base = host.url;
});
afterAll(async () => host?.close());

interface Echo {
  method: string;
  url: string;
  params: Record<string, string>;
  query: Record<string, string>;
  headers: Record<string, string>;
  length: number;
  head: string;
}
const ask = (path: string, init: RequestInit = {}): Promise<Response> => fetch(base + path, init);
const echo = async (path: string, init: RequestInit = {}): Promise<Echo> =>
  (await ask(path, init)).json() as Promise<Echo>;

/** Sends bytes as they are; `length` undefined means chunked. */
function send(
  path: string,
  body: Buffer,
  headers: Record<string, string>,
  isChunked: boolean,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const framing = isChunked ? { 'transfer-encoding': 'chunked' } : { 'content-length': String(body.length) };
    const outgoing = request(base + path, { method: 'POST', headers: { ...headers, ...framing } }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }));
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

describe('routes', () => {
  it('bind parameters, leave out optional ones, ignore case', async () => {
    expect((await echo('/api/echo/a%20b/x')).params).toEqual({ id: 'a b', kind: 'x' });
    expect((await echo('/API/Echo/7')).params).toEqual({ id: '7' });
  });

  it.each([
    ['/api/number/42', 200, '42'],
    ['/api/number/x', 404, ''],
    ['/api/files/fixed', 200, 'fixed'],
    ['/api/files/a/b/c', 200, 'a/b/c'],
    ['/api/unknown', 404, ''],
    ['/echo/1', 404, ''],
  ])('GET %s → %i', async (path, status, text) => {
    const response = await ask(path);
    expect([response.status, await response.text()]).toEqual([status, text]);
  });

  it('a wrong method is an unknown route: 404, never 405', async () => {
    expect((await ask('/api/echo/1', { method: 'PUT' })).status).toBe(404);
    expect((await ask('/api/number/1', { method: 'HEAD' })).status).toBe(404);
  });

  it('without methods a function takes GET and POST', async () => {
    expect(await (await ask('/api/defaults')).text()).toBe('GET');
    expect(await (await ask('/api/defaults', { method: 'POST' })).text()).toBe('POST');
    expect((await ask('/api/defaults', { method: 'PUT' })).status).toBe(404);
  });

  it('OPTIONS reaches a function that lists it', async () => {
    expect((await echo('/api/echo/1', { method: 'OPTIONS' })).method).toBe('OPTIONS');
  });

  it('the root answers with a page', async () => {
    const response = await ask('/');
    expect([response.status, response.headers.get('content-type')?.split(';')[0]]).toEqual([200, 'text/html']);
  });
});

describe('requests', () => {
  it('carry method, URL, query and lower-case headers', async () => {
    const got = await echo('/api/echo/1?a=1&b=%C3%A5', { headers: { 'X-Mixed-Case': 'V' } });
    expect(got).toMatchObject({ method: 'GET', query: { a: '1', b: 'å' } });
    expect(got.headers['x-mixed-case']).toBe('V');
    expect(new URL(got.url).pathname + new URL(got.url).search).toBe('/api/echo/1?a=1&b=%C3%A5');
  });

  it('hand a gzip body to the function as it came', async () => {
    const body = gzipSync('hello');
    const { text } = await send('/api/echo/1', body, { 'content-encoding': 'gzip' }, false);
    expect(JSON.parse(text)).toMatchObject({ length: body.length, head: body.subarray(0, 4).toString('hex') });
  });

  it('a chunked body does not reach a function', async () => {
    const { text } = await send('/api/echo/1', Buffer.from('hello'), {}, true);
    expect(JSON.parse(text)).toMatchObject({ length: 0 });
  });

  it('a body beyond the host’s limit is refused before it is read', async () => {
    const status = await new Promise((resolve) => {
      const outgoing = request(
        `${base}/api/echo/1`,
        { method: 'POST', headers: { 'content-length': '104857601' } },
        (response) => {
          response.resume();
          resolve(response.statusCode);
          outgoing.destroy();
        },
      );
      outgoing.on('error', () => resolve('reset'));
      outgoing.flushHeaders();
    });
    expect([413, 'reset']).toContain(status);
  });
});

describe('answers', () => {
  it('a thrown error is 500 with an empty body', async () => {
    for (const path of ['/api/throws', '/api/text']) {
      const response = await ask(path);
      expect([response.status, await response.text()]).toEqual([500, '']);
    }
    const badJson = await ask('/api/json', { method: 'POST', body: '{' });
    expect([badJson.status, await badJson.text()]).toEqual([500, '']);
  });

  it('nothing returned is 204', async () => expect((await ask('/api/nothing')).status).toBe(204));

  it('carry status, cookies and the custom headers of host.json', async () => {
    const response = await ask('/api/status?code=418');
    expect([response.status, await response.text(), response.headers.get('x-custom')]).toEqual([418, 'body', 'yes']);
    expect(response.headers.get('set-cookie')?.toLowerCase()).toMatch(/^a=1; .*httponly/);
  });

  it('204 drops its body', async () => expect(await (await ask('/api/status?code=204')).text()).toBe(''));
});

describe('admin', () => {
  beforeEach(async () => void (await ask('/api/fired', { method: 'DELETE' })));
  const run = (name: string, body?: string): Promise<Response> =>
    ask(`/admin/functions/${name}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body }),
    });

  it('tells that the host runs and which functions it has', async () => {
    expect((await ask('/admin/host/ping', { method: 'POST' })).status).toBe(200);
    expect(await (await ask('/admin/host/status')).json()).toMatchObject({ state: 'Running' });
    const names = ((await (await ask('/admin/functions')).json()) as { name: string }[]).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['echo', 'onEvent', 'onTimer']));
  });

  it('fires a timer by hand: 202, and the payload is camel-cased', async () => {
    expect((await run('onTimer', '{"input":""}')).status).toBe(202);
    await expect.poll(async () => (await ask('/api/fired')).json()).toMatchObject([{ timer: { isPastDue: false } }]);
  });

  it('404 for an unknown function, 400 without a body', async () => {
    expect((await run('nobody', '{}')).status).toBe(404);
    expect((await run('onTimer')).status).toBe(400);
  });
});

describe('Event Grid webhook', () => {
  beforeEach(async () => void (await ask('/api/fired', { method: 'DELETE' })));
  const deliver = (body: unknown, type = 'Notification', name = 'onEvent'): Promise<Response> =>
    ask(`/runtime/webhooks/eventgrid?functionName=${name}`, {
      method: 'POST',
      headers: { 'aeg-event-type': type, 'content-type': 'application/json' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  const event = (id: string, subject = 'ok'): object => ({
    id,
    subject,
    eventType: 'T',
    topic: '/t',
    data: { n: 1 },
    dataVersion: '',
    eventTime: '2026-01-01T00:00:00Z',
  });
  const fired = async (): Promise<{ id: string }[]> => (await ask('/api/fired')).json() as Promise<{ id: string }[]>;

  it('answers the handshake', async () => {
    const response = await deliver([{ ...event('v'), data: { validationCode: 'abc' } }], 'SubscriptionValidation');
    expect([response.status, await response.json()]).toEqual([200, { validationResponse: 'abc' }]);
  });

  it('runs the function once an event, with data in the trigger metadata', async () => {
    expect((await deliver([event('1'), event('2')])).status).toBe(202);
    expect((await fired()).map(({ id }) => id).sort()).toEqual(['1', '2']);
    expect(await fired()).toContainEqual({ id: '1', type: 'T', data: { n: 1 }, metadata: { n: 1 } });
  });

  it('one failing event fails the delivery, after all have run', async () => {
    expect((await deliver([event('1'), event('x', 'fail'), event('3')])).status).toBe(500);
    expect((await fired()).map(({ id }) => id).sort()).toEqual(['1', '3']);
  });

  it('takes a CloudEvent alone', async () => {
    const cloud = { specversion: '1.0', id: 'c', type: 'T', source: '/t', data: { n: 1 } };
    expect((await deliver(cloud)).status).toBe(202);
    expect(await fired()).toMatchObject([{ id: 'c', type: 'T' }]);
  });

  it('refuses unknown functions, other headers and broken JSON', async () => {
    expect((await deliver([event('1')], 'Notification', 'nobody')).status).toBe(404);
    expect((await deliver([event('1')], 'Gossip')).status).toBe(400);
    expect((await deliver('{')).status).toBe(500);
    expect((await deliver([], 'Unsubscribe')).status).toBe(202);
  });
});

describe.runIf(external === undefined)('the local host itself', () => {
  it('prints its functions and each run as the real one does', async () => {
    // What another process prints is here a little later than its answers.
    await expect.poll(() => lines.join('\n')).toContain('a secret in an error');
    expect(lines).toContainEqual(
      expect.stringMatching(/^\techo: \[GET,POST,OPTIONS\] http:\/\/127\.0\.0\.1:\d+\/api\/echo\/\{id\}\/\{kind\?\}$/),
    );
    expect(lines).toContainEqual(expect.stringMatching(/^\tonEvent: eventGridTrigger$/));
    expect(lines).toContainEqual(
      expect.stringMatching(/^\[[\d\-T:.]+Z\] Executing 'Functions\.echo' \(Reason='.+', Id=[\da-f-]{36}\)$/),
    );
    expect(lines).toContainEqual(
      expect.stringMatching(/^\[.+Z\] Executed 'Functions\.throws' \(Failed, Id=[\da-f-]{36}, Duration=\d+ms\)$/),
    );
  });

  it('starts the app again when it crashes', async () => {
    const pid = host?.pid;
    expect((await ask('/api/crash', { method: 'POST' })).status).toBe(202);
    await expect.poll(() => host?.pid, { timeout: 60_000 }).not.toBe(pid);
    const status = (): Promise<number> =>
      ask('/api/nothing').then(
        (response) => response.status,
        () => 0,
      );
    await expect.poll(status, { timeout: 60_000, interval: 200 }).toBe(204);
  });

  it('answers what is under way before it stops', async () => {
    const late = ask('/api/slow').then((response) => response.text());
    await expect.poll(() => lines.join('\n')).toContain("Executing 'Functions.slow'");
    await host?.close();
    expect(await late).toBe('late but here');
    await expect(ask('/api/nothing')).rejects.toThrow();
  });

  it('says why an app cannot start', async () => {
    await expect(
      startFunctionsHost({ app: join(import.meta.dirname, 'no-such-app'), port: 0, onLine: () => undefined }),
    ).rejects.toThrow(/host\.json|no-such-app/);
  });
});
