import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** JSON with comments and trailing commas, as the host reads host.json. Text inside strings is left alone. */
export function parseJsonc(text: string): unknown {
  const withoutComments = text.replace(/"(?:[^"\\]|\\.)*"|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, (match) =>
    match.startsWith('"') ? match : ' ',
  );
  const withoutCommas = withoutComments.replace(/"(?:[^"\\]|\\.)*"|,(?=\s*[}\]])/g, (match) =>
    match === ',' ? '' : match,
  );
  return JSON.parse(withoutCommas);
}

async function readOptional(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  return parseJsonc(text.replace(/^\uFEFF/, ''));
}

type Bag = Readonly<Record<string, unknown>>;
const bagOf = (value: unknown): Bag => (typeof value === 'object' && value !== null ? (value as Bag) : {});

/** `Values` of a settings file, text only, as environment variables are. */
export async function readSettings(path: string): Promise<Record<string, string>> {
  const values = bagOf(bagOf(await readOptional(path))['Values']);
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]),
  );
}

export interface HostJson {
  readonly routePrefix: string;
  readonly customHeaders: Readonly<Record<string, string>>;
  readonly logLevel: Readonly<Record<string, string>>;
  /** Events handed to a function at once. */
  readonly maxEventBatchSize: number;
}

/** Since version 6 of the Event Hubs extension. */
const DEFAULT_EVENT_BATCH = 100;

/** What of host.json this host acts on. Environment variables `AzureFunctionsJobHost__a__b` override it, as in the real host. */
export async function readHostJson(
  appDir: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<HostJson> {
  const host = bagOf(await readOptional(join(appDir, 'host.json')));
  if (host['version'] !== '2.0') throw new Error(`${appDir}/host.json must say "version": "2.0"`);
  const http = bagOf(bagOf(host['extensions'])['http']);
  const logLevel: Record<string, string> = {};
  for (const [category, level] of Object.entries(bagOf(bagOf(host['logging'])['logLevel'])))
    logLevel[category] = String(level);
  const prefix = 'AzureFunctionsJobHost__logging__logLevel__';
  for (const [name, level] of Object.entries(env)) {
    if (name.startsWith(prefix) && level !== undefined) logLevel[name.slice(prefix.length)] = level;
  }
  const routePrefix = env['AzureFunctionsJobHost__extensions__http__routePrefix'] ?? http['routePrefix'] ?? 'api';
  const customHeaders = Object.entries(bagOf(http['customHeaders'])).map(([name, value]) => [name, String(value)]);
  if (typeof routePrefix !== 'string') throw new Error(`${appDir}/host.json: extensions.http.routePrefix must be text`);
  return {
    routePrefix,
    customHeaders: Object.fromEntries(customHeaders) as Record<string, string>,
    logLevel,
    maxEventBatchSize: Number(
      bagOf(bagOf(host['extensions'])['eventHubs'])['maxEventBatchSize'] ?? DEFAULT_EVENT_BATCH,
    ),
  };
}
