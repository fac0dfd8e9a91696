import fc from 'fast-check';
import { expect, it } from 'vitest';
import { countOf, joinRows, jsonOf, objectsOf, rowAt, textOf } from './row-text.ts';

/** As JSON has them: no −0, no undefined, no surrogate alone. */
const row = fc
  .dictionary(fc.string({ unit: 'binary' }), fc.jsonValue({ stringUnit: 'binary' }), { maxKeys: 3 })
  .map((value) => JSON.parse(JSON.stringify(value).toWellFormed()) as object);

it('rows are the same as text, as objects, joined and one by one', () => {
  fc.assert(
    fc.property(fc.array(row, { maxLength: 5 }), fc.array(row, { maxLength: 5 }), (first, second) => {
      const all = [...first, ...second];
      const joined = joinRows(textOf(first), second);
      expect(objectsOf(joined)).toEqual(all);
      expect(countOf(joined)).toBe(all.length);
      expect(all.map((_one, index) => rowAt(joined, index))).toEqual(all);
      expect(rowAt(joined, all.length)).toBeUndefined();
      expect(JSON.parse(jsonOf(joined))).toEqual(all);
      expect(Buffer.compare(textOf(objectsOf(joined)).bytes, textOf(joined).bytes)).toBe(0);
    }),
    { numRuns: 200 },
  );
});
