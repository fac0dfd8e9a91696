import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { boundsFault } from './bounds.ts';
import { decodeBody, decodeLine, decodeOne, DEFAULT_LIMITS } from './decode.ts';
import { HARD_DEPTH, HARD_KEYS, HARD_VALUES, objectRanges, scanJson } from './json-scan.ts';

// Many cases on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const reasonOf = (text: string | Uint8Array): string => {
  const decoded = decodeOne(typeof text === 'string' ? bytesOf(text) : text, DEFAULT_LIMITS);
  return decoded.ok ? 'ok' : decoded.reason;
};

const depthOf = (value: unknown): number =>
  typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;
const keysOf = (value: unknown): number => {
  if (typeof value !== 'object' || value === null) return 0;
  return Math.max(Array.isArray(value) ? 0 : Object.keys(value).length, 0, ...Object.values(value).map(keysOf));
};
/** Lists and objects, and their items after the first. */
const valuesOf = (value: unknown): number => {
  if (typeof value !== 'object' || value === null) return 0;
  const items: readonly unknown[] = Object.values(value);
  return items.reduce<number>((sum, item) => sum + valuesOf(item), 1 + Math.max(0, items.length - 1));
};

describe('scanJson', () => {
  it('finds the depth, the most keys and the number of values of any JSON, whatever its strings hold', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 8 }), fc.boolean(), (value, isPretty) => {
        const shape = scanJson(bytesOf(JSON.stringify(value, null, isPretty ? 2 : 0)));
        expect(shape).toEqual({ depth: depthOf(value), keys: keysOf(value), values: valuesOf(value) });
      }),
    );
  });

  it('stops at the hard limits instead of walking on', () => {
    expect(scanJson(bytesOf('['.repeat(1_000_000))).depth).toBe(HARD_DEPTH + 1);
    const wide = `{${Array.from({ length: 200_000 }, (_none, index) => `"k${index}":0`).join(',')}}`;
    expect(scanJson(bytesOf(wide)).keys).toBe(HARD_KEYS + 1);
    expect(scanJson(bytesOf('[],'.repeat(1_000_000))).values).toBe(HARD_VALUES + 1);
  });
});

describe('decodeOne', () => {
  it.each([
    ['', 'not-json'],
    ['{', 'not-json'],
    ['{"a":1}x', 'not-json'],
    ['\uFEFF{"a":1}', 'ok'],
    ['{"a":1e999}', 'ok'],
    ['{"a":NaN}', 'not-json'],
    ['['.repeat(65) + ']'.repeat(65), 'too-deep'],
    ['['.repeat(64) + ']'.repeat(64), 'ok'],
  ])('%j → %s', (text, reason) => expect(reasonOf(text)).toBe(reason));

  it('refuses bytes that are no UTF-8 and bodies beyond the limit', () => {
    expect(reasonOf(new Uint8Array([0x22, 0xc3, 0x28, 0x22]))).toBe('not-utf8');
    expect(reasonOf(new Uint8Array(DEFAULT_LIMITS.maxBodyBytes + 1).fill(0x20))).toBe('too-large');
  });

  it('marks what needs a look at each event', () => {
    const deep = decodeOne(bytesOf('['.repeat(17) + ']'.repeat(17)), DEFAULT_LIMITS);
    expect(deep).toMatchObject({ ok: true, isSuspect: true });
    expect(decodeOne(bytesOf('{"a":[{}]}'), DEFAULT_LIMITS)).toMatchObject({ ok: true, isSuspect: false });
  });

  it('never throws, on any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(['ok', 'not-json', 'not-utf8']).toContain(reasonOf(bytes));
      }),
    );
  });
});

describe('decodeBody and decodeLine', () => {
  it('gives one value a line and one fault a broken line', () => {
    const decoded = decodeBody(bytesOf('{"a":1}\r\n{"a":\n\n  \n{"a":2}\n'), DEFAULT_LIMITS);
    expect(decoded.map((entry) => (entry.ok ? entry.value : entry.reason))).toEqual([{ a: 1 }, 'not-json', { a: 2 }]);
  });

  it('takes objects apart that follow each other without a separator', () => {
    fc.assert(
      fc.property(fc.array(fc.dictionary(fc.string(), fc.jsonValue()), { minLength: 2, maxLength: 6 }), (objects) => {
        const text = objects.map((object) => JSON.stringify(object)).join('');
        const decoded = decodeLine(bytesOf(text), DEFAULT_LIMITS);
        expect(decoded.map((entry) => (entry.ok ? JSON.stringify(entry.value) : entry.reason))).toEqual(
          objects.map((object) => JSON.stringify(JSON.parse(JSON.stringify(object)))),
        );
      }),
    );
  });

  it('gives up a line as a whole when a part of it is broken', () => {
    expect(decodeLine(bytesOf('{"a":1}{"b":}'), DEFAULT_LIMITS)).toMatchObject([{ ok: false, reason: 'not-json' }]);
  });

  it('finds the same objects as the parser', () => {
    const text = '{"a":"}{"}[1,{"b":2}]';
    expect(objectRanges(bytesOf(text)).map(({ start, end }) => text.slice(start, end))).toEqual([
      '{"a":"}{"}',
      '[1,{"b":2}]',
    ]);
  });
});

describe('boundsFault', () => {
  const nested = (depth: number): unknown => (depth === 0 ? 1 : { a: nested(depth - 1) });

  it.each([
    [nested(16), undefined],
    [nested(17), 'too-deep'],
    [Object.fromEntries(Array.from({ length: 129 }, (_none, index) => [`k${index}`, 1])), 'too-many-keys'],
    [{ a: 'x'.repeat(66_000) }, 'too-large'],
    [{ a: 'ä'.repeat(33_000) }, 'too-large'],
    [{ a: 'ä'.repeat(32_000) }, undefined],
  ])('case %#', (event, reason) => expect(boundsFault(event, DEFAULT_LIMITS)?.reason).toBe(reason));
});
