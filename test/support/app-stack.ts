// The built app between the Kusto-compatible engine and blob storage: what tests of the doors begin with. Timers are off.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BlobServiceClient } from '@azure/storage-blob';
import { Client, type ClientRequestProperties } from 'azure-kusto-data';
import { startAzurite, type Azurite } from '../../local/azurite/azurite.ts';
import type { FunctionsHost } from '../../local/functions-host/supervisor.ts';
import { startKusto, type KustoServer } from '../../local/kusto/http/server.ts';
import { namesIn } from './blob-runs.ts';
import { builtApp, testSettings } from './functions-app.ts';
import { createTables } from './kusto-tables.ts';

export interface AppStack {
  readonly kustoUrl: string;
  readonly azurite: Azurite;
  readonly host: FunctionsHost;
  /** What the host has said. */
  readonly lines: readonly string[];
  readonly blobs: BlobServiceClient;
  /** Goes away with this stack. */
  readonly dataDir: string;
  /** Rows of a query or a command. */
  readonly query: <Row = Record<string, unknown>>(csl: string, properties?: ClientRequestProperties) => Promise<Row[]>;
  namesIn(container: string): Promise<string[]>;
  /** Refuses connections from now on. */
  stopKusto(): Promise<void>;
  /** On the same port, with what it had. */
  startKusto(): Promise<void>;
  close(): Promise<void>;
}

export interface AppStackOptions {
  /** Beside those of every test. */
  readonly settings?: Readonly<Record<string, string>>;
  /** The engine takes files from Azurite's queue too. */
  readonly isQueued?: boolean;
  /** Where the engine keeps its file; a folder of its own without it. */
  readonly dataDir?: string;
}

export async function startAppStack(options: AppStackOptions = {}): Promise<AppStack> {
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'framewatch-app-stack-'));
  const [azurite, app] = await Promise.all([startAzurite({ blobPort: 0, queuePort: 0 }), builtApp()]);
  const connection = azurite.connectionString();
  const kustoAt = (port: number): Promise<KustoServer> =>
    startKusto({
      file: join(dataDir, 'kusto.duckdb'),
      port,
      warmUp: false,
      ...(options.isQueued ? { blobConnection: connection } : {}),
    });
  let kusto = await kustoAt(0);
  const { url } = kusto;
  await createTables(url);
  const { host, lines } = await app.start({
    ...testSettings(url),
    FRAMEWATCH_BLOB_CONNECTION: connection,
    FRAMEWATCH_BLOB_GRACE_SECONDS: '0',
    ...options.settings,
  });
  const client = new Client(`Data Source=${url};Initial Catalog=framewatch`);
  const blobs = BlobServiceClient.fromConnectionString(connection);
  await blobs.getContainerClient('telemetry').createIfNotExists();
  return {
    kustoUrl: url,
    azurite,
    host,
    lines,
    blobs,
    dataDir,
    query: async <Row>(csl: string, properties?: ClientRequestProperties) => {
      const run = csl.startsWith('.')
        ? client.executeMgmt('framewatch', csl)
        : client.execute('framewatch', csl, properties);
      return (await run).primaryResults[0]?.toJSON<Row>().data ?? [];
    },
    namesIn: (container) => namesIn(blobs, container),
    stopKusto: () => kusto.close(),
    async startKusto() {
      kusto = await kustoAt(Number(new URL(url).port));
    },
    async close() {
      await host.close();
      client.close();
      await Promise.all([kusto.close(), azurite.close()]);
      app.remove();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
