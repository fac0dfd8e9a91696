import { arrayText, canonicalText, elementsOf } from './json-text.ts';

type Text = string | null;

/** Elements by their canonical form, first appearance first; undefined when the value is no array. */
function setOf(array: Text): Map<string, string> | undefined {
  const elements = elementsOf(array);
  if (!elements) return undefined;
  const set = new Map<string, string>();
  for (const element of elements) {
    const key = canonicalText(element);
    if (!set.has(key)) set.set(key, element);
  }
  return set;
}

/** `set_union`; null when one of the values is no array. */
export function setUnion(arrays: readonly Text[]): Text {
  const sets = arrays.map(setOf);
  if (!sets.every((set) => set !== undefined)) return null;
  const all = new Map<string, string>();
  for (const set of sets) for (const [key, element] of set) if (!all.has(key)) all.set(key, element);
  return arrayText([...all.values()]);
}

function filterFirst(
  arrays: readonly Text[],
  keep: (key: string, others: readonly Map<string, string>[]) => boolean,
): Text {
  const [first, ...others] = arrays.map(setOf);
  if (!first || !others.every((set) => set !== undefined)) return null;
  return arrayText([...first].filter(([key]) => keep(key, others)).map(([, element]) => element));
}

/** `set_intersect`: distinct elements of the first array that all others have; null when one of the values is no array. */
export function setIntersect(arrays: readonly Text[]): Text {
  return filterFirst(arrays, (key, others) => others.every((set) => set.has(key)));
}

/** `set_difference`: distinct elements of the first array that no other has; null when one of the values is no array. */
export function setDifference(arrays: readonly Text[]): Text {
  return filterFirst(arrays, (key, others) => !others.some((set) => set.has(key)));
}

/** `set_has_element`; null when the value is no array. `value` is JSON text. */
export function setHasElement(array: Text, value: string): boolean | null {
  return setOf(array)?.has(canonicalText(value)) ?? null;
}

/** `set_equals`: the same distinct elements; null when one of the values is no array. */
export function setEquals(left: Text, right: Text): boolean | null {
  const a = setOf(left);
  const b = setOf(right);
  if (!a || !b) return null;
  return a.size === b.size && [...a.keys()].every((key) => b.has(key));
}

/** `jaccard_index`: shared over all distinct elements; NaN for two empty sets, null when one of the values is no array. */
export function jaccardIndex(left: Text, right: Text): number | null {
  const a = setOf(left);
  const b = setOf(right);
  if (!a || !b) return null;
  const shared = [...a.keys()].filter((key) => b.has(key)).length;
  return shared / (a.size + b.size - shared);
}
