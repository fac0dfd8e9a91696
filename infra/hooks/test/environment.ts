import type { ArmServer } from './arm-server.ts';
import { runHook, type Hook } from '../support/command.ts';
import { settingsOf } from '../support/settings.ts';

export const SUBSCRIPTION = '/subscriptions/00000000-0000-4000-8000-000000000001';

const stamp = (location: string, resourceGroup: string) => ({
  location,
  resourceGroup,
  functionAppName: `func-${location}`,
  hostName: `func-${location}.azurewebsites.net`,
  systemTopicName: `evgt-${location}`,
  landingAccountName: `stland${location}`,
  clusterName: `adx${location}`,
  kustoUri: `https://adx${location}.${location}.kusto.windows.net`,
  databaseName: 'framewatch',
});

/** What azd would hand to a hook after a deployment into one region, or two. */
export function environment(
  values: Readonly<Record<string, string>> = {},
  regions = ['westeurope'],
): Record<string, string> {
  const stamps = regions.map((region, index) => stamp(region, index === 0 ? 'rg-test' : `rg-test-${region}`));
  return {
    AZURE_ENV_NAME: 'test',
    AZURE_SUBSCRIPTION_ID: SUBSCRIPTION.split('/').at(-1) ?? '',
    AZURE_LOCATION: 'westeurope',
    AZURE_PRINCIPAL_ID: '00000000-0000-4000-8000-000000000002',
    FRAMEWATCH_ALERT_EMAILS: 'noc@example.com',
    FRAMEWATCH_ALLOWED_ORIGINS: 'https://www.example.com',
    FRAMEWATCH_BUDGET_START: '2026-11-01',
    FRAMEWATCH_BUDGET_NAME: 'budget-test',
    FRAMEWATCH_DROP_CONTAINERS: 'telemetry=default',
    FRAMEWATCH_STAMPS: JSON.stringify(stamps),
    ...values,
  };
}

export interface HookResult {
  readonly code: number;
  readonly output: string;
}

/** Runs a hook as `npm run` would, against a server of the test's own. */
export async function run(
  hook: Hook,
  args: readonly string[],
  values: Readonly<Record<string, string>>,
): Promise<HookResult> {
  const lines: string[] = [];
  const code = await runHook(hook, args, (line) => lines.push(line), settingsOf(values, '/nonexistent'));
  return { code, output: lines.join('\n') };
}

/** A subscription in which a deployment into West Europe would go through. */
export function goodSubscription(server: ArmServer, providers: readonly string[]): void {
  server.resources.set(SUBSCRIPTION, { state: 'Enabled' });
  for (const provider of providers)
    server.resources.set(`${SUBSCRIPTION}/providers/${provider}`.toLowerCase(), { registrationState: 'Registered' });
  const at = (path: string): string => `${SUBSCRIPTION}/providers/${path}`.toLowerCase();
  server.lists.set(at('Microsoft.Authorization/permissions'), [{ actions: ['*'], notActions: [] }]);
  server.resources.set(at('Microsoft.Authorization/roleAssignmentsUsageMetrics'), {
    roleAssignmentsLimit: 4000,
    roleAssignmentsCurrentCount: 20,
  });
  server.lists.set(at('Microsoft.Web/geoRegions'), [
    { name: 'East US', properties: { orgDomain: 'PUBLIC;FLEXCONSUMPTION' } },
    { name: 'North Europe', properties: { orgDomain: 'PUBLIC;ZONEREDUNDANCY;FLEXCONSUMPTION' } },
    { name: 'West Europe', properties: { orgDomain: 'PUBLIC;FLEXCONSUMPTION;FCZONEREDUNDANCY' } },
  ]);
  server.lists.set(at('Microsoft.Kusto/skus'), [
    { name: 'Dev(No SLA)_Standard_E2a_v4', locations: ['West Europe'], restrictions: [] },
    { name: 'Standard_E8ads_v5', locations: ['West Europe'], restrictions: [{ reasonCode: 'QuotaId' }] },
    {
      name: 'Standard_E16ads_v5',
      locations: ['West Europe', 'North Europe'],
      locationInfo: [
        { location: 'West Europe', zones: ['1', '2', '3'] },
        { location: 'North Europe', zones: [] },
      ],
    },
  ]);
  server.lists.set(at('Microsoft.KeyVault/deletedVaults'), []);
}
