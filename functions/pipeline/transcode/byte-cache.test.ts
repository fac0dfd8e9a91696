import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ByteCache } from './byte-cache.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

it('what is remembered for a key is never given for another, however many share a place', () => {
  const parts = fc.array(fc.string({ maxLength: 4 }), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(fc.array(parts, { maxLength: 80 }), (keys) => {
      const cache = new ByteCache<string>(8);
      let before: readonly string[] | undefined;
      for (const key of keys) {
        const name = JSON.stringify(key);
        let same = 0;
        for (const part of key)
          same = same < 0 ? same : cache.samePart(bytesOf(`"${part}"`), 1, 1 + bytesOf(part).length, same);
        const isSame = before !== undefined && JSON.stringify(before) === name;
        expect(same < 0 ? undefined : cache.lastIf(same)).toBe(isSame ? name : undefined);
        before = key;
        cache.begin();
        for (const part of key) expect(cache.part(bytesOf(part), 0, bytesOf(part).length)).toBe(true);
        expect([undefined, name]).toContain(cache.get());
        cache.set(name);
        expect(cache.get()).toBe(name);
      }
    }),
    { numRuns: 300 },
  );
});

it('two keys of the same place are remembered both, and a key that is too long is none', () => {
  const cache = new ByteCache<number>(2);
  for (const [n, text] of ['a', 'b'].entries()) {
    cache.begin();
    cache.part(bytesOf(text), 0, 1);
    cache.set(n);
  }
  for (const [n, text] of ['a', 'b'].entries()) {
    cache.begin();
    cache.part(bytesOf(text), 0, 1);
    expect(cache.get()).toBe(n);
  }
  cache.begin();
  expect(cache.part(new Uint8Array(2000), 0, 2000)).toBe(false);
});
