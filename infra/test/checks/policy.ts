import type { Expression } from '../bicep/ast.ts';
import { expressionsOf, plainText } from '../bicep/visit.ts';
import { once, type BicepFile } from '../bicep/workspace.ts';
import { madeResources, type Context, type Scenario } from '../context.ts';
import { placeIn } from '../evaluate/deployment.ts';
import { isList, isObject, Resource, Runtime, shown, type Value } from '../evaluate/values.ts';
import { finding, type Finding } from '../finding.ts';
import { dataRules } from './policy-rules-of-data.ts';
import { doorRules } from './policy-rules-of-doors.ts';

// Rules a reviewer would run, on what would really be deployed: in each scenario, not on the text.

function at(body: Value, path: string): Value | undefined {
  let value: Value | undefined = body;
  for (const name of path.split('.')) value = isObject(value) ? value[name] : undefined;
  return value ?? undefined;
}

/** Types whose doings must be seen: https://azure.github.io/PSRule.Rules.Azure (…Logs rules) */
const LOGGED = new Set([
  'Microsoft.Web/sites',
  'Microsoft.Storage/storageAccounts/blobServices',
  'Microsoft.EventHub/namespaces',
  'Microsoft.EventGrid/systemTopics',
  'Microsoft.Kusto/clusters',
  'Microsoft.KeyVault/vaults',
  'Microsoft.Dashboard/grafana',
  'Microsoft.Cdn/profiles',
  'Microsoft.OperationalInsights/workspaces',
]);
/** Children of what has tags, and types that take none. */
const TAGGED =
  /^Microsoft\.(Storage\/storageAccounts|Web\/(sites|serverfarms)|EventHub\/namespaces|EventGrid\/systemTopics|Kusto\/clusters|KeyVault\/vaults|Dashboard\/grafana|Cdn\/profiles|OperationalInsights\/workspaces|Insights\/components|ManagedIdentity\/userAssignedIdentities|Network\/\w+|Resources\/resourceGroups)$/;

function unlogged(scenario: Scenario): Finding[] {
  const made = scenario.deployment.resources.filter(({ isExisting }) => !isExisting);
  const logged = new Set(
    made.flatMap(({ type, target }) =>
      type === 'Microsoft.Insights/diagnosticSettings' && target instanceof Resource ? [target.id] : [],
    ),
  );
  return made
    .filter(({ type, id }) => LOGGED.has(type) && !logged.has(id))
    .map(({ place, type, name }) =>
      finding(
        'policy',
        place,
        [`diagnostic settings of ${type}`, `none for ${name}`, 'a Microsoft.Insights/diagnosticSettings on it'],
        'PSRule Azure.KeyVault.Logs, Azure.FrontDoor.Logs and the like',
      ),
    );
}

const hardCoded = once((file: BicepFile): Finding[] => {
  const here = (node: Expression) => ({ file: file.path, ...node.at });
  return file.statements.flatMap((statement) =>
    [...expressionsOf(statement)].flatMap(({ node }): Finding[] => {
      if (node.kind === 'call' && node.name === 'utcNow' && statement.kind !== 'param')
        return [
          finding(
            'policy',
            here(node),
            ['utcNow() outside a default', 'a new value each time', 'the default of a parameter'],
            'use-stable-resource-identifiers',
          ),
        ];
      if (node.kind === 'string') {
        const text = node.parts.filter((part) => typeof part === 'string').join('');
        // Private DNS zones of other services have no entry in environment().
        const url =
          /(core\.windows\.net|management\.azure\.com|login\.microsoftonline\.com|database\.windows\.net|(?<!privatelink\.)vault\.azure\.net)/.exec(
            text,
          )?.[1];
        if (url !== undefined)
          return [
            finding(
              'policy',
              here(node),
              ['fixed address of one cloud', url, 'environment().suffixes'],
              'no-hardcoded-env-urls',
            ),
          ];
      }
      if (node.kind !== 'object') return [];
      return node.properties
        .filter(({ name, value }) => name === 'location' && !['global', ''].includes(plainText(value) ?? ''))
        .map(({ at: position }) =>
          finding(
            'policy',
            { file: file.path, ...position },
            ['fixed location', 'a literal', "a parameter, or 'global'"],
            'no-hardcoded-location',
          ),
        );
    }),
  );
});

function openSecurityRules(resource: Resource): Finding[] {
  const list = at(resource.body, 'properties.securityRules');
  return (isList(list) ? list : []).flatMap((rule, index) => {
    const opens = at(rule, 'properties.direction') === 'Inbound' && at(rule, 'properties.access') === 'Allow';
    const source = at(rule, 'properties.sourceAddressPrefix');
    return opens && (source === '*' || source === 'Internet' || source === undefined)
      ? [
          finding(
            'policy',
            placeIn(resource, `properties.securityRules[${index}]`),
            ['inbound from anywhere', shown(source ?? null), 'a service tag or an address range'],
            'PSRule Azure.NSG.AnyInboundSource',
          ),
        ]
      : [];
  });
}

/** Public rules on every resource of every scenario. */
export function policy(context: Context): Finding[] {
  const found = context.scenarios.flatMap(unlogged);
  for (const [resource, scenario] of madeResources(context)) {
    for (const rule of [...doorRules, ...dataRules]) {
      if (rule.type !== resource.type || (rule.when && !rule.when(scenario))) continue;
      const value = at(resource.body, rule.path);
      if (value instanceof Runtime || rule.allows(value, scenario)) continue;
      const where = rule.when ? ` (scenario ${scenario.name})` : '';
      found.push(
        finding(
          'policy',
          placeIn(resource, rule.path),
          [
            `${rule.path} of ${resource.type}`,
            value === undefined ? 'nothing' : shown(value),
            `${rule.expected}${where}`,
          ],
          rule.ids,
        ),
      );
    }
    if (TAGGED.test(resource.type) && !isObject(resource.body['tags']))
      found.push(
        finding(
          'policy',
          resource.place,
          [`tags of ${resource.type}`, 'nothing', 'tags: tags'],
          'PSRule Azure.Resource.UseTags',
        ),
      );
    if (resource.type === 'Microsoft.Network/networkSecurityGroups') found.push(...openSecurityRules(resource));
  }
  return [...found, ...[...context.workspace.files.values()].flatMap(hardCoded)];
}
