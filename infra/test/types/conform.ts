import { isList, isObject, Runtime, shown, type Value, type ValueObject } from '../evaluate/values.ts';
import type { AzureShape, AzureType } from './store.ts';

// Does a value fit one of Azure's types?

/** What does not fit, at a path from the resource's body. */
export interface Misfit {
  readonly path: string;
  readonly what: string;
  readonly got: string;
  readonly expected: string;
}

const isPartlyKnown = (value: Value): boolean =>
  value instanceof Runtime || (typeof value === 'string' && value.includes('«'));

/** A type in words. */
export function words(type: AzureType): string {
  switch (type.kind) {
    case 'literal':
      return `'${type.value}'`;
    case 'union':
      return type.members.map(words).join(' | ');
    case 'list':
      return `list of ${words(type.item)}`;
    case 'shape':
      return type.shape().name;
    default:
      return type.kind;
  }
}

function nearest(name: string, known: Iterable<string>): string {
  const letters = (text: string): Set<string> => new Set(text.toLowerCase());
  const own = letters(name);
  const score = (other: string): number =>
    [...letters(other)].filter((letter) => own.has(letter)).length - Math.abs(other.length - name.length);
  return [...known]
    .sort((a, b) => score(b) - score(a))
    .slice(0, 6)
    .join(', ');
}

function limits(
  path: string,
  size: number,
  unit: string,
  type: { readonly low?: number; readonly high?: number },
): Misfit[] {
  const { low = Number.NEGATIVE_INFINITY, high = Number.POSITIVE_INFINITY } = type;
  if (size >= low && size <= high) return [];
  return [
    {
      path,
      what: 'out of range',
      got: `${size} ${unit}`.trim(),
      expected:
        `${low === Number.NEGATIVE_INFINITY ? '' : low}…${high === Number.POSITIVE_INFINITY ? '' : high} ${unit}`.trim(),
    },
  ];
}

/** Cases by a property's value: which shape applies. */
function caseOf(shape: AzureShape, value: ValueObject, path: string): AzureShape | Misfit {
  const chosen = shape.on === undefined ? undefined : value[shape.on];
  const type = typeof chosen === 'string' ? shape.cases.get(chosen) : undefined;
  if (type?.kind === 'shape') return type.shape();
  return {
    path: `${path}${path === '' ? '' : '.'}${shape.on}`,
    what: 'unknown kind',
    got: chosen === undefined ? 'nothing' : shown(chosen),
    expected: [...shape.cases.keys()].join(' | '),
  };
}

function misfitsOfShape(shape: AzureShape, value: ValueObject, path: string): Misfit[] {
  const at = (name: string): string => (path === '' ? name : `${path}.${name}`);
  let { properties } = shape;
  let { rest } = shape;
  if (shape.on !== undefined) {
    const chosen = caseOf(shape, value, path);
    if (!('properties' in chosen)) return [chosen];
    properties = new Map([...shape.properties, ...chosen.properties]);
    rest = chosen.rest ?? rest;
  }
  const missing = [...properties].filter(
    ([name, { isRequired, isReadOnly }]) => isRequired && !isReadOnly && (value[name] ?? null) === null,
  );
  const found = missing.map(([name, { type }]): Misfit => ({
    path: at(name),
    what: 'missing property',
    got: 'nothing',
    expected: words(type),
  }));
  for (const [name, item] of Object.entries(value)) {
    const property = properties.get(name);
    if (item === null) continue;
    if (property?.isReadOnly)
      found.push({ path: at(name), what: 'read-only property', got: shown(item), expected: 'not to be set' });
    else if (property) found.push(...misfits(property.type, item, at(name)));
    else if (rest) found.push(...misfits(rest, item, at(name)));
    else
      found.push({
        path: at(name),
        what: 'unknown property',
        got: name,
        expected: `one of ${nearest(name, properties.keys())}`,
      });
  }
  return found;
}

const wrong = (path: string, value: Value, type: AzureType): Misfit[] => [
  { path, what: 'wrong type', got: shown(value), expected: words(type) },
];

function misfitsOfText(type: Extract<AzureType, { kind: 'string' }>, value: Value, path: string): Misfit[] {
  if (typeof value !== 'string') return wrong(path, value, type);
  if (isPartlyKnown(value)) return [];
  const found = limits(path, value.length, 'characters', type);
  if (type.pattern?.test(value) ?? true) return found;
  return [...found, { path, what: 'text does not fit the pattern', got: shown(value), expected: String(type.pattern) }];
}

function misfitsOfList(type: Extract<AzureType, { kind: 'list' }>, value: Value, path: string): Misfit[] {
  if (!isList(value)) return wrong(path, value, type);
  const inside = value.flatMap((item, index) => misfits(type.item, item, `${path}[${index}]`));
  return [...limits(path, value.length, 'items', type), ...inside];
}

function isPlainFit(type: AzureType, value: Value): boolean {
  if (type.kind === 'null') return value === null;
  if (type.kind === 'bool') return typeof value === 'boolean';
  return type.kind === 'literal' && (value === type.value || isPartlyKnown(value));
}

/** `'A' | 'B' | string` lists what Azure knows today: a text beyond that list is a slip far more often than news. */
const isStranger = (members: readonly AzureType[], value: Value): boolean =>
  typeof value === 'string' &&
  !isPartlyKnown(value) &&
  members.some(({ kind }) => kind === 'literal') &&
  !members.some((member) => member.kind === 'literal' && member.value === value);

/** Everything about a value that the type does not allow. */
export function misfits(type: AzureType, value: Value, path: string): Misfit[] {
  if (value instanceof Runtime || type.kind === 'any') return [];
  switch (type.kind) {
    case 'int':
      return typeof value === 'number' ? limits(path, value, '', type) : wrong(path, value, type);
    case 'string':
      return misfitsOfText(type, value, path);
    case 'list':
      return misfitsOfList(type, value, path);
    case 'union':
      if (isStranger(type.members, value)) return wrong(path, value, type);
      return type.members.some((member) => misfits(member, value, path).length === 0) ? [] : wrong(path, value, type);
    case 'shape':
      return isObject(value) ? misfitsOfShape(type.shape(), value, path) : wrong(path, value, type);
    default:
      return isPlainFit(type, value) ? [] : wrong(path, value, type);
  }
}
