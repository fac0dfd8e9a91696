// The built function app in a folder of its own, and the local host that runs it.
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startFunctionsHost, type FunctionsHost } from '../../local/functions-host/supervisor.ts';
import { buildFunctions } from '../../scripts/build.ts';

const ROOT = join(import.meta.dirname, '..', '..');

export const TEST_ORIGIN = 'http://127.0.0.1:3000';

/** Settings of a test's app; timers are off, tests run those functions by hand. */
export const testSettings = (kustoUrl: string): Record<string, string> => ({
  FRAMEWATCH_KUSTO_URL: kustoUrl,
  FRAMEWATCH_KEYS: JSON.stringify({
    demo: { tenant: 'default', origins: [TEST_ORIGIN] },
    simulator: { tenant: 'default', trusted: true, eventsPerSecond: 1_000_000 },
    narrow: { tenant: 'default', trusted: true, eventsPerSecond: 1 },
  }),
  FRAMEWATCH_PSEUDONYM_SECRET: 'a secret of this test run',
  FRAMEWATCH_EDGE_HEADERS: 'country=x-edge-country,region=x-edge-region,city=x-edge-city,asn=x-edge-asn',
  'AzureWebJobs.detect.Disabled': 'true',
  'AzureWebJobs.reconcileBlobs.Disabled': 'true',
  'AzureWebJobs.drainSpill.Disabled': 'true',
  'AzureWebJobs.resumeBlobs.Disabled': 'true',
});

export interface BuiltApp {
  readonly dir: string;
  start(env: Readonly<Record<string, string>>, port?: number): Promise<{ host: FunctionsHost; lines: string[] }>;
  remove(): void;
}

/** Builds the app once for a test file. */
export async function builtApp(): Promise<BuiltApp> {
  const dir = mkdtempSync(join(tmpdir(), 'framewatch-app-'));
  await buildFunctions(join(dir, 'dist', 'functions'));
  copyFileSync(join(ROOT, 'host.json'), join(dir, 'host.json'));
  writeFileSync(join(dir, 'package.json'), '{ "type": "module", "main": "dist/functions/index.js" }');
  return {
    dir,
    async start(env, port = 0) {
      const lines: string[] = [];
      const host = await startFunctionsHost({ app: dir, port, env, onLine: (line) => lines.push(line) });
      return { host, lines };
    },
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}
