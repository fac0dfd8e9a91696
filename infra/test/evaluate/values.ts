import { createHash } from 'node:crypto';
import type { Position } from '../bicep/ast.ts';

// What expressions evaluate to.

export interface Place extends Position {
  readonly file: string;
}

/** A value that only Azure knows: an object id, an endpoint, a key. */
export class Runtime {
  /** The resource it is read from, when it is read from one. */
  readonly resource: Resource | undefined;
  /** Such as `properties.principalId`, or the call that gave it. */
  readonly path: string;
  readonly isSecret: boolean;

  constructor(resource: Resource | undefined, path: string, isSecret = false) {
    this.resource = resource;
    this.path = path;
    this.isSecret = isSecret;
  }

  /** How it stands inside a string: never mistaken for text of ours, never matched against a pattern. */
  toString(): string {
    // Two regions have resources of the same symbol.
    const which =
      this.resource === undefined ? '' : createHash('sha256').update(this.resource.id).digest('hex').slice(0, 6);
    return `«${this.isSecret ? 'secret:' : ''}${this.resource?.symbol ?? ''}.${this.path}#${which}»`;
  }
}

export type Value =
  | string
  | number
  | boolean
  | null
  | Runtime
  | Resource
  | ModuleInstance
  | Scope
  | Lambda
  | readonly Value[]
  | ValueObject;
export interface ValueObject {
  readonly [name: string]: Value;
}

export class Lambda {
  readonly call: (args: readonly Value[]) => Value;

  constructor(call: (args: readonly Value[]) => Value) {
    this.call = call;
  }
}

/** Where something is deployed. */
export class Scope {
  readonly kind: 'tenant' | 'subscription' | 'resourceGroup';
  readonly id: string;
  readonly name: string;

  constructor(kind: 'tenant' | 'subscription' | 'resourceGroup', id: string, name: string) {
    this.kind = kind;
    this.id = id;
    this.name = name;
  }
}

/** One resource as it would be sent to Azure. */
export class Resource {
  readonly symbol: string;
  readonly type: string;
  readonly apiVersion: string;
  readonly isExisting: boolean;
  readonly place: Place;
  /** Names of module instances on the way here. */
  readonly path: string;
  id = '';
  /** As declared: of a child its own name alone, as Bicep's `.name` says it. */
  name = '';
  parent: Resource | undefined;
  /** What an extension such as a role assignment stands on. */
  target: Resource | Scope | undefined;
  body: ValueObject = {};
  /** Resources declared inside its body, read as `outer::inner`. */
  readonly nested = new Map<string, Resource>();

  constructor(parts: Pick<Resource, 'symbol' | 'type' | 'apiVersion' | 'isExisting' | 'place' | 'path'>) {
    this.symbol = parts.symbol;
    this.type = parts.type;
    this.apiVersion = parts.apiVersion;
    this.isExisting = parts.isExisting;
    this.place = parts.place;
    this.path = parts.path;
  }
}

export class ModuleInstance {
  readonly symbol: string;
  readonly name: string;
  readonly outputs: () => ValueObject;

  constructor(symbol: string, name: string, outputs: () => ValueObject) {
    this.symbol = symbol;
    this.name = name;
    this.outputs = outputs;
  }
}

export const isObject = (value: unknown): value is ValueObject =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  Object.getPrototypeOf(value) === Object.prototype;
export const isList = (value: unknown): value is readonly Value[] => Array.isArray(value);

const places = new WeakMap<object, Map<string | number, Place>>();

/** Remembers where a property or item was written, for findings. */
export function notePlace(holder: object, key: string | number, place: Place): void {
  const known = places.get(holder) ?? new Map<string | number, Place>();
  places.set(holder, known.set(key, place));
}

export const placeOf = (holder: object, key: string | number): Place | undefined => places.get(holder)?.get(key);

/** As text inside a string. */
export function textOf(value: Value): string {
  if (typeof value === 'string') return value;
  if (value instanceof Runtime) return String(value);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (value === null) return '';
  if (isObject(value) || isList(value)) return JSON.stringify(value);
  return `«${value.constructor.name}»`;
}

/** What a value is, in words of a finding. */
export function shown(value: Value): string {
  if (value instanceof Runtime) return `${value.resource?.symbol ?? 'a'}.${value.path}`;
  if (isList(value)) return `a list of ${value.length}`;
  if (isObject(value)) return `an object {${Object.keys(value).slice(0, 4).join(', ')}}`;
  if (value instanceof Resource) return `the resource ${value.symbol}`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  return value.constructor.name;
}

/** Every value inside, with the path to it. */
export function* walk(
  value: Value,
  path = '',
): Generator<readonly [path: string, value: Value, holder: object | undefined, key: string | number]> {
  if (isList(value)) {
    for (const [index, item] of value.entries()) {
      yield [`${path}[${index}]`, item, value, index];
      yield* walk(item, `${path}[${index}]`);
    }
  } else if (isObject(value)) {
    for (const [name, item] of Object.entries(value)) {
      const at = path === '' ? name : `${path}.${name}`;
      yield [at, item, value, name];
      yield* walk(item, at);
    }
  }
}
