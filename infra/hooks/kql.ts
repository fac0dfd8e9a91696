// `npm run infra:kql`: makes sure that every stamp's database is what kql/ says, after the database scripts of the deployment.
import { deployKql, planKql } from '../../scripts/kql-deploy.ts';
import { hookMain, type Hook, type HookRun } from './support/command.ts';

const POLL_MS = 15_000;
const DEFAULT_WAIT_SECONDS = 600;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

interface Target {
  readonly cluster: string;
  readonly database: string;
}

function targetsOf({ option, settings }: HookRun): Target[] {
  const cluster = option('cluster');
  if (cluster !== undefined) return [{ cluster, database: option('database') ?? 'framewatch' }];
  return settings.stamps().map(({ kustoUri, databaseName }) => ({ cluster: kustoUri, database: databaseName }));
}

/** From outside a closed network nothing answers, or a door that lets nobody in. */
const isUnreachable = (error: unknown): boolean =>
  /ENOTFOUND|ECONNREFUSED|ETIMEDOUT|EAI_AGAIN|network|timeout|public access/i.test(String(error));

/** Principals of a database take minutes to be known everywhere. */
const isAccess = (error: unknown): boolean => /\b40[13]\b|Forbidden|Unauthorized|not authorized/i.test(String(error));

async function patiently<T>(waitMs: number, work: () => Promise<T>, note: (text: string) => void): Promise<T> {
  const deadline = performance.now() + waitMs;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isAccess(error) || performance.now() + POLL_MS > deadline) throw error;
      note('the database does not know this principal yet; another try in 15 s');
      await sleep(POLL_MS);
    }
  }
}

async function bring(target: Target, run: HookRun, waitMs: number): Promise<void> {
  const { report, isDryRun } = run;
  const note = (text: string): void => report.note(`     ${text}`);
  const what = `${target.database} on ${target.cluster}`;
  const plan = await patiently(waitMs, () => planKql(target), note);
  const open = plan.filter(({ action }) => action !== 'same');
  if (open.length === 0) {
    report.ok(what, `${plan.length} commands, all in place`);
    return;
  }
  if (isDryRun) {
    for (const { action, command } of open) note(`would ${action} ${command.kind} ${command.name} ${command.detail}`);
    report.ok(what, `${open.length} of ${plan.length} commands differ`);
    return;
  }
  await deployKql({ ...target, log: note });
  const left = (await planKql(target)).filter(({ action }) => action !== 'same');
  if (left.length === 0) report.ok(what, `${open.length} commands applied, nothing differs`);
  else
    report.fail(what, {
      expected: 'no difference after applying',
      got: left.map(({ command }) => `${command.kind} ${command.name}`).join(', '),
      advice: `npm run kql:plan -- --cluster ${target.cluster} --database ${target.database}`,
    });
}

/** The hook itself, for tests. */
export const kql: Hook = {
  name: 'kql',
  help: `npm run infra:kql -- [options]
Compares every stamp's database with kql/, applies what differs, compares again.

  --cluster URL     instead of the stamps' clusters
  --database NAME   with --cluster; default framewatch
  --wait SECONDS    longest wait for roles to be known; default ${DEFAULT_WAIT_SECONDS}`,
  options: { cluster: { type: 'string' }, database: { type: 'string' }, wait: { type: 'string' } },
  async run(run) {
    const waitMs = Number(run.option('wait') ?? DEFAULT_WAIT_SECONDS) * 1000;
    const isIsolated =
      run.settings.get('FRAMEWATCH_NETWORK_ISOLATION') === 'true' && run.option('cluster') === undefined;
    for (const target of targetsOf(run))
      await bring(target, run, waitMs).catch((error: unknown) => {
        if (!isIsolated || !isUnreachable(error)) throw error;
        run.report.warn(`${target.database} on ${target.cluster}`, {
          expected: 'a way into the network',
          got: 'none from here; the database scripts of the deployment have run all the same',
          advice: 'npm run infra:kql from a machine inside the network compares them once more',
        });
      });
  },
};

if (import.meta.main) await hookMain(kql);
