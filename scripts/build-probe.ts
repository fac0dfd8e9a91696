import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type BuildOptions } from 'esbuild';
import { PROBE_VERSION } from '../player-probe/src/version.ts';

// player-probe/dist: an ES module, a script for a tag (window.framewatch) with its integrity hash, and the types.

export const PROBE = fileURLToPath(new URL('../player-probe/', import.meta.url));

const TARGET = 'es2022';

/** How every bundle of the probe is made, the measured one included. */
export const probeBundle: BuildOptions = {
  entryPoints: [join(PROBE, 'src/index.ts')],
  bundle: true,
  minify: true,
  target: TARGET,
};

/** dist/**: what the package publishes. Throws when the version in the source is not that of the package. */
export async function buildProbe(): Promise<void> {
  const { version } = JSON.parse(readFileSync(join(PROBE, 'package.json'), 'utf8')) as { version: string };
  if (version !== PROBE_VERSION)
    throw new Error(`version.ts says ${PROBE_VERSION}, package.json ${version}: make them equal`);
  const dist = join(PROBE, 'dist');
  rmSync(dist, { recursive: true, force: true });
  await build({ ...probeBundle, format: 'esm', sourcemap: true, outfile: join(dist, 'index.js') });
  await build({ ...probeBundle, format: 'iife', globalName: 'framewatch', outfile: join(dist, 'framewatch.js') });
  const hash = createHash('sha384')
    .update(readFileSync(join(dist, 'framewatch.js')))
    .digest('base64');
  writeFileSync(join(dist, 'framewatch.js.integrity'), `sha384-${hash}\n`);
  emitTypes(dist);
}

/** The types of the entry and of what it names, the wire contract among them. */
function emitTypes(dist: string): void {
  const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc');
  const flags = ['--declaration', '--emitDeclarationOnly', '--noEmit', 'false', '--rootDir', join(PROBE, '..')];
  const files = ['--outDir', join(dist, 'types'), join(PROBE, 'src/index.ts')];
  const compiler = [
    '--ignoreConfig',
    '--strict',
    '--target',
    TARGET,
    '--module',
    'esnext',
    '--moduleResolution',
    'bundler',
  ];
  const rest = ['--lib', 'es2022,dom,dom.iterable', '--types', '', '--skipLibCheck', '--allowImportingTsExtensions'];
  execFileSync(process.execPath, [tsc, ...compiler, ...rest, ...flags, ...files], { stdio: 'inherit' });
  const entry = join(dist, 'types/player-probe/src/index.d.ts');
  if (!existsSync(entry)) throw new Error(`tsc has not written ${entry}`);
  writeFileSync(join(dist, 'index.d.ts'), "export * from './types/player-probe/src/index.js';\n");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await buildProbe();
  console.log(`built ${join(PROBE, 'dist')}`);
}
