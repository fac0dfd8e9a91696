import { readWorkspace, type Workspace } from './bicep/workspace.ts';
import { deploy, type Deployment } from './evaluate/deployment.ts';
import { isObject, textOf, type Resource, type ValueObject } from './evaluate/values.ts';
import { readTypes, type TypeStore } from './types/store.ts';

// What every check looks at: the files, Azure's types, and the deployments that the files would make.

export interface Scenario {
  readonly name: string;
  readonly profile: 'dev' | 'standard' | 'scale';
  readonly isIsolated: boolean;
  /** Whether somebody is named who deploys. */
  readonly hasDeployer: boolean;
  readonly deployment: Deployment;
  /** The subscriptions of the first stamp, made after the code is there. */
  readonly events: Deployment;
}

export interface Context {
  readonly workspace: Workspace;
  readonly types: TypeStore;
  readonly scenarios: readonly Scenario[];
}

/** An address of nobody: https://www.rfc-editor.org/rfc/rfc2606 */
const MAIL = 'oncall@example.com';
const PERSON = '33333333-3333-3333-3333-333333333333';

/** Environment as azd would fill it in; the rest comes from the defaults in main.parameters.json. */
const environments: readonly (Record<string, string> & {
  name: string;
  FRAMEWATCH_PROFILE: 'dev' | 'standard' | 'scale';
})[] = [
  { name: 'dev', FRAMEWATCH_PROFILE: 'dev' },
  {
    name: 'dev for another, no Grafana',
    FRAMEWATCH_PROFILE: 'dev',
    AZURE_PRINCIPAL_ID: '',
    FRAMEWATCH_GRAFANA: 'false',
    AZURE_ENV_NAME: 'a-rather-long-name-for-an-environment-40',
  },
  {
    name: 'standard',
    FRAMEWATCH_PROFILE: 'standard',
    FRAMEWATCH_ALERT_EMAILS: `${MAIL}, second@example.com`,
    FRAMEWATCH_FRONT_DOOR: 'true',
    FRAMEWATCH_CUSTOM_DOMAIN: 'qoe.example.com',
    FRAMEWATCH_ALLOWED_ORIGINS: 'https://www.example.com',
  },
  {
    name: 'standard, isolated',
    FRAMEWATCH_PROFILE: 'standard',
    FRAMEWATCH_ALERT_EMAILS: MAIL,
    FRAMEWATCH_NETWORK_ISOLATION: 'true',
    AZURE_PRINCIPAL_TYPE: 'ServicePrincipal',
  },
  {
    name: 'scale, two regions',
    FRAMEWATCH_PROFILE: 'scale',
    FRAMEWATCH_ALERT_EMAILS: MAIL,
    FRAMEWATCH_SECONDARY_LOCATION: 'northeurope',
    FRAMEWATCH_DROP_CONTAINERS: 'telemetry=default,partner=acme',
  },
  {
    name: 'scale, two regions, isolated',
    FRAMEWATCH_PROFILE: 'scale',
    FRAMEWATCH_ALERT_EMAILS: MAIL,
    FRAMEWATCH_SECONDARY_LOCATION: 'northeurope',
    FRAMEWATCH_NETWORK_ISOLATION: 'true',
    FRAMEWATCH_BUDGET_START: '2026-11-01',
  },
];

const typed = (text: string): string | number | boolean => {
  if (text === 'true' || text === 'false') return text === 'true';
  return /^\d+$/.test(text) ? Number(text) : text;
};

/** Parameters of main.bicep as azd makes them from main.parameters.json: `${NAME}` and `${NAME=default}`. */
export function parametersOf(workspace: Workspace, environment: Readonly<Record<string, string>>): ValueObject {
  const file = JSON.parse(workspace.read('infra/main.parameters.json') ?? '{}') as {
    parameters?: Record<string, { value: unknown }>;
  };
  const entries = Object.entries(file.parameters ?? {}).map(([name, { value }]) => {
    const text = String(value).replace(
      /\$\{(\w+)(?:=([^}]*))?\}/g,
      (_all, variable: string, fallback = '') => environment[variable] ?? fallback,
    );
    return [name, typed(text)] as const;
  });
  return Object.fromEntries(entries);
}

const lastSegment = (text: string): string => text.split('/').at(-1) ?? '';

function eventsOf(workspace: Workspace, { resources }: Deployment, dropContainers: string): Deployment {
  const nameOf = (type: string, has: (resource: Resource) => boolean = () => true): string =>
    lastSegment(
      resources.find((resource) => resource.type === type && !resource.isExisting && has(resource))?.id ?? '',
    );
  const topic = resources.find((resource) => resource.type === 'Microsoft.EventGrid/systemTopics')?.body['properties'];
  const source = isObject(topic) ? textOf(topic['source'] ?? null) : '';
  return deploy(workspace, 'infra/events.bicep', {
    systemTopicName: nameOf('Microsoft.EventGrid/systemTopics'),
    landingAccountName: lastSegment(source),
    functionAppName: nameOf('Microsoft.Web/sites'),
    dropContainers,
  });
}

let types: TypeStore | undefined;
const untouched = new Map<Extent, readonly Scenario[]>();

/** Three of the six, which differ most: enough to see a fault that was put in on purpose. */
const FEW: ReadonlySet<string> = new Set(['dev', 'standard, isolated', 'scale, two regions']);
export type Extent = 'all' | 'few';

function play(workspace: Workspace, extent: Extent): Scenario[] {
  return environments
    .filter(({ name }) => extent === 'all' || FEW.has(name))
    .map(({ name, ...environment }) => {
      const full = { AZURE_ENV_NAME: 'prod', AZURE_LOCATION: 'westeurope', AZURE_PRINCIPAL_ID: PERSON, ...environment };
      const deployment = deploy(workspace, 'infra/main.bicep', parametersOf(workspace, full));
      const events = eventsOf(workspace, deployment, environment['FRAMEWATCH_DROP_CONTAINERS'] ?? 'telemetry=default');
      return {
        name,
        profile: environment.FRAMEWATCH_PROFILE,
        isIsolated: environment['FRAMEWATCH_NETWORK_ISOLATION'] === 'true',
        hasDeployer: full.AZURE_PRINCIPAL_ID !== '',
        deployment,
        events,
      };
    });
}

/** Reads the files, with some replaced, and plays the scenarios. */
export function contextOf(replaced: Readonly<Record<string, string>> = {}, extent: Extent = 'all'): Context {
  const workspace = readWorkspace(replaced);
  types ??= readTypes();
  const isReadable = ['infra/main.bicep', 'infra/events.bicep'].every((path) => workspace.files.has(path));
  if (!isReadable) return { workspace, types, scenarios: [] };
  // Nothing else reaches a deployment: the scenarios of the files as they are serve again.
  const isTouched = Object.keys(replaced).some((path) => path.startsWith('infra/'));
  const scenarios = (isTouched ? undefined : untouched.get(extent)) ?? play(workspace, extent);
  if (!isTouched) untouched.set(extent, scenarios);
  return { workspace, types, scenarios };
}

/** Resources that are made, of both deployments, with the scenario they belong to. */
export function* madeResources({ scenarios }: Context): Generator<readonly [Resource, Scenario]> {
  for (const scenario of scenarios)
    for (const resource of [...scenario.deployment.resources, ...scenario.events.resources])
      if (!resource.isExisting) yield [resource, scenario];
}
