import { arrayText, canonicalText, compareOrdinal, elementsOf, kindOf } from './json-text.ts';
import { KustoError } from '../types.ts';

type Text = string | null;

/** `array_concat`; nulls are passed over, null when one of the values is no array. */
export function arrayConcat(given: readonly Text[]): Text {
  const arrays = given.filter((array) => array !== null);
  if (arrays.length === 0) return null;
  const parts = arrays.map(elementsOf);
  return parts.every((part) => part !== undefined) ? arrayText(parts.flat()) : null;
}

function conditionOf(text: string): boolean | undefined {
  const kind = kindOf(text);
  if (kind === 'bool') return text.trim() === 'true';
  return kind === 'long' || kind === 'double' ? Number(text) !== 0 : undefined;
}

/** `array_iff`; a value that is no array stands for each element. Null when the condition is no array. */
export function arrayIff(condition: Text, whenTrue: Text, whenFalse: Text): Text {
  const conditions = elementsOf(condition);
  if (!conditions) return null;
  const pick = (text: Text): ((i: number) => string) => {
    const elements = elementsOf(text);
    return elements ? (i) => elements[i] ?? 'null' : () => text ?? 'null';
  };
  const yes = pick(whenTrue);
  const no = pick(whenFalse);
  return arrayText(
    conditions.map((text, i) => {
      const holds = conditionOf(text);
      if (holds === undefined) return 'null';
      return holds ? yes(i) : no(i);
    }),
  );
}

/**
 * `array_index_of`: position of the `occurrence`-th element equal to `value` within `length` elements from `start` on (negative: from the
 * end; length −1: all). −1 when there is none, null when the value is no array or the occurrence is below 1.
 */
export function arrayIndexOf(array: Text, value: string, start = 0, length = -1, occurrence = 1): number | null {
  const elements = elementsOf(array);
  if (!elements || occurrence < 1 || length < -1) return null;
  const from = start < 0 ? Math.max(0, elements.length + start) : start;
  const to = length < 0 ? elements.length : Math.min(elements.length, from + length);
  const wanted = canonicalText(value);
  let left = occurrence;
  for (let i = from; i < to; i++) if (canonicalText(elements[i] as string) === wanted && --left === 0) return i;
  return -1;
}

export function arrayReverse(array: Text): Text {
  const elements = elementsOf(array);
  return elements ? arrayText(elements.reverse()) : null;
}

/** `array_rotate_left`; negative turns right. */
export function arrayRotateLeft(array: Text, by: number): Text {
  const elements = elementsOf(array);
  if (!elements) return null;
  const n = elements.length;
  const cut = n === 0 ? 0 : ((by % n) + n) % n;
  return arrayText([...elements.slice(cut), ...elements.slice(0, cut)]);
}

/** `array_shift_left`; negative shifts right; `fill` (JSON text) takes the free places. */
export function arrayShiftLeft(array: Text, by: number, fill: Text = null): Text {
  const elements = elementsOf(array);
  if (!elements) return null;
  const n = elements.length;
  return arrayText(Array.from({ length: n }, (_, i) => elements[i + by] ?? fill ?? 'null'));
}

/** `array_slice`: both ends included, negative counts from the end, what lies outside is left out. */
export function arraySlice(array: Text, start: number, end: number): Text {
  const elements = elementsOf(array);
  if (!elements) return null;
  const at = (i: number): number => (i < 0 ? i + elements.length : i);
  return arrayText(elements.slice(Math.max(0, at(start)), Math.max(0, at(end) + 1)));
}

/** `array_split`: the parts between the given positions (a number, or an array of numbers), which may count from the end. */
export function arraySplit(array: Text, positions: Text): Text {
  const elements = elementsOf(array);
  const cuts = elementsOf(positions) ?? (positions === null ? undefined : [positions]);
  if (!elements || !cuts || cuts.some((cut) => kindOf(cut) !== 'long')) return null;
  const places = cuts
    .map(Number)
    .map((cut) => Math.min(elements.length, Math.max(0, cut < 0 ? cut + elements.length : cut)));
  const ends = [...places, elements.length];
  return arrayText(
    ends.map((end, i) =>
      arrayText(
        elements.slice(i === 0 ? 0 : (ends[i - 1] as number), Math.max(end, i === 0 ? 0 : (ends[i - 1] as number))),
      ),
    ),
  );
}

/** `array_sum` as a double; null when there is no element, an element is no number or the value is no array. */
export function arraySum(array: Text): number | null {
  let sum = 0;
  const elements = elementsOf(array);
  if (!elements || elements.length === 0) return null;
  for (const element of elements) {
    const kind = kindOf(element);
    if (kind !== 'long' && kind !== 'double') return null;
    sum += Number(element);
  }
  return sum;
}

function comparer(elements: readonly string[], name: string): (a: string, b: string) => number {
  const kinds = new Set(elements.map(kindOf).map((kind) => (kind === 'double' ? 'long' : kind)));
  kinds.delete('null');
  if (kinds.size > 1) throw new KustoError('UNSUPPORTED', `${name}: an array of different types`);
  const [kind] = kinds;
  if (kind === 'string') return (a, b) => compareOrdinal(JSON.parse(a) as string, JSON.parse(b) as string);
  if (kind === 'long') return (a, b) => Number(a) - Number(b) || compareDigits(a, b);
  if (kind === 'bool') return (a, b) => Number(a === 'true') - Number(b === 'true');
  if (kind !== undefined) throw new KustoError('UNSUPPORTED', `${name}: an array of arrays or bags`);
  return () => 0;
}

/** Longs beyond 2^53 that fall on the same double. */
function compareDigits(a: string, b: string): number {
  if (kindOf(a) !== 'long' || kindOf(b) !== 'long') return 0;
  const difference = BigInt(a) - BigInt(b);
  return difference < 0n ? -1 : Number(difference > 0n);
}

/**
 * `array_sort_asc` / `array_sort_desc`: sorts the first array and brings the others into the same order.
 * An array of another length, or no array, gives null. Nulls come last, or first.
 */
export function arraySort(arrays: readonly Text[], descending: boolean, nullsLast = true): Text[] {
  const first = elementsOf(arrays[0] ?? null);
  if (!first) return arrays.map(() => null);
  const compare = comparer(first, descending ? 'array_sort_desc' : 'array_sort_asc');
  const order = [...first.keys()].sort((i, j) => {
    const a = first[i] as string;
    const b = first[j] as string;
    const nulls = Number(kindOf(a) === 'null') - Number(kindOf(b) === 'null');
    if (nulls !== 0) return nullsLast ? nulls : -nulls;
    if (kindOf(a) === 'null') return i - j;
    return (descending ? compare(b, a) : compare(a, b)) || i - j;
  });
  return arrays.map((array) => {
    const elements = elementsOf(array);
    return elements?.length === first.length ? arrayText(order.map((i) => elements[i] as string)) : null;
  });
}

/** `zip`: tuples of the elements; shorter arrays are filled with nulls. A value that is no array gives null. */
export function zip(arrays: readonly Text[]): Text {
  const parts = arrays.map(elementsOf);
  if (!parts.every((part) => part !== undefined)) return null;
  const length = Math.max(...parts.map((part) => part.length));
  return arrayText(Array.from({ length }, (_, i) => arrayText(parts.map((part) => part[i] ?? 'null'))));
}

/** `repeat`: `value` (JSON text) `count` times; null for a negative count. */
export function repeat(value: string, count: number): Text {
  if (count < 0) return null;
  if (count > 2 ** 20) throw new KustoError('LIMIT', 'repeat: an array has at most 1048576 elements');
  return arrayText(Array.from({ length: count }, () => value));
}
