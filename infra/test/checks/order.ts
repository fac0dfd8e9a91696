import { expressionsOf } from '../bicep/visit.ts';
import type { BicepFile } from '../bicep/workspace.ts';
import type { Context, Scenario } from '../context.ts';
import { Resource, type Place } from '../evaluate/values.ts';
import { finding, type Finding } from '../finding.ts';

// What must be there before what. Azure Resource Manager deploys side by side everything that has no reason to wait.

interface Rule {
  readonly what: string;
  /** Resources that have to wait. */
  readonly later: (resource: Resource) => boolean;
  readonly earlier: (resource: Resource) => boolean;
  readonly because: string;
}

const is =
  (type: string) =>
  (resource: Resource): boolean =>
    resource.type === type && !resource.isExisting;
const grants =
  (on: string) =>
  (resource: Resource): boolean =>
    resource.type === 'Microsoft.Authorization/roleAssignments' &&
    resource.target instanceof Resource &&
    resource.target.type === on;

const RULES: readonly Rule[] = [
  {
    what: 'data connection',
    later: is('Microsoft.Kusto/clusters/databases/dataConnections'),
    earlier: is('Microsoft.Kusto/clusters/databases/scripts'),
    because: 'table and mapping are checked when it is made',
  },
  {
    what: 'data connection',
    later: is('Microsoft.Kusto/clusters/databases/dataConnections'),
    earlier: grants('Microsoft.EventHub/namespaces/eventhubs'),
    because: 'it reads with the identity of the cluster from its first second',
  },
  {
    what: 'function app',
    later: is('Microsoft.Web/sites/config'),
    earlier: grants('Microsoft.KeyVault/vaults'),
    because: 'references to the key vault are resolved when it starts',
  },
  {
    what: 'function app',
    later: is('Microsoft.Web/sites'),
    earlier: grants('Microsoft.Storage/storageAccounts'),
    because: 'the host takes its lock and its package at once',
  },
  {
    what: 'function app',
    later: is('Microsoft.Web/sites'),
    earlier: is('Microsoft.Kusto/clusters/databases/principalAssignments'),
    because: 'readyz asks the database',
  },
];

/** Steps of the module path of a resource, outermost first, with the resource's own symbol: `stamps[0]/app` → stamps, app, site. */
const stepsOf = (resource: Resource): string[] => [
  ...resource.path.split('/').filter((step) => step !== ''),
  resource.symbol,
];
const bare = (step: string): string => step.replace(/\[\d+\]$/, '');

/** Whether one waits for the other: at the first step where their ways part, in the file they have in common. */
function waits(later: Resource, earlier: Resource, scenario: Scenario, files: ReadonlyMap<string, string>): boolean {
  const [a, b] = [stepsOf(later), stepsOf(earlier)];
  const at = a.findIndex((step, index) => step !== b[index]);
  if (at < 0) return true;
  const [own, other] = [bare(a[at] ?? ''), bare(b[at] ?? '')];
  const file = files.get(a.slice(0, at).map(bare).join('/')) ?? '';
  return own === other || (scenario.deployment.needs.get(`${file} ${own}`)?.has(other) ?? false);
}

/** Module path without indexes → the file that stands there. */
const filesByPath = ({ deployment }: Scenario): Map<string, string> =>
  new Map([
    ['', 'infra/main.bicep'],
    ...deployment.modules.map((module): [string, string] => [module.path.split('/').map(bare).join('/'), module.file]),
  ]);

function tooEarly(scenario: Scenario): Finding[] {
  const files = filesByPath(scenario);
  const { resources } = scenario.deployment;
  return RULES.flatMap(({ what, later, earlier, because }) => {
    const before = resources.filter(earlier);
    return resources.filter(later).flatMap((resource) => {
      const unmet = before.find((each) => !waits(resource, each, scenario, files));
      return unmet
        ? [
            finding('order', resource.place, [
              `${what} may come too early`,
              `no wait for ${unmet.symbol} (${unmet.place.file}:${unmet.place.line})`,
              `dependsOn: ${because}`,
            ]),
          ]
        : [];
    });
  });
}

/** Types of which two at once on one cluster fail. */
const ONE_AT_A_TIME = new Set([
  'Microsoft.Kusto/clusters/databases/scripts',
  'Microsoft.Kusto/clusters/databases/dataConnections',
]);

function parallel(file: BicepFile, context: Context): Finding[] {
  return file.statements.flatMap((statement) => {
    if ((statement.kind !== 'resource' && statement.kind !== 'module') || statement.body.kind !== 'for') return [];
    const types =
      statement.kind === 'resource'
        ? [statement.type]
        : [...(context.workspace.files.get(`infra/${statement.path}`)?.statements ?? [])].flatMap((inner) =>
            inner.kind === 'resource' && !inner.isExisting ? [inner.type] : [],
          );
    const isSerial = statement.decorators.some(
      ({ name, args }) => name === 'batchSize' && args[0]?.kind === 'number' && args[0].value === 1,
    );
    return types.some((type) => ONE_AT_A_TIME.has(type)) && !isSerial
      ? [
          finding('order', { file: file.path, ...statement.at }, [
            'side by side on one cluster',
            statement.name,
            '@batchSize(1)',
          ]),
        ]
      : [];
  });
}

/** Names of role assignments must be the same at each deployment, and differ by who, what and where. */
function unstableNames(file: BicepFile): Finding[] {
  return file.statements.flatMap((statement) => {
    if (statement.kind !== 'resource' || statement.type !== 'Microsoft.Authorization/roleAssignments') return [];
    const names = [...expressionsOf(statement)].flatMap(({ node }) =>
      node.kind === 'object' ? node.properties.filter(({ name }) => name === 'name') : [],
    );
    const [name] = names;
    const isGood = name?.value.kind === 'call' && name.value.name === 'guid' && name.value.args.length >= 3;
    const place: Place = { file: file.path, ...(name?.at ?? statement.at) };
    return isGood
      ? []
      : [
          finding(
            'order',
            place,
            ['name of a role assignment', 'something else', 'guid(scope, principal, role)'],
            'use-stable-resource-identifiers',
          ),
        ];
  });
}

/** Event Grid asks the app for the function: before the code is there it answers with an error. */
function subscriptionsBeforeCode({ deployment }: Scenario): Finding[] {
  return deployment.resources
    .filter((resource) => resource.type.endsWith('/eventSubscriptions') && !resource.isExisting)
    .map(({ place }) =>
      finding('order', place, [
        'Event Grid subscription before the code',
        'in main.bicep',
        'in events.bicep, after the deployment of the code',
      ]),
    );
}

/** Waits, one at a time, stable names. */
export function order(context: Context): Finding[] {
  const files = [...context.workspace.files.values()];
  return [
    ...context.scenarios.flatMap((scenario) => [...tooEarly(scenario), ...subscriptionsBeforeCode(scenario)]),
    ...files.flatMap((file) => [...parallel(file, context), ...unstableNames(file)]),
  ];
}
