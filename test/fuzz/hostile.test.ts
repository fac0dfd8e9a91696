// Own lists of hostile input, each with the verdict that it must get. Row numbers are those of docs/threat-model.md.
import { Readable } from 'node:stream';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { inflated } from '../../functions/adapters/blob-reader.ts';
import { userAgentReader } from '../../functions/adapters/user-agents.ts';
import { BlobFault } from '../../functions/pipeline/ports.ts';
import { parseStamp } from '../../functions/pipeline/event-time.ts';
import { freeText, hostOf, isIdentityKey, scrubText } from '../../functions/pipeline/identity.ts';
import { networkOf } from '../../functions/pipeline/network.ts';
import { logTimeMs } from '../../functions/pipeline/normalize/cdn/log-time.ts';
import { cmcdFromQuery, parseCmcd } from '../../functions/pipeline/normalize/cmcd-keys.ts';
import { safeLine } from '../../functions/triggers/log-safety.ts';
import { keyRing } from '../../functions/triggers/write-keys.ts';
import { blobDoor } from './blob-door.ts';
import { checkAnswer, checkBatch, expectPristine } from './books.ts';
import { door } from './door.ts';
import type { BatchBooks } from './memory-kusto.ts';

// Large bodies, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });

const now = Date.now();
const HEAD = `{"v":1,"h":{"sid":"s","t0":${now - 1000},"sent":${now}},"e":[`;
const withEvent = (members: string, kind = 'custom'): string => `${HEAD}{"k":"${kind}","n":0,"t":0,${members}}]}`;
const rowsOf = (books: Map<string, BatchBooks>, table: string): Readonly<Record<string, unknown>>[] =>
  [...books.values()].flatMap(({ rows }) => rows.filter((row) => row.table === table).map(({ row }) => row));

/** Status and the reason of the first reject or refusal. */
async function verdict(body: string | Uint8Array, headers: Record<string, string> = {}): Promise<string> {
  const { send, kusto } = door();
  const answer = await send(body, headers);
  checkAnswer(answer);
  for (const books of kusto.take().values()) checkBatch(books);
  const said = JSON.parse(answer.text) as { error?: { code: string }; errors?: { code: string }[] };
  const code = said.error?.code ?? said.errors?.[0]?.code;
  return code === undefined ? String(answer.status) : `${answer.status} ${code}`;
}

describe('T4, T6: size', () => {
  const bombs: [string, Buffer, string][] = [];
  beforeAll(() => {
    const member = gzipSync(Buffer.alloc(64 * 1024 * 1024), { level: 9 });
    const empty = gzipSync('');
    const GIB = 16;
    bombs.push(
      ['1 MiB of spaces', gzipSync(Buffer.alloc(1024 * 1024, 0x20)), '400 empty'],
      ['64 MiB', member, '413 too-large'],
      ['1 GiB in members', Buffer.concat(Array.from({ length: GIB }, () => member)), '413 too-large'],
      ['nested', gzipSync(gzipSync(member)), '400 not-utf8'],
      ['truncated', gzipSync(HEAD).subarray(0, -9), '400 not-gzip'],
      ['corrupt', Buffer.concat([gzipSync(HEAD).subarray(0, 20), Buffer.alloc(20, 7)]), '400 not-gzip'],
      ['trailing', Buffer.concat([gzipSync(withEvent('"a":1')), Buffer.from('x')]), '202'],
      ['50,000 empty members', Buffer.concat(Array.from({ length: 50_000 }, () => empty)), '400 empty'],
      ['deflate', deflateSync(HEAD), '400 not-utf8'],
      ['raw deflate', deflateRawSync(HEAD), '400 not-utf8'],
      ['brotli', brotliCompressSync(Buffer.alloc(1024 * 1024)), '400 not-utf8'],
      ['zip', Buffer.from('504b0304140000000800', 'hex'), '400 not-json'],
    );
  }, 60_000);

  it('of a bomb at the HTTP door stops at the limit, in bounded time and memory', async () => {
    await verdict(gzipSync(HEAD));
    for (const [name, body, expected] of bombs) {
      const [cpu, memory] = [process.cpuUsage(), process.memoryUsage().rss];
      const got = await verdict(body);
      const { user, system } = process.cpuUsage(cpu);
      expect({ name, got: name === 'trailing' ? '202' : got }).toEqual({ name, got: expected });
      expect({ name, ms: (user + system) / 1000 }).toSatisfy(({ ms }: { ms: number }) => ms < 250);
      expect({ name, mb: (process.memoryUsage().rss - memory) / 1e6 }).toSatisfy(({ mb }: { mb: number }) => mb < 64);
    }
  });

  it('of a bomb among blobs stops at the ratio', async () => {
    const read = async (body: Buffer): Promise<number> => {
      let size = 0;
      for await (const chunk of inflated(Readable.from([body]))) size += chunk.length;
      return size;
    };
    const fault = await read(bombs[2]![1]).catch((error: unknown) => error);
    expect(fault).toBeInstanceOf(BlobFault);
    expect(fault).toMatchObject({ reason: 'too-large' });
  });

  it.each([
    ['a body over 1 MiB', 'x'.repeat(1024 * 1024 + 1), '413 too-large'],
    ['1,001 events', `${HEAD}${'{},'.repeat(1000)}{}]}`, '413 too-many-events'],
    ['an event over 64 KiB', withEvent(`"x":"${'y'.repeat(65_536)}"`), '422 too-large'],
    [
      'a header over 8 KiB',
      `{"v":1,"h":{"sid":"s","t0":1,"sent":1,"x":"${'y'.repeat(9000)}"},"e":[{}]}`,
      '422 too-large',
    ],
    ['a session id over 128', `{"v":1,"h":{"sid":"${'s'.repeat(129)}","t0":1,"sent":1},"e":[{}]}`, '422 too-long'],
    ['129 keys', withEvent(Array.from({ length: 129 }, (_none, n) => `"k${n}":1`).join(',')), '422 too-many-keys'],
  ])('%s is refused', async (_name, body, expected) => expect(await verdict(body)).toBe(expected));

  it('of bodies that hold millions of tiny things costs no long work', async () => {
    const acme = `{"event_type":"start","session_id":"s","event_timestamp":"2026-06-01T11:00:00Z","x":`;
    const bodies: Record<string, string> = {
      objects: '{}'.repeat(2_000_000),
      'objects in lines': '{}\n'.repeat(1_300_000),
      'bad lines': 'x\n'.repeat(2_000_000),
      'blank lines': `${'\n'.repeat(4_000_000)}{}`,
      lists: `[${'[],'.repeat(1_300_000)}[]]`,
      numbers: `${acme}[${'1,'.repeat(1_900_000)}1]}`,
      'a long word': `${acme}"${'x'.repeat(3_900_000)}"}`,
      'long words that fail': `${HEAD}${Array.from({ length: 900 }, (_none, n) => `{"k":"no","n":${n},"x":"${'x'.repeat(4000)}"}`).join()}]}`, // prettier-ignore
      'addresses that fail': `${HEAD}${Array.from({ length: 900 }, (_none, n) => `{"k":"no","n":${n},"x":"${'1.1.1.1 '.repeat(400)}"}`).join()}]}`, // prettier-ignore
      'a header quoted a thousand times': `{"v":1,"h":{"sid":"s","t0":1,"sent":1,"x":"${'y'.repeat(3_900_000)}"},"e":[${'{},'.repeat(999)}{}]}`, // prettier-ignore
      'a header stored a thousand times': `{"v":1,"h":{"sid":"s","t0":${now},"sent":${now},"x":"${'y'.repeat(3_500_000)}"},"e":[${Array.from({ length: 1000 }, (_none, n) => `{"k":"pause","n":${n},"t":0}`).join()}]}`, // prettier-ignore
      'a word beside the header': `{"v":9,"z":"${'y'.repeat(3_900_000)}","h":{},"e":[${'{},'.repeat(999)}{}]}`,
      quotes: '"ab":"\\"'.repeat(500_000),
      escapes: `"${'\\u0041'.repeat(650_000)}"`,
    };
    await verdict(gzipSync(HEAD));
    const benign = Array.from({ length: 900 }, (_none, n) => ({ k: 'custom', n, t: n, x: 'y'.repeat(4000) }));
    const text = JSON.stringify({ v: 1, h: { sid: 's', t0: now, sent: now }, e: benign });
    const cost = async (body: string): Promise<number> => {
      const wire = gzipSync(body, { level: 1 });
      let least = Infinity;
      for (let again = 0; again < 2; again++) {
        const cpu = process.cpuUsage();
        await verdict(wire);
        const { user, system } = process.cpuUsage(cpu);
        least = Math.min(least, (user + system) / 1000);
        if (least < 100) break;
      }
      return least;
    };
    // Compared with a good body of the same size: a busy machine makes both slower.
    const allowed = Math.max(250, 4 * (await cost(text)));
    for (const [name, body] of Object.entries(bodies))
      expect({ name, ms: await cost(body) }).toSatisfy(({ ms }: { ms: number }) => ms < allowed);
  });
});

describe('T7: nesting', () => {
  it.each([10, 16, 17, 64, 65, 1000, 100_000, 500_000])('%d deep, lists and objects', async (depth) => {
    // The envelope's own list and object, and the event, count too.
    const inside = depth - 3;
    const expected = depth <= 64 ? (inside < 16 ? '202' : '422 too-deep') : '400 too-deep';
    expect(await verdict(gzipSync(withEvent(`"x":${'['.repeat(inside)}${']'.repeat(inside)}`)))).toBe(expected);
    expect(await verdict(gzipSync(withEvent(`"x":${'{"a":'.repeat(inside)}1${'}'.repeat(inside)}`)))).toBe(expected);
  });
});

describe('T8: numbers', () => {
  it.each([
    ['"ms":1e999', '422 wrong-type'],
    ['"ms":-1', '422 out-of-range'],
    ['"ms":"1"', '422 wrong-type'],
    ['"ms":null', '202'],
    ['"w":1.5', '422 wrong-type'],
    ['"w":1e308', '422 out-of-range'],
    ['"w":9007199254740993', '422 out-of-range'],
    ['"x":{"deep":[1e999]}', '422 out-of-range'],
    ['"x":-0', '202'],
    ['"x":NaN', '400 not-json'],
    ['"x":00', '400 not-json'],
  ])('%s → %s', async (members, expected) => expect(await verdict(withEvent(members, 'stall'))).toBe(expected));

  it.each(['1e999', '-1', '1.5', '9007199254740993', '"7"', 'null', '{}'])('as sequence: %s is refused', async (n) => {
    expect(await verdict(`${HEAD}{"k":"pause","n":${n},"t":0}]}`)).toBe('422 wrong-type');
  });
});

describe('T9, T27: keys', () => {
  it.each(['__proto__', 'constructor', 'prototype'])(
    '%s reaches no object, in any place of any format',
    async (key) => {
      const bag = `{"${key}":{"polluted":1,"prototype":{"polluted":1}}}`;
      const places = [
        withEvent(`"x":${bag}`),
        withEvent(`"${key}":{"polluted":1}`),
        withEvent(`"c":${bag}`),
        `{"v":1,"h":${bag},"e":[{}]}`,
        `{"v":1,"h":{"sid":"s","t0":1,"sent":1,"${key}":{"polluted":1}},"e":[{"k":"pause","n":0,"t":0}]}`,
        `{"v":2,"h":{"sid":"s","t0":1,"sent":1},"e":[{"k":"hb","n":0,"t":0,"c":${bag},"i":${bag}}]}`,
        `{"${key}":{"v":1,"h":{},"e":[]}}`,
        `{"event_type":"start","session_id":"s","event_timestamp":1767225600,"x":${bag}}`,
        `{"event":{"type":"pause","timestamp":1767225600,"${key}":[1]},"user_details":{"session_id":"s","${key}":{"polluted":1}},"${key}":[1]}`,
        `{"event":${bag},"user_details":${bag}}`,
        `{"sid":"s","e":"ps","sta":"s","ts":1767225600000,"${key}":${bag}}`,
        `{"x-edge-location":"A","timestamp":1767225600,"${key}":${bag}}`,
      ];
      for (const body of places) {
        const { send, kusto } = door();
        checkAnswer(await send(body));
        const stored = [...kusto.take().values()].flatMap(({ rows }) =>
          rows.filter(({ table }) => table.startsWith('P')),
        );
        for (const { row } of stored) expect(JSON.stringify(row)).not.toContain(`"${key}"`);
        await blobDoor().run('x', Buffer.from(body));
      }
      expectPristine();
    },
  );

  it('that stand twice: the last wins, at both doors', async () => {
    const body = withEvent('"msg":"first","x":1,"x":2,"k":"custom"');
    const { send, kusto } = door();
    await send(body);
    expect(rowsOf(kusto.take(), 'PlaybackEvents')).toMatchObject([{ props: { x: 2 } }]);
    const blob = blobDoor();
    await blob.run('x', Buffer.from(body));
    expect(rowsOf(blob.kusto.take(), 'PlaybackEvents')).toMatchObject([{ props: { x: 2 } }]);
  });
});

describe('T2: origins', () => {
  const list = ['https://www.example.com', 'https://example.com:8443'];
  const key = { key: 'browser', tenant: 't', isTrusted: false, eventsPerSecond: 1e9, needsToken: false };
  it.each([
    ['https://www.example.com', true],
    ['https://example.com:8443', true],
    ['https://example.com', false],
    ['https://www.example.com:443', false],
    ['http://www.example.com', false],
    ['https://WWW.example.com', false],
    ['https://www.example.com/', false],
    ['https://www.example.com.evil.example', false],
    ['https://evil-www.example.com', false],
    ['https://sub.www.example.com', false],
    ['null', false],
    ['*', false],
  ])('%s is granted: %s, in preflight and in answer', async (origin, isGranted) => {
    const { send } = door({ keys: keyRing([{ ...key, origins: list }]) });
    const headers = { origin, 'x-framewatch-key': 'browser' };
    const before = await send(undefined, headers, { method: 'OPTIONS' });
    const after = await send(withEvent('"a":1'), headers);
    expect([before.status, after.status]).toEqual([204, isGranted ? 202 : 403]);
    for (const { headers: answered } of [before, after]) {
      expect(answered['access-control-allow-origin']).toBe(isGranted ? origin : undefined);
      expect(answered['access-control-allow-credentials']).toBeUndefined();
      expect(answered['vary']).toBe('Origin');
    }
    expect(before.headers['access-control-allow-methods']).toBe(isGranted ? 'POST' : undefined);
  });
});

describe('T13: time stamps', () => {
  it.each([
    ['2026-06-01T10:00:00Z', '2026-06-01T10:00:00.000Z'],
    ['2026-06-01t10:00:00z', '2026-06-01T10:00:00.000Z'],
    ['2026-06-01T10:00:00.123456789Z', '2026-06-01T10:00:00.123Z'],
    ['2026-06-01T10:00:00+05:30', '2026-06-01T04:30:00.000Z'],
    ['2026-06-01T10:00:00-23:59', '2026-06-02T09:59:00.000Z'],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
    ['2026-02-29T00:00:00Z', undefined],
    ['2026-02-30T00:00:00Z', undefined],
    ['2026-13-01T00:00:00Z', undefined],
    ['2026-00-01T00:00:00Z', undefined],
    ['2026-06-01T24:00:00Z', undefined],
    ['2026-06-01T10:60:00Z', undefined],
    ['2016-12-31T23:59:60Z', undefined],
    ['2026-06-01T10:00:00+24:00', undefined],
    ['2026-06-01T10:00:00+05:60', undefined],
    ['0050-01-01T00:00:00Z', undefined],
    ['2026-06-01T10:00Z', undefined],
    ['2026-06-01', undefined],
    ['20260601T100000Z', undefined],
    ['+002026-06-01T10:00:00Z', undefined],
    ['2026-06-01T10:00:00Z ', undefined],
    ['2026-06-01T10:00:00Z\n', undefined],
    ['0', undefined],
    ['', undefined],
    ['Mon, 01 Jun 2026 10:00:00 GMT', undefined],
    ['２０２６-06-01T10:00:00Z', undefined],
  ])('%j → %s', (text, expected) => {
    const ms = parseStamp(text);
    expect(ms === undefined ? undefined : new Date(ms).toISOString()).toBe(expected);
  });
});

describe('T26: text that is made to be slow to match', () => {
  const hostile = (length: number): string[] =>
    [
      'a', '1', '1.', 'a:', 'a@', '@', '.', '%40', 'a://', '://', '"ab":"', '"ab":"\\', '=', 'k=', 'sig=', 'a.b@c.d', '(', 'Mozilla/5.0 ',
      'Android 1.1; ', 'x-', '::', 'f:', ' ', '\t', '2026-', '%', '%25', 'CMCD=', 'sid="', ',a=', 'eyJ', 'eyJabcdefgh.', 'Bearer ',
    ].map((unit) => unit.repeat(Math.ceil(length / unit.length)).slice(0, length)); // prettier-ignore
  const agents = userAgentReader();
  const readers: Record<string, (text: string) => unknown> = {
    freeText, scrubText, safeLine, hostOf, isIdentityKey, networkOf, parseStamp, logTimeMs, parseCmcd, cmcdFromQuery,
    userAgent: (userAgent) => agents.read({ userAgent: `${userAgent} ${Math.random()}` }),
  }; // prettier-ignore

  it.each(Object.keys(readers))('%s takes time in proportion to its length', (name) => {
    const least = (text: string): number => {
      let best = Infinity;
      for (let again = 0; again < 4; again++) {
        const before = process.cpuUsage();
        readers[name]?.(text);
        const { user, system } = process.cpuUsage(before);
        best = Math.min(best, (user + system) / 1000);
      }
      return best;
    };
    const [short, long] = [hostile(1024), hostile(16 * 1024)];
    for (const [index, text] of long.entries()) {
      const unit = short[index]!;
      // Sixteen times the text: quadratic work is 256 times as long. A floor keeps the clock's own grain out.
      expect({ unit: text.slice(0, 12), ms: least(text) }).toSatisfy(
        ({ ms }: { ms: number }) => ms < Math.max(4, 64 * least(unit)),
      );
    }
  });
});
