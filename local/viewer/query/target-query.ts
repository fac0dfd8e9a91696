import { expandFrontendMacros } from './frontend-macros.ts';
import { formatInterval } from './interval.ts';
import type { MacroContext } from './macros.ts';
import { expandBackendMacros } from './macros.ts';
import type { Scope, VariableState } from './variables.ts';
import { interpolate, kustoFormat } from './variables.ts';

/** Built-in variables of a panel query. */
export function builtInVariables(context: MacroContext): Record<string, string> {
  const rangeMs = context.toMs - context.fromMs;
  return {
    __interval: formatInterval(context.intervalMs),
    __interval_ms: String(context.intervalMs),
    __from: String(context.fromMs),
    __to: String(context.toMs),
    __range: `${Math.round(rangeMs / 1000)}s`,
    __range_s: String(Math.round(rangeMs / 1000)),
    __range_ms: String(rangeMs),
  };
}

/** KQL of a panel target or variable as it goes to Kusto: browser macros, variables, then backend macros, in the plugin's order. */
export function finalQuery(query: string, variables: readonly VariableState[], context: MacroContext): string {
  const scope: Scope = { variables, builtIns: builtInVariables(context) };
  const withVariables = (text: string): string => interpolate(text, scope, kustoFormat);
  return expandBackendMacros(withVariables(expandFrontendMacros(query, withVariables)), context);
}
