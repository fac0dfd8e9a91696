import { spawn } from 'node:child_process';
import { globSync, statSync } from 'node:fs';
import { join } from 'node:path';

interface Product {
  readonly script: string;
  readonly output: string;
  /** A newer file among these makes the output stale. */
  readonly sources: readonly string[];
}

const PRODUCTS: readonly Product[] = [
  {
    script: 'scripts/build.ts',
    output: 'dist/functions/index.js',
    sources: ['functions/**/*.ts', 'schema/**/*.ts', 'scripts/build.ts', 'package.json'],
  },
  {
    script: 'scripts/build-probe.ts',
    output: 'player-probe/dist/index.d.ts',
    sources: [
      'player-probe/src/**/*.ts',
      'schema/probe-wire.ts',
      'scripts/build-probe.ts',
      'player-probe/package.json',
    ],
  },
];

const modifiedMs = (path: string): number => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

function isStale(root: string, { output, sources }: Product): boolean {
  const builtMs = modifiedMs(join(root, output));
  return globSync([...sources], { cwd: root }).some((path) => modifiedMs(join(root, path)) > builtMs);
}

const run = (root: string, script: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(root, script)], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`${script} failed:\n${said}`))));
  });

/** The stack runs what users deploy: the bundled app and the bundled probe, built anew when a source is newer. */
export async function buildAll(root: string): Promise<void> {
  await Promise.all(PRODUCTS.filter((product) => isStale(root, product)).map(({ script }) => run(root, script)));
}
