// Preflight in the subscription: providers, permissions, what the regions offer, and what is in the way.
import { textOf, type Arm } from '../support/arm.ts';
import type { HookRun } from '../support/command.ts';
import type { Plan } from './settings.ts';

/** Every provider of a resource type in infra/, and Microsoft.App, which Flex Consumption's networks need. */
export const PROVIDERS = [
  'Microsoft.App',
  'Microsoft.Cdn',
  'Microsoft.Consumption',
  'Microsoft.Dashboard',
  'Microsoft.EventGrid',
  'Microsoft.EventHub',
  'Microsoft.Insights',
  'Microsoft.KeyVault',
  'Microsoft.Kusto',
  'Microsoft.ManagedIdentity',
  'Microsoft.Network',
  'Microsoft.OperationalInsights',
  'Microsoft.Storage',
  'Microsoft.Web',
] as const;

/** One action for each kind of right that the deployment uses. */
const ACTIONS = [
  'Microsoft.Resources/subscriptions/resourceGroups/write',
  'Microsoft.Resources/deployments/write',
  'Microsoft.Authorization/roleAssignments/write',
  'Microsoft.Kusto/clusters/write',
  'Microsoft.Web/sites/write',
  'Microsoft.KeyVault/vaults/write',
] as const;

const ROOM_FOR_ASSIGNMENTS = 30;

/** `Central US` and `centralus` are one region. */
const region = (name: unknown): string =>
  String(name)
    .replaceAll(/[\s()]/g, '')
    .toLowerCase();

export async function checkProviders(arm: Arm, plan: Plan, { report, isDryRun }: HookRun): Promise<void> {
  for (const provider of PROVIDERS) {
    const path = `/subscriptions/${plan.subscription}/providers/${provider}`;
    const state = textOf((await arm.get(path, '2021-04-01'))?.['registrationState'], 'unknown');
    if (state === 'Registered') continue;
    if (isDryRun) {
      report.warn(`provider ${provider}`, {
        expected: 'Registered',
        got: state,
        advice: `az provider register --namespace ${provider}`,
      });
      continue;
    }
    await arm.send('POST', `${path}/register`, '2021-04-01');
    report.ok(`provider ${provider}`, `was ${state}, registration asked for`);
  }
  report.ok('providers', `${PROVIDERS.length} looked at`);
}

/** First day of the environment's budget; undefined when there is none yet. */
export async function budgetStart(arm: Arm, plan: Plan): Promise<string | undefined> {
  const budgets = `/subscriptions/${plan.subscription}/providers/Microsoft.Consumption/budgets`;
  const held = await arm.get(`${budgets}/budget-${plan.environment}`, '2024-08-01');
  const { timePeriod } = (held?.['properties'] ?? {}) as { timePeriod?: { startDate?: string } };
  return timePeriod?.startDate;
}

/** Azure's patterns: `*` stands for anything, slashes too. */
const covers = (pattern: string, action: string): boolean =>
  new RegExp(
    `^${pattern
      .split('*')
      .map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*')}$`,
    'i',
  ).test(action);

const strings = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);

export async function checkPermissions(arm: Arm, plan: Plan, { report }: HookRun): Promise<void> {
  const held = await arm.list(
    `/subscriptions/${plan.subscription}/providers/Microsoft.Authorization/permissions`,
    '2022-04-01',
  );
  const isAllowed = (action: string): boolean =>
    held.some(
      ({ actions, notActions }) =>
        strings(actions).some((pattern) => covers(pattern, action)) &&
        !strings(notActions).some((pattern) => covers(pattern, action)),
    );
  const missing = ACTIONS.filter((action) => !isAllowed(action));
  if (missing.length === 0) report.ok('permissions', `${ACTIONS.length} actions allowed`);
  else
    report.fail('permissions', {
      expected: 'Owner, or Contributor with Role Based Access Control Administrator, on the subscription',
      got: `not allowed: ${missing.join(', ')}`,
      advice: `az role assignment create --assignee <you> --role Owner --scope /subscriptions/${plan.subscription}`,
    });
  const usage = await arm.get(
    `/subscriptions/${plan.subscription}/providers/Microsoft.Authorization/roleAssignmentsUsageMetrics`,
    '2019-08-01-preview',
  );
  const left = Number(usage?.['roleAssignmentsLimit']) - Number(usage?.['roleAssignmentsCurrentCount']);
  if (Number.isFinite(left) && left < ROOM_FOR_ASSIGNMENTS)
    report.fail('role assignments', {
      expected: `room for ${ROOM_FOR_ASSIGNMENTS} in the subscription`,
      got: `room for ${left}`,
      advice: 'delete assignments of identities that are gone',
    });
}

async function checkFlex(arm: Arm, plan: Plan, { report }: HookRun): Promise<void> {
  const offered = await arm.list(
    `/subscriptions/${plan.subscription}/providers/Microsoft.Web/geoRegions?sku=FlexConsumption`,
    '2025-03-01',
  );
  for (const wanted of plan.regions) {
    const entry = offered.find(({ name }) => region(name) === region(wanted));
    const domains = (entry?.['properties'] as { orgDomain?: string } | undefined)?.orgDomain ?? '';
    if (!entry)
      report.fail(`Flex Consumption in ${wanted}`, {
        expected: 'a region that offers it',
        got: `only ${offered.map(({ name }) => String(name)).join(', ')}`,
        advice: 'azd env set AZURE_LOCATION <region>; az functionapp list-flexconsumption-locations',
      });
    else if (plan.isZoneRedundant && domains !== '' && !/\bFCZONEREDUNDANCY\b/i.test(domains))
      report.fail(`Flex Consumption in ${wanted}`, {
        expected: 'availability zones, as the profile asks for',
        got: 'the region does not list them',
        advice: 'az functionapp list-flexconsumption-locations --zone-redundant=true',
      });
    else report.ok(`Flex Consumption in ${wanted}`, 'offered');
  }
}

/** Zones that a size has in a region; undefined when Azure does not say. */
function zonesOf(sku: Readonly<Record<string, unknown>>, wanted: string): number | undefined {
  const infos = (sku['locationInfo'] ?? []) as readonly {
    readonly location?: string;
    readonly zones?: readonly string[];
  }[];
  return infos.find(({ location }) => region(location) === region(wanted))?.zones?.length;
}

async function checkKusto(arm: Arm, plan: Plan, { report }: HookRun): Promise<void> {
  const skus = await arm.list(`/subscriptions/${plan.subscription}/providers/Microsoft.Kusto/skus`, '2025-02-14');
  for (const wanted of plan.regions) {
    const entry = skus.find(
      ({ name, locations }) =>
        name === plan.kustoSku && strings(locations).some((one) => region(one) === region(wanted)),
    );
    const restrictions = Array.isArray(entry?.['restrictions']) ? entry['restrictions'] : [];
    const zones = entry && zonesOf(entry, wanted);
    const advice =
      'choose another region, or another skuName in infra/profiles.json; quota: https://aka.ms/kusto.quota';
    const what = `Data Explorer in ${wanted}`;
    if (!entry || restrictions.length > 0)
      report.fail(what, {
        expected: `${plan.kustoSku} for this subscription`,
        got: entry ? `restricted: ${JSON.stringify(restrictions)}` : 'not offered there',
        advice,
      });
    else if (plan.isZoneRedundant && zones !== undefined && zones < 3)
      report.fail(what, { expected: `${plan.kustoSku} in three zones`, got: `${zones} zones`, advice });
    else report.ok(what, plan.kustoSku);
  }
}

async function checkNames(arm: Arm, plan: Plan, { report }: HookRun): Promise<void> {
  for (const [index, name] of plan.resourceGroups.entries()) {
    const group = await arm.get(`/subscriptions/${plan.subscription}/resourceGroups/${name}`, '2024-03-01');
    const tags = group?.['tags'] as Record<string, string> | undefined;
    const isOurs = tags?.['azd-env-name'] === plan.environment;
    const isPlaced = region(group?.['location']) === region(plan.regions[index]);
    if (group === undefined) report.ok(`resource group ${name}`, 'free');
    else if (isOurs && isPlaced) report.ok(`resource group ${name}`, 'is of this environment');
    else
      report.fail(`resource group ${name}`, {
        expected: `free, or of environment ${plan.environment} in ${plan.regions[index] ?? ''}`,
        got: `of environment ${tags?.['azd-env-name'] ?? '(none)'} in ${String(group['location'])}`,
        advice: 'azd env new <another name>',
      });
  }
  const deleted = await arm.list(
    `/subscriptions/${plan.subscription}/providers/Microsoft.KeyVault/deletedVaults`,
    '2025-05-01',
  );
  const inTheWay = deleted.filter(({ properties }) => {
    const { tags } = (properties ?? {}) as { tags?: Record<string, string> };
    return tags?.['azd-env-name'] === plan.environment && tags['application'] === 'framewatch';
  });
  for (const { name } of inTheWay)
    report.fail(`key vault ${String(name)}`, {
      expected: 'its name to be free',
      got: 'deleted, and kept for a while with its name',
      advice: `az keyvault recover --name ${String(name)} (or purge, where its protection allows)`,
    });
}

/** What the regions must offer and what must not be there already. */
export async function checkRegions(arm: Arm, plan: Plan, run: HookRun): Promise<void> {
  await checkFlex(arm, plan, run);
  await checkKusto(arm, plan, run);
  await checkNames(arm, plan, run);
}
