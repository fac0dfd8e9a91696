// `npm run package`: dist/app, all that Azure gets: host.json, a package.json without dependencies, and the bundle.
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildFunctions } from './build.ts';

const root = join(import.meta.dirname, '..');

/** Writes the deployment package into a folder, which is emptied before. */
export async function packageApp(folder = join(root, 'dist', 'app')): ReturnType<typeof buildFunctions> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const built = await buildFunctions(join(folder, 'dist', 'functions'));
  await cp(join(root, 'host.json'), join(folder, 'host.json'));
  const { name, version, license, type, main, engines } = JSON.parse(
    await readFile(join(root, 'package.json'), 'utf8'),
  ) as Record<string, unknown>;
  await writeFile(
    join(folder, 'package.json'),
    `${JSON.stringify({ name, version, private: true, license, type, main, engines }, null, 2)}\n`,
  );
  return built;
}

if (import.meta.main)
  console.log(`dist/app: ${Math.round((await packageApp()).totalBytes / 1024)} KiB of code, no node_modules`);
