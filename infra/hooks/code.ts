// `npm run infra:code`: the deployment package into the function apps that azd does not deploy to: those of further regions.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { zipSync, type Zippable } from 'fflate';
import { hookMain, type Hook } from './support/command.ts';
import { httpFor } from './support/http.ts';
import { publish } from './support/publish.ts';

const APP = join(import.meta.dirname, '..', '..', 'dist', 'app');
const PATIENCE = { waitMs: 600_000, pollMs: 2000 };

/** All files of a folder as one zip. */
export function zipOf(folder: string): Uint8Array<ArrayBuffer> {
  const files: Zippable = {};
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    files[path.slice(folder.length + 1).replaceAll('\\', '/')] = readFileSync(path);
  }
  if (!('host.json' in files)) throw new Error(`${folder} holds no host.json: npm run package makes it`);
  return new Uint8Array(zipSync(files));
}

/** The hook itself, for tests. */
export const code: Hook = {
  name: 'code',
  help: `npm run infra:code -- [options]
Deploys dist/app (npm run package) to the function apps of further regions; azd deploys to the first.

  --all         to the first as well
  --scm URL     deployment endpoint instead of https://<app>.scm.azurewebsites.net`,
  options: { all: { type: 'boolean' }, scm: { type: 'string' } },
  async run({ settings, report, flag, option, isDryRun }) {
    const stamps = settings.stamps().slice(flag('all') ? 0 : 1);
    if (stamps.length === 0) {
      report.note('one region: azd has deployed the code');
      return;
    }
    const zip = zipOf(APP);
    const http = httpFor('https://management.azure.com/.default');
    for (const { hostName, location } of stamps) {
      const [app = '', ...domain] = hostName.split('.');
      const scm = option('scm') ?? `https://${app}.scm.${domain.join('.')}`;
      if (!isDryRun) await publish(http, scm, zip, PATIENCE);
      report.ok(
        `code in ${location}`,
        `${isDryRun ? 'would deploy ' : ''}${Math.round(zip.length / 1024)} KiB to ${scm}`,
      );
    }
  },
};

if (import.meta.main) await hookMain(code);
