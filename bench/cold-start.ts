import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { startChild } from '../local/child-process.ts';
import { readSettings } from '../local/functions-host/settings.ts';
import { packageApp } from '../scripts/package-app.ts';
import { envelope } from './bodies.ts';
import { median } from './median.ts';
import { OTHER_CORE, pin } from './process-stats.ts';
import type { Row } from './report.ts';

const ROOT = join(import.meta.dirname, '..');
/** Inside the repository: what is not bundled is found in its node_modules. */
const FOLDER = join(ROOT, 'dist', 'cold-start');
const ROUNDS = 9;

interface Start {
  /** CPU so far, ms: Node alone, at the first call of the handler, at its answer. */
  readonly node: number;
  readonly handler: number;
  readonly answer: number;
  readonly status: number;
  readonly rssMib: number;
}

const banner =
  "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);";

function writeMain(folder: string, main: string): string {
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module', main }));
  cpSync(join(ROOT, 'host.json'), join(folder, 'host.json'));
  return folder;
}

/** The same functions with every package taken from node_modules; `eager`: Microsoft's clients are imported at once. */
async function unbundled(): Promise<{ lazy: string; eager: string }> {
  const lazy = join(FOLDER, 'unbundled');
  const { metafile } = await build({
    entryPoints: [join(ROOT, 'functions', 'index.ts')],
    outdir: lazy,
    bundle: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    target: 'node22',
    metafile: true,
    logLevel: 'warning',
  });
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports);
  const clients = [...new Set(imports.filter(({ kind }) => kind === 'dynamic-import').map(({ path }) => path))];
  if (clients.length === 0) throw new Error('nothing is loaded by import(): there is no eager start to compare with');
  const eager = join(FOLDER, 'eager');
  cpSync(lazy, eager, { recursive: true });
  writeFileSync(join(eager, 'eager.js'), [...clients, './index.js'].map((path) => `import '${path}';\n`).join(''));
  return { lazy: writeMain(lazy, 'index.js'), eager: writeMain(eager, 'eager.js') };
}

async function standIn(): Promise<string> {
  const outfile = join(FOLDER, 'stand-in.mjs');
  await build({
    entryPoints: [join(ROOT, 'bench', 'cold-start-child.ts')],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    banner: { js: banner },
    logLevel: 'warning',
  });
  return outfile;
}

/** A local engine for the start that goes on to a stored event. */
async function withEngine<T>(job: (url: string) => Promise<T>): Promise<T> {
  let url = '';
  const child = await startChild({
    name: 'engine',
    args: [join(ROOT, 'local/kusto/main.ts'), '--db', ':memory:', '--port', '0'],
    ready: /ready|listening/i,
    log: (line) => {
      url ||= /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0] ?? '';
    },
  });
  try {
    pin([child.pid], OTHER_CORE);
    return await job(url);
  } finally {
    await child.stop();
  }
}

/** Cold starts of the packaged app beside the same functions unbundled: CPU of the process until the first call of a handler, and to a first answer. */
export async function benchColdStart(): Promise<Row[]> {
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  const bundled = join(FOLDER, 'app');
  await packageApp(bundled);
  const { lazy, eager } = await unbundled();
  const child = await standIn();
  const { deployKql } = await import('../scripts/kql-deploy.ts');
  const settings = await readSettings(join(ROOT, 'local.settings.example.json'));
  const body = JSON.stringify(envelope(1, 3, Date.now()));
  const seen = new Map<string, Start[]>();
  await withEngine(async (url) => {
    await deployKql({ cluster: url, database: 'framewatch', log: () => undefined });
    const start = (app: string, name: string, text: string): void => {
      const out = execFileSync(process.execPath, [child, app, name, text], {
        env: { PATH: process.env['PATH'], ...settings, FRAMEWATCH_KUSTO_URL: url },
        encoding: 'utf8',
      });
      const key = `${app} ${name}`;
      seen.set(key, [...(seen.get(key) ?? []), JSON.parse(out) as Start]);
    };
    for (let round = 0; round < ROUNDS; round++)
      for (const app of [bundled, lazy, eager]) {
        start(app, 'livez', '');
        start(app, 'ingestEvents', body);
      }
  });
  rmSync(FOLDER, { recursive: true, force: true });
  const of = (app: string, name: string, what: keyof Start): number =>
    median((seen.get(`${app} ${name}`) ?? []).map((one) => one[what]));
  for (const [key, starts] of seen)
    for (const { status } of starts)
      if (status !== (key.endsWith('livez') ? 200 : 202)) throw new Error(`${key} answered ${status}`);
  const bare = of(bundled, 'ingestEvents', 'node');
  const row = (what: string, app: string): Row => {
    const handler = of(app, 'ingestEvents', 'handler');
    const share = handler / of(eager, 'ingestEvents', 'handler');
    return {
      what,
      figure: `${(handler / 1000).toFixed(3)} s of CPU, ${share.toFixed(2)}× of the eager start`,
      note: `of it Node itself ${(bare / 1000).toFixed(3)} s; livez ${(of(app, 'livez', 'handler') / 1000).toFixed(3)} s; first 202, Kusto client loaded, ${(of(app, 'ingestEvents', 'answer') / 1000).toFixed(3)} s; ${of(app, 'livez', 'rssMib').toFixed(0)} MiB after livez`,
    };
  };
  return [
    row('packaged app (`npm run package`), to the first call of the door’s handler; target 0.15 s', bundled),
    row('the same functions, packages from node_modules, clients behind import()', lazy),
    row('the same, clients imported at the start', eager),
  ];
}
