// What a site gets from the package: packed, installed without a network and compiled against, as a stranger would.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildProbe, PROBE, PROBE_ENTRIES } from '../../scripts/build-probe.ts';
import { suspectIn } from '../support/blockers.ts';
import { recipes } from '../support/recipes.ts';

const root = join(import.meta.dirname, '../..');
const NAME = '@framewatch/player-probe';
let home: string;
let site: string;
let installed: string;
let packed: { files: { path: string }[]; filename: string };

const npm = (cwd: string, ...args: string[]) =>
  execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });

/** Compiles files in the site with the strictest settings; returns what the compiler says. */
function compile(...files: string[]): string {
  const options = {
    strict: true,
    noImplicitAny: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: true,
    noEmit: true,
    target: 'es2022',
    module: 'esnext',
    moduleResolution: 'bundler',
    jsx: 'react-jsx',
    esModuleInterop: true,
    lib: ['es2022', 'dom', 'dom.iterable'],
    types: [],
  };
  writeFileSync(join(site, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, files }));
  try {
    execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', site], { encoding: 'utf8' });
    return '';
  } catch (error) {
    return String((error as { stdout?: string }).stdout);
  }
}

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'framewatch-package-'));
  const source = join(home, 'source');
  mkdirSync(source);
  for (const file of ['package.json', 'README.md']) cpSync(join(PROBE, file), join(source, file));
  await buildProbe(join(source, 'dist'));
  [packed] = JSON.parse(npm(source, 'pack', '--json', '--ignore-scripts')) as [typeof packed];
  site = join(home, 'site');
  mkdirSync(site);
  writeFileSync(join(site, 'package.json'), '{"private":true,"type":"module"}');
  npm(site, 'install', '--offline', '--no-audit', '--no-fund', join(source, packed.filename));
  installed = join(site, 'node_modules', NAME);
  // What the site has besides.
  for (const name of ['dashjs', 'hls.js', 'shaka-player', 'react', 'react-dom', 'csstype', '@types'])
    symlinkSync(join(root, 'node_modules', name), join(site, 'node_modules', name));
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

interface Manifest {
  exports: Record<string, string | { types: string; default: string }>;
  dependencies?: object;
}
const manifest = () => JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as Manifest;

describe('the package', () => {
  test('holds its bundles, types and README, nothing else, and needs no other package', () => {
    const kinds = packed.files.map(({ path }) => path.replace(/[\w-]+(?=\.(js|d\.ts|js\.map)$)/, '*'));
    const types = ['player-probe/src', 'schema'].map((folder) => `dist/types/${folder}/*.d.ts`);
    expect([...new Set(kinds)].sort()).toEqual(
      [
        'README.md',
        'dist/*.d.ts',
        'dist/*.js',
        'dist/*.js.map',
        'dist/integrity.json',
        ...types,
        'package.json',
      ].sort(),
    );
    expect(manifest().dependencies).toBeUndefined();
    expect(readdirSync(join(site, 'node_modules', '@framewatch'))).toEqual(['player-probe']);
  });

  test('every export is there, loads outside a page without doing anything, and has types', async () => {
    const { exports } = manifest();
    const script = Object.keys(PROBE_ENTRIES).map((entry) => NAME + (entry === 'index' ? '' : `/${entry}`));
    expect(Object.values(exports).filter((one) => typeof one === 'object')).toHaveLength(script.length);
    const code = `for (const name of ${JSON.stringify(script)}) console.log(name, Object.keys(await import(name)).join());`;
    writeFileSync(join(site, 'load.js'), code);
    const loaded = execFileSync(process.execPath, ['load.js'], { cwd: site, encoding: 'utf8' });
    const names = {
      cmcd: 'cmcdRequests,createCmcd,createCmcdEncoder',
      overlay: 'withOverlay',
      p1203: 'toP1203',
      breaks: 'ads',
      view: 'view',
      offline: 'keepOffline',
      gate: 'withConsent',
    };
    const namesOf = (path: string) => names[path.slice(NAME.length + 1) as keyof typeof names] ?? 'attach';
    expect(loaded.trim().split('\n')).toEqual(script.map((path) => `${path} ${namesOf(path)}`));
    for (const one of Object.values(exports))
      for (const path of typeof one === 'object' ? Object.values(one) : [one])
        expect(readFileSync(join(installed, path)).length, path).toBeGreaterThan(0);
  });

  test('every script for a tag has the hash that integrity.json says', () => {
    const hashes = JSON.parse(readFileSync(join(installed, 'dist/integrity.json'), 'utf8')) as Record<string, string>;
    const scripts = readdirSync(join(installed, 'dist')).filter((name) => /^framewatch.*\.js$/.test(name));
    expect(Object.keys(hashes).sort()).toEqual(scripts.sort());
    for (const [name, hash] of Object.entries(hashes)) {
      const digest = createHash('sha384')
        .update(readFileSync(join(installed, 'dist', name)))
        .digest('base64');
      expect(hash).toBe(`sha384-${digest}`);
    }
  });

  test('no name of a file and no address gives a blocker of advertisements or trackers reason to act', () => {
    // What they do act on, so that finding nothing means something.
    for (const name of ['ads.js', 'framewatch-ads.js?v=2', '/api/v1/metrics', '/api/v1/collector', '/events?data=1'])
      expect(suspectIn(name), name).toBeDefined();
    const files = packed.files
      .map(({ path }) => path)
      .filter((path) => path.endsWith('.js'))
      // The builder's hash of a shared piece: eight letters and digits in a row are no word of a rule, whatever two of them spell.
      .map((path) => path.replace(/(\/chunk-)[A-Z2-7]{8}\.js$/, '$1.js'));
    expect(files.length).toBeGreaterThan(15);
    const script = readFileSync(join(installed, 'dist/framewatch.js'), 'utf8');
    const [path] = /\/api\/v\d+\/\w+\?\w+=/.exec(script) ?? [];
    expect(path).toBeDefined();
    const names = [...files, `https://quality.example.com${path}demo`, 'x-framewatch-key'];
    expect(names.flatMap((name) => suspectIn(name) ?? [])).toEqual([]);
  });
});

describe('its types', () => {
  test('hold no any', () => {
    for (const { path } of packed.files.filter((file) => file.path.endsWith('.d.ts'))) {
      const text = readFileSync(join(installed, path), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
      expect(/\bany\b/.exec(text)?.[0], path).toBeUndefined();
      expect(text, path).not.toMatch(/from '[^']+\.ts'/);
    }
  });

  test('take the players’ own types, and every recipe of the README compiles', () => {
    const files = recipes()
      .filter(({ language }) => language !== 'html')
      .map(({ name, language, code }) => {
        writeFileSync(join(site, `${name}.${language}`), code);
        return `${name}.${language}`;
      });
    expect(files.length).toBeGreaterThan(6);
    expect(compile(...files)).toBe('');
  });

  test('refuse what is wrong', () => {
    const code = `import { attach } from '${NAME}/video';
const video = document.createElement('video');
export const probe = attach(video, { endpoint: 'https://x.example', key: 'k' });
// @ts-expect-error -- no endpoint
attach(video, { key: 'k' });
// @ts-expect-error -- no such option
attach(video, { endpoint: '', key: 'k', colour: 1 });
// @ts-expect-error -- not a video
attach(1, { endpoint: '', key: 'k' });
const isAny: 0 extends 1 & typeof probe ? true : false = false;
const stalls: number | undefined = probe.session?.totals.stalls;
export { isAny, stalls };`;
    writeFileSync(join(site, 'wrong.ts'), code);
    expect(compile('wrong.ts')).toBe('');
  });
});
