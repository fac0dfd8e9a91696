// `npm run infra:keys`: shows, adds and removes write keys in the key vault.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readConfig } from '../../functions/config.ts';
import { armOf } from './support/arm.ts';
import { hookMain, type Hook, type HookRun } from './support/command.ts';
import { httpFor } from './support/http.ts';
import { readWriteKeys, storeWriteKeys, type WriteKeyEntry, type WriteKeys } from './support/write-keys.ts';

const HELP = `npm run infra:keys -- [--add | --remove PREFIX | --import FILE] [options]
Without --add or --remove: lists the write keys by their first four characters.

  --add             a new key; with --tenant and --origins or --trusted
  --remove PREFIX   takes away the key that begins so
  --import FILE     adds the keys of a JSON object as FRAMEWATCH_KEYS has it, such as those of a lost region
  --tenant NAME     default: default
  --origins LIST    origins of the pages that may send with it, separated by commas
  --trusted         a server of yours: its word on geography is believed; never give it to a browser
  --restart         restarts the function apps, so that they see the change now; without it: within a day`;

const shown = (key: string): string => `${key.slice(0, 4)}…`;

function withKey(keys: WriteKeys, entry: WriteKeyEntry): { keys: WriteKeys; key: string } {
  const key = randomBytes(18).toString('base64url');
  return { key, keys: { ...keys, [key]: entry } };
}

function withoutKey(keys: WriteKeys, prefix: string): WriteKeys {
  const matching = Object.keys(keys).filter((key) => key.startsWith(prefix));
  if (matching.length !== 1)
    throw new Error(`--remove ${shown(prefix)}: ${matching.length} keys begin so, expected one`);
  return Object.fromEntries(Object.entries(keys).filter(([key]) => key !== matching[0]));
}

function entryOf(tenant: string, origins: string | undefined, isTrusted: boolean): WriteKeyEntry {
  const list = (origins ?? '').split(',').flatMap((origin) => (origin.trim() === '' ? [] : [origin.trim()]));
  const wrong = list.find((origin) => !URL.canParse(origin) || new URL(origin).origin !== origin);
  if (wrong !== undefined) throw new Error(`--origins: expected origins as https://www.example.com, got ${wrong}`);
  if (list.length === 0 && !isTrusted) throw new Error('--add needs --origins, or --trusted for a server of yours');
  return isTrusted ? { tenant, trusted: true } : { tenant, origins: list };
}

/** Keys from a file, checked as the function app checks them when it starts. */
function importedFrom(file: string): WriteKeys {
  const text = readFileSync(file, 'utf8');
  // Only the keys matter here; the other settings are any that pass.
  const { keys: read } = readConfig({
    FRAMEWATCH_KEYS: text,
    FRAMEWATCH_KUSTO_URL: 'https://example.com',
    FRAMEWATCH_PSEUDONYM_SECRET: 'not used in this check',
  });
  if (read.length === 0) throw new Error(`--import ${file}: no key in it`);
  return JSON.parse(text) as WriteKeys;
}

/** Key Vault references are read again when an app starts. */
async function restart({ settings, report, isDryRun }: HookRun): Promise<void> {
  const arm = armOf(settings);
  for (const { resourceGroup, functionAppName } of settings.stamps()) {
    const app = `/subscriptions/${settings.need('AZURE_SUBSCRIPTION_ID')}/resourceGroups/${resourceGroup}/providers/Microsoft.Web/sites/${functionAppName}`;
    if (!isDryRun) await arm.send('POST', `${app}/restart`, '2024-11-01');
    report.ok(isDryRun ? 'would restart' : 'restarted', functionAppName);
  }
}

/** The hook itself, for tests. */
export const keys: Hook = {
  name: 'keys',
  help: HELP,
  options: {
    add: { type: 'boolean' },
    remove: { type: 'string' },
    import: { type: 'string' },
    tenant: { type: 'string' },
    origins: { type: 'string' },
    trusted: { type: 'boolean' },
    restart: { type: 'boolean' },
  },
  async run(run) {
    const { settings, report, option, flag, isDryRun } = run;
    const vaultUri = settings.need('FRAMEWATCH_VAULT_URI');
    const http = httpFor('https://vault.azure.net/.default');
    const held = await readWriteKeys(http, vaultUri);
    for (const [key, { tenant, origins, trusted }] of Object.entries(held))
      report.note(`${shown(key)} tenant ${tenant}, ${trusted === true ? 'trusted' : (origins ?? []).join(' ')}`);
    const prefix = option('remove');
    const file = option('import');
    if (flag('add')) {
      const entry = entryOf(option('tenant') ?? 'default', option('origins'), flag('trusted'));
      const made = withKey(held, entry);
      if (!isDryRun) await storeWriteKeys(http, vaultUri, made.keys);
      report.ok(isDryRun ? 'would add' : 'added', isDryRun ? `a key of tenant ${entry.tenant}` : made.key);
    } else if (file !== undefined) {
      const more = importedFrom(file);
      if (!isDryRun) await storeWriteKeys(http, vaultUri, { ...held, ...more });
      report.ok(isDryRun ? 'would import' : 'imported', Object.keys(more).map(shown).join(' '));
    } else if (prefix !== undefined) {
      const left = withoutKey(held, prefix);
      if (!isDryRun) await storeWriteKeys(http, vaultUri, left);
      report.ok(isDryRun ? 'would remove' : 'removed', shown(prefix));
    }
    if (flag('restart')) await restart(run);
  },
};

if (import.meta.main) await hookMain(keys);
