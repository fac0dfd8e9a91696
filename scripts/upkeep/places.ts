// Where a tool of upkeep works: the options that replay, erase and catalog share, and what they open.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { storageAccount, type StorageAccount } from '../../functions/adapters/storage-account.ts';
import { devConnectionString } from '../../local/azurite/azurite.ts';
import { isLocal, openCluster, type Cluster } from '../kql/cluster.ts';

const LOCAL_CLUSTER = 'http://127.0.0.1:8080';
const LOCAL_BLOB_PORT = 10_000;

/** For `parseArgs`. */
export const placeOptions = {
  cluster: { type: 'string', default: LOCAL_CLUSTER },
  database: { type: 'string', default: 'framewatch' },
  storage: { type: 'string' },
  drops: { type: 'string', default: 'telemetry=default' },
  data: { type: 'string', default: '.framewatch' },
} as const;

export const PLACE_HELP = `  --cluster URL        default ${LOCAL_CLUSTER}; elsewhere your Azure login is used
  --database NAME      default framewatch
  --storage S          landing account: blob endpoint or connection string; default FRAMEWATCH_BLOB_CONNECTION, else the local one
  --drops LIST         drop containers with their tenants, as FRAMEWATCH_DROP_CONTAINERS; default telemetry=default
  --data DIR           data folder of the local stack, for its pseudonym secret; elsewhere FRAMEWATCH_PSEUDONYM_SECRET`;

export interface PlaceValues {
  readonly cluster: string;
  readonly database: string;
  readonly storage?: string | undefined;
  readonly drops: string;
  readonly data: string;
}

export interface Places {
  readonly cluster: Cluster;
  readonly storage: StorageAccount;
  /** Container → tenant. */
  readonly drops: Readonly<Record<string, string>>;
  /** Undefined when it is not known here. */
  readonly secret: string | undefined;
}

function dropsOf(text: string): Record<string, string> {
  const pairs = text.split(',').map((pair) => pair.split('=').map((part) => part.trim()));
  const wrong = pairs.find(([container, tenant]) => !container || !tenant);
  if (wrong) throw new Error(`--drops: expected pairs container=tenant, got '${wrong.join('=')}'`);
  return Object.fromEntries(pairs.map(([container = '', tenant = '']) => [container, tenant]));
}

function storageOf(text: string | undefined): StorageAccount {
  const connection = text ?? process.env['FRAMEWATCH_BLOB_CONNECTION'] ?? devConnectionString(LOCAL_BLOB_PORT);
  const isConnectionString = connection.includes(';') || /^UseDevelopmentStorage/i.test(connection);
  if (!isConnectionString && !URL.canParse(connection))
    throw new Error(
      `--storage: expected a blob endpoint such as https://account.blob.core.windows.net, or a connection string, got '${connection}'`,
    );
  return storageAccount({ connection, isConnectionString, managedIdentityClientId: undefined });
}

function secretOf({ cluster, data }: PlaceValues): string | undefined {
  const given = process.env['FRAMEWATCH_PSEUDONYM_SECRET'];
  if (given !== undefined && given !== '') return given;
  const file = join(data, 'pseudonym.secret');
  return isLocal(cluster) && existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

/** Opens what the options name; nothing is asked of it yet. */
export function openPlaces(values: PlaceValues): Places {
  if (!/^https?:/.test(values.cluster) || !URL.canParse(values.cluster))
    throw new Error(
      `--cluster: expected a URL such as https://cluster.region.kusto.windows.net, got '${values.cluster}'`,
    );
  return {
    cluster: openCluster(values.cluster, values.database),
    storage: storageOf(values.storage),
    drops: dropsOf(values.drops),
    secret: secretOf(values),
  };
}
