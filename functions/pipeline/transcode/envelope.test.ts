// The fast path against the long way: for any body it either declines, or its outcome is the same to the last value.
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { EVENT_KINDS } from '../../../schema/playback-events.ts';
import { tableRows, type Batch, type Outcome } from '../batch.ts';
import { catalogsOf } from '../catalogs.ts';
import { decodeBody, DEFAULT_LIMITS } from '../decode.ts';
import { ingest } from '../ingest.ts';
import { BEAT_COLUMNS, KIND_COLUMNS } from '../normalize/probe-columns.ts';
import { countOf, lineAt, objectsOf } from '../row-text.ts';
import { ingestEnvelope } from './envelope.ts';
import { NOW, sampleBatch, sampleDigests } from '../../../test/support/sample-batch.ts';

/** `npm run test:heavy` looks at more. */
const isHeavy = process.env['FRAMEWATCH_HEAVY'] !== undefined;
const RUNS = isHeavy ? 60_000 : 1500;
// Many cases on a machine that may be busy.
vi.setConfig({ testTimeout: isHeavy ? 1_800_000 : 120_000 });

const ports = {
  digests: sampleDigests,
  userAgents: { read: () => ({ browser: 'Fire"fox', os: undefined }) },
  limits: DEFAULT_LIMITS,
  catalogs: catalogsOf(
    [
      { hostPattern: '*.media.example', cdn: 'ours "é".example' },
      { hostPattern: 'ours "é".example', cdn: 'never twice' },
    ],
    [],
  ),
};
const batch: Batch = {
  ...sampleBatch,
  isTrusted: false,
  edge: { country: 'DE' },
  userAgent: { userAgent: 'x' },
};
const TABLES = ['PlaybackEvents', 'PlaybackBeats', 'CdnRequests'] as const;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

const byId = (a: object, b: object): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);

/** All there is to know of an outcome; rows without an order, since the two ways book them in two. */
function known(outcome: Outcome): unknown {
  const { rows: _rows, text: _text, ...rest } = outcome;
  const rows = TABLES.map((table) => {
    const list = objectsOf<object>(tableRows(outcome, table));
    return (JSON.parse(JSON.stringify(list)) as object[])
      .map((row) => Object.fromEntries(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1))))
      .sort(byId);
  });
  return { ...rest, rows };
}

/** Whether the fast path took the body; fails when it took it otherwise than the long way would. */
function isTaken(body: Uint8Array, overrides: Partial<Batch> = {}): boolean {
  const own = { ...batch, ...overrides };
  const fast = ingestEnvelope(own, body, ports);
  if (!fast) return false;
  const long = ingest(
    own,
    decodeBody(body, DEFAULT_LIMITS).map((decoded) => ({ decoded })),
    ports,
  );
  expect(known(fast)).toEqual(known(long));
  for (const text of Object.values(fast.text ?? {}))
    for (let row = 0; row < countOf(text); row++) {
      const line = decoder.decode(lineAt(text, row));
      expect(JSON.stringify(JSON.parse(line)), 'as JSON.stringify writes it').toBe(line);
    }
  return true;
}

const number = fc.oneof(
  { weight: 6, arbitrary: fc.nat(2_000_000) },
  { weight: 1, arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }) },
  { weight: 1, arbitrary: fc.integer({ min: -5000, max: 5000 }).map((n) => n / 8) },
  { weight: 1, arbitrary: fc.constantFrom(0, -0, 1e21, 1e-7, 0.1, 2 ** 53, 2 ** 31, 999_999_999_999_999, 4e9) },
);
const text = fc.oneof(
  fc.constantFrom(
    'a',
    'edge-a',
    'failed',
    'Zürich',
    '',
    'https://u:p@host.example/p?t=1',
    'no a@b.example',
    'at 203.0.113.9',
    'a%40b.example',
    'AccountKey=x',
    'Bearer a.b1234567',
    'x'.repeat(70),
    'playing',
  ),
  fc.string({ maxLength: 12, unit: 'binary' }),
);
const count = fc.nat(100);
const counters = fc.dictionary(
  fc.constantFrom(
    ...'stalls,stallMs,freezes,freezeMs,seeks,seekMs,playMs,watchMs,bits,drop,tot,err,up,down,startMs'.split(','),
  ),
  number,
);
const leanCounts = fc.dictionary(
  fc.constantFrom(
    ...'startMs,playMs,stallMs,freezeMs,seekMs,pauseMs,adMs,endMs,hiddenMs,stalls,freezes,seeks,bits,tot,drop,err,up,down,sg,bad,slow,by,dl,ltc,ltcs,t0,t1,t7,t9'.split(
      ',',
    ),
  ),
  fc.oneof({ weight: 9, arbitrary: count }, { weight: 1, arbitrary: number }),
);
const base = {
  n: fc.nat(40),
  t: fc.oneof({ weight: 9, arbitrary: fc.nat(4_000_000) }, { weight: 1, arbitrary: number }),
  pt: number,
  d: count,
  kbps: count,
  w: fc.nat(4000),
  h: fc.nat(3000),
  bl: number,
  cdn: fc.constantFrom('edge-a', 'edge-b', '', 'd1.cloudfront.net', 'A.media.example:8443', 'x.unknown.example', 'a.é'),
};
const baseOf = fc.record(base, { requiredKeys: ['n', 't'] });
const nested = (keys: string): fc.Arbitrary<object> => fc.dictionary(fc.constantFrom(...keys.split(',')), count);
const beat = fc.record(
  {
    st: fc.constantFrom('playing', 'stalled', 'ended', 'play'),
    iv: fc.nat(20_000),
    ms: nested('starting,playing,stalled,paused,hidden'),
    bits: number,
    fr: nested('tot,drop'),
    by: count,
    sg: nested('n,err,slow'),
    ttfb: fc.array(count, { maxLength: 9 }),
    thr: number,
    blMin: number,
    ltc: nested('mean,max,target'),
    rate: number,
    pw: count,
    ph: count,
    ns: count,
    c: counters,
  },
  { requiredKeys: ['iv'] },
);
const leanBeat = fc.record(
  {
    st: fc.constantFrom('play', 'stall', 'end', 'completed', 'vsf', 'playing', 'constructor'),
    i: leanCounts,
    c: leanCounts,
    late: number,
    target: number,
    blMin: number,
    rate: number,
    pw: count,
    ph: count,
  },
  // The last beat of a session leaves its counters to the end.
  { requiredKeys: ['i'] },
);
const value = fc.oneof(
  { weight: 4, arbitrary: number },
  { weight: 3, arbitrary: text },
  { weight: 2, arbitrary: fc.boolean() },
  { weight: 1, arbitrary: fc.constantFrom(null, {}, [], [1, 2], { manifest: 3, init: 4 }) },
);
const kindEvent = fc.constantFrom(...EVENT_KINDS).chain((kind) => {
  const own = fc.dictionary(fc.constantFrom(...Object.keys(KIND_COLUMNS[kind]), 'src', 'pre', 'c', 'other'), value, {
    maxKeys: 4,
  });
  return fc.tuple(baseOf, own).map(([shared, rest]) => ({ k: kind, ...shared, ...rest }));
});
const anyEvent = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(baseOf, beat).map(([shared, own]) => ({ k: 'hb', ...shared, ...own })) },
  { weight: 3, arbitrary: fc.tuple(baseOf, leanBeat).map(([shared, own]) => ({ k: 'hb', ...shared, ...own })) },
  { weight: 4, arbitrary: kindEvent },
  {
    weight: 1,
    arbitrary: fc.tuple(baseOf, leanCounts).map(([shared, c]) => ({ k: 'end', ...shared, why: 'exit', c })),
  },
  { weight: 1, arbitrary: fc.dictionary(fc.constantFrom('k', 'n', 't', 'ip', '__proto__'), value) },
);
/** The probe says the number first, older ones the kind. */
const event = fc
  .tuple(anyEvent, fc.boolean())
  .map(([one, isNumbered]) => (isNumbered && 'n' in one ? { n: one.n, ...one } : one));
const header = fc.record(
  {
    sid: fc.oneof({ weight: 9, arbitrary: fc.constantFrom('s1', 's"\\2', 'ü') }, { weight: 1, arbitrary: text }),
    t0: fc.oneof(
      { weight: 9, arbitrary: fc.constantFrom(NOW - 5_000_000, NOW - 9e9) },
      { weight: 1, arbitrary: number },
    ),
    sent: fc.constantFrom(NOW, NOW - 400_000, NOW - 123.5, NOW + 10),
    cid: text,
    title: text,
    st: fc.constantFrom('v', 'l', 'll', 'x'),
    vid: text,
    consent: fc.constantFrom(0, 1, true, false),
    sr: fc.constantFrom(1, 0.25, 2),
    sample: fc.constantFrom(1, 0.25, 2),
    props: fc.constantFrom({ campaign: 'x', sid: 'y' }, { a: 1 }, 5),
    cdn: fc.constantFrom('edge-z', null, 'b.media.example', 'c.unknown.example'),
    pl: fc.constantFrom({ name: 'dash.js', ver: '5' }, { name: null }),
    campaign: value,
    geo: fc.constant({ country: 'FR' }),
  },
  { requiredKeys: ['sid', 't0', 'sent'] },
);
const envelope = fc.record({
  v: fc.oneof({ weight: 9, arbitrary: fc.constantFrom(1, 2) }, { weight: 1, arbitrary: value }),
  h: header,
  e: fc.array(event, { maxLength: 8 }),
});

/** Damage and strange spellings: at a byte, or in the place of a token. */
const where = fc.noBias(fc.nat(999_999)).map((n) => n / 1_000_000);
const PUT = [
  '"',
  ',',
  ':',
  '{',
  '}',
  '[',
  ']',
  '\\',
  '0',
  '-',
  '.',
  'e',
  ' ',
  '\n',
  '\t',
  '\u0000',
  '\ufeff',
  'n',
  'ü',
];
const TOKENS =
  String.raw`1e3|1.0|-0|0.1|1e999|01|12345678901234567890|5.|+1|true|null|{}|[]|[1 ]|"k"|"t"|"n"|"c"|"__proto__"|"\u0041"|"a\"b"|"\ud800"|"ü"|""| 7 |""`.split(
    '|',
  );
const edit = fc.oneof(
  fc.record({ where, cut: fc.nat(3), put: fc.constantFrom(...PUT) }),
  fc.record({ where, token: fc.constantFrom(...TOKENS) }),
);
const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true|false|null/g;
type Edit = { where: number } & ({ cut: number; put: string } | { token: string });

function edited(body: string, edits: readonly Edit[]): Uint8Array {
  let changed = body;
  for (const one of edits) {
    if ('put' in one) {
      const at = Math.floor(one.where * changed.length);
      changed = changed.slice(0, at) + one.put + changed.slice(at + one.cut);
      continue;
    }
    const tokens = [...changed.matchAll(TOKEN)];
    const token = tokens[Math.floor(one.where * tokens.length)];
    if (token) changed = changed.slice(0, token.index) + one.token + changed.slice(token.index + token[0].length);
  }
  return encoder.encode(changed);
}

describe('the fast path', () => {
  it('tells of any envelope what the long way tells', () => {
    let taken = 0;
    fc.assert(
      fc.property(envelope, fc.boolean(), (body, isTrusted) => {
        if (isTaken(encoder.encode(JSON.stringify(body)), { isTrusted, isOptedOut: !isTrusted })) taken++;
      }),
      { numRuns: RUNS },
    );
    expect(taken, 'bodies it took').toBeGreaterThan(RUNS / 4);
  });

  it('tells of a damaged or strangely written body what the long way tells, or declines it', () => {
    let taken = 0;
    fc.assert(
      fc.property(envelope, fc.array(edit, { minLength: 1, maxLength: 2 }), fc.boolean(), (body, edits, isPretty) => {
        if (isTaken(edited(JSON.stringify(body, undefined, isPretty ? 1 : 0), edits))) taken++;
      }),
      { numRuns: RUNS },
    );
    expect(taken, 'bodies it took').toBeGreaterThan(RUNS / 20);
  });

  it('declines broken UTF-8, several envelopes, other formats and bodies beyond the limits', () => {
    const one = JSON.stringify({ v: 1, h: { sid: 's', t0: 0, sent: 0 }, e: [{ k: 'pause', n: 0, t: 0 }] });
    const bodies = [
      Buffer.concat([Buffer.from(one.slice(0, -2)), Buffer.from([0xff])]),
      Buffer.from(`${one}\n${one}`),
      Buffer.from(`\ufeff${one}`),
      Buffer.from('{"event_type":"start"}'),
      Buffer.from(''),
      Buffer.from(
        JSON.stringify({
          v: 1,
          h: { sid: 's', t0: 0, sent: 0 },
          e: Array.from({ length: 1001 }, (_none, n) => ({ k: 'pause', n, t: 0 })),
        }),
      ),
      Buffer.from(one.replace('"sid"', `"deep":${'['.repeat(30)}${']'.repeat(30)},"sid"`)),
    ];
    for (const body of bodies) expect(ingestEnvelope(batch, body, ports), body.toString().slice(0, 80)).toBeUndefined();
    expect(isTaken(Buffer.from(one))).toBe(true);
  });

  it('finds repeated events in any order, whichever way each goes', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(6), fc.boolean()), { maxLength: 12 }), (list) => {
        const e = list.map(([n, isOdd]) => ({ k: 'pause', n, t: 5, ...(isOdd && { odd: { a: 'x' } }) }));
        expect(isTaken(encoder.encode(JSON.stringify({ v: 1, h: { sid: 's', t0: NOW, sent: NOW }, e })))).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  it('looks at the bounds of each event in a large body', () => {
    const e = [
      { k: 'pause', n: 0, t: 0 },
      { k: 'custom', n: 1, t: 0, data: 'x'.repeat(70_000) },
      { k: 'custom', n: 2, t: 0, data: Object.fromEntries(Array.from({ length: 200 }, (_none, i) => [`k${i}`, i])) },
      { k: 'hb', n: 3, t: 0, iv: 5, ttfb: Array.from({ length: 40_000 }, () => 1) },
    ];
    const body = encoder.encode(JSON.stringify({ v: 1, h: { sid: 's', t0: NOW, sent: NOW }, e }));
    expect(isTaken(body)).toBe(true);
    expect(ingestEnvelope(batch, body, ports)?.rejects.map(({ reason }) => reason)).toEqual([
      'too-large',
      'too-many-keys',
      'too-large',
    ]);
  });
});

/** Events as the probe sends them, of every kind that needs no second look. */
const PLAIN: Readonly<Record<1 | 2, readonly object[]>> = {
  1: [
    { k: 'request', n: 0, t: 0, auto: true, src: 'media.example.com' },
    { k: 'start', n: 1, t: 700, ms: 650, ph: { manifest: 90, segment: 300 }, kbps: 800, w: 640, h: 360 },
    { k: 'hb', n: 2, t: 1e4, pt: 9e3, st: 'playing', iv: 1e4, ms: { playing: 1e4 }, ttfb: [1, 0], c: { stalls: 0 } },
    { k: 'error', n: 3, t: 5, cat: 'media', code: '3', msg: 'decoder gave up', fatal: true },
    { k: 'rate', n: 4, t: 6, from: 1, to: 1.5 },
    { k: 'mute', n: 5, t: 7, to: true },
    { k: 'end', n: 6, t: 8.25, why: 'exit', c: { stalls: 1, watchMs: 12.5 } },
  ],
  2: [
    { n: 0, k: 'request', auto: true, pre: false, t: 0 },
    {
      n: 2,
      k: 'hb',
      st: 'play',
      i: { playMs: 1e4, t0: 3, sg: 3 },
      c: { playMs: 1e4 },
      t: 1e4,
      pt: 0,
      kbps: 0,
      cdn: '',
    },
    { n: 3, k: 'segment', ms: 900, ty: 'video', bad: 'slow', t: 5 },
    { n: 4, k: 'hb', st: 'exit', i: { playMs: 1 }, t: 8 },
    { n: 5, k: 'end', why: 'exit', c: { playMs: 9 }, t: 8 },
  ],
};

it.each([1, 2] as const)('what a probe of version %i sends needs no objects', (v) => {
  const body = encoder.encode(
    JSON.stringify({
      v,
      h: { sid: 's', t0: NOW, sent: NOW, cdn: 'a', tag: 'x' },
      e: PLAIN[v].filter((one) => !('src' in one || 'pre' in one)),
    }),
  );
  expect(isTaken(body)).toBe(true);
  expect(ingestEnvelope(batch, body, ports)).toMatchObject({
    rows: { PlaybackEvents: [], PlaybackBeats: [] },
    rejects: [],
  });
  const plain = encoder.encode(JSON.stringify({ v, h: { sid: 's', t0: NOW, sent: NOW }, e: PLAIN[v] }));
  expect(ingestEnvelope(batch, plain, ports)?.rows).toMatchObject({ PlaybackEvents: [], PlaybackBeats: [] });
});

it('a host that a player gives as its CDN gets the name that a catalog has for it, without an object', () => {
  const of = (cdn: object, n: number): object => ({ k: 'pause', n, t: n, ...cdn });
  const e = [{}, { cdn: 'd1.cloudfront.net' }, { cdn: 'x.unknown.example' }, { cdn: 'edge-a' }].map(of);
  const body = JSON.stringify({ v: 1, h: { sid: 's', t0: NOW, sent: NOW, cdn: 'b.media.example:443' }, e });
  expect(isTaken(encoder.encode(body))).toBe(true);
  const outcome = ingestEnvelope(batch, encoder.encode(body), ports)!;
  expect(outcome.rows.PlaybackEvents).toEqual([]);
  const rows = objectsOf<{ readonly cdn?: string | undefined }>(tableRows(outcome, 'PlaybackEvents'));
  expect(rows.map(({ cdn }) => cdn)).toEqual(['ours "é".example', 'cloudfront', 'x.unknown.example', 'edge-a']);
});

it('no two names of a kind go to one column', () => {
  for (const kind of EVENT_KINDS) {
    const columns = Object.values(KIND_COLUMNS[kind]);
    expect(new Set(columns).size, kind).toBe(columns.length);
  }
  expect(new Set(Object.values(BEAT_COLUMNS)).size).toBe(Object.values(BEAT_COLUMNS).length);
});
