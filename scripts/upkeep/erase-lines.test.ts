import { Readable } from 'node:stream';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eraseLine, eraseSpilled, erasedLines, packed, sessionsInLine } from './erase-lines.ts';
import { matcherOf, pseudonymsOf } from './subject.ts';

const anna = matcherOf({
  viewers: ['anna', '4711'],
  sessions: ['11111111-2222-3333-4444-555555555555', 's9'],
  pseudonyms: ['f'.repeat(32)],
});
const json = JSON.stringify;

describe('a line', () => {
  it.each([
    ['an identity key holds the id', json({ customer_id: 'anna', n: 1 }), '', 1],
    ['the id is a number there', json({ user: { customer_id: 4711 } }), '', 1],
    [
      'the same word stands for something else',
      json({ title: 'anna', count: 4711 }),
      json({ title: 'anna', count: 4711 }),
      0,
    ],
    ['a session is named by its key', json({ session_id: 's9' }), '', 1],
    ['a short session id stands elsewhere', json({ lane: 's9' }), json({ lane: 's9' }), 0],
    ['a long session id stands in a query', json({ cs: 'sid%3D%2211111111-2222-3333-4444-555555555555%22' }), '', 1],
    ['text that is no JSON quotes it', 'GET /a "anna" 200', '', 1],
    ['text has it as part of a word', 'GET /annabel 200', 'GET /annabel 200', 0],
    [
      'it shares the line with others',
      json({ vid: 'bob' }) + json({ vid: 'anna' }) + json({ vid: 'eve' }),
      json({ vid: 'bob' }) + json({ vid: 'eve' }),
      1,
    ],
    ['it is one of a list', json([{ vid: 'anna' }, { vid: 'bob' }]), json([{ vid: 'bob' }]), 1],
    ['it is all of a list', json([{ vid: 'anna' }]), '', 1],
    ['a pseudonym of theirs is there', json({ viewerId: 'f'.repeat(32) }), '', 1],
  ])('when %s', (_what, line, text, erased) => expect(eraseLine(line, anna)).toEqual({ text, erased }));

  it('of others is the same, byte by byte and in its place, whatever its encoding', async () => {
    const other = fc.oneof(
      fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes.map((byte) => (byte === 0x0a ? 0x20 : byte)))),
      fc
        .record({ customer_id: fc.string(), n: fc.nat() })
        .map((record) => Buffer.from(json({ ...record, customer_id: `${record.customer_id}!` }))),
    );
    const mine = fc.constant(Buffer.from(json({ customer_id: 'anna' })));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof({ weight: 3, arbitrary: other }, mine), { minLength: 1, maxLength: 20 }),
        fc.boolean(),
        async (lines, isGzip) => {
          const body = Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')]));
          fc.pre(body[0] !== 0x1f || body[1] !== 0x8b);
          const tally = { erased: 0, kept: 0 };
          const source = Readable.from([isGzip ? gzipSync(body) : body], {
            objectMode: false,
          }) as AsyncIterable<Uint8Array>;
          const parts: Buffer[] = [];
          for await (const part of packed(erasedLines(source, anna, tally), isGzip))
            parts.push(Buffer.from(part as Uint8Array));
          const made = Buffer.concat(parts);
          const want = Buffer.concat(
            lines.flatMap((line) => [line.includes('"anna"') ? Buffer.alloc(0) : line, Buffer.from('\n')]),
          );
          expect((isGzip ? gunzipSync(made) : made).equals(want)).toBe(true);
          expect(tally.erased).toBe(lines.filter((line) => line.includes('"anna"')).length);
        },
      ),
      { numRuns: 60 },
    );
  });
});

it('the subject is found in what can be read of a blob that breaks off', async () => {
  const filler = Array.from({ length: 3000 }, (_one, n) => json({ session_id: `s-${n * 7919}`, n }));
  const whole = gzipSync([json({ customer_id: 'anna' }), ...filler].join('\n'));
  const tally = { erased: 0, kept: 0 };
  const source = Readable.from([whole.subarray(0, whole.length - 20)], { objectMode: false });
  const reading = (async () => {
    for await (const line of erasedLines(source as AsyncIterable<Uint8Array>, anna, tally)) expect(line).toBeDefined();
  })();
  await expect(reading).rejects.toMatchObject({ reason: 'not-gzip' });
  expect(tally.erased).toBe(1);
});

describe('a spilled batch', () => {
  const row = (viewerId: string, sessionId: string) => ({ eventId: `${sessionId}:0`, viewerId, sessionId });
  const outcome = (rows: object[], rejects: object[]) =>
    json({
      v: 1,
      batch: {},
      received: rows.length + rejects.length,
      duplicate: 0,
      rows: { PlaybackEvents: rows, PlaybackBeats: [] },
      rejects,
      errors: [],
    });

  it('loses the rows and rejects of the subject, and its account with them', () => {
    const line = outcome(
      [row('f'.repeat(32), 'x'), row('', 's9'), row('b', 'y')],
      [{ payload: '{"h":{"sid":"s9"}}' }, { payload: '{"h":{"sid":"y"}}' }],
    );
    const { text, erased } = eraseSpilled(line, anna);
    expect(erased).toBe(3);
    expect(JSON.parse(text!)).toMatchObject({
      received: 2,
      rows: { PlaybackEvents: [{ sessionId: 'y' }] },
      rejects: [{ payload: '{"h":{"sid":"y"}}' }],
    });
    expect(sessionsInLine(line, anna)).toEqual(expect.arrayContaining(['x', 's9']));
    expect(eraseSpilled(outcome([row('f'.repeat(32), 'x')], []), anna)).toEqual({ text: undefined, erased: 1 });
    expect(eraseSpilled(outcome([row('b', 'y')], []), anna).erased).toBe(0);
  });
});

it('pseudonyms cover every kept salt and every day’s derived one, for each tenant', () => {
  const salts = new Map([[20_000, Buffer.alloc(32, 1)]]);
  const made = pseudonymsOf(['anna'], {
    secret: 'a secret of this test run',
    tenants: ['a', 'b'],
    salts,
    nowMs: 20_001 * 86_400_000,
    days: 5,
  });
  expect(new Set(made).size).toBe(2 * (1 + 7));
});
