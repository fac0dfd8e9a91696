import { join } from 'node:path';
import { parse, type Node } from 'acorn';
import { full } from 'acorn-walk';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import { LETTERS, PROBE, PROBE_ENTRIES } from './build-probe.ts';

interface Key {
  name?: string;
  value?: unknown;
}
interface Named extends Node {
  computed?: boolean;
  property?: Key;
  key?: Key;
}

/** Names of one letter that objects have in the unmangled source. */
async function ownNames(entry: string): Promise<string[]> {
  const entryPoints = [join(PROBE, `src/${entry}.ts`)];
  const { outputFiles } = await build({ entryPoints, bundle: true, write: false, format: 'esm', target: 'es2022' });
  const names: string[] = [];
  full(parse(outputFiles[0]!.text, { ecmaVersion: 'latest', sourceType: 'module' }), (node) => {
    const { computed, property, key } = node as Named;
    const named = property ?? key;
    const name = named?.name ?? named?.value;
    if (!computed && typeof name === 'string' && name.length === 1) names.push(name);
  });
  return names;
}

test('no letter that an internal name becomes is a name of the wire, the DOM or a player', async () => {
  const letters = Object.values(LETTERS);
  expect(new Set(letters).size).toBe(letters.length);
  const own = new Set((await Promise.all(Object.keys(PROBE_ENTRIES).map(ownNames))).flat());
  expect([...own]).toEqual(expect.arrayContaining(['h', 'w', 'k', 'n', 't', 'd', 'c', 'i']));
  expect(letters.filter((letter) => own.has(letter))).toEqual([]);
});
