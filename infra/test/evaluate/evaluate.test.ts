import { describe, expect, it } from 'vitest';
import { readWorkspace } from '../bicep/workspace.ts';
import { deploy, placeIn, type Deployment } from './deployment.ts';
import { resourceGroupScope, subscriptionScope } from './functions.ts';
import { Runtime, type ValueObject } from './values.ts';

const PATH = 'infra/sample.bicep';
const play = (text: string, parameters: ValueObject = {}, others: Readonly<Record<string, string>> = {}): Deployment =>
  deploy(readWorkspace({ [PATH]: text, ...others }), PATH, parameters);
const valueOf = (expression: string, parameters: ValueObject = {}, before = ''): unknown => {
  const { outputs, faults } = play(`${before}\noutput x string = ${expression}\n`, parameters);
  if (faults.length > 0) throw faults[0];
  return outputs['x'];
};
const group = resourceGroupScope('rg-test').id;

describe('expressions have the value that Bicep documents', () => {
  it.each([
    ["format('{0}-{1}', 'a', 2)", 'a-2'],
    ["'${1 + 2 * 3}'", '7'],
    ['string(7 / 2)', '3'],
    ["empty('') ? 'yes' : 'no'", 'yes'],
    ["join(map(range(0, 3), i => 'n${i}'), ',')", 'n0,n1,n2'],
    ["join(filter(['a', 'bb'], each => length(each) > 1), '')", 'bb'],
    ['string(reduce([1, 2, 3], 0, (sum, each) => sum + each))', '6'],
    ["join(map(items({ b: 'x', a: 'y' }), each => each.key), '')", 'ab'],
    ["union({ a: { b: '1', c: '2' } }, { a: { b: '3' } }).a.b", '3'],
    ["union({ a: { b: '1', c: '2' } }, { a: { b: '3' } }).a.c", '2'],
    ["cidrSubnet('10.0.0.0/16', 24, 3)", '10.0.3.0/24'],
    ["split('a,b', ',')[1]", 'b'],
    ["'A' =~ 'a' ? 'same' : 'other'", 'same'],
    ["{ a: 'x' }.?b ?? 'none'", 'none'],
    ["toLower(replace('A-B', '-', ''))", 'ab'],
    ['environment().suffixes.storage', 'core.windows.net'],
    ['resourceGroup().name', 'rg-test'],
    ['subscription().id', subscriptionScope.id],
    ["resourceId('Microsoft.X/a/b', 'n', 'm')", `${group}/providers/Microsoft.X/a/n/b/m`],
  ])('%s', (expression, expected) => expect(valueOf(expression)).toBe(expected));

  it('gives names that are the same each time and differ by what they are made of', () => {
    expect(valueOf("uniqueString('a')")).toBe(valueOf("uniqueString('a')"));
    expect(valueOf("uniqueString('a')")).not.toBe(valueOf("uniqueString('b')"));
    expect(valueOf("uniqueString('a')")).toMatch(/^[a-z0-9]{13}$/);
    expect(valueOf("guid('a', 'b')")).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it.each([
    ['nothing.b', 'param, var, resource or module'],
    ['{ a: 1 }.b', 'one of a'],
    ['[1][1]', 'an index below 1'],
    ['length(5)', 'a list'],
    ["nosuch('a')", 'a function of Bicep'],
    ["loadTextContent('nowhere.txt')", 'an existing file'],
  ])('%s is told with its place', (expression, expected) => expect(() => valueOf(expression)).toThrow(expected));
});

describe('resources', () => {
  const storage = "resource s 'Microsoft.Storage/storageAccounts@2025-01-01' = {\n  name: 'acc'\n  location: 'x'\n}\n";

  it('get ids by parent, scope and nesting', () => {
    const { resources } = play(
      `${storage}resource b 'Microsoft.Storage/storageAccounts/blobServices@2025-01-01' = {\n  parent: s\n  name: 'default'\n}\n` +
        `resource lock 'Microsoft.Authorization/locks@2020-05-01' = {\n  scope: b\n  name: 'keep'\n}\n` +
        `resource v 'Microsoft.Network/virtualNetworks@2024-07-01' = {\n  name: 'v'\n  resource inner 'subnets' existing = {\n    name: 'i'\n  }\n}\noutput i string = v::inner.id\n`,
    );
    const ids = Object.fromEntries(resources.map(({ symbol, id }) => [symbol, id]));
    const account = `${group}/providers/Microsoft.Storage/storageAccounts/acc`;
    expect(ids).toMatchObject({
      s: account,
      b: `${account}/blobServices/default`,
      lock: `${account}/blobServices/default/providers/Microsoft.Authorization/locks/keep`,
      inner: `${group}/providers/Microsoft.Network/virtualNetworks/v/subnets/i`,
    });
  });

  it('are made by conditions and loops', () => {
    const text = `param on bool\nresource r 'Microsoft.X/y@1' = [for (n, i) in ['a', 'b']: if (on || i == 1) {\n  name: 'r-\${n}'\n}]\n`;
    expect(play(text, { on: true }).resources.map(({ name }) => name)).toEqual(['r-a', 'r-b']);
    expect(play(text, { on: false }).resources.map(({ name }) => name)).toEqual(['r-b']);
  });

  it('say what only Azure knows as such, and tell two of them apart', () => {
    const { outputs } = play(
      `${storage}output e string = s.properties.primaryEndpoints.blob\noutput t string = 'x-\${s.properties.y}'\n`,
    );
    expect(outputs['e']).toBeInstanceOf(Runtime);
    expect(outputs['e']).toMatchObject({ path: 'properties.primaryEndpoints.blob', isSecret: false });
    expect(outputs['t']).toMatch(/^x-«s\.properties\.y#\w+»$/);
    const { outputs: keys } = play(`${storage}output k string = s.listKeys().keys[0].value\n`);
    expect(keys['k']).toMatchObject({ isSecret: true });
  });

  it('know where each property was written, also through variables', () => {
    const text = `var inner = {\n  a: 1\n}\nresource r 'Microsoft.X/y@1' = {\n  name: 'r'\n  properties: union(inner, {\n    b: 2\n  })\n}\n`;
    const [resource] = play(text).resources;
    if (!resource) throw new Error('no resource');
    expect(placeIn(resource, 'properties.a').line).toBe(2);
    expect(placeIn(resource, 'properties.b').line).toBe(7);
    expect(placeIn(resource, 'properties.missing').line).toBe(6);
  });
});

describe('modules', () => {
  const inner =
    "param n string\nparam d string = 'default-${n}'\nresource r 'Microsoft.X/y@1' = {\n  name: d\n}\noutput id string = r.id\n";
  const others = { 'infra/inner.bicep': inner };

  it('hand values in and out, in their scope', () => {
    const text =
      "targetScope = 'subscription'\nresource g 'Microsoft.Resources/resourceGroups@2025-04-01' = {\n  name: 'g1'\n  location: 'x'\n}\nmodule m 'inner.bicep' = {\n  name: 'm'\n  scope: g\n  params: { n: 'a' }\n}\noutput id string = m.outputs.id\n";
    expect(play(text, {}, others).outputs['id']).toBe(
      `${subscriptionScope.id}/resourceGroups/g1/providers/Microsoft.X/y/default-a`,
    );
  });

  it('are not evaluated when they are not deployed', () => {
    const text =
      "module off 'inner.bicep' = if (false) {\n  name: 'off'\n  params: { n: off2!.outputs.id }\n}\nmodule off2 'inner.bicep' = if (false) {\n  name: 'off2'\n  params: { n: 'b' }\n}\n";
    expect(play(text, {}, others)).toMatchObject({ resources: [], modules: [], faults: [] });
  });

  it('that need each other are a cycle, told once', () => {
    const text =
      "module a 'inner.bicep' = {\n  name: 'a'\n  params: { n: b.outputs.id }\n}\nmodule b 'inner.bicep' = {\n  name: 'b'\n  params: { n: a.outputs.id }\n}\n";
    const { faults } = play(text, {}, others);
    expect(faults.filter(({ kind }) => kind === 'cycle').map(({ got }) => got)).toContain('a → b → a');
  });

  it('wait for what they name, also by way of variables', () => {
    const text =
      "var ids = [a.outputs.id]\nmodule a 'inner.bicep' = {\n  name: 'a'\n  params: { n: 'x' }\n}\nmodule b 'inner.bicep' = {\n  name: 'b'\n  params: { n: ids[0] }\n}\nmodule c 'inner.bicep' = {\n  name: 'c'\n  params: { n: 'y' }\n  dependsOn: [b]\n}\n";
    const { needs } = play(text, {}, others);
    expect([...(needs.get(`${PATH} b`) ?? [])].sort()).toEqual(['a', 'ids']);
    expect([...(needs.get(`${PATH} c`) ?? [])].sort()).toEqual(['a', 'b', 'ids']);
  });
});
