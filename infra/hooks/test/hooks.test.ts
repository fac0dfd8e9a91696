import { mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { globSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { approve } from '../approve.ts';
import { code } from '../code.ts';
import { domain } from '../domain.ts';
import { down } from '../down.ts';
import { events } from '../events.ts';
import { keys } from '../keys.ts';
import { kql } from '../kql.ts';
import { preflight } from '../preflight.ts';
import { PROVIDERS } from '../preflight/azure.ts';
import { smoke } from '../smoke.ts';
import { parseEnvFile, settingsOf } from '../support/settings.ts';
import { startArmServer, type ArmServer } from './arm-server.ts';
import { environment, goodSubscription, run, SUBSCRIPTION } from './environment.ts';

let server: ArmServer;
let folder: string;
beforeEach(async () => {
  server = await startArmServer();
  folder = mkdtempSync(join(tmpdir(), 'framewatch-hooks-'));
});
afterEach(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

const azure = (values: Record<string, string> = {}, regions?: string[]): Record<string, string> =>
  environment({ AZURE_RESOURCE_MANAGER_URL: server.url, ...values }, regions);
const at = (path: string): string => `${SUBSCRIPTION}${path}`.toLowerCase();

describe('every hook', () => {
  it.each([approve, code, domain, down, events, keys, kql, preflight, smoke].map((hook) => [hook.name, hook] as const))(
    '%s: --help names its options and calls nothing; a wrong option ends with 2',
    async (name, hook) => {
      const help = await run(hook, ['--help'], azure());
      expect(help).toMatchObject({ code: 0, output: expect.stringContaining(`npm run infra:${name}`) as string });
      for (const option of Object.keys(hook.options ?? {})) expect(help.output).toContain(`--${option}`);
      expect((await run(hook, ['--nonsense'], azure())).code).toBe(2);
      expect(server.calls).toEqual([]);
    },
  );

  it('is an npm script, and azure.yaml calls npm scripts that exist', () => {
    const root = join(import.meta.dirname, '..', '..', '..');
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    const called = [...readFileSync(join(root, 'azure.yaml'), 'utf8').matchAll(/npm run ([\w:]+)/g)].map(
      ([, name]) => name ?? '',
    );
    expect(called.length).toBeGreaterThan(8);
    for (const name of called) expect(Object.keys(scripts)).toContain(name);
    const files = globSync('*.ts', { cwd: join(root, 'infra', 'hooks') });
    for (const file of files)
      expect(
        Object.values(scripts).some((script) => script.includes(`infra/hooks/${file}`)),
        file,
      ).toBe(true);
  });
});

describe('settings', () => {
  it('reads what azd writes: quoted values with escapes, plain ones, the default environment', () => {
    const text =
      'AZURE_ENV_NAME="dev"\nFRAMEWATCH_STAMPS="[{\\"location\\":\\"westeurope\\"}]"\nEMPTY=""\nPLAIN=1\n# no\n';
    expect(parseEnvFile(text)).toEqual(
      new Map([
        ['AZURE_ENV_NAME', 'dev'],
        ['FRAMEWATCH_STAMPS', '[{"location":"westeurope"}]'],
        ['EMPTY', ''],
        ['PLAIN', '1'],
      ]),
    );
    mkdirSync(join(folder, 'dev'));
    writeFileSync(join(folder, 'config.json'), '{"version":1,"defaultEnvironment":"dev"}');
    writeFileSync(join(folder, 'dev', '.env'), text);
    const settings = settingsOf({ PLAIN: '2' }, folder);
    expect([settings.get('AZURE_ENV_NAME'), settings.get('PLAIN'), settings.get('EMPTY')]).toEqual([
      'dev',
      '2',
      undefined,
    ]);
    expect(() => settings.need('AZURE_LOCATION')).toThrow(/azd env set AZURE_LOCATION/);
  });
});

describe('preflight', () => {
  it('lets a good subscription through', async () => {
    goodSubscription(server, PROVIDERS);
    const { code: exit, output } = await run(preflight, [], azure());
    expect(output).not.toMatch(/FAIL|warn/);
    expect(exit).toBe(0);
  });

  it('leaves the first month of a budget that is there as it is: in a pipeline nothing else remembers it', async () => {
    goodSubscription(server, PROVIDERS);
    const start = async (): Promise<string> =>
      (await run(preflight, ['--dry-run'], azure({ FRAMEWATCH_BUDGET_START: '' }))).output;
    expect(await start()).toContain(`FRAMEWATCH_BUDGET_START to ${new Date().toISOString().slice(0, 7)}-01`);
    server.resources.set(at('/providers/Microsoft.Consumption/budgets/budget-test'), {
      properties: { timePeriod: { startDate: '2026-03-01T00:00:00Z' } },
    });
    expect(await start()).toContain('FRAMEWATCH_BUDGET_START to 2026-03-01');
  });

  it('covers every provider of the Bicep files', () => {
    const root = join(import.meta.dirname, '..', '..');
    const used = new Set(
      globSync(['*.bicep', 'modules/*.bicep', 'generated/*.bicep'], { cwd: root }).flatMap((file) =>
        [...readFileSync(join(root, file), 'utf8').matchAll(/'(Microsoft\.\w+)\/[\w/]+@/g)].map(
          ([, name]) => name ?? '',
        ),
      ),
    );
    // Always registered.
    for (const name of ['Microsoft.Authorization', 'Microsoft.Resources']) used.delete(name);
    expect(used.size).toBeGreaterThan(10);
    expect(PROVIDERS).toEqual(expect.arrayContaining([...used]));
  });

  it('registers a missing provider, and in a dry run only says so', async () => {
    goodSubscription(server, PROVIDERS);
    server.resources.set(at('/providers/Microsoft.Kusto'), { registrationState: 'NotRegistered' });
    expect((await run(preflight, ['--dry-run'], azure())).output).toMatch(
      /az provider register --namespace Microsoft.Kusto/,
    );
    expect(server.calls.filter((call) => call.startsWith('POST'))).toEqual([]);
    await run(preflight, [], azure());
    expect(server.calls).toContain(`POST ${SUBSCRIPTION}/providers/Microsoft.Kusto/register?api-version=2021-04-01`);
  });

  it.each([
    [
      'no right to assign roles',
      /roleAssignments\/write/,
      {},
      (): unknown =>
        server.lists.set(at('/providers/Microsoft.Authorization/permissions'), [
          { actions: ['*'], notActions: ['Microsoft.Authorization/*/Write'] },
        ]),
    ],
    [
      'a region without Flex Consumption',
      /Flex Consumption in norwayeast/,
      { AZURE_LOCATION: 'norwayeast' },
      (): unknown => undefined,
    ],
    [
      'a restricted cluster size',
      /restricted: .*QuotaId/,
      { FRAMEWATCH_PROFILE: 'standard' },
      (): unknown => undefined,
    ],
    [
      'a resource group of someone else',
      /resource group rg-test: got of environment other/,
      {},
      (): unknown =>
        server.resources.set(at('/resourceGroups/rg-test'), {
          location: 'westeurope',
          tags: { 'azd-env-name': 'other' },
        }),
    ],
    [
      'a resource group in another region',
      /in northeurope/,
      {},
      (): unknown =>
        server.resources.set(at('/resourceGroups/rg-test'), {
          location: 'northeurope',
          tags: { 'azd-env-name': 'test' },
        }),
    ],
    [
      'a deleted key vault that keeps its name',
      /key vault kv-1: .*deleted/,
      {},
      (): unknown =>
        server.lists.set(at('/providers/Microsoft.KeyVault/deletedVaults'), [
          { name: 'kv-1', properties: { tags: { 'azd-env-name': 'test', application: 'framewatch' } } },
        ]),
    ],
    [
      'too few role assignments left',
      /room for 5/,
      {},
      (): unknown =>
        server.resources.set(at('/providers/Microsoft.Authorization/roleAssignmentsUsageMetrics'), {
          roleAssignmentsLimit: 4000,
          roleAssignmentsCurrentCount: 3995,
        }),
    ],
    [
      'a disabled subscription',
      /subscription: got Disabled/,
      {},
      (): unknown => server.resources.set(SUBSCRIPTION, { state: 'Disabled' }),
    ],
    [
      'an origin with a path',
      /FRAMEWATCH_ALLOWED_ORIGINS: got https:\/\/a\.example\/x/,
      { FRAMEWATCH_ALLOWED_ORIGINS: 'https://a.example/x' },
      (): unknown => undefined,
    ],
    [
      'a profile that is none',
      /FRAMEWATCH_PROFILE: got huge/,
      { FRAMEWATCH_PROFILE: 'huge' },
      (): unknown => undefined,
    ],
    [
      'a second region without zones',
      /Data Explorer in northeurope: got 0 zones/,
      { FRAMEWATCH_PROFILE: 'scale', FRAMEWATCH_SECONDARY_LOCATION: 'northeurope' },
      (): unknown => undefined,
    ],
    [
      'a region whose Flex Consumption runs another Node',
      /runtime in westeurope: got only node 22, expected node 24/,
      {},
      (): unknown => {
        const runtime = { name: 'node', version: '22' };
        const settings = { Sku: [{ skuCode: 'FC1', functionAppConfigProperties: { runtime } }] };
        const minorVersions = [{ stackSettings: { linuxRuntimeSettings: settings } }];
        return server.lists.set('/providers/microsoft.web/locations/westeurope/functionappstacks', [
          { properties: { majorVersions: [{ minorVersions }] } },
        ]);
      },
    ],
    [
      'a region where Flex Consumption has no zones',
      /Flex Consumption in northeurope: got the region does not list them/,
      { FRAMEWATCH_PROFILE: 'scale', AZURE_LOCATION: 'northeurope' },
      (): unknown => undefined,
    ],
    [
      'two regions that are one',
      /another region than westeurope/,
      { FRAMEWATCH_SECONDARY_LOCATION: 'westeurope' },
      (): unknown => undefined,
    ],
    [
      'drop containers without tenant',
      /FRAMEWATCH_DROP_CONTAINERS/,
      { FRAMEWATCH_DROP_CONTAINERS: 'telemetry' },
      (): unknown => undefined,
    ],
  ])('stops at %s and says what to do', async (_, message, values, arrange) => {
    goodSubscription(server, PROVIDERS);
    arrange();
    const { code: exit, output } = await run(preflight, [], azure(values));
    expect(output).toMatch(message);
    expect(output).toMatch(/FAIL[\s\S]+→/);
    expect(exit).toBe(1);
  });

  it('takes another try when Azure is busy', async () => {
    goodSubscription(server, PROVIDERS);
    server.troubles.push(503, 429);
    expect((await run(preflight, [], azure())).code).toBe(0);
  });
});

describe('events', () => {
  const group = '/resourceGroups/rg-test';
  const template = (): string => {
    const path = join(folder, 'events.json');
    writeFileSync(path, '{"resources":[]}');
    return path;
  };

  it('deploys into every stamp, with the stamp’s own names', async () => {
    for (const [region, name] of [
      ['westeurope', 'rg-test'],
      ['northeurope', 'rg-test-northeurope'],
    ] as const) {
      server.resources.set(
        at(`/resourceGroups/${name}/providers/Microsoft.Web/sites/func-${region}/functions/blobCreated`),
        {},
      );
      server.lists.set(
        at(`/resourceGroups/${name}/providers/Microsoft.EventGrid/systemTopics/evgt-${region}/eventSubscriptions`),
        [{ name: 'blob-created-telemetry' }],
      );
    }
    const { code: exit, output } = await run(
      events,
      ['--template', template()],
      azure({}, ['westeurope', 'northeurope']),
    );
    expect(output).toMatch(/events of northeurope: blob-created-telemetry/);
    expect(exit).toBe(0);
    expect(
      server.bodies.get(
        at('/resourceGroups/rg-test-northeurope/providers/Microsoft.Resources/deployments/framewatch-events'),
      ),
    ).toMatchObject({
      properties: {
        mode: 'Incremental',
        parameters: { functionAppName: { value: 'func-northeurope' }, dropContainers: { value: 'telemetry=default' } },
      },
    });
  });

  it('gives the parameters that events.bicep declares, all of them and no other', async () => {
    server.resources.set(at(`${group}/providers/Microsoft.Web/sites/func-westeurope/functions/blobCreated`), {});
    await run(events, ['--template', template()], azure());
    const sent = server.bodies.get(at(`${group}/providers/Microsoft.Resources/deployments/framewatch-events`)) as {
      properties: { parameters: object };
    };
    const declared = [
      ...readFileSync(join(import.meta.dirname, '..', '..', 'events.bicep'), 'utf8').matchAll(/^param (\w+)/gm),
    ].map(([, name]) => name);
    expect(Object.keys(sent.properties.parameters).toSorted((a, b) => a.localeCompare(b))).toEqual(
      declared.toSorted((a, b) => String(a).localeCompare(String(b))),
    );
  });

  it('does not deploy before the function is there: Event Grid would refuse', async () => {
    const { code: exit, output } = await run(events, ['--template', template(), '--wait', '0'], azure());
    expect(output).toMatch(/FAIL function blobCreated of func-westeurope[\s\S]+azd deploy/);
    expect(exit).toBe(1);
    expect(server.calls.filter((call) => call.startsWith('PUT'))).toEqual([]);
  });
});

describe('approve', () => {
  const connections =
    '/resourceGroups/rg-test/providers/Microsoft.Kusto/clusters/adxwesteurope/privateEndpointConnections';
  it('approves what Grafana asked for, and nobody else’s request', async () => {
    const state = (status: string, description: string) => ({
      properties: { privateLinkServiceConnectionState: { status, description } },
    });
    server.lists.set(at(connections), [
      {
        id: `${SUBSCRIPTION}${connections}/a`,
        ...state('Pending', 'Framewatch: Grafana reads the database framewatch'),
      },
      { id: `${SUBSCRIPTION}${connections}/b`, ...state('Pending', 'let me in') },
      {
        id: `${SUBSCRIPTION}${connections}/c`,
        ...state('Approved', 'Framewatch: Grafana reads the database framewatch'),
      },
    ]);
    const { code: exit } = await run(approve, [], azure({ FRAMEWATCH_NETWORK_ISOLATION: 'true' }));
    expect(exit).toBe(0);
    expect(server.calls.filter((call) => call.startsWith('PUT'))).toEqual([
      `PUT ${SUBSCRIPTION}${connections}/a?api-version=2025-02-14`,
    ]);
  });
});

describe('down', () => {
  const account = `${SUBSCRIPTION}/resourceGroups/rg-test/providers/Microsoft.Storage/storageAccounts/st`;
  const cluster = `${SUBSCRIPTION}/resourceGroups/rg-test/providers/Microsoft.Kusto/clusters/adx`;
  const diagnostics = '/providers/Microsoft.Insights/diagnosticSettings';

  const deployed = (): void => {
    server.lists.set(at('/resourceGroups/rg-test/resources'), [
      { id: account, type: 'Microsoft.Storage/storageAccounts' },
      { id: cluster, type: 'Microsoft.Kusto/clusters' },
    ]);
    for (const scope of [`${account}/blobServices/default`, cluster]) {
      server.lists.set(`${scope}${diagnostics}`.toLowerCase(), [{ name: 'framewatch' }]);
      server.resources.set(`${scope}${diagnostics}/framewatch`.toLowerCase(), {});
    }
    server.resources.set(at('/providers/Microsoft.Consumption/budgets/budget-test'), {});
  };

  it('--before deletes diagnostic settings and the budget', async () => {
    deployed();
    expect(await run(down, ['--before'], azure())).toMatchObject({ code: 0 });
    expect([...server.resources.keys()].filter((id) => /diagnosticsettings|budgets/.test(id))).toEqual([]);
  });

  it('--before refuses while a lock guards the data, and deletes nothing', async () => {
    deployed();
    const lock = `${cluster}/providers/Microsoft.Authorization/locks/keep-the-data`;
    server.lists.set(at('/resourceGroups/rg-test/providers/Microsoft.Authorization/locks'), [
      { id: lock, name: 'keep-the-data' },
    ]);
    server.resources.set(lock.toLowerCase(), {});
    const refused = await run(down, ['--before'], azure());
    expect(refused).toMatchObject({ code: 1, output: expect.stringContaining('npm run infra:unlock') as string });
    expect(server.calls.filter((call) => call.startsWith('DELETE'))).toEqual([]);
    expect(await run(down, ['--before', '--unlock'], azure())).toMatchObject({ code: 0 });
    expect(server.resources.has(lock.toLowerCase())).toBe(false);
  });

  it('--after purges our vault alone, leaves a protected one, and finds what is left', async () => {
    const vault = (name: string, tags: object, isProtected: boolean) => ({
      name,
      properties: { location: 'westeurope', purgeProtectionEnabled: isProtected, tags },
    });
    const ours = { 'azd-env-name': 'test', application: 'framewatch' };
    server.lists.set(at('/providers/Microsoft.KeyVault/deletedVaults'), [
      vault('kv-ours', ours, false),
      vault('kv-kept', ours, true),
      vault('kv-other', { 'azd-env-name': 'prod' }, false),
    ]);
    const gone = await run(down, ['--after'], azure());
    expect(gone.code).toBe(0);
    expect(server.calls.filter((call) => call.startsWith('POST'))).toEqual([
      `POST ${SUBSCRIPTION}/providers/Microsoft.KeyVault/locations/westeurope/deletedVaults/kv-ours/purge?api-version=2025-05-01`,
    ]);
    server.resources.set(at('/resourceGroups/rg-test'), { properties: { provisioningState: 'Succeeded' } });
    const left = await run(down, ['--after'], azure());
    expect(left).toMatchObject({ code: 1, output: expect.stringContaining('still there') as string });
  });

  it('needs no output of the deployment: azd forgets them when it has deleted everything', async () => {
    const {
      FRAMEWATCH_STAMPS: _stamps,
      FRAMEWATCH_BUDGET_NAME: _budget,
      ...left
    } = azure({
      FRAMEWATCH_SECONDARY_LOCATION: 'northeurope',
    });
    const { code: exit, output } = await run(down, ['--after'], left);
    expect(output).toMatch(/resource group rg-test: gone\n.*resource group rg-test-northeurope: gone/);
    expect(exit).toBe(0);
  });

  it('names the resource groups as main.bicep does', () => {
    const text = readFileSync(join(import.meta.dirname, '..', '..', 'main.bicep'), 'utf8');
    expect(text).toMatch(
      /'\$\{prefixes\.resourceGroup\}-\$\{environmentName\}'\s*: '\$\{prefixes\.resourceGroup\}-\$\{environmentName\}-\$\{region\}'/,
    );
    expect(readFileSync(join(import.meta.dirname, '..', '..', 'abbreviations.json'), 'utf8')).toContain(
      '"resourceGroup": "rg"',
    );
  });

  it('--dry-run deletes nothing', async () => {
    deployed();
    expect((await run(down, ['--before', '--dry-run'], azure())).output).toMatch(/would delete: budget/);
    expect(server.calls.every((call) => call.startsWith('GET'))).toBe(true);
  });
});

describe('keys', () => {
  const secret = '/secrets/framewatch-keys';
  const stored = (): Record<string, unknown> =>
    JSON.parse(String(server.resources.get(secret)?.['value'])) as Record<string, unknown>;
  beforeEach((): unknown =>
    server.resources.set(secret, { value: '{"abcd-first":{"tenant":"default","trusted":true}}' }),
  );
  const vault = (): Record<string, string> => azure({ FRAMEWATCH_VAULT_URI: `${server.url}/` });

  it('never shows a whole key that exists, adds one and takes it away', async () => {
    const listed = await run(keys, [], vault());
    expect(listed.output).toBe('abcd… tenant default, trusted');
    const added = await run(keys, ['--add', '--origins', 'https://www.example.com', '--tenant', 'sports'], vault());
    const key = /added: (\S+)/.exec(added.output)?.[1] ?? '';
    expect(stored()).toMatchObject({
      'abcd-first': { trusted: true },
      [key]: { tenant: 'sports', origins: ['https://www.example.com'] },
    });
    expect(server.calls.filter((call) => call.startsWith('POST'))).toEqual([]);
    await run(keys, ['--remove', key.slice(0, 6), '--restart'], vault());
    expect(server.calls.filter((call) => call.startsWith('POST'))).toEqual([
      `POST ${SUBSCRIPTION}/resourceGroups/rg-test/providers/Microsoft.Web/sites/func-westeurope/restart?api-version=2024-11-01`,
    ]);
    expect(Object.keys(stored())).toEqual(['abcd-first']);
  });

  it('imports the keys of a lost region, and refuses what the function app would refuse', async () => {
    const file = join(folder, 'keys.json');
    writeFileSync(file, '{"old-browser-key":{"tenant":"default","origins":["https://www.example.com"]}}');
    const imported = await run(keys, ['--import', file], vault());
    expect(imported).toMatchObject({ code: 0, output: expect.stringContaining('imported: old-…') as string });
    expect(Object.keys(stored())).toEqual(['abcd-first', 'old-browser-key']);
    writeFileSync(file, '{"other":{"tenant":"default"}}');
    const refused = await run(keys, ['--import', file], vault());
    expect(refused).toMatchObject({ code: 1, output: expect.stringContaining('at least one origin') as string });
    expect(Object.keys(stored())).toHaveLength(2);
  });

  it.each([[['--add']], [['--add', '--origins', 'www.example.com']], [['--remove', 'zzz']]])(
    'refuses %j',
    async (args) => {
      expect((await run(keys, args, vault())).code).toBe(1);
      expect(Object.keys(stored())).toEqual(['abcd-first']);
    },
  );
});
