import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type BuildOptions } from 'esbuild';
import { minify } from 'terser';
import { PROBE_VERSION } from '../player-probe/src/version.ts';

// player-probe/dist: every entry as an ES module (they share the core), as a script for a tag with its integrity hash, and
// the types.

export const PROBE = fileURLToPath(new URL('../player-probe/', import.meta.url));

const TARGET = 'es2022';

/** Entries of the package: the name of its source, `index` is dash.js, and its name in `window.framewatch`. */
export const PROBE_ENTRIES = {
  index: 'dashjs',
  complete: 'complete',
  video: 'video',
  hlsjs: 'hlsjs',
  shaka: 'shaka',
  view: 'view',
  breaks: 'breaks',
  cmcd: 'cmcd',
  overlay: 'overlay',
  gate: 'gate',
  offline: 'offline',
  p1203: 'p1203',
} as const;

/**
 * Names that the probe's modules call each other by, and the letter that each becomes in every bundle: a plugin's script
 * works with the probe's of another file. None of them is on the wire, in the DOM, in a player's API or in the probe's own.
 * Any letters would do that are no such name themselves; these were found by trial for the smallest gzip.
 */
export const LETTERS = {
  flow: 'l',
  isLast: 'I',
  force: 'r',
  frames: 'P',
  isPaused: 'y',
  isSeeking: 'x',
  isEnded: 'S',
  isHidden: 'o',
  video: 'a',
  begin: 'g',
  look: 's',
  mark: 'z',
  beat: 'A',
  count: 'H',
  tell: 'K',
  more: 'b',
  emit: 'F',
  guard: 'D',
  willPlay: 'p',
  mayRest: '_',
  items: 'R',
  line: 'T',
  lost: 'u',
  put: 'X',
  batch: 'm',
  soon: 'L',
  leave: 'M',
  dropped: 'f',
  queue: 'G',
  failed: 'Q',
  ready: 'Y',
  fail: 'W',
  steer: 'O',
  licence: '$',
  mediaMs: 'U',
  abandoned: 'Z',
  unload: 'V',
  last: 'J',
  isMeasured: 'E',
  lag: 'B',
  book: 'N',
};

const common = {
  bundle: true,
  minify: true,
  target: TARGET,
  mangleProps: new RegExp(`^(${Object.keys(LETTERS).join('|')})$`),
  mangleCache: LETTERS,
} satisfies BuildOptions;

/** The second pass: what esbuild leaves to be found by evaluating. `isModule`: names at the top are its own. */
async function squeeze(code: string, isModule: boolean, map?: string): Promise<{ code: string; map?: string }> {
  const flags = { unsafe_arrows: true, pure_getters: true, unsafe: true, keep_fargs: false, sequences: false };
  const compress = { passes: 5, inline: 3, ...flags };
  const made = await minify(code, {
    module: isModule,
    ecma: 2020,
    compress: { ...compress, toplevel: isModule },
    mangle: { toplevel: isModule },
    ...(map !== undefined && { sourceMap: { content: map, asObject: false } }),
  });
  return { code: made.code ?? '', ...(typeof made.map === 'string' && { map: made.map }) };
}

export interface BundleOptions {
  format: 'esm' | 'iife';
  /** Where the script's exports are found. */
  globalName?: string;
  footer?: string;
}

const pathOf = (entry: string) => join(PROBE, `src/${entry}.ts`);

/** One file with all that a source of the probe needs, made as it is published. `source` is its path. */
export async function bundleProbe(source: string, { format, globalName, footer = '' }: BundleOptions): Promise<string> {
  const options: BuildOptions = { ...common, entryPoints: [source], format, write: false, footer: { js: footer } };
  const { outputFiles } = await build({ ...options, ...(globalName && { globalName }) });
  const { code } = await squeeze(outputFiles![0]!.text, format === 'esm');
  return code;
}

/** What a script adds for pages without modules: short names, and the overlay on what was loaded before it. */
const FOOTERS: Record<string, string> = {
  index: 'framewatch.attach=framewatch.dashjs.attach;',
  // In place of the main one.
  complete: 'framewatch.dashjs=framewatch.complete;framewatch.attach=framewatch.complete.attach;',
  overlay:
    'for(const k in framewatch){const o=framewatch[k];if(o.attach)framewatch[k]={...o,attach:framewatch.overlay.withOverlay(o.attach)}}' +
    'if(framewatch.dashjs)framewatch.attach=framewatch.dashjs.attach;',
};

/** Name of the script for a tag. */
const scriptOf = (entry: string) => (entry === 'index' ? 'framewatch.js' : `framewatch-${entry}.js`);

/** dist/**: what the package publishes. Throws when the version in the source is not that of the package. */
export async function buildProbe(dist = join(PROBE, 'dist')): Promise<void> {
  const { version } = JSON.parse(readFileSync(join(PROBE, 'package.json'), 'utf8')) as { version: string };
  if (version !== PROBE_VERSION)
    throw new Error(`version.ts says ${PROBE_VERSION}, package.json ${version}: make them equal`);
  rmSync(dist, { recursive: true, force: true });
  const names = Object.keys(PROBE_ENTRIES);
  const entryPoints = names.map(pathOf);
  // Built together they share the core as a chunk of its own, and the names in it.
  const modules: BuildOptions = { format: 'esm', splitting: true, sourcemap: 'external', outdir: dist, write: false };
  const { outputFiles } = await build({ ...common, ...modules, entryPoints });
  const files = new Map(outputFiles!.map(({ path, text }) => [path, text]));
  mkdirSync(dist, { recursive: true });
  for (const [path, text] of files) {
    if (!path.endsWith('.js')) continue;
    const { code, map } = await squeeze(text, true, files.get(`${path}.map`));
    writeFileSync(path, `${code}\n//# sourceMappingURL=${basename(path)}.map\n`);
    writeFileSync(`${path}.map`, map ?? '');
  }
  const integrity: Record<string, string> = {};
  for (const [entry, name] of Object.entries(PROBE_ENTRIES)) {
    const script = await bundleProbe(pathOf(entry), {
      format: 'iife',
      globalName: `framewatch.${name}`,
      footer: FOOTERS[entry] ?? '',
    });
    writeFileSync(join(dist, scriptOf(entry)), script);
    const hash = createHash('sha384').update(script).digest('base64');
    integrity[scriptOf(entry)] = `sha384-${hash}`;
  }
  writeFileSync(join(dist, 'integrity.json'), `${JSON.stringify(integrity, undefined, 2)}\n`);
  emitTypes(dist, names);
}

/** The types of the entries and of what they name, the wire contract among them. */
function emitTypes(dist: string, names: string[]): void {
  const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc');
  const types = join(dist, 'types');
  mkdirSync(types, { recursive: true });
  const flags = ['--declaration', '--emitDeclarationOnly', '--noEmit', 'false', '--rootDir', join(PROBE, '..')];
  const files = ['--outDir', types, ...names.map((name) => join(PROBE, `src/${name}.ts`))];
  const compiler = ['--ignoreConfig', '--strict', '--target', TARGET, '--module', 'esnext', '--moduleResolution'];
  const rest = ['bundler', '--lib', 'es2022,dom,dom.iterable', '--types', '', '--skipLibCheck'];
  const args = [tsc, ...compiler, ...rest, '--allowImportingTsExtensions', '--exactOptionalPropertyTypes'];
  execFileSync(process.execPath, [...args, ...flags, ...files], { stdio: 'inherit' });
  // A declaration names the sources; older compilers want what lies beside it.
  for (const path of readdirSync(types, { recursive: true, encoding: 'utf8' }).filter((one) => one.endsWith('.d.ts'))) {
    const text = readFileSync(join(types, path), 'utf8');
    writeFileSync(join(types, path), text.replace(/(from '\.[^']+)\.ts'/g, "$1.js'"));
  }
  for (const name of names) {
    if (!existsSync(join(types, `player-probe/src/${name}.d.ts`))) throw new Error(`tsc has not written ${name}.d.ts`);
    writeFileSync(join(dist, `${name}.d.ts`), `export * from './types/player-probe/src/${name}.js';\n`);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await buildProbe();
  console.log(`built ${join(PROBE, 'dist')}`);
}
