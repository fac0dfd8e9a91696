import { createHash } from 'node:crypto';
import {
  isList,
  isObject,
  Lambda,
  notePlace,
  placeOf,
  Resource,
  Runtime,
  Scope,
  textOf,
  type Value,
  type ValueObject,
} from './values.ts';

// Bicep's functions, as far as they can be known without Azure.
// https://learn.microsoft.com/azure/azure-resource-manager/bicep/bicep-functions

/** Raised when an expression cannot be evaluated; becomes a finding at the place of the call. */
export class EvaluationFault extends Error {
  readonly expected: string;
  readonly got: string;

  constructor(expected: string, got: string) {
    super(`expected ${expected}, got ${got}`);
    this.expected = expected;
    this.got = got;
  }
}

type Implementation = (...args: readonly Value[]) => Value;

const stringOf = (value: Value | undefined): string => textOf(value ?? null);
const listOf = (value: Value | undefined): readonly Value[] => {
  if (isList(value)) return value;
  throw new EvaluationFault('a list', value === undefined ? 'nothing' : stringOf(value));
};
const objectOf = (value: Value | undefined): ValueObject => {
  if (isObject(value)) return value;
  throw new EvaluationFault('an object', value === undefined ? 'nothing' : stringOf(value));
};
const lambdaOf = (value: Value | undefined): Lambda => {
  if (value instanceof Lambda) return value;
  throw new EvaluationFault('a lambda such as item => item.name', value === undefined ? 'nothing' : stringOf(value));
};
const digest = (args: readonly Value[], length: number): string => {
  const bytes = createHash('sha256').update(args.map(stringOf).join('-')).digest();
  return Array.from(bytes, (byte) => (byte % 36).toString(36))
    .join('')
    .slice(0, length);
};
const guidOf = (args: readonly Value[]): string => {
  const hex = createHash('sha256').update(args.map(stringOf).join('-')).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
};
const same = (left: Value, right: Value): boolean => left === right || JSON.stringify(left) === JSON.stringify(right);
const isEmpty = (value: Value | undefined): boolean => {
  if (value instanceof Runtime) return false;
  if (value === undefined || value === null || value === '') return true;
  if (isList(value)) return value.length === 0;
  return isObject(value) && Object.keys(value).length === 0;
};

/** Objects over objects, at every level; places of properties stay known. */
export function union(...objects: readonly Value[]): Value {
  if (objects.every(isList)) {
    const all = objects.flat() as readonly Value[];
    return all.filter((item, index) => all.findIndex((other) => same(item, other)) === index);
  }
  const made: Record<string, Value> = {};
  for (const each of objects.map(objectOf)) {
    for (const [name, value] of Object.entries(each)) {
      const before = made[name];
      made[name] = isObject(before) && isObject(value) ? union(before, value) : value;
      const place = placeOf(each, name);
      if (place) notePlace(made, name, place);
    }
  }
  return made;
}

const texts: Record<string, Implementation> = {
  toLower: (text) => stringOf(text).toLowerCase(),
  toUpper: (text) => stringOf(text).toUpperCase(),
  trim: (text) => stringOf(text).trim(),
  string: (value) => stringOf(value),
  replace: (text, old, fresh) => stringOf(text).replaceAll(stringOf(old), stringOf(fresh)),
  split: (text, separator) => stringOf(text).split(isList(separator) ? stringOf(separator[0]) : stringOf(separator)),
  join: (list, separator) => listOf(list).map(stringOf).join(stringOf(separator)),
  format: (template, ...args) =>
    stringOf(template).replace(/\{(\d+)(?::[^}]*)?\}/g, (_all, index: string) => stringOf(args[Number(index)])),
  substring: (text, start, length) =>
    stringOf(text).slice(Number(start), length === undefined ? undefined : Number(start) + Number(length)),
  startsWith: (text, part) => stringOf(text).toLowerCase().startsWith(stringOf(part).toLowerCase()),
  endsWith: (text, part) => stringOf(text).toLowerCase().endsWith(stringOf(part).toLowerCase()),
  indexOf: (text, part) => stringOf(text).toLowerCase().indexOf(stringOf(part).toLowerCase()),
  padLeft: (text, length, char) => stringOf(text).padStart(Number(length), char === undefined ? ' ' : stringOf(char)),
  base64: (text) => Buffer.from(stringOf(text)).toString('base64'),
  uri: (base, path) => `${stringOf(base).replace(/\/?$/, '/')}${stringOf(path).replace(/^\//, '')}`,
  uriComponent: (text) => encodeURIComponent(stringOf(text)),
  uniqueString: (...args) => digest(args, 13),
  guid: (...args) => guidOf(args),
  newGuid: () => guidOf(['new']),
};

const collections: Record<string, Implementation> = {
  length: (value) =>
    isObject(value) ? Object.keys(value).length : typeof value === 'string' ? value.length : listOf(value).length,
  empty: isEmpty,
  contains: (container, item) => {
    if (typeof container === 'string') return container.includes(stringOf(item));
    if (isObject(container))
      return Object.keys(container).some((name) => name.toLowerCase() === stringOf(item).toLowerCase());
    return listOf(container).some((each) => same(each, item ?? null));
  },
  concat: (...parts) => (parts.every(isList) ? parts.flat() : parts.map(stringOf).join('')),
  union,
  intersection: (first, second) => listOf(first).filter((item) => listOf(second).some((other) => same(item, other))),
  first: (value) => (typeof value === 'string' ? value.slice(0, 1) : (listOf(value)[0] ?? null)),
  last: (value) => (typeof value === 'string' ? value.slice(-1) : (listOf(value).at(-1) ?? null)),
  skip: (value, count) => (typeof value === 'string' ? value.slice(Number(count)) : listOf(value).slice(Number(count))),
  take: (value, count) =>
    typeof value === 'string' ? value.slice(0, Number(count)) : listOf(value).slice(0, Number(count)),
  flatten: (list) => listOf(list).flatMap((item) => listOf(item)),
  range: (start, count) => Array.from({ length: Number(count) }, (_none, index) => Number(start) + index),
  items: (object) =>
    Object.entries(objectOf(object))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, value]) => ({ key, value })),
  objectKeys: (object) => Object.keys(objectOf(object)).sort(),
  shallowMerge: (list) => Object.assign({}, ...listOf(list).map(objectOf)) as ValueObject,
  map: (list, lambda) => listOf(list).map((item, index) => lambdaOf(lambda).call([item, index])),
  mapValues: (object, lambda) =>
    Object.fromEntries(Object.entries(objectOf(object)).map(([name, value]) => [name, lambdaOf(lambda).call([value])])),
  filter: (list, lambda) => listOf(list).filter((item, index) => lambdaOf(lambda).call([item, index]) === true),
  reduce: (list, start, lambda) =>
    listOf(list).reduce((sum, item, index) => lambdaOf(lambda).call([sum, item, index]), start ?? null),
  sort: (list, lambda) => [...listOf(list)].sort((a, b) => (lambdaOf(lambda).call([a, b]) === true ? -1 : 1)),
  toObject: (list, key, value) =>
    Object.fromEntries(
      listOf(list).map((item) => [
        stringOf(lambdaOf(key).call([item])),
        value === undefined ? item : lambdaOf(value).call([item]),
      ]),
    ),
};

const values: Record<string, Implementation> = {
  any: (value) => value ?? null,
  int: (value) => Number(value),
  bool: (value) => value === true || stringOf(value).toLowerCase() === 'true',
  json: (text) => JSON.parse(stringOf(text)) as Value,
  array: (value) => (isList(value) ? value : [value ?? null]),
  coalesce: (...args) => args.find((each) => each !== null) ?? null,
  min: (...args) => Math.min(...(isList(args[0]) ? args[0] : args).map(Number)),
  max: (...args) => Math.max(...(isList(args[0]) ? args[0] : args).map(Number)),
  utcNow: () => '20260101T000000Z',
  dateTimeAdd: (base) => stringOf(base),
  fail: (message) => {
    throw new EvaluationFault('not to come here', stringOf(message));
  },
  cidrSubnet: (network, prefix, index) => {
    const [address = ''] = stringOf(network).split('/');
    const bytes = address.split('.').map(Number);
    const start =
      (((bytes[0] ?? 0) * 256 + (bytes[1] ?? 0)) * 256 + (bytes[2] ?? 0)) * 256 +
      (bytes[3] ?? 0) +
      Number(index) * 2 ** (32 - Number(prefix));
    return `${[24, 16, 8, 0].map((shift) => Math.floor(start / 2 ** shift) % 256).join('.')}/${stringOf(prefix)}`;
  },
  environment: () => ({
    name: 'AzureCloud',
    suffixes: {
      storage: 'core.windows.net',
      keyvaultDns: '.vault.azure.net',
      acrLoginServer: '.azurecr.io',
      sqlServerHostname: '.database.windows.net',
    },
    authentication: {
      loginEndpoint: 'https://login.microsoftonline.com/',
      audiences: ['https://management.core.windows.net/'],
    },
    resourceManager: 'https://management.azure.com/',
  }),
  deployer: () => ({
    objectId: new Runtime(undefined, 'deployer().objectId'),
    tenantId: TENANT,
    userPrincipalName: 'deployer@example.com',
  }),
};

const TENANT = '11111111-1111-1111-1111-111111111111';
const SUBSCRIPTION = '22222222-2222-2222-2222-222222222222';
export const subscriptionScope = new Scope('subscription', `/subscriptions/${SUBSCRIPTION}`, SUBSCRIPTION);
export const resourceGroupScope = (name: string): Scope =>
  new Scope('resourceGroup', `${subscriptionScope.id}/resourceGroups/${name}`, name);

/** What `scope.name`, `subscription().id` and so on say. */
export const scopeProperties = (scope: Scope): ValueObject => ({
  id: scope.id,
  name: scope.name,
  location: 'westeurope',
  subscriptionId: SUBSCRIPTION,
  tenantId: TENANT,
  displayName: scope.name,
  tags: {},
});

const named = (type: string, names: readonly Value[]): string => {
  const [provider = '', ...parts] = type.split('/');
  return `/providers/${provider}${parts.map((part, index) => `/${part}/${stringOf(names[index])}`).join('')}`;
};
const typeAt = (args: readonly Value[]): number =>
  args.findIndex((arg) => typeof arg === 'string' && /^[\w.]+\/[\w./]+$/.test(arg) && arg.includes('.'));

const scopes = (here: Scope): Record<string, Implementation> => ({
  subscription: () => subscriptionScope,
  tenant: () => new Scope('tenant', '', TENANT),
  resourceGroup: (...args) => (args.length === 0 ? here : resourceGroupScope(stringOf(args.at(-1)))),
  deployment: () => ({ name: 'main', properties: {} }),
  resourceId: (...args) => {
    const at = typeAt(args);
    const group = at > 0 ? resourceGroupScope(stringOf(args[at - 1])) : here;
    return `${group.id}${named(stringOf(args[at]), args.slice(at + 1))}`;
  },
  subscriptionResourceId: (...args) =>
    `${subscriptionScope.id}${named(stringOf(args[typeAt(args)]), args.slice(typeAt(args) + 1))}`,
  tenantResourceId: (type, ...names) => named(stringOf(type), names),
  extensionResourceId: (base, type, ...names) => `${stringOf(base)}${named(stringOf(type), names)}`,
  reference: (target) => new Runtime(target instanceof Resource ? target : undefined, 'reference()'),
});

const KEY_CALL = /^(list\w+|getSecret)$/;

/** Names of functions that give keys or secrets away. */
export const isKeyCall = (name: string): boolean => KEY_CALL.test(name);

const everywhere: Readonly<Record<string, Implementation>> = { ...texts, ...collections, ...values };
const inScope = scopes(subscriptionScope);

/** Whether Bicep has such a function, as far as the checks know. */
export const isKnownFunction = (name: string): boolean =>
  name in everywhere ||
  name in inScope ||
  isKeyCall(name) ||
  /^load(Text|Json|Yaml)Content$|^loadFileAsBase64$/.test(name);

/** Calls a function that needs no file. */
export function callFunction(name: string, args: readonly Value[], here: Scope): Value {
  const implementation = everywhere[name] ?? scopes(here)[name];
  if (implementation) return implementation(...args);
  if (isKeyCall(name)) return new Runtime(undefined, `${name}()`, true);
  throw new EvaluationFault('a function of Bicep', `${name}()`);
}
