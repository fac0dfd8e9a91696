// `npm run infra:preflight`: whatever would make `azd provision` fail after twenty minutes, found in twenty seconds.
import { armOf, textOf } from './support/arm.ts';
import { hookMain, type Hook } from './support/command.ts';
import { budgetStart, checkPermissions, checkProviders, checkRegions } from './preflight/azure.ts';
import { checkRuntime } from './preflight/runtime.ts';
import { keepBudgetStart, planOf } from './preflight/settings.ts';

/** The hook itself, for tests. */
export const preflight: Hook = {
  name: 'preflight',
  help: `npm run infra:preflight -- [options]
Checks settings, resource providers (and registers them), permissions, what the regions offer and restrict, room for role assignments, and names.
`,
  async run(run) {
    const plan = planOf(run);
    if (!plan) return;
    const arm = armOf(run.settings);
    const subscription = await arm.get(`/subscriptions/${plan.subscription}`, '2022-12-01');
    if (subscription?.['state'] !== 'Enabled') {
      run.report.fail('subscription', {
        expected: 'Enabled',
        got: textOf(subscription?.['state'], 'not found'),
        advice: 'azd auth login, and azd env set AZURE_SUBSCRIPTION_ID <id>',
      });
      return;
    }
    keepBudgetStart(run, await budgetStart(arm, plan));
    await checkProviders(arm, plan, run);
    await checkPermissions(arm, plan, run);
    await checkRegions(arm, plan, run);
    await checkRuntime(arm, plan, run);
  },
};

if (import.meta.main) await hookMain(preflight);
