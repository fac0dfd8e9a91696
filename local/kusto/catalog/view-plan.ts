import { KustoError } from '../types.ts';
import { closingOf, scanTop, splitTop, withoutComments } from './split.ts';

/** One `[name =] function(arguments)` of a view's summarize. */
export interface ViewAggregate {
  /** Lower-case. */
  readonly function: string;
  readonly arguments: readonly string[];
}

/**
 * How a materialized view can be kept up to date with new source rows.
 * `insert-new`: groups that exist never change (take_any) · `latest`: one arg_max/arg_min, the better row wins ·
 * `merge`: counts, sums, minima and maxima of the new rows are combined with those that are stored ·
 * `recompute`: everything else; the groups touched by new rows are computed again from the source.
 */
export type RefreshMode = 'insert-new' | 'latest' | 'merge' | 'recompute';

export interface ViewPlan {
  /** The query up to the summarize, without it. */
  readonly prefix: string;
  readonly aggregates: readonly ViewAggregate[];
  /** Expressions of the by clause; the view's first columns, in this order. */
  readonly keys: readonly string[];
  readonly mode: RefreshMode;
  /** The key that is `bin(<source column>, <step>)`, when there is one. */
  readonly timeKey: { readonly index: number; readonly column: string; readonly stepTicks: bigint } | null;
}

const bad = (message: string): KustoError => new KustoError('BADREQUEST', `Materialized view: ${message}`);

const MERGEABLE = new Set(['count', 'countif', 'sum', 'sumif', 'min', 'max', 'minif', 'maxif']);

const UNIT_TICKS: Readonly<Record<string, bigint>> = {
  s: 10_000_000n,
  sec: 10_000_000n,
  second: 10_000_000n,
  m: 600_000_000n,
  min: 600_000_000n,
  minute: 600_000_000n,
  h: 36_000_000_000n,
  hr: 36_000_000_000n,
  hour: 36_000_000_000n,
  d: 864_000_000_000n,
  day: 864_000_000_000n,
};

/** Reads a view's query: a pipeline over one source whose last operator is the only summarize. */
export function planView(query: string): ViewPlan {
  const text = withoutComments(query).trim().replace(/;\s*$/, '');
  const steps = splitTop(text, '|');
  const last = steps.at(-1) ?? '';
  const summarize = /^summarize\b(.*)$/s.exec(last)?.[1];
  if (summarize === undefined) throw bad('the last operator must be summarize');
  if (steps.slice(0, -1).some((step) => /^summarize\b/.test(step))) throw bad('only one summarize is allowed');
  const by = findBy(summarize);
  const aggregates = splitTop(by === null ? summarize : summarize.slice(0, by.from), ',')
    .filter((part) => part !== '')
    .map(readAggregate);
  const keys = by === null ? [] : splitTop(summarize.slice(by.to), ',').filter((part) => part !== '');
  if (aggregates.length === 0) throw bad('summarize has no aggregate');
  return {
    prefix: steps.slice(0, -1).join('\n| '),
    aggregates,
    keys,
    mode: modeOf(aggregates),
    timeKey: timeKeyOf(keys, steps.slice(1, -1)),
  };
}

function findBy(summarize: string): { from: number; to: number } | null {
  let found: { from: number; to: number } | null = null;
  scanTop(summarize, (_c, at, depth) => {
    const before = at === 0 ? ' ' : (summarize[at - 1] ?? ' ');
    if (depth !== 0 || !/[\s)]/.test(before) || !/^by\b/.test(summarize.slice(at, at + 3))) return true;
    found = { from: at, to: at + 2 };
    return false;
  });
  return found;
}

function readAggregate(text: string): ViewAggregate {
  const expression = /^(?:\w+|\['[^']*'\]|\([^()]*\))\s*=(?!=)\s*(.*)$/s.exec(text)?.[1] ?? text;
  const call = /^(\w+)\s*\((.*)\)$/s.exec(expression.trim());
  const [, name, inner] = call ?? [];
  const isOneCall = closingOf(expression.trim(), expression.trim().indexOf('(')) === expression.trim().length - 1;
  if (name === undefined || inner === undefined || !isOneCall)
    throw bad(`'${text}' is no single aggregate function: store sums and counts, and divide when you query`);
  return { function: name.toLowerCase(), arguments: splitTop(inner, ',') };
}

function modeOf(aggregates: readonly ViewAggregate[]): RefreshMode {
  const [first] = aggregates;
  if (aggregates.every(({ function: name }) => name === 'take_any' || name === 'any')) return 'insert-new';
  if (aggregates.length === 1 && (first?.function === 'arg_max' || first?.function === 'arg_min')) return 'latest';
  return aggregates.every(({ function: name }) => MERGEABLE.has(name)) ? 'merge' : 'recompute';
}

/** Only a bin of a column that no step before the summarize makes or renames is a range of the source itself. */
function timeKeyOf(keys: readonly string[], steps: readonly string[]): ViewPlan['timeKey'] {
  for (const [index, key] of keys.entries()) {
    const match = /^(?:\w+\s*=\s*)?bin\s*\(\s*(\w+)\s*,\s*(?:(\d+)\s*([a-z]+)|timespan\((\d+)\s*([a-z]+)\))\s*\)$/.exec(
      key,
    );
    const [, column, size = match?.[4], unit = match?.[5]] = match ?? [];
    const unitTicks = unit === undefined ? undefined : UNIT_TICKS[unit];
    if (column === undefined || size === undefined || unitTicks === undefined) continue;
    if (steps.some((step) => !/^where\b/.test(step) && new RegExp(`\\b${column}\\b\\s*=(?!=)`).test(step))) continue;
    return { index, column, stepTicks: BigInt(size) * unitTicks };
  }
  return null;
}
