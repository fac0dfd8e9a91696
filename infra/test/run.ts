import { access } from './checks/access.ts';
import { alerts } from './checks/alerts.ts';
import { azd } from './checks/azd.ts';
import { evaluation } from './checks/evaluation.ts';
import { kql } from './checks/kql.ts';
import { modules } from './checks/modules.ts';
import { names } from './checks/names.ts';
import { naming } from './checks/naming.ts';
import { order } from './checks/order.ts';
import { parameters } from './checks/parameters.ts';
import { policy } from './checks/policy.ts';
import { profiles } from './checks/profiles.ts';
import { resourceTypes } from './checks/resource-types.ts';
import { secrets } from './checks/secrets.ts';
import { settings } from './checks/settings.ts';
import { startValues } from './checks/start-values.ts';
import { style } from './checks/style.ts';
import { syntax } from './checks/syntax.ts';
import { contextOf, type Context, type Extent } from './context.ts';
import { distinct, type Finding } from './finding.ts';

type Check = (context: Context) => Finding[];

/** On the text alone. */
const ofFiles: readonly Check[] = [names, modules, evaluation, startValues, style, profiles, kql, azd];
/** On what would be deployed. */
const ofDeployments: readonly Check[] = [
  parameters,
  resourceTypes,
  secrets,
  settings,
  access,
  order,
  policy,
  naming,
  alerts,
];

export const checkCount = 1 + ofFiles.length + ofDeployments.length;

/**
 * Runs all checks over the repository, with some files replaced.
 * A file that is not Bicep hides what the others would say, and so does a deployment that cannot be evaluated.
 */
export function findings(replaced: Readonly<Record<string, string>> = {}, extent: Extent = 'all'): Finding[] {
  const context = contextOf(replaced, extent);
  const broken = syntax(context);
  if (broken.length > 0) return distinct(broken);
  const found = ofFiles.flatMap((check) => check(context));
  const isEvaluated = context.scenarios.every(
    ({ deployment, events }) => deployment.faults.length + events.faults.length === 0,
  );
  return distinct(isEvaluated ? [...found, ...ofDeployments.flatMap((check) => check(context))] : found);
}
