// Applies kql/ to a database, idempotently, in stages of `.execute database script`.
import { openCluster, type Cluster } from './cluster.ts';
import type { Command } from './commands.ts';
import { loadKql, type Stage } from './load.ts';
import { planOf, type Difference } from './plan.ts';
import { databases, readState } from './state.ts';

export interface DeployOptions {
  /** `http://127.0.0.1:8080` or `https://name.region.kusto.windows.net`. */
  readonly cluster: string;
  readonly database: string;
  readonly log: (line: string) => void;
  /** Go on although the plan refuses something. Nothing here drops or re-types, but columns may stay behind. */
  readonly allowDataLoss?: boolean;
  /** Store functions unchecked: `npm start` does, because the committed files are checked by the tests and checking 30 functions takes seconds. */
  readonly skipValidation?: boolean;
}

export interface DeployResult {
  readonly created: number;
  readonly changed: number;
  readonly same: number;
  readonly differences: readonly Difference[];
}

/** A plan that would lose data. */
export class DataLossError extends Error {
  constructor(refused: readonly Difference[]) {
    super(`refused:\n${refused.map(({ command, reason }) => `  ${command.name}: ${reason}`).join('\n')}`);
    this.name = 'DataLossError';
  }
}

/** `.execute database script` refuses nothing by itself: ThrowOnErrors makes a failed command fail the call. */
async function applyStage(cluster: Cluster, commands: readonly Command[], skipValidation: boolean): Promise<void> {
  if (commands.length === 0) return;
  const texts = commands.map(({ text }) =>
    skipValidation ? text.replace(/^\.create-or-alter function with \(/, '$&skipvalidation = true, ') : text,
  );
  const script = texts.join('\n\n');
  const rows = await cluster.command(`.execute database script with (ThrowOnErrors=true) <|\n${script}`);
  const failed = rows.filter((row) => row['Result'] !== 'Completed');
  const [first] = failed;
  if (first)
    throw new Error(
      `${String(first['CommandType'])}: ${String(first['Reason'])}\n${String(first['CommandText']).slice(0, 200)}`,
    );
  if (rows.length !== commands.length)
    throw new Error(`sent ${commands.length} commands, the cluster tells of ${rows.length}`);
}

async function ensureDatabase(cluster: Cluster, log: DeployOptions['log']): Promise<void> {
  if ((await databases(cluster)).includes(cluster.database)) return;
  try {
    await cluster.command(`.create database ['${cluster.database}']`, '');
  } catch (error) {
    throw new Error(
      `database '${cluster.database}' does not exist and cannot be created here (in Azure, infra/ makes it): ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
  log(`created database ${cluster.database}`);
}

/** What differs, one entry a command; reads only. */
export async function planKql({
  cluster: url,
  database,
}: Pick<DeployOptions, 'cluster' | 'database'>): Promise<Difference[]> {
  const cluster = openCluster(url, database);
  try {
    const commands = loadKql().flatMap((stage) => stage.commands);
    return planOf(commands, await readState(cluster, commands));
  } finally {
    cluster.close();
  }
}

const count = (differences: readonly Difference[], action: Difference['action']): number =>
  differences.filter((one) => one.action === action).length;

async function applyStages(
  cluster: Cluster,
  stages: readonly Stage[],
  differences: readonly Difference[],
  { log, skipValidation = false }: DeployOptions,
): Promise<void> {
  const actions = new Map(differences.map((one) => [one.command, one.action]));
  for (const stage of stages) {
    const todo = stage.commands.filter((command) => actions.get(command) !== 'same');
    await applyStage(cluster, todo, skipValidation).catch((error: unknown) => {
      throw new Error(`${stage.name}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    });
    log(
      `${stage.name.padEnd(24)} ${String(todo.length).padStart(3)} applied, ${String(stage.commands.length - todo.length).padStart(3)} unchanged`,
    );
  }
}

/** Creates the database where that is allowed and brings it to what kql/ says. Throws {@link DataLossError} before anything is applied. */
export async function deployKql(options: DeployOptions): Promise<DeployResult> {
  const { cluster: url, database, log, allowDataLoss = false } = options;
  const cluster = openCluster(url, database);
  try {
    await ensureDatabase(cluster, log);
    const stages = loadKql();
    const commands = stages.flatMap((stage) => stage.commands);
    const differences = planOf(commands, await readState(cluster, commands));
    const refused = differences.filter(({ action }) => action === 'refuse');
    if (refused.length > 0 && !allowDataLoss) throw new DataLossError(refused);
    await applyStages(cluster, stages, differences, options);
    return {
      created: count(differences, 'create'),
      changed: count(differences, 'change'),
      same: count(differences, 'same'),
      differences,
    };
  } finally {
    cluster.close();
  }
}
