// `npm run package`: dist/app, all that Azure gets: host.json, a package.json without dependencies, and the bundle.
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildFunctions } from './build.ts';

const root = join(import.meta.dirname, '..');
const app = join(root, 'dist', 'app');

await rm(app, { recursive: true, force: true });
await mkdir(app, { recursive: true });
const { totalBytes } = await buildFunctions(join(app, 'dist', 'functions'));
await cp(join(root, 'host.json'), join(app, 'host.json'));
const { name, version, license, type, main, engines } = JSON.parse(
  await readFile(join(root, 'package.json'), 'utf8'),
) as Record<string, unknown>;
await writeFile(
  join(app, 'package.json'),
  `${JSON.stringify({ name, version, private: true, license, type, main, engines }, null, 2)}\n`,
);
console.log(`dist/app: ${Math.round(totalBytes / 1024)} KiB of code, no node_modules`);
