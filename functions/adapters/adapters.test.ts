import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { BlobFault } from '../pipeline/ports.ts';
import { inflated } from './blob-reader.ts';
import { digestsOf } from './digests.ts';
import { inflater } from './inflater.ts';
import { accountOf } from './storage-account.ts';
import { userAgentReader } from './user-agents.ts';

// Many cases on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });

async function* cut(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
async function read(source: AsyncIterable<Uint8Array>): Promise<{ text: string; fault?: unknown }> {
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of inflated(source)) chunks.push(Uint8Array.from(chunk));
  } catch (fault) {
    return { text: Buffer.concat(chunks).toString(), fault };
  }
  return { text: Buffer.concat(chunks).toString() };
}

describe('inflated', () => {
  it('gives back what was gzipped, in any cut, with several members', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string(), { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 2, max: 64 }),
        async (texts, size) => {
          const bytes = Buffer.concat(texts.map((text) => gzipSync(text)));
          expect(await read(cut(bytes, size))).toEqual({ text: texts.join('').toWellFormed() });
        },
      ),
    );
  });

  it('passes on what is not gzip', async () => {
    expect(await read(cut(Buffer.from('{"a":1}'), 3))).toEqual({ text: '{"a":1}' });
    expect(await read(cut(Buffer.alloc(0), 1))).toEqual({ text: '' });
  });

  it.each([1000, 65_536, 1_000_003])('gives megabytes back whole, gzip or not, in pieces of %i bytes', async (size) => {
    const text = Array.from({ length: 200_000 }, (_none, index) => (index * 7919) ** 2).join('\n');
    expect((await read(cut(Buffer.from(text), size))).text === text).toBe(true);
    const gzipped = gzipSync(text, { level: 1 });
    expect(gzipped.length).toBeGreaterThan(2 ** 20);
    expect((await read(cut(gzipped, size))).text === text).toBe(true);
  });

  it('gives a piece that stands while the next one is looked at', async () => {
    const bytes = Buffer.from(Array.from({ length: 500_000 }, (_none, index) => `line ${index}`).join('\n'));
    for (const content of [bytes, gzipSync(bytes)]) {
      let before: { piece: Uint8Array; copy: Uint8Array } | undefined;
      for await (const piece of inflated(cut(content, 50_000))) {
        if (before) expect(Buffer.compare(before.piece, before.copy)).toBe(0);
        before = { piece, copy: Uint8Array.from(piece) };
      }
    }
  });

  it('gives what came before a break and then says what broke', async () => {
    const bytes = gzipSync(Array.from({ length: 5000 }, (_none, index) => `line ${index * 7919}`).join('\n'));
    const broken = await read(cut(bytes.subarray(0, bytes.length - 100), 1000));
    expect(broken.fault).toMatchObject({ reason: 'not-gzip' });
    expect(broken.text.startsWith('line 0\nline 7919\n')).toBe(true);
  });

  it('stops a bomb', async () => {
    const { fault } = await read(cut(gzipSync(Buffer.alloc(64 * 1024 * 1024), { level: 9 }), 16_384));
    expect(fault).toBeInstanceOf(BlobFault);
    expect(fault).toMatchObject({ reason: 'too-large' });
  });

  it('hands on an error of the source as it is', async () => {
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield gzipSync('x'.repeat(1000)).subarray(0, 20);
      throw new Error('network');
    }
    expect((await read(failing())).fault).toMatchObject({ message: 'network' });
  });
});

describe('inflater', () => {
  it.each([
    ['plain', Buffer.from('{}'), { ok: true, bytes: Buffer.from('{}') }],
    ['gzip', gzipSync('{}'), { ok: true, bytes: Buffer.from('{}') }],
    ['truncated', gzipSync('{}').subarray(0, 8), { ok: false, reason: 'not-gzip' }],
    ['bomb', gzipSync(Buffer.alloc(10_000)), { ok: false, reason: 'too-large' }],
    ['plain and too large', Buffer.alloc(1001), { ok: false, reason: 'too-large' }],
  ])('%s', (_name, bytes, expected) => expect(inflater.inflate(bytes, 1000)).toEqual(expected));
});

describe('digestsOf', () => {
  const digests = digestsOf('a secret of sixteen');
  const pseudonym = (tenant: string, viewer: string, atMs: number) => digests.pseudonym(tenant, viewer, atMs);
  const day = Date.UTC(2026, 0, 1);

  it('is the same within a day and a tenant, and unrelated beyond', () => {
    const first = pseudonym('t', 'alice', day);
    expect(pseudonym('t', 'alice', day + 86_399_999)).toBe(first);
    const others = [
      pseudonym('t', 'alice', day + 86_400_000),
      pseudonym('u', 'alice', day),
      pseudonym('t', 'bob', day),
      digestsOf('another secret 12').pseudonym('t', 'alice', day),
    ];
    expect(new Set([first, ...others]).size).toBe(5);
    expect(pseudonym('t', 'alice', day)).toBe(first);
  });
});

describe('userAgentReader', () => {
  const reader = userAgentReader();
  const readAgent: typeof reader.read = (hints) => reader.read(hints);

  it.each([
    [
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 Safari/537.36',
      { deviceType: 'desktop', os: 'Windows', browser: 'Chrome' },
    ],
    [
      'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1',
      { deviceType: 'mobile', os: 'iOS', browser: 'Mobile Safari' },
    ],
    [
      'Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.6 Mobile/15E148 Safari/604.1',
      { deviceType: 'tablet', os: 'iOS' },
    ],
    [
      'Mozilla/5.0 (SMART-TV; LINUX; Tizen 6.5) AppleWebKit/537.36 (KHTML, like Gecko) 85.0.4183.93/6.5 TV Safari/537.36',
      { deviceType: 'tv', os: 'Tizen' },
    ],
    [
      'Mozilla/5.0 (PlayStation; PlayStation 5/2.26) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/13.0 Safari/605.1.15',
      { deviceType: 'console', os: 'PlayStation' },
    ],
    ['curl/8.5.0', { deviceType: undefined, os: undefined }],
    ['', {}],
  ])('%s', (userAgent, expected) => expect(readAgent({ userAgent })).toMatchObject(expected));

  it('believes client hints before the agent', () => {
    const userAgent =
      'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 Safari/537.36';
    expect(readAgent({ userAgent, platform: '"Chrome OS"', mobile: '?0' })).toMatchObject({
      os: 'Chrome OS',
      deviceType: 'desktop',
    });
  });

  it('takes any text in bounded time', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 3000 }), (userAgent) => {
        const before = process.cpuUsage();
        readAgent({ userAgent });
        // CPU time, not wall time: the machine may have other things to do.
        expect(process.cpuUsage(before).user).toBeLessThan(250_000);
      }),
    );
  });
});

describe('accountOf', () => {
  it.each([
    ['UseDevelopmentStorage=true', { name: 'devstoreaccount1', host: '127.0.0.1:10000' }],
    [
      'DefaultEndpointsProtocol=https;AccountName=ours;AccountKey=a==;EndpointSuffix=core.windows.net',
      { name: 'ours', host: 'ours.blob.core.windows.net' },
    ],
    [
      'AccountName=devstoreaccount1;AccountKey=a==;BlobEndpoint=http://127.0.0.1:20002/devstoreaccount1;',
      { name: 'devstoreaccount1', host: '127.0.0.1:20002' },
    ],
  ])('%s', (connection, expected) => expect(accountOf(connection)).toEqual(expected));
});
