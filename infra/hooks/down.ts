// `npm run infra:down`: what `azd down` leaves behind. `--before` runs while the resources are there, `--after` when they are gone.
import { armOf, type Arm } from './support/arm.ts';
import { hookMain, type Hook, type HookRun } from './support/command.ts';
import { resourceGroupsOf } from './support/settings.ts';

const GROUPS = '2024-03-01';
const DIAGNOSTICS = '2021-05-01-preview';
const VAULTS = '2025-05-01';

async function forget(arm: Arm, path: string, apiVersion: string, what: string, run: HookRun): Promise<void> {
  if (run.isDryRun) run.report.ok('would delete', what);
  else if (await arm.delete(path, apiVersion)) run.report.ok('deleted', what);
}

/** A lock stops `azd down` half way; it goes only when asked for. */
async function locks(arm: Arm, group: string, run: HookRun): Promise<void> {
  const held = await arm.list(`${group}/providers/Microsoft.Authorization/locks`, '2020-05-01');
  for (const { id, name } of held) {
    if (run.flag('unlock') || run.settings.get('FRAMEWATCH_UNLOCK') === 'true')
      await forget(arm, String(id), '2020-05-01', `lock ${String(name)}`, run);
    else
      run.report.fail(`lock ${String(name)}`, {
        expected: 'no lock on what is to be deleted',
        got: `a lock on ${String(id).split('/providers/').at(-2) ?? group}`,
        advice: 'this profile guards its data: npm run infra:unlock, when it may really go',
      });
  }
}

/** Diagnostic settings outlive their resource, and come back to life with the next one of that name. */
async function diagnostics(arm: Arm, group: string, run: HookRun): Promise<void> {
  const resources = await arm.list(`${group}/resources`, GROUPS);
  for (const { id, type } of resources) {
    const scopes =
      String(type) === 'Microsoft.Storage/storageAccounts' ? [`${String(id)}/blobServices/default`] : [String(id)];
    for (const scope of scopes) {
      const settings = await arm
        .list(`${scope}/providers/Microsoft.Insights/diagnosticSettings`, DIAGNOSTICS)
        .catch(() => []);
      for (const { name } of settings)
        await forget(
          arm,
          `${scope}/providers/Microsoft.Insights/diagnosticSettings/${String(name)}`,
          DIAGNOSTICS,
          `diagnostic setting of ${scope.split('/').at(-1) ?? scope}`,
          run,
        );
    }
  }
}

async function before(arm: Arm, subscription: string, run: HookRun): Promise<void> {
  for (const name of resourceGroupsOf(run.settings)) await locks(arm, `${subscription}/resourceGroups/${name}`, run);
  if (run.report.failures > 0) return;
  for (const name of resourceGroupsOf(run.settings))
    await diagnostics(arm, `${subscription}/resourceGroups/${name}`, run);
  const budget = run.settings.get('FRAMEWATCH_BUDGET_NAME');
  if (budget !== undefined)
    await forget(
      arm,
      `${subscription}/providers/Microsoft.Consumption/budgets/${budget}`,
      '2024-08-01',
      `budget ${budget}`,
      run,
    );
}

interface DeletedVault {
  readonly name?: string;
  readonly properties?: {
    readonly location?: string;
    readonly scheduledPurgeDate?: string;
    readonly purgeProtectionEnabled?: boolean;
    readonly tags?: Readonly<Record<string, string>>;
  };
}

async function vaults(arm: Arm, subscription: string, run: HookRun): Promise<void> {
  const environment = run.settings.need('AZURE_ENV_NAME');
  const deleted = (await arm.list(
    `${subscription}/providers/Microsoft.KeyVault/deletedVaults`,
    VAULTS,
  )) as readonly DeletedVault[];
  for (const { name = '', properties = {} } of deleted) {
    const { tags, location = '', purgeProtectionEnabled, scheduledPurgeDate } = properties;
    if (tags?.['azd-env-name'] !== environment || tags['application'] !== 'framewatch') continue;
    if (purgeProtectionEnabled === true) {
      run.report.warn(`key vault ${name}`, {
        expected: 'gone for good',
        got: `deleted and protected until ${scheduledPurgeDate ?? 'its retention ends'}`,
        advice: 'nothing to do and nothing to pay; until then only az keyvault recover brings the name back',
      });
      continue;
    }
    if (!run.isDryRun)
      await arm.send(
        'POST',
        `${subscription}/providers/Microsoft.KeyVault/locations/${location}/deletedVaults/${name}/purge`,
        VAULTS,
      );
    run.report.ok(run.isDryRun ? 'would purge' : 'purged', `key vault ${name}`);
  }
}

/** Role assignments are all inside the resource groups; one that names them elsewhere was made by hand. */
async function after(arm: Arm, subscription: string, run: HookRun): Promise<void> {
  await vaults(arm, subscription, run);
  const names = resourceGroupsOf(run.settings);
  for (const name of names) {
    const group = await arm.get(`${subscription}/resourceGroups/${name}`, GROUPS);
    if (group === undefined) run.report.ok(`resource group ${name}`, 'gone');
    else
      run.report.fail(`resource group ${name}`, {
        expected: 'gone',
        got: `still there (${String((group['properties'] as { provisioningState?: string } | undefined)?.provisioningState)})`,
        advice: 'azd down --purge',
      });
  }
  const assignments = await arm.list(`${subscription}/providers/Microsoft.Authorization/roleAssignments`, '2022-04-01');
  const left = assignments.filter(({ id }) =>
    names.some((name) => String(id).toLowerCase().includes(`/resourcegroups/${name.toLowerCase()}/`)),
  );
  for (const { id } of left)
    await forget(arm, String(id), '2022-04-01', `role assignment ${String(id).split('/').at(-1) ?? ''}`, run);
  run.report.ok('role assignments', left.length === 0 ? 'none left' : `${left.length} were left`);
}

/** The hook itself, for tests. */
export const down: Hook = {
  name: 'down',
  help: `npm run infra:down -- --before | --after | --unlock [options]
  --before      deletes diagnostic settings and the budget, which azd down does not; refuses while a lock guards data
  --after       purges the deleted key vault and checks that nothing is left
  --unlock      with --before or alone: takes the locks away (or FRAMEWATCH_UNLOCK=true)`,
  options: { before: { type: 'boolean' }, after: { type: 'boolean' }, unlock: { type: 'boolean' } },
  async run(run) {
    const arm = armOf(run.settings);
    const subscription = `/subscriptions/${run.settings.need('AZURE_SUBSCRIPTION_ID')}`;
    if (run.flag('before')) await before(arm, subscription, run);
    else if (run.flag('unlock'))
      for (const name of resourceGroupsOf(run.settings))
        await locks(arm, `${subscription}/resourceGroups/${name}`, run);
    if (run.flag('after')) await after(arm, subscription, run);
    if (!['before', 'after', 'unlock'].some((name) => run.flag(name)))
      run.report.note('say --before, --after or --unlock; see --help');
  },
};

if (import.meta.main) await hookMain(down);
