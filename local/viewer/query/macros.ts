// The macros that the plugin expands in its backend; the only ones that also work in alert rules.

export interface TimeRangeMs {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface MacroContext extends TimeRangeMs {
  /** 0 means not known; the plugin then uses one second. */
  readonly intervalMs: number;
}

const MACRO = /\$__(timeFilter|timeFrom|timeTo|timeInterval)(\([a-zA-Z0-9_\s.-]*?\))?/g;

/** As Go's RFC3339Nano writes it: no trailing zeros in the fraction, no fraction when it is zero. */
export function rfc3339(ms: number): string {
  return new Date(ms)
    .toISOString()
    .replace(/\.(\d*?)0*Z$/, (_, digits: string) => (digits === '' ? 'Z' : `.${digits}Z`));
}

const quoteColumn = (name: string): string => (/[ .-]/.test(name) ? `['${name}']` : name);

/** Expands `$__timeFilter(col)`, `$__timeFrom`, `$__timeTo` and `$__timeInterval`, each with or without parentheses. */
export function expandBackendMacros(query: string, context: MacroContext): string {
  const from = `datetime(${rfc3339(context.fromMs)})`;
  const to = `datetime(${rfc3339(context.toMs)})`;
  return query.replace(MACRO, (_, name: string, argument: string | undefined) => {
    if (name === 'timeFrom') return from;
    if (name === 'timeTo') return to;
    if (name === 'timeInterval') return `${context.intervalMs === 0 ? 1000 : context.intervalMs}ms`;
    const inner = (argument ?? '').slice(1, -1);
    const column = inner === '' ? 'TimeGenerated' : quoteColumn(inner);
    return `${column} >= ${from} and ${column} <= ${to}`;
  });
}
