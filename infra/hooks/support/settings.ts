// Values of the azd environment: from the process (azd hands them to its hooks), else from the file that azd keeps.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One region, as output FRAMEWATCH_STAMPS of main.bicep tells it. */
export interface Stamp {
  readonly location: string;
  readonly resourceGroup: string;
  readonly functionAppName: string;
  readonly hostName: string;
  readonly systemTopicName: string;
  readonly landingAccountName: string;
  readonly clusterName: string;
  readonly kustoUri: string;
  readonly databaseName: string;
}

export interface Settings {
  /** Value, or undefined when absent or empty. */
  get(name: string): string | undefined;
  /** Value; throws what is missing and what sets it. */
  need(name: string): string;
  stamps(): readonly Stamp[];
}

const root = join(import.meta.dirname, '..', '..', '..');

/** Lines `NAME="value"` as azd writes them: a double-quoted value escapes with backslashes. */
export function parseEnvFile(text: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const [, name, value] = /^([A-Za-z_]\w*)=(.*)$/.exec(line.trim()) ?? [];
    if (name === undefined || value === undefined) continue;
    const quoted = /^"(.*)"$/s.exec(value)?.[1];
    const plain = quoted?.replaceAll(/\\(.)/g, (_, one: string) => (one === 'n' ? '\n' : one === 'r' ? '\r' : one));
    values.set(name, plain ?? value.replace(/^'(.*)'$/s, '$1'));
  }
  return values;
}

function fileOf(folder: string, environment: string | undefined): string | undefined {
  const configPath = join(folder, 'config.json');
  const config = existsSync(configPath)
    ? (JSON.parse(readFileSync(configPath, 'utf8')) as { defaultEnvironment?: string })
    : {};
  const name = environment ?? config.defaultEnvironment;
  const path = name === undefined ? undefined : join(folder, name, '.env');
  return path !== undefined && existsSync(path) ? path : undefined;
}

/** Regions of the environment: one, or two. */
export function regionsOf(settings: Settings): string[] {
  const second = settings.get('FRAMEWATCH_SECONDARY_LOCATION');
  return [settings.need('AZURE_LOCATION'), ...(second === undefined ? [] : [second])];
}

/** Resource groups as main.bicep names them; known before there are outputs, and after `azd down` has forgotten these. */
export function resourceGroupsOf(settings: Settings): string[] {
  const environment = settings.need('AZURE_ENV_NAME');
  return regionsOf(settings).map((region, index) =>
    index === 0 ? `rg-${environment}` : `rg-${environment}-${region}`,
  );
}

const isStamp = (value: unknown): value is Stamp =>
  typeof value === 'object' && value !== null && 'resourceGroup' in value && 'kustoUri' in value;

/** Settings of the process first, then of the file. */
export function settingsOf(
  env: Readonly<Record<string, string | undefined>> = process.env,
  folder = join(root, '.azure'),
): Settings {
  const path = fileOf(folder, env['AZURE_ENV_NAME']);
  const file = path === undefined ? new Map<string, string>() : parseEnvFile(readFileSync(path, 'utf8'));
  const get = (name: string): string | undefined => env[name] || file.get(name) || undefined;
  const need = (name: string): string => {
    const value = get(name);
    if (value !== undefined) return value;
    throw new Error(`${name} is not set. It comes from \`azd provision\`; or set it: azd env set ${name} <value>`);
  };
  return {
    get,
    need,
    stamps() {
      const found: unknown = JSON.parse(need('FRAMEWATCH_STAMPS'));
      if (!Array.isArray(found) || found.length === 0 || !found.every(isStamp))
        throw new Error('FRAMEWATCH_STAMPS is not the list that main.bicep puts out. Run `azd provision` again');
      return found;
    },
  };
}
