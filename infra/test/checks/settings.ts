import { readConfig } from '../../../functions/config.ts';
import { madeResources, type Context, type Scenario } from '../context.ts';
import { placeIn } from '../evaluate/deployment.ts';
import { isObject, Runtime, textOf, type Resource, type Value } from '../evaluate/values.ts';
import { finding, type Finding } from '../finding.ts';

// The app settings are exactly those that functions/config.ts reads, with values it takes; secrets come from the key vault.

/** Settings of the platform: https://learn.microsoft.com/azure/azure-functions/functions-app-settings */
const PLATFORM = new Set([
  'AzureWebJobsStorage__blobServiceUri',
  'AzureWebJobsStorage__queueServiceUri',
  'AzureWebJobsStorage__tableServiceUri',
  'AzureWebJobsStorage__credential',
  'AzureWebJobsStorage__clientId',
  'APPLICATIONINSIGHTS_CONNECTION_STRING',
  'APPLICATIONINSIGHTS_AUTHENTICATION_STRING',
  // How the host connects a trigger by identity, beside the namespace that functions/config.ts reads too.
  'FRAMEWATCH_HUB__credential',
  'FRAMEWATCH_HUB__clientId',
]);
/** A connection string, for one machine: in Azure its parts by identity stand in its place. */
const NEVER_SET = new Set(['FRAMEWATCH_HUB']);
/** Without these the host cannot start, or cannot tell of it. */
const NEEDED = [
  'AzureWebJobsStorage__blobServiceUri',
  'AzureWebJobsStorage__credential',
  'AzureWebJobsStorage__clientId',
  'APPLICATIONINSIGHTS_CONNECTION_STRING',
  'APPLICATIONINSIGHTS_AUTHENTICATION_STRING',
];
/** functionAppConfig replaces them on Flex Consumption, which refuses them. */
const REFUSED_ON_FLEX =
  /^(FUNCTIONS_WORKER_RUNTIME|FUNCTIONS_EXTENSION_VERSION|FUNCTIONS_WORKER_PROCESS_COUNT|WEBSITE_|SCM_DO_BUILD_DURING_DEPLOYMENT|ENABLE_ORYX_BUILD|AzureWebJobsDashboard|AzureWebJobsStorage$)/;
const REFERENCE = /^@Microsoft\.KeyVault\(SecretUri=(.+)secrets\/([\w-]+)\/\)$/;

/** What Azure would put in the place of a property that only it knows. */
const STANDINS: Readonly<Record<string, string>> = {
  'properties.uri': 'https://adx.westeurope.kusto.windows.net',
  'properties.vaultUri': 'https://vault.vault.azure.net/',
  'properties.primaryEndpoints.blob': 'https://account.blob.core.windows.net/',
  'properties.clientId': '44444444-4444-4444-4444-444444444444',
};

const standin = (value: Value): string => {
  if (value instanceof Runtime) return STANDINS[value.path] ?? String(value);
  return textOf(value);
};

/** Names in the source, and names asked for while settings like ours are read. */
function namesRead(source: string, values: Readonly<Record<string, string>>): Set<string> {
  const names = new Set([...source.matchAll(/['"`](FRAMEWATCH_[A-Z0-9_]+)['"`]/g)].map((match) => match[1] ?? ''));
  const spy = new Proxy(
    { ...values },
    {
      get(target, name) {
        if (typeof name === 'string') names.add(name);
        return target[String(name)];
      },
    },
  );
  try {
    readConfig(spy);
  } catch {
    // What it refuses is reported by refused().
  }
  return names;
}

function secretOf(text: string, { deployment }: Scenario): string | undefined {
  const name = REFERENCE.exec(text)?.[2];
  const secret = deployment.resources.find(
    (each) => each.type === 'Microsoft.KeyVault/vaults/secrets' && !each.isExisting && each.name === name,
  );
  const { properties } = secret?.body ?? {};
  return isObject(properties) ? textOf(properties['value'] ?? null) : undefined;
}

/** Settings as the function would see them: references resolved. */
function environmentOf(settings: Readonly<Record<string, Value>>, scenario: Scenario): Record<string, string> {
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => {
      const text = standin(value);
      return [name, text.startsWith('@Microsoft.KeyVault') ? (secretOf(text, scenario) ?? text) : text];
    }),
  );
}

function problemsOf(environment: Record<string, string>): string[] {
  try {
    readConfig(environment);
    return [];
  } catch (error) {
    return error instanceof Error ? error.message.split('\n').filter((line) => line.startsWith('  ')) : [String(error)];
  }
}

function inApp(resource: Resource, scenario: Scenario, source: string): Finding[] {
  const settings = isObject(resource.body['properties']) ? resource.body['properties'] : {};
  const environment = environmentOf(settings, scenario);
  const read = namesRead(source, environment);
  const found: Finding[] = [];
  const at = (name: string) => placeIn(resource, `properties.${name}`);
  for (const [name, value] of Object.entries(settings)) {
    const text = textOf(value);
    if (REFUSED_ON_FLEX.test(name))
      found.push(
        finding('settings', at(name), ['setting that Flex Consumption refuses', name, 'functionAppConfig instead']),
      );
    else if (!PLATFORM.has(name) && !read.has(name))
      found.push(
        finding('settings', at(name), [
          'setting that nobody reads',
          name,
          'a setting of functions/config.ts or of the platform',
        ]),
      );
    if (text.startsWith('@Microsoft.KeyVault') && secretOf(text, scenario) === undefined)
      found.push(
        finding('settings', at(name), [
          'reference to the key vault',
          text.slice(text.lastIndexOf('secrets/')),
          'a secret that the deployment makes',
        ]),
      );
    if (/SECRET|KEYS$|PASSWORD/.test(name) && !text.startsWith('@Microsoft.KeyVault'))
      found.push(
        finding(
          'settings',
          at(name),
          ['secret setting in clear', name, '@Microsoft.KeyVault(SecretUri=…)'],
          'CKV_AZURE_41',
        ),
      );
  }
  for (const name of [...read, ...NEEDED].filter((each) => !(each in settings) && !NEVER_SET.has(each)))
    found.push(finding('settings', resource.place, ['setting that is not set', 'nothing', name]));
  for (const line of problemsOf(environment)) {
    const [name = '', rest = ''] = line.trim().split(/: (.*)/s);
    found.push(
      finding('settings', at(name.replace(/[[.].*/, '')), [
        'value that functions/config.ts refuses',
        rest.replace(/^expected .*, got /s, ''),
        `${name}: ${rest.replace(/^expected (.*), got .*/s, '$1')}`,
      ]),
    );
  }
  return found;
}

/** App settings of every function app of every scenario. */
export function settings(context: Context): Finding[] {
  const source = context.workspace.read('functions/config.ts') ?? '';
  const found = [...madeResources(context)].flatMap(([resource, scenario]) =>
    resource.type === 'Microsoft.Web/sites/config' && resource.name === 'appsettings'
      ? inApp(resource, scenario, source)
      : [],
  );
  const apps = [...madeResources(context)].filter(
    ([{ type, name }]) => type === 'Microsoft.Web/sites/config' && name === 'appsettings',
  );
  if (context.scenarios.length > 0 && apps.length === 0)
    found.push(
      finding('settings', { file: 'infra/main.bicep', line: 1, column: 1 }, [
        'app settings',
        'nothing',
        "a Microsoft.Web/sites/config named 'appsettings'",
      ]),
    );
  return found;
}
