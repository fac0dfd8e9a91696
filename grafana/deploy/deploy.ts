// Everything that Grafana should hold, compared and brought there in the order in which one thing needs another.
import { dashboardStep, dataSourceStep, folderStep, pruneBoards } from './boards.ts';
import { contactPointSteps, policyStep } from './notifications.ts';
import type { Grafana, Step } from './port.ts';
import { pruneRuleGroups, ruleGroupStep } from './rules.ts';
import type { Wanted } from './wanted.ts';

export interface DeployGrafanaOptions {
  /** Also takes away what is ours and no file makes any more. */
  readonly prune: boolean;
  /** Writes secrets of contact points although they cannot be compared. */
  readonly rewriteSecrets: boolean;
}

/** What differs, in order; reads only. */
export async function planGrafana(grafana: Grafana, wanted: Wanted, options: DeployGrafanaOptions): Promise<Step[]> {
  const steps: Step[] = [await folderStep(grafana)];
  for (const source of wanted.dataSources) steps.push(await dataSourceStep(grafana, source));
  for (const dashboard of wanted.dashboards) steps.push(await dashboardStep(grafana, dashboard));
  const points = await contactPointSteps(grafana, wanted.contactPoints, options);
  steps.push(...points.before, await policyStep(grafana, wanted.contactPoints.length > 0));
  for (const group of wanted.ruleGroups) steps.push(await ruleGroupStep(grafana, group));
  if (options.prune) {
    steps.push(...(await pruneRuleGroups(grafana, wanted.ruleGroups)));
    steps.push(...(await pruneBoards(grafana, wanted.dashboards, wanted.dataSources)));
  }
  return [...steps, ...points.after];
}

/** Applies a plan, step by step; stops at the first that Grafana refuses and names it. */
export async function applyGrafana(steps: readonly Step[], log: (line: string) => void): Promise<number> {
  let applied = 0;
  for (const { kind, name, action, reason, apply } of steps) {
    if (apply) {
      await apply().catch((error: unknown) => {
        throw new Error(`${kind} ${name}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
      });
      applied++;
    }
    log(lineOf({ kind, name, action, reason }));
  }
  return applied;
}

/** One step as a line. */
export const lineOf = ({ kind, name, action, reason }: Step): string =>
  `${action.padEnd(7)}${kind.padEnd(15)}${name}${reason === '' ? '' : ` (${reason})`}`;
