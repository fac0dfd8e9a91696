// `npm run infra:events`: Event Grid's subscriptions of every stamp, once the function blobCreated is there.
import { join } from 'node:path';
import { armOf, type Arm } from './support/arm.ts';
import { compileBicep } from './support/bicep.ts';
import { hookMain, type Hook, type HookRun } from './support/command.ts';
import type { Stamp } from './support/settings.ts';

const FILE = join(import.meta.dirname, '..', 'events.bicep');
const DEPLOYMENTS = '2024-03-01';
const SITES = '2025-03-01';
const POLL_MS = 10_000;
const DEFAULT_WAIT_SECONDS = 300;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** After a deployment the platform needs a while until it knows the app's functions. */
async function functionIsThere(arm: Arm, group: string, app: string, waitMs: number): Promise<boolean> {
  const deadline = performance.now() + waitMs;
  for (;;) {
    const there = await arm.get(`${group}/providers/Microsoft.Web/sites/${app}/functions/blobCreated`, SITES);
    if (there !== undefined) return true;
    if (performance.now() + POLL_MS > deadline) return false;
    await sleep(POLL_MS);
  }
}

async function subscribe(stamp: Stamp, arm: Arm, template: unknown, run: HookRun): Promise<void> {
  const { settings, report, isDryRun, option } = run;
  const group = `/subscriptions/${settings.need('AZURE_SUBSCRIPTION_ID')}/resourceGroups/${stamp.resourceGroup}`;
  const waitMs = Number(option('wait') ?? DEFAULT_WAIT_SECONDS) * 1000;
  if (!(await functionIsThere(arm, group, stamp.functionAppName, isDryRun ? 0 : waitMs))) {
    report.fail(`function blobCreated of ${stamp.functionAppName}`, {
      expected: 'deployed code',
      got: 'no such function',
      advice: 'azd deploy, then npm run infra:events',
    });
    return;
  }
  const parameters = {
    systemTopicName: { value: stamp.systemTopicName },
    landingAccountName: { value: stamp.landingAccountName },
    functionAppName: { value: stamp.functionAppName },
    dropContainers: { value: settings.need('FRAMEWATCH_DROP_CONTAINERS') },
  };
  if (isDryRun) {
    report.ok(`events of ${stamp.location}`, `would deploy with ${JSON.stringify(parameters)}`);
    return;
  }
  const path = `${group}/providers/Microsoft.Resources/deployments/framewatch-events`;
  await arm.send('PUT', path, DEPLOYMENTS, { properties: { mode: 'Incremental', template, parameters } });
  const subscriptions = await arm.list(
    `${group}/providers/Microsoft.EventGrid/systemTopics/${stamp.systemTopicName}/eventSubscriptions`,
    '2025-02-15',
  );
  report.ok(`events of ${stamp.location}`, subscriptions.map(({ name }) => String(name)).join(', '));
}

/** The hook itself, for tests. */
export const events: Hook = {
  name: 'events',
  help: `npm run infra:events -- [options]
Deploys infra/events.bicep into every stamp: which blobs are announced to the function blobCreated.

  --wait SECONDS     longest wait for the function to be known; default ${DEFAULT_WAIT_SECONDS}
  --template FILE    a compiled template instead of compiling events.bicep`,
  options: { wait: { type: 'string' }, template: { type: 'string' } },
  async run(run) {
    const file = run.option('template');
    const template: unknown =
      file === undefined ? compileBicep(FILE) : (await import(file, { with: { type: 'json' } })).default;
    const arm = armOf(run.settings);
    for (const stamp of run.settings.stamps()) await subscribe(stamp, arm, template, run);
  },
};

if (import.meta.main) await hookMain(events);
