// `npm run infra:code`: the deployment package into the function apps that azd does not deploy to: those of further regions.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { zipSync, type Zippable } from 'fflate';
import { hookMain, type Hook } from './support/command.ts';
import { httpFor, type Http } from './support/http.ts';

const APP = join(import.meta.dirname, '..', '..', 'dist', 'app');
const POLL_MS = 5000;
const WAIT_MS = 600_000;

/** States of a deployment as Kudu counts them. */
const FAILED = 3;
const SUCCEEDED = 4;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

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

/** One deployment through the app's deployment endpoint, to its end. */
async function publish(http: Http, scm: string, zip: Uint8Array<ArrayBuffer>): Promise<void> {
  await http(`${scm}/api/publish?RemoteBuild=false&Deployer=framewatch`, {
    method: 'POST',
    bytes: zip,
    headers: { 'content-type': 'application/zip' },
  });
  const deadline = performance.now() + WAIT_MS;
  for (;;) {
    const { body } = await http(`${scm}/api/deployments/latest`, { allow: [404] });
    const { status, message } = (body ?? {}) as { status?: number; message?: string };
    if (status === SUCCEEDED) return;
    if (status === FAILED) throw new Error(`${scm}: deployment failed: ${message ?? 'no reason'}`);
    if (performance.now() > deadline) throw new Error(`${scm}: the deployment did not end in ${WAIT_MS / 60_000} min`);
    await sleep(POLL_MS);
  }
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
      if (!isDryRun) await publish(http, scm, zip);
      report.ok(
        `code in ${location}`,
        `${isDryRun ? 'would deploy ' : ''}${Math.round(zip.length / 1024)} KiB to ${scm}`,
      );
    }
  },
};

if (import.meta.main) await hookMain(code);
