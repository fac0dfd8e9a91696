// `npm run kql:deploy -- [--cluster URL] [--database NAME] [--plan] [--allow-data-loss]`
import { parseArgs } from 'node:util';
import { DataLossError, deployKql, planKql } from './kql/deploy.ts';
import { runCommand } from './command-line.ts';

/** For local/start.ts and tests. */
export { deployKql, planKql } from './kql/deploy.ts';

const HELP = `Applies kql/ to a Kusto database, or shows what would change.

  --cluster URL        default http://127.0.0.1:8080
  --database NAME      default framewatch
  --plan               show the difference, change nothing; exit 2 when something differs, 3 when it would be refused
  --allow-data-loss    go on although the cluster has columns or types that kql/ has not
`;

const log = (line: string): void => console.log(line);

async function showPlan(cluster: string, database: string): Promise<number> {
  const differences = await planKql({ cluster, database });
  const open = differences.filter(({ action }) => action !== 'same');
  for (const { action, command, reason } of open) {
    const what = [command.kind, command.name, command.detail].filter(Boolean).join(' ');
    log(`${action.padEnd(7)} ${what.padEnd(52)} ${reason}`);
  }
  log(`${differences.length - open.length} unchanged, ${open.length} to apply in ${database} on ${cluster}`);
  if (open.some(({ action }) => action === 'refuse')) return 3;
  return open.length > 0 ? 2 : 0;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      cluster: { type: 'string', default: 'http://127.0.0.1:8080' },
      database: { type: 'string', default: 'framewatch' },
      plan: { type: 'boolean', default: false },
      'allow-data-loss': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    log(HELP);
    return 0;
  }
  const { cluster, database } = values;
  if (values.plan) return showPlan(cluster, database);
  const result = await deployKql({ cluster, database, log, allowDataLoss: values['allow-data-loss'] });
  log(`${result.created} created, ${result.changed} changed, ${result.same} unchanged in ${database} on ${cluster}`);
  return 0;
}

if (import.meta.main) await runCommand(main, (error) => (error instanceof DataLossError ? 3 : 1));
