// Settings → one frozen object. The only file that reads process.env. Every problem is reported at once, before anything runs.

import { flagOf, jsonOf, listOf, numberOf, Problems, urlOf, type Env } from './setting-values.ts';

/** Who may send with a key, and what for. */
export interface WriteKey {
  readonly key: string;
  readonly tenant: string;
  /** Exact origins that may send with this key; a trusted key needs none. */
  readonly origins: readonly string[];
  /** A server of ours: its word on geography and device is believed. Never give such a key to a browser. */
  readonly isTrusted: boolean;
  /** Events a second this instance takes for the key; bursts of ten seconds pass. */
  readonly eventsPerSecond: number;
  /** Only with a signed token. */
  readonly needsToken: boolean;
}

export interface BlobConfig {
  /** Connection string (local), or the account's blob endpoint to be used with an identity. */
  readonly connection: string;
  readonly isConnectionString: boolean;
  /** Containers that are read, each with its tenant. */
  readonly drops: Readonly<Record<string, string>>;
  /** Resource id that Event Grid events must carry as topic; absent: the account name must match. */
  readonly topic: string | undefined;
  /** How long a new blob is left to Event Grid before the timer takes it up. */
  readonly graceMs: number;
  /** Blobs of this size and more go through Kusto's queue; Infinity: none does. */
  readonly queuedFromBytes: number;
}

export interface HubConfig {
  /** Connection string (local), or the namespace's host name, to be used with an identity. */
  readonly connection: string;
  readonly isConnectionString: boolean;
  /** Owner of what comes through hub `telemetry`. */
  readonly tenant: string;
}

export interface Config {
  readonly kusto: {
    readonly url: string;
    readonly database: string;
    readonly timeoutMs: number;
    readonly deadlineMs: number;
    readonly lingerMs: number;
    readonly longestLingerMs: number;
    readonly maxCalls: number;
    /** Rows travel to the cluster as gzip. */
    readonly isGzip: boolean;
  };
  readonly managedIdentityClientId: string | undefined;
  readonly keys: readonly WriteKey[];
  /** Secrets of signed tokens by key id; none: tokens are not accepted. */
  readonly tokenSecrets: Readonly<Record<string, string>> | undefined;
  /** Events a second this instance takes from one network, /24 or /48; 0: no limit. */
  readonly networkEventsPerSecond: number;
  readonly pseudonymSecret: string;
  /** Days that the salt of a day is kept beyond it; 0: salts follow from the secret and are never destroyed. */
  readonly saltDays: number;
  /** Which request headers of the edge are believed, by fact. */
  readonly edgeHeaders: Readonly<Partial<Record<'country' | 'region' | 'city' | 'asn', string>>>;
  /** Request header with the client's address, in lower case; the last entry counts. */
  readonly addressHeader: string;
  /** MaxMind-format files, asked in this order. */
  readonly geoDatabases: readonly string[];
  readonly heartbeatSeconds: number | undefined;
  readonly sampleRate: number | undefined;
  readonly blob: BlobConfig | undefined;
  readonly hub: HubConfig | undefined;
  /** Where rows go: straight into Kusto, or into hub `rows`, from which a data connection of Kusto reads. */
  readonly sink: 'kusto' | 'event-hubs';
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
const TENANT = /^[\w.-]{1,64}$/;
const DEFAULT_EVENTS_PER_SECOND = 20_000;

function keyOf(key: string, value: unknown, problems: Problems): WriteKey | undefined {
  const name = `FRAMEWATCH_KEYS["${key.slice(0, 4)}…"]`;
  if (typeof value !== 'object' || value === null) {
    problems.add(name, typeof value, 'an object {tenant, origins?, trusted?, token?, eventsPerSecond?}');
    return undefined;
  }
  const { tenant, origins, trusted, token, eventsPerSecond } = value as Record<string, unknown>;
  if (!isText(tenant) || !TENANT.test(tenant)) problems.add(`${name}.tenant`, String(tenant), 'letters, digits, . _ -');
  const list: readonly unknown[] = Array.isArray(origins) ? origins : [];
  if (
    (origins !== undefined && !Array.isArray(origins)) ||
    !list.every((origin) => isText(origin) && URL.canParse(origin) && new URL(origin).origin === origin)
  ) {
    problems.add(`${name}.origins`, JSON.stringify(origins), 'a list of origins such as https://www.example.com');
  }
  if (trusted !== true && list.length === 0)
    problems.add(`${name}.origins`, 'none', 'at least one origin, or "trusted": true');
  const rate = eventsPerSecond ?? DEFAULT_EVENTS_PER_SECOND;
  if (typeof rate !== 'number' || !(rate > 0)) problems.add(`${name}.eventsPerSecond`, typeof rate, 'a number above 0');
  return {
    key,
    tenant: String(tenant),
    origins: list.map(String),
    isTrusted: trusted === true,
    eventsPerSecond: Number(rate),
    needsToken: token === true,
  };
}

function keysOf(env: Env, problems: Problems): WriteKey[] {
  const bag = jsonOf(env, 'FRAMEWATCH_KEYS', problems);
  if (!bag) {
    if ((env['FRAMEWATCH_KEYS'] ?? '') === '')
      problems.add('FRAMEWATCH_KEYS', undefined, 'a JSON object {"<write key>": {"tenant", "origins"}}');
    return [];
  }
  return Object.entries(bag).flatMap(([key, value]) => keyOf(key, value, problems) ?? []);
}

/** Two are live while one takes the other's place. */
const MAX_TOKEN_SECRETS = 2;
const LEAST_SECRET = 32;

function tokenSecretsOf(env: Env, keys: readonly WriteKey[], problems: Problems): Config['tokenSecrets'] {
  const name = 'FRAMEWATCH_TOKEN_SECRETS';
  const bag = jsonOf(env, name, problems);
  if (!bag) {
    if (keys.some(({ needsToken }) => needsToken))
      problems.add(name, undefined, 'secrets, because a key has "token": true');
    return undefined;
  }
  const entries = Object.entries(bag);
  const isGood = entries.every(([kid, secret]) => kid !== '' && isText(secret) && secret.length >= LEAST_SECRET);
  if (!isGood || entries.length === 0 || entries.length > MAX_TOKEN_SECRETS)
    problems.add(name, 'other text', `one or two secrets of at least ${LEAST_SECRET} characters by key id`);
  return Object.fromEntries(entries.map(([kid, secret]) => [kid, String(secret)]));
}

function edgeHeadersOf(env: Env, problems: Problems): Config['edgeHeaders'] {
  const headers: Record<string, string> = {};
  for (const pair of listOf(env['FRAMEWATCH_EDGE_HEADERS'])) {
    const [fact = '', header = ''] = pair.split('=').map((part) => part.trim().toLowerCase());
    if (!['country', 'region', 'city', 'asn'].includes(fact) || !/^[\w-]+$/.test(header)) {
      problems.add(
        'FRAMEWATCH_EDGE_HEADERS',
        pair,
        'pairs such as country=cf-ipcountry with country, region, city or asn',
      );
    } else headers[fact] = header;
  }
  return headers;
}

function blobOf(env: Env, problems: Problems): BlobConfig | undefined {
  const connection = env['FRAMEWATCH_BLOB_CONNECTION'];
  if (connection === undefined || connection === '') return undefined;
  const isConnectionString = /(^|;)\s*(AccountName|BlobEndpoint|UseDevelopmentStorage)=/i.test(connection);
  if (!isConnectionString && !URL.canParse(connection)) {
    problems.add('FRAMEWATCH_BLOB_CONNECTION', 'other text', 'a storage connection string or a blob endpoint URL');
  }
  const drops: Record<string, string> = {};
  for (const pair of (env['FRAMEWATCH_DROP_CONTAINERS'] ?? 'telemetry=default').split(',')) {
    const [container = '', tenant = ''] = pair.split('=').map((part) => part.trim());
    if (!/^[a-z0-9](-?[a-z0-9]){2,62}$/.test(container) || !TENANT.test(tenant)) {
      problems.add('FRAMEWATCH_DROP_CONTAINERS', pair, 'pairs container=tenant, separated by commas');
    } else drops[container] = tenant;
  }
  return {
    connection,
    isConnectionString,
    drops,
    topic: env['FRAMEWATCH_EVENT_TOPIC'] || undefined,
    graceMs: numberOf(env, 'FRAMEWATCH_BLOB_GRACE_SECONDS', 30, [0, 3600], problems) * 1000,
    queuedFromBytes: numberOf(env, 'FRAMEWATCH_QUEUED_FROM_BYTES', 256 * 2 ** 20, [0, 1e15], problems) || Infinity,
  };
}

/** The host reads the same settings for the trigger: a connection string, or the parts of a connection by identity. */
function hubOf(env: Env, problems: Problems): HubConfig | undefined {
  const text = env['FRAMEWATCH_HUB'] ?? '';
  const namespace = env['FRAMEWATCH_HUB__fullyQualifiedNamespace'] ?? '';
  const tenant = env['FRAMEWATCH_HUB_TENANT'] || 'default';
  if (!TENANT.test(tenant)) problems.add('FRAMEWATCH_HUB_TENANT', tenant, 'letters, digits, . _ -');
  if (text === '' && namespace === '') return undefined;
  if (text !== '' && !/(^|;)\s*Endpoint=sb:\/\//i.test(text))
    problems.add('FRAMEWATCH_HUB', 'other text', 'a connection string of an Event Hubs namespace');
  if (text === '' && !/^[a-z0-9.-]+$/i.test(namespace))
    problems.add(
      'FRAMEWATCH_HUB__fullyQualifiedNamespace',
      namespace,
      'a host name such as NAME.servicebus.windows.net',
    );
  return { connection: text || namespace, isConnectionString: text !== '', tenant };
}

function sinkOf(env: Env, hub: HubConfig | undefined, problems: Problems): Config['sink'] {
  const sink = env['FRAMEWATCH_SINK'] || 'kusto';
  if (sink !== 'kusto' && sink !== 'event-hubs') problems.add('FRAMEWATCH_SINK', sink, 'kusto or event-hubs');
  if (sink === 'event-hubs' && !hub)
    problems.add('FRAMEWATCH_SINK', sink, 'FRAMEWATCH_HUB or FRAMEWATCH_HUB__fullyQualifiedNamespace beside it');
  return sink === 'event-hubs' ? sink : 'kusto';
}

/**
 * Reads the settings.
 * @throws Error that lists every problem: what, got, expected and where to set it
 */
export function readConfig(env: Env = process.env): Config {
  const problems = new Problems();
  const pseudonymSecret = env['FRAMEWATCH_PSEUDONYM_SECRET'] ?? '';
  if (pseudonymSecret.length < 16)
    problems.add(
      'FRAMEWATCH_PSEUDONYM_SECRET',
      pseudonymSecret === '' ? undefined : 'a shorter text',
      'at least 16 characters',
    );
  const database = env['FRAMEWATCH_KUSTO_DATABASE'] ?? 'framewatch';
  if (!/^[\w .-]{1,128}$/.test(database)) problems.add('FRAMEWATCH_KUSTO_DATABASE', database, 'a database name');
  const heartbeat = numberOf(env, 'FRAMEWATCH_HEARTBEAT_SECONDS', 0, [0, 600], problems);
  const sample = numberOf(env, 'FRAMEWATCH_SAMPLE_RATE', 1, [0, 1], problems);
  const keys = keysOf(env, problems);
  const hub = hubOf(env, problems);
  const config: Config = {
    kusto: {
      url: urlOf(env, 'FRAMEWATCH_KUSTO_URL', undefined, problems),
      database,
      timeoutMs: numberOf(env, 'FRAMEWATCH_KUSTO_TIMEOUT_MS', 15_000, [100, 120_000], problems),
      deadlineMs: numberOf(env, 'FRAMEWATCH_KUSTO_DEADLINE_MS', 8000, [250, 60_000], problems),
      lingerMs: numberOf(env, 'FRAMEWATCH_LINGER_MS', 4, [0, 1000], problems),
      longestLingerMs: numberOf(env, 'FRAMEWATCH_LONGEST_LINGER_MS', 250, [0, 2000], problems),
      maxCalls: numberOf(env, 'FRAMEWATCH_MAX_CALLS', 2, [1, 64], problems),
      isGzip: flagOf(env, 'FRAMEWATCH_KUSTO_GZIP', problems),
    },
    managedIdentityClientId: env['FRAMEWATCH_IDENTITY_CLIENT_ID'] || undefined,
    keys,
    tokenSecrets: tokenSecretsOf(env, keys, problems),
    networkEventsPerSecond: numberOf(env, 'FRAMEWATCH_NETWORK_EVENTS_PER_SECOND', 2000, [0, 1e6], problems),
    pseudonymSecret,
    saltDays: numberOf(env, 'FRAMEWATCH_SALT_DAYS', 90, [0, 400], problems),
    edgeHeaders: edgeHeadersOf(env, problems),
    addressHeader: (env['FRAMEWATCH_ADDRESS_HEADER'] || 'x-forwarded-for').toLowerCase(),
    geoDatabases: listOf(env['FRAMEWATCH_GEO_DATABASES']),
    heartbeatSeconds: heartbeat === 0 ? undefined : heartbeat,
    sampleRate: sample === 1 ? undefined : sample,
    blob: blobOf(env, problems),
    hub,
    sink: sinkOf(env, hub, problems),
  };
  problems.throwIfAny();
  return Object.freeze(config);
}
