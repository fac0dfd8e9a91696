import { names } from './checks/names.ts';
import { syntax } from './checks/syntax.ts';
import { contextOf, type Context } from './context.ts';
import { distinct, type Finding } from './finding.ts';

/** Every check, in the order in which their findings are worth reading. */
export const checks: Readonly<Record<string, (context: Context) => Finding[]>> = { syntax, names };

/** Runs all checks over the repository, with some files replaced. A file that is not Bicep hides what it would say. */
export function findings(replaced: Readonly<Record<string, string>> = {}): Finding[] {
  const context = contextOf(replaced);
  const broken = syntax(context);
  if (broken.length > 0) return distinct(broken);
  return distinct(Object.values(checks).flatMap((check) => check(context)));
}
