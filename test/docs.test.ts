// The pages say what is there: links lead somewhere, commands exist, files exist, README stays short.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const pages = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', ...globSync('docs/**/*.md', { cwd: root })].sort();
const scripts = Object.keys((JSON.parse(read('package.json')) as { scripts: Record<string, string> }).scripts);

/** GitHub's anchor of a heading. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s/g, '-');

const anchorsOf = (path: string): string[] =>
  read(path)
    .split('\n')
    .flatMap((line) => (/^#+ /.test(line) ? [anchorOf(line.replace(/^#+ /, ''))] : []));

it('there are pages to look at', () => expect(pages.length).toBeGreaterThan(15));

it('README is read in one go', () => expect(read('README.md').split('\n').length).toBeLessThanOrEqual(150));

describe.each(pages)('%s', (page) => {
  const text = read(page).replace(/```[\s\S]*?```/g, '');

  it('links to what is there', () => {
    for (const [, target = ''] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^(https?:|mailto:)/.test(target)) continue;
      const [path = '', anchor] = target.split('#');
      const file = path === '' ? page : normalize(join(dirname(page), path));
      expect(existsSync(join(root, file)), `${page} → ${target}`).toBe(true);
      if (anchor !== undefined && file.endsWith('.md'))
        expect(anchorsOf(file), `${page} → ${target}`).toContain(anchor);
    }
  });

  it('names npm scripts that exist', () => {
    for (const [, script = ''] of read(page).matchAll(/\bnpm run ([a-z][\w:-]*)/g))
      expect(scripts, page).toContain(script);
  });

  it('names files of the repository that exist', () => {
    for (const [, path = ''] of text.matchAll(
      /`((?:infra|functions|scripts|schema|kql|grafana|test|bench|local|simulate|player-probe|\.ci|\.github)\/[\w./-]+\.(?:ts|bicep|json|kql|yml|md))`/g,
    ))
      expect(existsSync(join(root, path)), `${page}: ${path}`).toBe(true);
  });
});

it('every page about Azure is reached from README', () => {
  const readme = read('README.md');
  for (const page of [
    'deploy',
    'production-checklist',
    'cost',
    'scaling',
    'disaster-recovery',
    'upgrade',
    'teardown',
    'threat-model',
    'data-protection',
    'infrastructure',
  ])
    expect(readme).toContain(`docs/${page}.md`);
});

it('docs/deploy.md says of every choice what it does', () => {
  const guide = read('docs/deploy.md');
  const choices = [...read('infra/main.parameters.json').matchAll(/\$\{(\w+)/g)].map((match) => match[1] ?? '');
  expect(choices.filter((name) => !/^AZURE_PRINCIPAL_(?:ID|TYPE)$/.test(name) && !guide.includes(name))).toEqual([]);
});

it('every pitfall of measuring a player names tests that exist', () => {
  const scenarios = globSync('test/browser/scenarios/*.ts', { cwd: root }).map(read).join('');
  const rows = read('docs/probe-pitfalls.md')
    .split('\n')
    .filter((line) => /^\| +\d* *\| /.test(line))
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .slice(1);
  // All thirteen of the first list, and those found since.
  expect(rows.flatMap(([, number]) => (number ? [Number(number)] : []))).toEqual(
    Array.from({ length: 13 }, (_, i) => i + 1),
  );
  expect(rows.length).toBeGreaterThan(13);
  for (const [, , pitfall = '', tests = ''] of rows) {
    const named = [...tests.matchAll(/(?:`([^`]+)`:|scenarios?) ((?:“[^”]+”(?:, )?)+)/g)].flatMap(
      ([, path, names = '']) => {
        const text = path === undefined ? scenarios : read(path);
        return [...names.matchAll(/“([^”]+)”/g)].map(([, name = '']) => ({ text, name }));
      },
    );
    expect(named.length, pitfall).toBeGreaterThan(0);
    for (const { text, name } of named) expect(text.includes(`'${name}'`), `${pitfall}: ${name}`).toBe(true);
  }
});
