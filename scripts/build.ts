import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { build } from 'esbuild';

// `npm run build`: dist/functions/index.js, what `main` of package.json points at and `func start` loads.
// Split ESM: Microsoft's clients stay in chunks of their own, loaded at first use, so a cold start does not pay for them.

const root = join(import.meta.dirname, '..');

// The clients hold CommonJS that calls `require` and `createRequire(import.meta.url)`.
const banner =
  "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);";

interface BuiltFunctions {
  /** What a cold start loads, bytes. */
  readonly entryBytes: number;
  readonly totalBytes: number;
  /** Modules that the platform must supply. */
  readonly externals: readonly string[];
}

/** Bundles the function app. */
export async function buildFunctions(outdir = join(root, 'dist', 'functions')): Promise<BuiltFunctions> {
  await mkdir(outdir, { recursive: true });
  const before = await readdir(outdir);
  const { metafile } = await build({
    entryPoints: [join(root, 'functions', 'index.ts')],
    outdir,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node22',
    minifySyntax: true,
    legalComments: 'none',
    // The runtime supplies it through `require`; nothing on npm does.
    external: ['@azure/functions-core'],
    banner: { js: banner },
    metafile: true,
    logLevel: 'warning',
  });
  const outputs = Object.entries(metafile.outputs);
  const entry = outputs.find(([path]) => basename(path) === 'index.js');
  const eager = new Set(entry && [entry[0]]);
  // Grows while it is walked: what a chunk imports is loaded with it.
  for (const path of eager)
    for (const { kind, path: imported } of metafile.outputs[path]?.imports ?? [])
      if (kind === 'import-statement') eager.add(imported);
  const entryBytes = [...eager].reduce((sum, path) => sum + (metafile.outputs[path]?.bytes ?? 0), 0);
  const totalBytes = outputs.reduce((sum, [, output]) => sum + output.bytes, 0);
  // Old chunks go after the new ones are there: a host that is starting meanwhile still finds its files.
  const written = new Set(outputs.map(([path]) => basename(path)));
  await Promise.all(
    before.filter((name) => !written.has(name)).map((name) => rm(join(outdir, name), { recursive: true, force: true })),
  );
  await writeFile(join(outdir, 'package.json'), '{ "type": "module" }\n');
  const imports = outputs.flatMap(([, output]) => output.imports);
  const externals = [...new Set(imports.filter(({ external }) => external === true).map(({ path }) => path))];
  return { entryBytes, totalBytes, externals };
}

if (import.meta.main) {
  const startedMs = performance.now();
  const { entryBytes, totalBytes } = await buildFunctions();
  const kilobytes = (bytes: number): string => `${Math.round(bytes / 1024)} KiB`;
  console.log(
    `dist/functions: ${kilobytes(entryBytes)} at start, ${kilobytes(totalBytes)} in all, built in ${Math.round(performance.now() - startedMs)} ms`,
  );
}
