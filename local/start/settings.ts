import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { devConnectionString } from '../azurite/azurite.ts';
import type { Ports, StartOptions } from './options.ts';

export const DATABASE = 'framewatch';
export const DEMO_KEY = 'demo';
export const SIMULATOR_KEY = 'simulator';
export const DROP_CONTAINER = 'telemetry';

/** The key is the emulator's: nobody checks it on this machine. */
export const hubConnection = (ports: Ports): string =>
  `Endpoint=sb://127.0.0.1:${ports.hubs};SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey=SAS_KEY_VALUE;UseDevelopmentEmulator=true;`;

/** Made once for this data folder, so that pseudonyms stay comparable over restarts of one day. */
function pseudonymSecret(dataDir: string): string {
  const file = join(dataDir, 'pseudonym.secret');
  if (!existsSync(file)) writeFileSync(file, randomBytes(32).toString('base64'), { mode: 0o600 });
  return readFileSync(file, 'utf8');
}

/** The application settings of the function app on this machine; in Azure the same names are set by the deployment. */
export function functionSettings(ports: Ports, dataDir: string, sink: StartOptions['sink']): Record<string, string> {
  const origins = [`http://127.0.0.1:${ports.viewer}`, `http://localhost:${ports.viewer}`];
  return {
    FRAMEWATCH_KUSTO_URL: `http://127.0.0.1:${ports.kusto}`,
    FRAMEWATCH_KUSTO_DATABASE: DATABASE,
    FRAMEWATCH_KEYS: JSON.stringify({
      [DEMO_KEY]: { tenant: 'default', origins },
      [SIMULATOR_KEY]: { tenant: 'default', trusted: true, eventsPerSecond: 100_000 },
    }),
    FRAMEWATCH_PSEUDONYM_SECRET: pseudonymSecret(dataDir),
    FRAMEWATCH_BLOB_CONNECTION: devConnectionString(ports.blob, ports.queue),
    FRAMEWATCH_DROP_CONTAINERS: `${DROP_CONTAINER}=default`,
    FRAMEWATCH_HUB: hubConnection(ports),
    FRAMEWATCH_SINK: sink,
    AzureWebJobsStorage: devConnectionString(ports.blob, ports.queue),
  };
}
