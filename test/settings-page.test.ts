import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
const names = (file: string, pattern: RegExp): string[] =>
  [...new Set(Array.from(readFileSync(join(root, file), 'utf8').matchAll(pattern), ([, name]) => name!))].sort();

it('every setting the functions read is on the settings page, and nothing else is', () => {
  const read = names('functions/config.ts', /\b(FRAMEWATCH_[A-Z_]+)\b/g);
  expect(read.length).toBeGreaterThan(15);
  expect(names('docs/settings.md', /^\| `(FRAMEWATCH_[A-Z_]+)`/gm)).toEqual(read);
});
