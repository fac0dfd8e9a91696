// What holds for any input. Each of these has a seeded fault that breaks it, or broke while it was written.
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { cdnRequests } from '../../schema/cdn-requests.ts';
import { playbackBeats } from '../../schema/playback-beats.ts';
import { playbackEvents } from '../../schema/playback-events.ts';
import { checker } from '../../schema/validate.ts';
import { tableRows, type Outcome } from './batch.ts';
import { boundsFault } from './bounds.ts';
import { cutText, DynamicCleaner } from './clean.ts';
import { countryOfCode } from './country.ts';
import { decodeBody, DEFAULT_LIMITS } from './decode.ts';
import { parseStamp } from './event-time.ts';
import { cutUrls, freeText, hostOf, isIdentityKey, scrubText } from './identity.ts';
import { ingest } from './ingest.ts';
import { lineReader } from './log-lines.ts';
import { networkOf } from './network.ts';
import { rejectRow } from './rejects.ts';
import { objectsOf } from './row-text.ts';
import { NOW, sampleBatch as batch, sampleDigests } from '../../test/support/sample-batch.ts';

// Many cases on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });
const runs = (numRuns: number): { numRuns: number } => ({
  numRuns: process.env['FRAMEWATCH_HEAVY'] ? numRuns * 20 : numRuns,
});

const ports = { digests: sampleDigests, userAgents: { read: () => ({}) }, limits: DEFAULT_LIMITS };
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const run = (body: string): Outcome =>
  ingest(
    batch,
    decodeBody(bytesOf(body), DEFAULT_LIMITS).map((decoded) => ({ decoded })),
    ports,
  );
const envelope = (events: readonly unknown[], header: object = {}): string =>
  JSON.stringify({ v: 1, h: { sid: 's1', t0: NOW - 1000, sent: NOW, ...header }, e: events });
const rowsOf = (outcome: Outcome): object[] => [
  ...objectsOf(tableRows(outcome, 'PlaybackEvents')),
  ...objectsOf(tableRows(outcome, 'PlaybackBeats')),
];
const sorted = (rows: readonly object[]): string[] => rows.map((row) => JSON.stringify(row)).sort();

const filler = fc.string({ unit: fc.constantFrom('a', 'Z', ' ', '.', ',', ':', '/', '-', '"', '\\', '\n', 'é', '1') });
const spaced = fc.tuple(filler, filler).map(([before, after]) => [`${before} `, ` ${after}`] as const);
const PLANTED = {
  mail: 'alice.canary@example.com',
  'percent-encoded mail': 'alice.canary%40example.com',
  address: '198.51.100.177',
  'address of IPv6': '2001:db8:77:88::aa',
  URL: 'https://u:canary@cdn.example/canary/x?token=canary#canary',
  SAS: 'sv=1&sig=canary%3D',
  'account key': 'AccountKey=canary==',
  bearer: 'Bearer canary.canary-canary',
};
const LEAK = /canary|198\.51\.100\.177|2001:db8/;

describe('free text', () => {
  it.each(Object.entries(PLANTED))('keeps no %s, wherever it stands', (_name, planted) => {
    fc.assert(
      fc.property(spaced, ([before, after]) => {
        expect(freeText(before + planted + after)).not.toMatch(LEAK);
        expect(scrubText(before + planted + after)).not.toMatch(LEAK);
      }),
      runs(40),
    );
  });

  it('that is clean stays as it is when it is cleaned again', () => {
    const part = fc.oneof(filler, fc.constantFrom(...Object.values(PLANTED)));
    fc.assert(
      fc.property(fc.array(part, { maxLength: 5 }), (parts) => {
        const once = freeText(parts.join(' '));
        expect(freeText(once)).toBe(once);
      }),
      runs(150),
    );
  });

  it('without identity is not touched', () => {
    const word = fc.constantFrom(
      'MediaError',
      'code',
      '3',
      'at',
      '12:30:45',
      'buffer',
      'v5.2',
      '(',
      ')',
      'segment',
      '00:00:10:05',
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 8 }), (words) => {
        expect(freeText(words.join(' '))).toBe(words.join(' '));
      }),
      runs(100),
    );
  });

  it('cut short is no longer than asked, well formed, and the beginning of what it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.nat(20), (text, max) => {
        const cut = cutText(text, max);
        expect(cut.length).toBeLessThanOrEqual(max);
        expect(cut.isWellFormed()).toBe(true);
        expect(text.startsWith(cut.replace(/\ufffd$/, ''))).toBe(true);
      }),
      runs(100),
    );
  });
});

describe('hosts, networks and countries', () => {
  it('a host has no path, query or person in it, and small letters', () => {
    fc.assert(
      fc.property(fc.webUrl({ withQueryParameters: true, withFragments: true }), fc.string(), (url, user) => {
        for (const text of [url, url.replace('://', `://${encodeURIComponent(user)}@`)])
          expect(hostOf(text)).toBe(new URL(url).host);
        expect(cutUrls(`x ${url}`)).toBe(`x ${new URL(url).host}`);
      }),
      runs(100),
    );
  });

  it('all hosts of a /24 and of a /48 are one network, and a network is its own', () => {
    const octet = fc.nat(255);
    const group = fc.nat(0xffff).map((value) => value.toString(16));
    fc.assert(
      fc.property(fc.tuple(octet, octet, octet), octet, octet, ([a, b, c], one, two) => {
        const network = networkOf(`${a}.${b}.${c}.${one}`);
        expect(networkOf(`${a}.${b}.${c}.${two}:443`)).toBe(network);
        expect(networkOf(network)).toBe(network);
      }),
      runs(60),
    );
    fc.assert(
      fc.property(fc.tuple(group, group, group), fc.array(group, { minLength: 5, maxLength: 5 }), (head, tail) => {
        const network = networkOf([...head, ...tail].join(':'));
        expect(networkOf(`[${head.join(':')}::1]:443`)).toBe(network);
        expect(networkOf(network)).toBe(network);
      }),
      runs(60),
    );
  });

  it('a country is two capital letters or nothing', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ maxLength: 4 }), fc.anything()), (value) => {
        const code = countryOfCode(value);
        if (code !== undefined) expect(code).toMatch(/^[A-Z]{2}$/);
      }),
      runs(150),
    );
  });
});

describe('time', () => {
  it('a time stamp means the same moment in every zone', () => {
    const offset = fc.tuple(fc.constantFrom(1, -1), fc.nat(23), fc.nat(59));
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4e12 }), offset, (ms, [sign, hours, minutes]) => {
        const local = new Date(ms + sign * (hours * 60 + minutes) * 60_000).toISOString().slice(0, -1);
        const two = (value: number): string => String(value).padStart(2, '0');
        fc.pre(!local.startsWith('-'));
        expect(parseStamp(`${local}${sign < 0 ? '-' : '+'}${two(hours)}:${two(minutes)}`)).toBe(ms);
      }),
      runs(150),
    );
  });
});

const key = fc.constantFrom(
  'a',
  'b',
  'ip',
  'vid',
  'Client-IP',
  'e_mail',
  '__proto__',
  'constructor',
  'prototype',
  'é',
  '\ud800',
  '',
);
const leaf = fc.oneof(
  fc.string({ maxLength: 30 }),
  fc.double(),
  fc.boolean(),
  fc.constantFrom(null, '\udfff', PLANTED.URL, PLANTED.mail),
);
const tree = fc.letrec((tie) => ({
  node: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.array(tie('node'), { maxLength: 4 }),
    fc.array(fc.tuple(key, tie('node')), { maxLength: 4 }).map((entries) => Object.fromEntries(entries) as unknown),
  ),
})).node; // prettier-ignore

describe('dynamic values', () => {
  it('cleaned: well formed, without keys of identity and prototypes, and the same when cleaned again', () => {
    fc.assert(
      fc.property(tree, (value) => {
        const cleaner = new DynamicCleaner();
        const once = cleaner.clean(value, '');
        const text = JSON.stringify(once) ?? '';
        expect(text.isWellFormed()).toBe(true);
        expect(text).not.toMatch(/"(?:ip|vid|Client-IP|e_mail|__proto__|constructor|prototype)":/);
        expect(text).not.toMatch(LEAK);
        expect(JSON.stringify(new DynamicCleaner().clean(once, '')) ?? '').toBe(text);
      }),
      runs(150),
    );
  });
});

describe('a row of quarantine', () => {
  const quoted = (raw: unknown): string =>
    rejectRow(batch, { place: { position: 0, part: 0 }, source: 'probe', stage: 'normalize', reason: 'wrong-type', detail: '', raw }, sampleDigests, new Map()).payload ?? ''; // prettier-ignore

  it('quotes within its length, well formed, and no identity, however large and deep the value', () => {
    fc.assert(
      fc.property(tree, fc.nat(3), fc.boolean(), (value, grow, isText) => {
        const large = Array.from({ length: 4 ** grow }, () => value);
        const text = quoted(isText ? JSON.stringify(large).slice(0, 8192) : large);
        expect(text.length).toBeLessThanOrEqual(8192);
        expect(text.isWellFormed()).toBe(true);
        expect(text).not.toMatch(LEAK);
      }),
      runs(80),
    );
  });

  it('that is whole is the value without identity: it can be replayed', () => {
    const plain = (value: unknown): unknown => {
      if (typeof value === 'string') return scrubText(value.toWellFormed());
      if (Array.isArray(value)) return value.map(plain);
      if (typeof value !== 'object' || value === null) return value;
      const kept = Object.entries(value).filter(([name]) => !isIdentityKey(name));
      return Object.fromEntries(kept.map(([name, item]) => [name.toWellFormed(), plain(item)]));
    };
    fc.assert(
      fc.property(tree, (value) => {
        fc.pre(typeof value !== 'string' && (JSON.stringify(value) ?? '').length < 3000);
        expect(JSON.parse(quoted(value))).toEqual(JSON.parse(JSON.stringify(plain(value))));
      }),
      runs(100),
    );
  });
});

describe('limits', () => {
  it('a body gives one record more than the limit at most, in pieces that it holds', () => {
    const piece = fc.constantFrom('{}', '{"a":1}', '[]', '1', 'x', '\n', ' ', '\n\n', '"');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), fc.integer({ min: 1, max: 12 }), (pieces, maxEvents) => {
        const decoded = decodeBody(bytesOf(pieces.join('')), { ...DEFAULT_LIMITS, maxEvents });
        // The last line of all may give as many again.
        expect(decoded.length).toBeLessThanOrEqual(2 * maxEvents + 1);
      }),
      runs(200),
    );
  });

  it('what the bounds let through is within them', () => {
    const limits = { ...DEFAULT_LIMITS, maxEventBytes: 60, maxDepth: 3, maxKeys: 2 };
    const depthOf = (value: unknown): number =>
      typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        const isWithin = Buffer.byteLength(JSON.stringify(value)) <= 60 && depthOf(value) <= 3;
        const fault = boundsFault(value, limits);
        if (!fault) expect(isWithin).toBe(true);
        else if (fault.reason !== 'too-many-keys') expect(isWithin).toBe(false);
      }),
      runs(200),
    );
  });
});

const event = fc.record({
  k: fc.constantFrom('pause', 'stall', 'custom', 'hb', 'no-such'),
  n: fc.nat(1000),
  t: fc.nat(100_000),
  ms: fc.oneof(fc.nat(5000), fc.constant('bad')),
  note: fc.string({ maxLength: 8 }),
});
const events = fc.uniqueArray(event, { selector: ({ n }) => n, maxLength: 8 });

describe('a batch', () => {
  it('gives the same rows in whatever order its events come', () => {
    fc.assert(
      fc.property(events, fc.infiniteStream(fc.nat()), (list, keys) => {
        const shuffled = list.map((one) => [keys.next().value, one] as const).sort(([a], [b]) => a - b);
        expect(sorted(rowsOf(run(envelope(shuffled.map(([, one]) => one)))))).toEqual(
          sorted(rowsOf(run(envelope(list)))),
        );
      }),
      runs(60),
    );
  });

  it('cut into two gives the rows of both', () => {
    fc.assert(
      fc.property(events, fc.nat(8), (list, at) => {
        const parts = [list.slice(0, at), list.slice(at)].flatMap((part) => rowsOf(run(envelope(part))));
        expect(sorted(parts)).toEqual(sorted(rowsOf(run(envelope(list)))));
      }),
      runs(60),
    );
  });

  it('sent again within itself adds nothing but duplicates', () => {
    fc.assert(
      fc.property(events, (list) => {
        const once = run(envelope(list));
        const twice = run(`${envelope(list)}\n${envelope(list)}`);
        expect(sorted(rowsOf(twice))).toEqual(sorted(rowsOf(once)));
        expect(twice.duplicate).toBe(rowsOf(once).length);
      }),
      runs(60),
    );
  });

  it('holds only rows that their tables take', () => {
    const checks = { k: checker(playbackEvents), hb: checker(playbackBeats) };
    fc.assert(
      fc.property(fc.array(fc.oneof(event, tree), { maxLength: 5 }), (list) => {
        for (const row of rowsOf(run(envelope(list))))
          expect(('kind' in row ? checks.k : checks.hb)(row)).toMatchObject({ ok: true });
      }),
      runs(100),
    );
  });

  it('keeps no identity, under whatever key of identity and at whatever depth it comes', () => {
    const name = fc.constantFrom('vid', 'ip', 'userId', 'user_agent', 'E-Mail', 'x-forwarded-for', 'deviceId', 'token');
    const nest = (depth: number, value: object): object => (depth === 0 ? value : { inner: nest(depth - 1, value) });
    fc.assert(
      fc.property(name, fc.nat(6), fc.constantFrom('pause', 'no-such'), (key, depth, k) => {
        const outcome = run(envelope([{ k, n: 0, t: 0, ...nest(depth, { [key]: 'canary' }) }], { [key]: 'canary' }));
        expect(JSON.stringify([rowsOf(outcome), outcome.rejects])).not.toContain('canary');
      }),
      runs(100),
    );
  });
});

it('a W3C log means the same in whatever order its columns stand', () => {
  const columns: Readonly<Record<string, string>> = {
    date: '2026-06-01',
    time: '11:00:00',
    'x-edge-location': 'FRA6',
    'sc-status': '200',
    'sc-bytes': '1234',
    'cs-uri-stem': '/a.m4s',
    'time-taken': '0.125',
    'x-edge-request-id': 'r1',
  };
  const read = (names: readonly string[]): unknown[] => {
    const reader = lineReader('cloudfront', DEFAULT_LIMITS);
    const text = [`#Fields: ${names.join(' ')}`, names.map((name) => columns[name]).join('\t')];
    const entries = text.flatMap((line, index) =>
      reader.read(bytesOf(line)).map((decoded) => ({ decoded, line: index })),
    );
    return [...objectsOf(tableRows(ingest({ ...batch, dialect: 'cloudfront' }, entries, ports), 'CdnRequests'))];
  };
  const names = Object.keys(columns);
  const [expected] = read(names);
  expect(checker(cdnRequests)(expected)).toMatchObject({ ok: true });
  fc.assert(
    fc.property(fc.shuffledSubarray(names, { minLength: names.length }), (order) => {
      expect(read(order)).toEqual([expected]);
    }),
    runs(60),
  );
});
