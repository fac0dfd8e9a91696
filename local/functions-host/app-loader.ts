import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { CoreRegistry } from './core-api.ts';

/**
 * Loads a built function app the way the worker does: `main` of its package.json, which may be a glob.
 * @throws when `main` matches nothing or a file fails to load: an app that cannot start must not look empty
 */
export async function loadApp(appDir: string, registry: CoreRegistry): Promise<void> {
  const text = await readFile(join(appDir, 'package.json'), 'utf8');
  const { main } = JSON.parse(text) as { main?: unknown };
  if (typeof main !== 'string' || main === '')
    throw new Error(`${appDir}/package.json has no "main"; point it at the built app`);
  const files: string[] = [];
  for await (const file of glob(main, { cwd: appDir })) files.push(file);
  if (files.length === 0)
    throw new Error(`Found zero files matching "${main}" in ${appDir}; build the app first (npm run build)`);
  for (const file of files.sort()) await import(pathToFileURL(join(appDir, file)).href);
  await registry.model?.getCapabilities?.({});
  registry.isLocked = true;
  for (const hook of registry.hooks.appStart) await hook({ hookData: {}, functionAppDirectory: appDir });
}
