// Preflight without Azure: the values that main.bicep will get.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HookRun } from '../support/command.ts';
import { regionsOf, resourceGroupsOf } from '../support/settings.ts';

export interface Plan {
  readonly subscription: string;
  readonly environment: string;
  readonly regions: readonly string[];
  readonly kustoSku: string;
  readonly isZoneRedundant: boolean;
  readonly resourceGroups: readonly string[];
}

interface Profile {
  readonly zoneRedundant: boolean;
  readonly kusto: { readonly skuName: string };
}

const profiles = (): Readonly<Record<string, Profile>> =>
  JSON.parse(readFileSync(join(import.meta.dirname, '..', '..', 'profiles.json'), 'utf8')) as Record<string, Profile>;

const list = (text: string | undefined): string[] =>
  (text ?? '').split(',').flatMap((part) => (part.trim() === '' ? [] : [part.trim()]));

/** Names of accounts and clusters are made from hashes; the environment's own name goes into these alone. */
const ENVIRONMENT = /^[a-z0-9][a-z0-9-]{0,39}$/i;
const CONTAINER = /^[a-z0-9](-?[a-z0-9]){2,62}=[\w.-]{1,64}$/;

function checkLists({ settings, report }: HookRun): void {
  const origins = list(settings.get('FRAMEWATCH_ALLOWED_ORIGINS'));
  const wrong = origins.filter((origin) => !URL.canParse(origin) || new URL(origin).origin !== origin);
  if (wrong.length > 0)
    report.fail('FRAMEWATCH_ALLOWED_ORIGINS', {
      expected: 'origins as https://www.example.com, separated by commas',
      got: wrong.join(', '),
      advice: 'azd env set FRAMEWATCH_ALLOWED_ORIGINS https://www.example.com',
    });
  else if (origins.length === 0)
    report.warn('FRAMEWATCH_ALLOWED_ORIGINS', {
      expected: 'the origins of the pages with players',
      got: 'none: only a server key will be made',
      advice: 'azd env set FRAMEWATCH_ALLOWED_ORIGINS https://www.example.com, or later npm run infra:keys -- --add',
    });
  const emails = list(settings.get('FRAMEWATCH_ALERT_EMAILS'));
  if (emails.length === 0)
    report.warn('FRAMEWATCH_ALERT_EMAILS', {
      expected: 'addresses for alerts and the budget',
      got: 'none: alerts will reach nobody and there will be no budget',
      advice: 'azd env set FRAMEWATCH_ALERT_EMAILS you@example.com',
    });
  const drops = list(settings.get('FRAMEWATCH_DROP_CONTAINERS') ?? 'telemetry=default');
  const badDrops = drops.filter((pair) => !CONTAINER.test(pair));
  if (badDrops.length > 0)
    report.fail('FRAMEWATCH_DROP_CONTAINERS', {
      expected: 'pairs container=tenant',
      got: badDrops.join(', '),
      advice: 'azd env set FRAMEWATCH_DROP_CONTAINERS telemetry=default',
    });
}

/**
 * A budget's first month can never change: it is kept in the environment from the first deployment on. A pipeline's
 * environment lasts for one run; there the budget itself tells (`held`: its first day, undefined when there is no budget).
 */
export function keepBudgetStart(
  { settings, report, isDryRun }: HookRun,
  held: string | undefined,
  now = new Date(),
): void {
  if (list(settings.get('FRAMEWATCH_ALERT_EMAILS')).length === 0) return;
  if (settings.get('FRAMEWATCH_BUDGET_START') !== undefined) return;
  const first = held?.slice(0, 10) ?? `${now.toISOString().slice(0, 7)}-01`;
  if (isDryRun) {
    report.note(`     would set FRAMEWATCH_BUDGET_START to ${first}`);
    return;
  }
  const { status } = spawnSync('azd', ['env', 'set', 'FRAMEWATCH_BUDGET_START', first], { encoding: 'utf8' });
  if (status === 0) report.ok('first month of the budget', first);
  else
    report.warn('first month of the budget', {
      expected: 'azd on the PATH, to keep it in the environment',
      got: 'no azd',
      advice: `azd env set FRAMEWATCH_BUDGET_START ${first}`,
    });
}

/** What will be deployed, or undefined when the settings do not say. */
export function planOf(run: HookRun): Plan | undefined {
  const { settings, report } = run;
  const environment = settings.need('AZURE_ENV_NAME');
  const name = settings.get('FRAMEWATCH_PROFILE') ?? 'dev';
  const profile = profiles()[name];
  if (!ENVIRONMENT.test(environment))
    report.fail('AZURE_ENV_NAME', {
      expected: 'at most 40 letters, digits and dashes, not a dash first',
      got: environment,
      advice: 'azd env new <name>',
    });
  if (!profile) {
    report.fail('FRAMEWATCH_PROFILE', {
      expected: Object.keys(profiles()).join(', '),
      got: name,
      advice: 'azd env set FRAMEWATCH_PROFILE dev',
    });
    return undefined;
  }
  checkLists(run);
  const regions = regionsOf(settings);
  if (new Set(regions).size < regions.length)
    report.fail('FRAMEWATCH_SECONDARY_LOCATION', {
      expected: `another region than ${settings.need('AZURE_LOCATION')}, or none`,
      got: regions[1] ?? '',
      advice: 'azd env set FRAMEWATCH_SECONDARY_LOCATION northeurope',
    });
  report.ok('profile', `${name} in ${regions.join(' and ')}`);
  return {
    subscription: settings.need('AZURE_SUBSCRIPTION_ID'),
    environment,
    regions,
    kustoSku: profile.kusto.skuName,
    isZoneRedundant: profile.zoneRedundant,
    resourceGroups: resourceGroupsOf(settings),
  };
}
