import { globSync } from 'node:fs';
import { join } from 'node:path';
import { madeResources, type Context, type Scenario } from '../context.ts';
import { placeIn } from '../evaluate/deployment.ts';
import { isObject, Resource, Runtime, shown, textOf, type Value } from '../evaluate/values.ts';
import { finding, type Finding } from '../finding.ts';
import { BUILT_IN_ROLES, FORBIDDEN_ROLES, KUSTO_ROLES } from './built-in-roles.ts';
import { usesOfRoles } from './role-uses.ts';

// Who may do what: every assignment stands in roles.json and every entry there is assigned, on the narrowest scope, to the right identity.

interface Role {
  readonly identity: string;
  readonly role: string;
  readonly id?: string;
  readonly kind?: string;
  readonly reason: string;
}
interface Assignment {
  readonly identity: string;
  readonly role: string;
  /** Type and name of what the right is on. */
  readonly on: string;
  readonly resource: Resource;
}

const IDENTITIES: Readonly<Record<string, string>> = {
  'Microsoft.ManagedIdentity/userAssignedIdentities': 'functions',
  'Microsoft.Kusto/clusters': 'kusto',
  'Microsoft.EventGrid/systemTopics': 'event-grid',
  'Microsoft.Dashboard/grafana': 'grafana',
  'Microsoft.EventHub/namespaces': 'event-hubs',
};
const root = join(import.meta.dirname, '../../..');
const ROLES = 'infra/roles.json';
const start = { file: ROLES, line: 1, column: 1 };

const identityOf = (principal: Value): string => {
  if (principal instanceof Runtime && principal.resource)
    return IDENTITIES[principal.resource.type] ?? principal.resource.type;
  return principal instanceof Runtime || typeof principal === 'string' ? 'deployer' : shown(principal);
};

const propertiesOf = (resource: Resource): Readonly<Record<string, Value>> =>
  isObject(resource.body['properties']) ? resource.body['properties'] : {};

function assignmentOf(resource: Resource): Assignment | undefined {
  const { principalId = null, roleDefinitionId = null, role = null } = propertiesOf(resource);
  if (resource.type === 'Microsoft.Authorization/roleAssignments') {
    const { target } = resource;
    const on =
      target instanceof Resource
        ? `${target.type}:${target.name}`
        : (target?.kind ?? 'a whole resource group or subscription');
    return { identity: identityOf(principalId), role: textOf(roleDefinitionId).split('/').at(-1) ?? '', on, resource };
  }
  if (!/^Microsoft\.Kusto\/clusters(\/databases)?\/principalAssignments$/.test(resource.type)) return undefined;
  return { identity: identityOf(principalId), role: textOf(role), on: resource.type, resource };
}

/** Line of a key in roles.json. */
const placeOfRole = (text: string, key: string) => ({
  ...start,
  line: text.slice(0, Math.max(0, text.indexOf(`"${key}"`))).split('\n').length,
});

function wrongTable(roles: Readonly<Record<string, Role>>, text: string): Finding[] {
  return Object.entries(roles).flatMap(([key, { role, id, kind, reason }]) => {
    const at = placeOfRole(text, key);
    const found: Finding[] = [];
    if (kind === 'kusto' ? !KUSTO_ROLES.has(role) : BUILT_IN_ROLES[role] === undefined)
      found.push(finding('access', at, ['role', role, 'a role of infra/test/checks/built-in-roles.ts']));
    else if (kind !== 'kusto' && BUILT_IN_ROLES[role] !== id)
      found.push(finding('access', at, [`id of ${role}`, id ?? 'nothing', BUILT_IN_ROLES[role] ?? '']));
    if (reason.length < 20)
      found.push(finding('access', at, [`reason of ${key}`, reason || 'nothing', 'why this identity needs this role']));
    return found;
  });
}

function wrongForm({ resource, role, on }: Assignment): Finding[] {
  const found: Finding[] = [];
  const at = (path: string) => placeIn(resource, `properties.${path}`);
  const forbidden = FORBIDDEN_ROLES[role];
  if (forbidden !== undefined)
    found.push(
      finding(
        'access',
        at('roleDefinitionId'),
        ['too much power', forbidden, 'a role on data'],
        'PSRule Azure.RBAC.UseRGDelegation, TA-000020',
      ),
    );
  if (on.startsWith('Microsoft.Kusto/clusters/principal'))
    found.push(
      finding('access', resource.place, ['right on all databases', role, 'a principal assignment of one database']),
    );
  if (on === 'a whole resource group or subscription')
    found.push(finding('access', resource.place, ['right without scope', on, 'scope: the one resource']));
  const { principalType = null } = propertiesOf(resource);
  if (principalType === null)
    found.push(
      finding('access', resource.place, [
        'principalType',
        'nothing',
        'ServicePrincipal, or a new identity may not be found yet',
      ]),
    );
  return found;
}

function matched(context: Context, scenario: Scenario, roles: Readonly<Record<string, Role>>, text: string): Finding[] {
  const assignments = [...madeResources(context)].flatMap(([resource, of]) =>
    of === scenario ? (assignmentOf(resource) ?? []) : [],
  );
  const found = assignments.flatMap(wrongForm);
  const expected = Object.entries(roles).flatMap(
    ([key, role]) => usesOfRoles[key]?.scopes.map((on) => ({ key, ...role, on })) ?? [],
  );
  for (const { identity, role, on, resource } of assignments) {
    const known = expected.some(
      (each) => each.identity === identity && (each.id ?? each.role) === role && new RegExp(`^${each.on}$`).test(on),
    );
    const name = Object.entries(BUILT_IN_ROLES).find(([, id]) => id === role)?.[0] ?? role;
    if (!known && FORBIDDEN_ROLES[role] === undefined)
      found.push(
        finding('access', resource.place, [
          `role of ${identity}`,
          `${name} on ${on}`,
          `an entry of ${ROLES} with a use in infra/test/checks/role-uses.ts`,
        ]),
      );
  }
  const present = new Set(
    [...madeResources(context)].flatMap(([resource, of]) => (of === scenario ? [resource.type] : [])),
  );
  for (const { key, identity, role, id, on } of expected) {
    const isWanted =
      identity === 'deployer'
        ? scenario.hasDeployer && (key !== 'deployerGrafanaAdmin' || present.has('Microsoft.Dashboard/grafana'))
        : identity !== 'grafana' || present.has('Microsoft.Dashboard/grafana');
    const has = assignments.some(
      (each) => each.identity === identity && each.role === (id ?? role) && new RegExp(`^${on}$`).test(each.on),
    );
    if (isWanted && !has)
      found.push(
        finding('access', placeOfRole(text, key), [
          'missing role',
          `nothing for ${identity} on ${on}`,
          `${role} (${key})`,
        ]),
      );
  }
  return found;
}

/** Resources with an identity of their own that nothing was ever given to. */
function idle(context: Context, scenario: Scenario): Finding[] {
  const resources = [...madeResources(context)].flatMap(([resource, of]) => (of === scenario ? [resource] : []));
  const holders = new Set(
    resources.flatMap((resource) => {
      const { principalId = null } = assignmentOf(resource) ? propertiesOf(resource) : {};
      return principalId instanceof Runtime && principalId.resource ? [principalId.resource.id] : [];
    }),
  );
  return resources
    .filter(
      ({ id, type, body }) =>
        (type.endsWith('/userAssignedIdentities') || /SystemAssigned/.test(identityTypeOf(body))) && !holders.has(id),
    )
    .map((resource) =>
      finding('access', placeIn(resource, 'identity'), [
        `identity of ${resource.type}`,
        'without any right',
        'a role that needs it, or no identity',
      ]),
    );
}

const identityTypeOf = (body: Resource['body']): string => {
  const { identity } = body;
  return isObject(identity) ? textOf(identity['type'] ?? null) : '';
};

function usesAndTable({ workspace }: Context, roles: Readonly<Record<string, Role>>, text: string): Finding[] {
  const found: Finding[] = [];
  for (const key of Object.keys(roles))
    if (!(key in usesOfRoles))
      found.push(
        finding('access', placeOfRole(text, key), [
          'role without a use',
          key,
          'a use in infra/test/checks/role-uses.ts, or no role',
        ]),
      );
  for (const [key, { uses }] of Object.entries(usesOfRoles)) {
    if (!(key in roles)) found.push(finding('access', start, ['use without a role', key, `an entry in ${ROLES}`]));
    for (const { file, says } of uses)
      if (!(workspace.read(file) ?? '').includes(says))
        found.push(finding('access', { file, line: 1, column: 1 }, [`use of ${key}`, 'gone', says]));
  }
  return found;
}

/** Adapters that only make a client; those that use it name their uses. */
const CLIENTS_ONLY = new Set(['functions/adapters/storage-account.ts', 'functions/adapters/kusto-errors.ts']);

/** Every adapter that talks to Azure has a use, and every container it names is in the scope of one. */
function uncovered({ workspace }: Context): Finding[] {
  const uses = Object.values(usesOfRoles);
  return globSync('functions/adapters/*.ts', { cwd: root, exclude: ['**/*.test.ts'] }).flatMap((file) => {
    const text = workspace.read(file) ?? '';
    if (!/['"](@azure\/|azure-kusto-)|StorageAccount\b/.test(text) || CLIENTS_ONLY.has(file)) return [];
    const own = uses.filter((each) => each.uses.some((use) => use.file === file));
    const line = (needle: string): number => text.slice(0, text.indexOf(needle)).split('\n').length;
    if (own.length === 0)
      return [
        finding('access', { file, line: 1, column: 1 }, [
          'code that uses Azure without a role',
          file,
          'a use in infra/test/checks/role-uses.ts and a role',
        ]),
      ];
    const containers = [...text.matchAll(/const ([A-Z_]+) = '([a-z0-9-]{3,63})'/g)].filter(([, name]) =>
      text.includes(`getContainerClient(${name})`),
    );
    return containers
      .filter(
        ([, , container]) =>
          !own.some(({ scopes }) =>
            scopes.some((scope) =>
              new RegExp(`^${scope}$`).test(`Microsoft.Storage/storageAccounts/blobServices/containers:${container}`),
            ),
          ),
      )
      .map(([whole, , container]) =>
        finding('access', { file, line: line(whole), column: 1 }, [
          'container without a role',
          container ?? '',
          'a role on it in infra/roles.json and role-uses.ts',
        ]),
      );
  });
}

/** Roles against the code, the table and the deployments. */
export function access(context: Context): Finding[] {
  const text = context.workspace.read(ROLES) ?? '{}';
  const roles = JSON.parse(text) as Record<string, Role>;
  return [
    ...wrongTable(roles, text),
    ...usesAndTable(context, roles, text),
    ...uncovered(context),
    ...context.scenarios.flatMap((scenario) => [
      ...matched(context, scenario, roles, text),
      ...idle(context, scenario),
    ]),
  ];
}
