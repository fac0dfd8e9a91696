// The frame of every hook: --help, --dry-run, a report, an exit code. azd runs them as `npm run infra:<name>`, and so may people.
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { settingsOf, type Settings } from './settings.ts';
import { reportTo, type Report } from './report.ts';

export interface HookRun {
  readonly settings: Settings;
  readonly report: Report;
  /** Reads and tells, changes nothing. */
  readonly isDryRun: boolean;
  /** Value of an option of the hook's own. */
  readonly option: (name: string) => string | undefined;
  readonly flag: (name: string) => boolean;
}

export interface Hook {
  readonly name: string;
  readonly help: string;
  readonly options?: ParseArgsConfig['options'];
  readonly run: (run: HookRun) => Promise<void>;
}

const COMMON = `
  --dry-run     look and tell, change nothing
  --help        this text
Settings come from the azd environment (azd passes them to hooks; otherwise the default environment under .azure is read).`;

/** Runs a hook over arguments; resolves with its exit code: 0 well, 1 something failed, 2 wrong usage or a plan with differences. */
export async function runHook(
  hook: Hook,
  args: readonly string[],
  write: (line: string) => void,
  settings: Settings = settingsOf(),
): Promise<number> {
  let values: Readonly<Record<string, unknown>>;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: { help: { type: 'boolean' }, 'dry-run': { type: 'boolean' }, ...hook.options },
    }));
  } catch (error) {
    write(`${error instanceof Error ? error.message : String(error)}\nnpm run infra:${hook.name} -- --help`);
    return 2;
  }
  if (values['help'] === true) {
    write(`${hook.help}${COMMON}`);
    return 0;
  }
  const report = reportTo(write);
  try {
    await hook.run({
      settings,
      report,
      isDryRun: values['dry-run'] === true,
      option: (name) => (typeof values[name] === 'string' ? values[name] : undefined),
      flag: (name) => values[name] === true,
    });
  } catch (error) {
    write(`FAIL infra:${hook.name}: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  }
  if (report.failures > 0) write(`infra:${hook.name}: ${report.failures} checks failed`);
  if (report.failures > 0) return 1;
  return report.hasDifferences ? 2 : 0;
}

/** Entry of a hook's file. */
export async function hookMain(hook: Hook): Promise<void> {
  // Under azd (it hands AZURE_ENV_NAME to its hooks) the hook must be whom azd deploys as, and that one holds the roles:
  // @azure/identity would ask the Azure CLI first, where somebody else may be signed in.
  if (process.env['AZURE_ENV_NAME']) process.env['AZURE_TOKEN_CREDENTIALS'] ??= 'AzureDeveloperCliCredential';
  process.exitCode = await runHook(hook, process.argv.slice(2), (line) => console.log(line));
}
