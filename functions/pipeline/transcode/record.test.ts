// The fast path of flat records against the long way: for any line it either declines, or the outcome is the same to the last value.
import fc from 'fast-check';
import { beforeEach, expect, it, vi } from 'vitest';
import { NOW, sampleBatch, sampleDigests } from '../../../test/support/sample-batch.ts';
import { tableRows, type Batch, type Outcome } from '../batch.ts';
import { catalogsOf } from '../catalogs.ts';
import { decodeLine, DEFAULT_LIMITS } from '../decode.ts';
import { ingest, type IngestPorts } from '../ingest.ts';
import { acmeRecord } from '../normalize/acme.ts';
import { countOf, lineAt, objectsOf } from '../row-text.ts';
import { SeenEvents } from '../seen-events.ts';
import { RecordLines } from './record.ts';

// Many cases on a machine that may be busy.
vi.setConfig({ testTimeout: 120_000 });

/** `npm run test:heavy` looks at more. */
const RUNS = process.env['FRAMEWATCH_HEAVY'] ? 40_000 : 1500;
const ports: IngestPorts = {
  digests: sampleDigests,
  userAgents: { read: () => ({}) },
  limits: DEFAULT_LIMITS,
  geo: { locate: (network) => ({ country: 'DE', region: 'BE', city: network, asn: 64_500 }) },
  catalogs: catalogsOf([], [{ tenant: sampleBatch.tenant, contentId: 'TITLE_1', title: 'One', streamType: 'vod' }]),
};
const batch: Batch = { ...sampleBatch, door: 'blob', dialect: 'acme', origin: 'telemetry/acme/a.gz', isTrusted: true };
const decoder = new TextDecoder();
const sorted = (row: object): object => Object.fromEntries(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1)));

function known(outcome: Outcome): unknown {
  const { rows: _rows, text: _text, ...rest } = outcome;
  const rows = objectsOf<object>(tableRows(outcome, 'PlaybackEvents'));
  return { ...rest, rows: (JSON.parse(JSON.stringify(rows)) as object[]).map(sorted) };
}

/** One reader for all lines of a test, as a blob has one: what it learned from one line must not harm the next. */
let lines = new RecordLines(acmeRecord, ports);
beforeEach(() => {
  lines = new RecordLines(acmeRecord, ports);
});

/** Whether the fast path took the line; fails when it took it otherwise than the long way would. */
function isTaken(text: string, own: Batch = batch, ownPorts = ports): boolean {
  const bytes = Buffer.from(text);
  lines.open(own, new SeenEvents());
  if (!lines.take(bytes, 7)) return false;
  const fast = lines.outcome();
  const long = ingest(
    own,
    decodeLine(bytes, DEFAULT_LIMITS).map((decoded) => ({ decoded, line: 7 })),
    ownPorts,
  );
  expect(known(fast)).toEqual(known(long));
  const written = fast.text?.PlaybackEvents ?? { bytes, ends: [] };
  expect(countOf(written)).toBe(1);
  const line = decoder.decode(lineAt(written, 0));
  expect(JSON.stringify(JSON.parse(line)), 'as JSON.stringify writes it').toBe(line);
  return true;
}

const plain = {
  event_id: 'EVENT_1',
  event_type: 'stop',
  event_timestamp: new Date(NOW - 5000).toISOString(),
  customer_id: 'CUST_1',
  session_id: 'SESS_1',
  title_id: 'TITLE_1',
  device_id: 'DEV_1',
  device_type: 'mobile',
  device_os: 'iOS',
  app_version: '5.4.1',
  quality: 'HD',
  bandwidth_mbps: 12.5,
  buffering_events: 2,
  buffering_duration: 1.5,
  watch_duration_seconds: 600,
  completion_percentage: 50.1,
  position_seconds: 90,
  country: 'US',
  state: 'CA',
  city: 'Los Angeles',
  ip: '203.0.113.9',
};

const text = fc.oneof(
  fc.constantFrom(
    '', 'a', 'HD', '4k', 'São Paulo', 'a\\b', 'quo"te', '\u2028', '😀', '\ud800', 'x'.repeat(70), 'y'.repeat(300), '203.0.113.9',
    'anna@example.com', 'https://example.com/a?token=b', 'token=abc', '12:34:56', '2001:db8::1', 'US', 'us', 'XX', 'Germany', 'TITLE_1',
    'start', 'PAUSE', 'complete', '1.2.3.4', 'tv', 'Smart TV', '2026-02-30T00:00:00Z', '2026-01-15T10:00:00+02:00',
    '2026-01-15T10:00:00.1234Z', '2026-01-15T10:00:00.5Z', '2026-01-15 10:00:00Z', '2026-01-15T24:00:00Z', '1999-12-31T23:59:59Z',
    '2026-01-15T10:00:00.28Z', '2026-01-15T10:00:00z', '2026-01-15T10:00:00.1234567890Z',
  ),
  fc.string({ maxLength: 12 }),
  fc.string({ unit: 'grapheme', maxLength: 6 }),
); // prettier-ignore
const number = fc.oneof(
  fc.nat(5000),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(0, -0, -1, 0.1, 1.1, 1e21, 1e-7, 1e306, 2 ** 53, 2 ** 31, 1_768_478_400, 1_768_478_400_000),
);
const value: fc.Arbitrary<unknown> = fc.oneof(
  text,
  number,
  fc.constantFrom(null, true, false, [], {}, [1], { a: 'b' }, { ip: '203.0.113.9' }),
);
const names = [
  ...Object.keys(plain), 'title', 'cdn', 'player_version', 'startup_seconds', 'buffering_duration_seconds', 'error_count', 'timestamp',
  'ip_address', 'region', 'asn', 'os', 'browser', 'consent', 'host', 'my_version', 'user_id', 'email', '__proto__', 'constructor', 'v', 'h',
  'e', 'x', 'naïve', 'some "name"', 'a'.repeat(80), 'unheard', 'url',
]; // prettier-ignore

it('a plain record takes the fast path, whatever its kind and whether its fields are in order', () => {
  for (const event_type of ['start', 'pause', 'resume', 'stop', 'complete'])
    expect(isTaken(JSON.stringify({ ...plain, event_type })), event_type).toBe(true);
  expect(isTaken(JSON.stringify(Object.fromEntries(Object.entries({ ...plain, event_type: 'start' }).reverse())))).toBe(
    false,
  );
  const { event_type, ...rest } = plain;
  expect(isTaken(JSON.stringify({ event_type, ...Object.fromEntries(Object.entries(rest).reverse()) }))).toBe(true);
  expect(isTaken(`${JSON.stringify(plain, null, 1).replaceAll('\n', ' ')} \r`)).toBe(true);
});

it('any record is stored as the long way would store it, or left to it', () => {
  const member = fc.tuple(fc.constantFrom(...names), value);
  let taken = 0;
  fc.assert(
    fc.property(
      fc.array(member, { maxLength: 4 }),
      fc.uniqueArray(fc.constantFrom(...Object.keys(plain)), { maxLength: 3 }),
      fc.constantFrom('start', 'pause', 'resume', 'stop', 'complete'),
      fc.boolean(),
      (changes, left, event_type, isShuffled) => {
        const kept = Object.entries({ ...plain, event_type }).filter(([name]) => !left.includes(name));
        const members = new Map<string, unknown>([...kept, ...changes]);
        const entries = isShuffled ? [...members].reverse() : [...members];
        // Written by hand: an object would lose names such as `__proto__`.
        const line = `{${entries.map(([name, item]) => `${JSON.stringify(name)}:${JSON.stringify(item)}`).join(',')}}`;
        if (isTaken(line)) taken++;
      },
    ),
    { numRuns: RUNS },
  );
  expect(taken).toBeGreaterThan(RUNS / 20);
});

it('damaged bytes and odd spellings are stored as the long way would store them, or left to it', () => {
  const line = JSON.stringify(plain);
  const piece = fc.constantFrom(
    '"', '\\', ',', ':', '{', '}', '[', ' ', '\t', '1', '0', '-', '.', 'e5', '1.0', '1E3', '01', 'null', 'true', '\\u0041', '\u0000', 'é',
    '"event_type":"start",', '"ip":"1.2.3.4",', '"unheard":1,',
  ); // prettier-ignore
  fc.assert(
    fc.property(fc.nat(line.length), fc.nat(4), piece, (at, cut, put) => {
      isTaken(line.slice(0, at) + put + line.slice(at + cut));
    }),
    { numRuns: RUNS },
  );
});

it.each([
  ['opted out', { isOptedOut: true }, {}],
  ['without a database and catalogs', {}, { geo: undefined, catalogs: undefined }],
  ['of another tenant', { tenant: 'other' }, {}],
] as const)('rows of a blob %s are those of the long way', (_what, overrides, otherPorts) => {
  const own = { ...ports, ...otherPorts };
  lines = new RecordLines(acmeRecord, own);
  for (const country of ['US', 'XX', 'DE']) {
    const record = { ...plain, country };
    expect(isTaken(JSON.stringify(record), { ...batch, ...overrides }, own)).toBe(true);
  }
});

it.each(['anna@example.com', 'see https://example.com/a?user=anna', '203.0.113.9', 'token=abc', '2001:db8::1'])(
  'text that must not be stored as it stands goes the long way: %s',
  (note) => {
    expect(isTaken(JSON.stringify({ ...plain, note }))).toBe(false);
    expect(isTaken(JSON.stringify({ ...plain, note: 'fine' }))).toBe(true);
  },
);

it.each(['ip_address', 'user_id', 'email', 'consent', '__proto__'])(
  'a record with the field %s goes the long way',
  (name) => {
    expect(isTaken(`${JSON.stringify(plain).slice(0, -1)},${JSON.stringify(name)}:"a"}`)).toBe(false);
  },
);

it('a blob whose sender is not trusted goes the long way', () => {
  expect(isTaken(JSON.stringify(plain), { ...batch, isTrusted: false })).toBe(false);
});

it('a record that the batch holds already is counted and not stored', () => {
  const seen = new SeenEvents();
  lines.open(batch, seen);
  const bytes = Buffer.from(JSON.stringify(plain));
  expect([lines.take(bytes, 0), lines.take(bytes, 1)]).toEqual([true, true]);
  const outcome = lines.outcome();
  expect(outcome).toMatchObject({ received: 2, duplicate: 1, text: { PlaybackEvents: { ends: { length: 1 } } } });
  expect(lines.take(bytes, 2)).toBe(true);
  expect(lines.outcome()).toMatchObject({ received: 1, duplicate: 1 });
  expect(seen.add('SESS_1:EVENT_1')).toBe(false);
});

it('more fields than any producer has make the reader forget nothing and fail nowhere', () => {
  for (let n = 0; n < 600; n++) isTaken(JSON.stringify({ ...plain, [`field_${n}`]: n }));
  expect(isTaken(JSON.stringify(plain))).toBe(true);
});

it('a line among others is taken as it is alone, whatever stands before and behind it', () => {
  const json = fc
    .dictionary(fc.constantFrom(...names), value, { maxKeys: 4 })
    .map((more) => Buffer.from(JSON.stringify({ ...plain, ...more })));
  const bits = [
    '{',
    '}',
    ',',
    '"',
    '{"event_id":"a",',
    '"x":1}',
    ' ',
    '\r',
    '\t',
    '',
    '12',
    'é',
    '\xff',
    '\xf0\x9f',
    '\x7f',
  ];
  const odd = fc
    .array(fc.constantFrom(...bits), { maxLength: 4 })
    .map((parts) => Buffer.from(parts.join(''), 'latin1'));
  // A line in two, as a newline within it would leave it.
  const broken = fc.tuple(json, fc.nat(400)).map(([line, at]) => {
    const cut = at % line.length;
    return Buffer.concat([line.subarray(0, cut), Buffer.from('\n'), line.subarray(cut)]);
  });
  const blank = fc
    .tuple(json, fc.constantFrom(' ', '\r', ' \t\r'), fc.constantFrom('', ' '))
    .map(([line, behind, before]) => Buffer.concat([Buffer.from(before), line, Buffer.from(behind)]));
  const some = fc.oneof({ weight: 4, arbitrary: json }, odd, broken, blank);
  fc.assert(
    fc.property(fc.array(some, { maxLength: 6 }), fc.boolean(), fc.boolean(), (parts, isEnded, isGlued) => {
      const glue = Buffer.from(isGlued ? '' : '\n');
      const memory = Buffer.concat([...parts.flatMap((part) => [part, glue]), Buffer.from(isEnded ? '\n' : '')]);
      const together = new RecordLines(acmeRecord, ports);
      together.open(batch, new SeenEvents());
      const seen = new SeenEvents();
      const rows = (outcome: Outcome): unknown[] =>
        objectsOf<object>(tableRows(outcome, 'PlaybackEvents')) as unknown[];
      let start = 0;
      for (const [number, text] of memory.toString('latin1').split('\n').entries()) {
        const end = start + text.length;
        lines.open(batch, seen);
        const isTakenAlone = lines.take(memory.subarray(start, end), number);
        expect(together.take(memory, number, start, end)).toBe(isTakenAlone);
        if (isTakenAlone) expect(known(together.outcome())).toEqual(known(lines.outcome()));
        start = end + 1;
      }
      expect(rows(together.outcome())).toEqual([]);
    }),
    { numRuns: RUNS / 10 },
  );
});

it('a line that is no UTF-8 is left to the long way, and those around it are not', () => {
  const line = (id: string): Buffer => Buffer.from(`${JSON.stringify({ ...plain, event_id: id })}\n`);
  const damaged = line('B');
  damaged[damaged.indexOf('TITLE_1')] = 0xff;
  const memory = Buffer.concat([line('A'), damaged, line('C')]);
  lines.open(batch, new SeenEvents());
  const { length } = damaged;
  const taken = [0, 1, 2].map((n) => lines.take(memory, n, n * length, (n + 1) * length - 1));
  expect(taken).toEqual([true, false, true]);
  expect(lines.outcome()).toMatchObject({ received: 2, text: { PlaybackEvents: { ends: { length: 2 } } } });
});
