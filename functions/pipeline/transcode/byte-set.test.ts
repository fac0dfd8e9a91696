import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ByteSet } from './byte-set.ts';

const encoder = new TextEncoder();

/** Tells the set a text in two parts; whether it was new. */
function keep(set: ByteSet, text: string, cut: number): boolean {
  const bytes = encoder.encode(`<${text}>`);
  const middle = 1 + (cut % (bytes.length - 1));
  set.begin();
  set.part(bytes, 1, middle);
  set.part(bytes, middle, bytes.length - 1);
  const isKnown = set.has();
  const isNew = set.keep();
  expect(isNew).toBe(!isKnown);
  return isNew;
}

it('knows the same texts as a set of strings, however they are cut, and none after it was cleared', () => {
  const texts = fc.array(fc.tuple(fc.string({ unit: 'grapheme', maxLength: 3 }), fc.nat(9)), { maxLength: 60 });
  const set = new ByteSet();
  fc.assert(
    fc.property(texts, (keys) => {
      set.clear();
      const known = new Set<string>();
      for (const [text, cut] of keys) {
        expect(keep(set, text, cut)).toBe(!known.has(text));
        known.add(text);
      }
      expect(set.size).toBe(known.size);
    }),
    { numRuns: 300 },
  );
});

it('holds more texts, and longer ones, than it has memory for at first', () => {
  const set = new ByteSet();
  const texts = Array.from({ length: 20_000 }, (_none, n) => `session-${n % 977}:${'e'.repeat(n % 50)}${n}`);
  expect(texts.filter((text) => !keep(set, text, 7))).toEqual([]);
  expect(texts.filter((text) => keep(set, text, 3))).toEqual([]);
  expect(keep(set, 'x'.repeat(1_000_000), 5)).toBe(true);
  expect(set.size).toBe(20_001);
});
