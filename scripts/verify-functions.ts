import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadApp } from '../local/functions-host/app-loader.ts';
import { installCoreApi, type FunctionMetadata } from '../local/functions-host/core-api.ts';
import { readSettings } from '../local/functions-host/settings.ts';

// Loads the built app the way the Functions worker does and compares what it registers with functions.manifest.json:
// a wrong `main`, a bundle that does not load or a lost function shows here and not as "0 functions found" in Azure.
// `--write` accepts the present state.

const root = join(import.meta.dirname, '..');
const manifestPath = join(root, 'functions.manifest.json');

interface ManifestEntry {
  readonly name: string;
  readonly bindings: readonly unknown[];
  readonly retry?: unknown;
}

/** Binding names are generated from their content, so they are left out. */
function entryOf({ name, bindings, retryOptions }: FunctionMetadata): ManifestEntry {
  return {
    name,
    bindings: Object.values(bindings).map(({ name: _name, properties: _properties, ...binding }) => binding),
    ...(retryOptions === undefined ? {} : { retry: retryOptions }),
  };
}

/** What the built app registers, sorted by name. */
export async function registeredFunctions(): Promise<ManifestEntry[]> {
  const values = await readSettings(join(root, 'local.settings.example.json'));
  for (const [name, value] of Object.entries(values)) process.env[name] ??= value;
  const registry = installCoreApi(() => undefined);
  await loadApp(root, registry);
  const entries = [...registry.functions.values()].map(({ metadata }) => entryOf(metadata));
  return entries.sort((a, b) => a.name.localeCompare(b.name, 'en'));
}

if (import.meta.main) {
  const found = `${JSON.stringify(await registeredFunctions(), null, 2)}\n`;
  if (process.argv.includes('--write')) {
    await writeFile(manifestPath, found);
    console.log('functions.manifest.json written');
  } else if (found === (await readFile(manifestPath, 'utf8').catch(() => ''))) {
    console.log('The built app registers what functions.manifest.json says.');
  } else {
    console.error('The built app does not register what functions.manifest.json says. It registers:');
    console.error(found);
    console.error('If that is meant: node scripts/verify-functions.ts --write');
    process.exitCode = 1;
  }
}
