import fc from 'fast-check';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Value } from '../evaluate/values.ts';
import { misfits } from './conform.ts';
import { readTypes, type AzureShape, type AzureType } from './store.ts';

const store = readTypes();
const shapeOf = (type: string): AzureType => {
  const known = store.resources.get(type.toLowerCase());
  if (!known) throw new Error(`no ${type}`);
  return { kind: 'shape', shape: () => known.shape };
};

describe('the committed slice of Azure’s types', () => {
  it('is readable down to the last shape', () => {
    const seen = new Set<AzureShape>();
    const walk = (type: AzureType): void => {
      if (type.kind === 'list') walk(type.item);
      if (type.kind === 'union') for (const member of type.members) walk(member);
      if (type.kind !== 'shape') return;
      const shape = type.shape();
      if (seen.has(shape)) return;
      seen.add(shape);
      for (const property of shape.properties.values()) walk(property.type);
      for (const each of shape.cases.values()) walk(each);
      if (shape.rest) walk(shape.rest);
    };
    for (const { shape } of store.resources.values()) walk({ kind: 'shape', shape: () => shape });
    expect(seen.size).toBeGreaterThan(400);
    expect(store.resources.size).toBeGreaterThan(40);
  });

  it('says where it comes from', () => {
    for (const name of globSync('*.json', { cwd: join(import.meta.dirname, 'azure') })) {
      const { source } = JSON.parse(readFileSync(join(import.meta.dirname, 'azure', name), 'utf8')) as {
        source: string;
      };
      expect(source, name).toMatch(/Azure\/bicep-types-az.*MIT/);
    }
  });
});

describe('a value against a type', () => {
  const account = {
    name: 'abc',
    location: 'x',
    kind: 'StorageV2',
    sku: { name: 'Standard_ZRS' },
    properties: { minimumTlsVersion: 'TLS1_2' },
  };

  it.each<readonly [string, Value, string | undefined]>([
    ['what fits', account, undefined],
    ['a required property', { ...account, sku: {} }, 'missing property sku.name'],
    ['an unknown property', { ...account, colour: 'red' }, 'unknown property colour'],
    ['a value outside its list', { ...account, kind: 'StorageV3' }, 'wrong type kind'],
    [
      'another kind of value',
      { ...account, properties: { allowBlobPublicAccess: 'no' } },
      'wrong type properties.allowBlobPublicAccess',
    ],
    [
      'a read-only property',
      { ...account, properties: { creationTime: 'now' } },
      'read-only property properties.creationTime',
    ],
    ['a name too long', { ...account, name: 'a'.repeat(25) }, 'out of range name'],
    ['an optional null', { ...account, properties: { accessTier: null } }, undefined],
  ])('%s', (_what, value, expected) => {
    const [first] = misfits(shapeOf('Microsoft.Storage/storageAccounts@2025-01-01'), value, '');
    expect(first && `${first.what} ${first.path}`).toBe(expected);
  });

  it('follows the kind of a thing to its own properties', () => {
    const type = shapeOf('Microsoft.Kusto/clusters/databases/dataConnections@2024-04-13');
    const hub = {
      name: 'c',
      location: 'x',
      kind: 'EventHub',
      properties: { eventHubResourceId: 'h', consumerGroup: 'g' },
    };
    expect(misfits(type, hub, '')).toEqual([]);
    expect(misfits(type, { ...hub, kind: 'EventGrid' }, '').map(({ path }) => path)).toContain(
      'properties.storageAccountResourceId',
    );
    expect(misfits(type, { ...hub, kind: 'Queue' }, '')).toMatchObject([{ what: 'unknown kind', got: '"Queue"' }]);
  });

  it('takes anything at all without throwing', () => {
    const types = [...store.resources.keys()];
    fc.assert(
      fc.property(fc.constantFrom(...types), fc.jsonValue({ maxDepth: 4 }), (type, value) => {
        expect(Array.isArray(misfits(shapeOf(type), value as Value, ''))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
