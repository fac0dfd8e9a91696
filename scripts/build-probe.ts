import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type BuildOptions } from 'esbuild';
import { PROBE_VERSION } from '../player-probe/src/version.ts';

// player-probe/dist: every entry as an ES module (they share the core), as a script for a tag with its integrity hash, and
// the types.

export const PROBE = fileURLToPath(new URL('../player-probe/', import.meta.url));

const TARGET = 'es2022';

/** Entries of the package: the name of its source, `index` is dash.js, and its name in `window.framewatch`. */
export const PROBE_ENTRIES = {
  index: 'dashjs',
  video: 'video',
  hlsjs: 'hlsjs',
  shaka: 'shaka',
  cmcd: 'cmcd',
  overlay: 'overlay',
  p1203: 'p1203',
} as const;

/** How every bundle of the probe is made, the measured one included. */
export const probeBundle: BuildOptions = {
  entryPoints: [join(PROBE, 'src/index.ts')],
  bundle: true,
  minify: true,
  target: TARGET,
};

/** What a script adds for pages without modules: short names, and the overlay on what was loaded before it. */
const FOOTERS: Record<string, string> = {
  index: 'framewatch.attach=framewatch.dashjs.attach;',
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
  const entryPoints = names.map((name) => join(PROBE, `src/${name}.ts`));
  await build({ ...probeBundle, entryPoints, format: 'esm', splitting: true, sourcemap: true, outdir: dist });
  const integrity: Record<string, string> = {};
  for (const [entry, name] of Object.entries(PROBE_ENTRIES)) {
    const outfile = join(dist, scriptOf(entry));
    await build({
      ...probeBundle,
      entryPoints: [join(PROBE, `src/${entry}.ts`)],
      format: 'iife',
      globalName: `framewatch.${name}`,
      footer: { js: FOOTERS[entry] ?? '' },
      outfile,
    });
    const hash = createHash('sha384').update(readFileSync(outfile)).digest('base64');
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
  const args = [tsc, ...compiler, ...rest, '--allowImportingTsExtensions'];
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
