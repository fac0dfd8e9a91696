// The table of threats names a defence and a test for every row, and the tests are there.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
const page = readFileSync(join(root, 'docs/threat-model.md'), 'utf8');
const rows = [...page.matchAll(/^\| (T\d+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$/gm)].map(
  ([, id, , defence, shown]) => ({ id, defence: defence!, shown: shown! }),
);

it('has the thirty rows of the reference, each once', () => {
  expect(rows.map(({ id }) => id)).toEqual(Array.from({ length: 30 }, (_none, index) => `T${index + 1}`));
});

it.each(rows)('$id: what defends is said, and the tests that show it exist', ({ id, defence, shown }) => {
  expect(defence.length, id).toBeGreaterThan(10);
  const files = [...shown.matchAll(/`([^`]+)`/g)].map(([, file]) => file!);
  expect(files.length).toBeGreaterThan(0);
  for (const file of files) expect(existsSync(join(root, file)), file).toBe(true);
});

it('T11: nothing of the project writes CSV, or the row is out of date', () => {
  const files = globSync('{functions,local,scripts,simulate,grafana}/**/*.{ts,tsx}', { cwd: root }).filter(
    (file) => !file.includes('node_modules') && !file.endsWith('.test.ts'),
  );
  expect(files.length).toBeGreaterThan(200);
  expect(
    files.filter((file) => /text\/csv|toCsv|csvOf\(|papaparse/.test(readFileSync(join(root, file), 'utf8'))),
  ).toEqual([]);
});
