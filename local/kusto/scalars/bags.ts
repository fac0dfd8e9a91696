import { arrayText, bagText, canonicalText, elementsOf, entriesOf, kindOf, stringOf, type Entry } from './json-text.ts';

/** Names along a JSON path `$.a.b['c d']`, or undefined when the key is a plain name. Array indexes are not supported by Kusto either. */
function pathOf(key: string): string[] | undefined {
  if (!key.startsWith('$')) return undefined;
  const names: string[] = [];
  const step = /\.([^.[\]]+)|\[(?:'([^']*)'|"([^"]*)")\]/y;
  step.lastIndex = 1;
  while (step.lastIndex < key.length) {
    const found = step.exec(key);
    if (!found) return undefined;
    names.push(found[1] ?? found[2] ?? found[3] ?? '');
  }
  return names.length > 0 ? names : undefined;
}

function stepsOf(key: string): string[] {
  return pathOf(key) ?? [key];
}

/** `bag_keys`: the root names, or null when the value is no bag. */
export function bagKeys(bag: string | null): string | null {
  const entries = entriesOf(bag);
  return entries ? arrayText(entries.map(([name]) => JSON.stringify(name))) : null;
}

/** `bag_merge`: all entries; where names repeat, the leftmost bag wins. Values that are no bags are passed over; null when none is a bag. */
export function bagMerge(bags: readonly (string | null)[]): string | null {
  const merged = new Map<string, string>();
  let any = false;
  for (const bag of bags) {
    const entries = entriesOf(bag);
    any ||= entries !== undefined;
    for (const [name, value] of entries ?? []) if (!merged.has(name)) merged.set(name, value);
  }
  return any ? bagText(merged) : null;
}

function removeAt(bag: string, steps: readonly string[]): string {
  const entries = entriesOf(bag);
  const [first, ...rest] = steps;
  if (!entries) return bag;
  if (rest.length === 0) return bagText(entries.filter(([name]) => name !== first));
  return bagText(entries.map(([name, value]): Entry => [name, name === first ? removeAt(value, rest) : value]));
}

/** `bag_remove_keys`: root names or JSON paths; null when the value is no bag or the keys are no array. */
export function bagRemoveKeys(bag: string | null, keys: string | null): string | null {
  const names = elementsOf(keys);
  if (bag === null || !entriesOf(bag) || !names) return null;
  return names.reduce((rest, key) => {
    const name = stringOf(key);
    return name === undefined ? rest : removeAt(rest, stepsOf(name));
  }, bag);
}

function setAt(bag: string, steps: readonly string[], value: string): string {
  const [first = '', ...rest] = steps;
  const entries = new Map(entriesOf(bag) ?? []);
  entries.set(first, rest.length === 0 ? value : setAt(entries.get(first) ?? '{}', rest, value));
  return bagText(entries);
}

/** `bag_set_key`: sets a root name or a JSON path; `value` is JSON text. Null when the value is no bag. */
export function bagSetKey(bag: string | null, key: string, value: string): string | null {
  return bag !== null && entriesOf(bag) ? setAt(bag, stepsOf(key), value) : null;
}

/** `bag_has_key`: root name or JSON path. Null when the value is no bag. */
export function bagHasKey(bag: string | null, key: string): boolean | null {
  if (bag === null || !entriesOf(bag)) return null;
  let at: string | undefined = bag;
  for (const step of stepsOf(key)) {
    at = entriesOf(at)?.find(([name]) => name === step)?.[1];
    if (at === undefined) return false;
  }
  return true;
}

/** `bag_zip`: keys that are no strings are left out, missing values are null; null when the keys are no array. */
export function bagZip(keys: string | null, values: string | null): string | null {
  const names = elementsOf(keys);
  if (!names) return null;
  const given = elementsOf(values) ?? [];
  const bag = new Map<string, string>();
  names.forEach((key, i) => {
    const name = stringOf(key);
    if (name !== undefined && !bag.has(name)) bag.set(name, given[i] ?? 'null');
  });
  return bagText(bag);
}

function collectPaths(text: string, prefix: string, into: Set<string>): void {
  if (kindOf(text) === 'bag') {
    for (const [name, value] of entriesOf(text) ?? []) {
      into.add(`${prefix}['${name}']`);
      collectPaths(value, `${prefix}['${name}']`, into);
    }
  } else if (kindOf(text) === 'array') {
    for (const element of elementsOf(text) ?? []) {
      into.add(`${prefix}[0]`);
      collectPaths(element, `${prefix}[0]`, into);
    }
  }
}

/** Paths of inner bags are listed only through what they hold. */
function isLeafOrArray(path: string, all: ReadonlySet<string>): boolean {
  for (const other of all) if (other.startsWith(`${path}['`)) return false;
  return true;
}

/** `treepath`: path expressions of the leaves; an array is listed itself and by its elements, all as `[0]`. Null unless a bag or array. */
export function treePath(text: string | null): string | null {
  const kind = text === null ? 'null' : kindOf(text);
  if (text === null || (kind !== 'bag' && kind !== 'array')) return null;
  const paths = new Set<string>();
  collectPaths(text, '', paths);
  return arrayText(
    [...paths].filter((path) => path.endsWith('[0]') || isLeafOrArray(path, paths)).map((path) => JSON.stringify(path)),
  );
}

/** `dynamic_to_json`: names sorted, no blanks. */
export function dynamicToJson(text: string): string {
  return canonicalText(text);
}
