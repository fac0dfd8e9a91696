import type { Context, Scenario } from '../context.ts';
import { placeIn } from '../evaluate/deployment.ts';
import type { Resource } from '../evaluate/values.ts';
import { finding, type Finding } from '../finding.ts';

// Names that Azure takes, and no name twice. The type definitions know only some of these rules.
// https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules

const NAMES: Readonly<Record<string, RegExp>> = {
  'Microsoft.Resources/resourceGroups': /^[\w().-]{0,89}[\w()-]$/,
  'Microsoft.Storage/storageAccounts': /^[a-z0-9]{3,24}$/,
  'Microsoft.Storage/storageAccounts/blobServices/containers': /^[a-z0-9](?:-?[a-z0-9]){2,62}$/,
  'Microsoft.KeyVault/vaults': /^[A-Za-z](?:-?[A-Za-z0-9]){1,22}[A-Za-z0-9]$/,
  'Microsoft.KeyVault/vaults/secrets': /^[A-Za-z0-9-]{1,127}$/,
  'Microsoft.EventHub/namespaces': /^[A-Za-z][A-Za-z0-9-]{4,48}[A-Za-z0-9]$/,
  'Microsoft.EventHub/namespaces/eventhubs': /^[A-Za-z0-9][\w.-]{0,254}[A-Za-z0-9]$/,
  'Microsoft.EventHub/namespaces/eventhubs/consumergroups': /^[A-Za-z0-9][\w.-]{0,48}[A-Za-z0-9]$/,
  'Microsoft.EventGrid/systemTopics': /^[A-Za-z0-9-]{3,50}$/,
  'Microsoft.EventGrid/systemTopics/eventSubscriptions': /^[A-Za-z0-9-]{3,64}$/,
  'Microsoft.Kusto/clusters': /^[a-z][a-z0-9]{3,21}$/,
  'Microsoft.Kusto/clusters/databases': /^[\w .-]{1,260}$/,
  'Microsoft.Kusto/clusters/databases/dataConnections': /^[A-Za-z0-9-]{1,40}$/,
  'Microsoft.Web/serverfarms': /^[A-Za-z0-9-]{1,60}$/,
  'Microsoft.Web/sites': /^[A-Za-z0-9][A-Za-z0-9-]{0,58}[A-Za-z0-9]$/,
  'Microsoft.Dashboard/grafana': /^[A-Za-z][A-Za-z0-9-]{0,21}[A-Za-z0-9]$/,
  'Microsoft.OperationalInsights/workspaces': /^[A-Za-z0-9][A-Za-z0-9-]{2,61}[A-Za-z0-9]$/,
  'Microsoft.Insights/components': /^[^%&\\?/]{1,260}$/,
  'Microsoft.Insights/actionGroups': /^[^:<>+/&%\\?|]{1,260}$/,
  'Microsoft.Insights/metricAlerts': /^[^*#&+:<>?@%{}\\/]{1,260}$/,
  'Microsoft.Insights/scheduledQueryRules': /^[^*<>%{}&:\\?/#]{1,260}$/,
  'Microsoft.ManagedIdentity/userAssignedIdentities': /^[A-Za-z0-9][\w-]{2,127}$/,
  'Microsoft.Cdn/profiles': /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,258}[A-Za-z0-9])?$/,
  'Microsoft.Cdn/profiles/afdEndpoints': /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,44}[A-Za-z0-9])?$/,
  'Microsoft.Cdn/profiles/ruleSets': /^[A-Za-z][A-Za-z0-9]{0,59}$/,
  'Microsoft.Cdn/profiles/ruleSets/rules': /^[A-Za-z][A-Za-z0-9]{0,259}$/,
  'Microsoft.Network/FrontDoorWebApplicationFirewallPolicies': /^[A-Za-z][A-Za-z0-9]{0,127}$/,
  'Microsoft.Network/virtualNetworks': /^[A-Za-z0-9][\w.-]{0,62}\w$/,
  'Microsoft.Network/networkSecurityGroups': /^[A-Za-z0-9][\w.-]{0,78}\w$/,
  'Microsoft.Network/privateEndpoints': /^[A-Za-z0-9][\w.-]{0,62}\w$/,
  'Microsoft.Dashboard/grafana/managedPrivateEndpoints': /^[A-Za-z][A-Za-z0-9-]{0,18}[A-Za-z0-9]$/,
  'Microsoft.Consumption/budgets': /^[\w-]{1,63}$/,
};
/** Names of deployments, which modules are: https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules */
const DEPLOYMENT = /^[\w.()-]{1,64}$/;

function wrongName(resource: Resource): Finding[] {
  const rule = NAMES[resource.type];
  if (!rule || resource.name.includes('«') || rule.test(resource.name)) return [];
  return [finding('naming', placeIn(resource, 'name'), [`name of ${resource.type}`, resource.name, String(rule)])];
}

function twice(scenario: Scenario): Finding[] {
  const made = scenario.deployment.resources.filter(({ isExisting }) => !isExisting);
  return [...Map.groupBy(made, ({ id }) => id.toLowerCase())].flatMap(([, same]) => {
    const [, second] = same;
    return second ? [finding('naming', second.place, ['resource made twice', second.name, 'one declaration'])] : [];
  });
}

function deployments({ deployment, events }: Scenario): Finding[] {
  const calls = [...deployment.modules, ...events.modules];
  const wrong = calls
    .filter(({ name }) => !DEPLOYMENT.test(name))
    .map(({ name, place }) => finding('naming', place, ['name of a module', name, String(DEPLOYMENT)]));
  const doubled = [...Map.groupBy(calls, ({ name, scope }) => `${scope} ${name}`)].flatMap(([, same]) => {
    const [, second] = same;
    return second
      ? [
          finding('naming', second.place, [
            'two modules of one name in one scope',
            second.name,
            'a name for each: they overwrite each other',
          ]),
        ]
      : [];
  });
  return [...wrong, ...doubled];
}

/** Names of resources and modules. */
export function naming({ scenarios }: Context): Finding[] {
  return scenarios.flatMap((scenario) => [
    ...[...scenario.deployment.resources, ...scenario.events.resources]
      .filter(({ isExisting }) => !isExisting)
      .flatMap(wrongName),
    ...twice(scenario),
    ...deployments(scenario),
  ]);
}
