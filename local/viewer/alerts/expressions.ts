// Server-side expressions ("__expr__") of alert rules: threshold, reduce and math.
import { evaluateMath } from './math-expression.ts';
import type { ExpressionResult, NumberValue, SeriesValue } from './values.ts';
import { EvaluationError } from './values.ts';

export interface ExpressionModel {
  readonly type?: string;
  readonly expression?: string;
  readonly reducer?: string;
  readonly settings?: { readonly mode?: string; readonly replaceWithValue?: number };
  readonly conditions?: readonly { readonly evaluator?: Evaluator; readonly unloadEvaluator?: Evaluator }[];
}
interface Evaluator {
  readonly type?: string;
  readonly params?: readonly number[];
}

type Vars = ReadonlyMap<string, ExpressionResult>;
type Predicate = (value: number) => boolean;

const PREDICATES: Readonly<Record<string, readonly [number, (a: number, b: number) => Predicate]>> = {
  gt: [1, (a) => (v) => v > a],
  lt: [1, (a) => (v) => v < a],
  eq: [1, (a) => (v) => v === a],
  ne: [1, (a) => (v) => v !== a],
  gte: [1, (a) => (v) => v >= a],
  lte: [1, (a) => (v) => v <= a],
  within_range: [2, (a, b) => (v) => v > a && v < b],
  outside_range: [2, (a, b) => (v) => v < a || v > b],
  within_range_included: [2, (a, b) => (v) => v >= a && v <= b],
  outside_range_included: [2, (a, b) => (v) => v <= a || v >= b],
};

function predicateOf(evaluator: Evaluator | undefined, refId: string): Predicate {
  const known = PREDICATES[evaluator?.type ?? ''];
  if (known === undefined)
    throw new EvaluationError(
      refId,
      `expected threshold function to be one of [${Object.keys(PREDICATES).join(', ')}], got ${String(evaluator?.type)}`,
    );
  const [needed, make] = known;
  const params = evaluator?.params ?? [];
  if (params.length < needed)
    throw new EvaluationError(
      refId,
      `incorrect number of arguments for threshold function '${evaluator?.type}': got ${params.length} but need ${needed}`,
    );
  return make(params[0] ?? 0, params[1] ?? 0);
}

const input = (vars: Vars, name: string | undefined, refId: string): ExpressionResult => {
  const result = vars.get((name ?? '').replace(/^\$\{?|\}$/g, ''));
  if (result === undefined)
    throw new EvaluationError(refId, `expression ${refId}: there is no query or expression '${name ?? ''}'`);
  return result;
};

function threshold(model: ExpressionModel, vars: Vars, refId: string): ExpressionResult {
  const condition = model.conditions?.[0];
  if (model.conditions?.length !== 1 || condition === undefined)
    throw new EvaluationError(refId, 'threshold expression requires exactly one condition');
  if (condition.unloadEvaluator !== undefined)
    throw new EvaluationError(refId, 'recovery thresholds (unloadEvaluator) are not supported by the local viewer');
  const predicate = predicateOf(condition.evaluator, refId);
  const judge = (value: number | null): number | null => (value === null ? null : predicate(value) ? 1 : 0);
  const from = input(vars, model.expression, refId);
  if (from.kind === 'noData') return from;
  if (from.kind === 'numbers')
    return { kind: 'numbers', numbers: from.numbers.map(({ labels, value }) => ({ labels, value: judge(value) })) };
  return { kind: 'series', series: from.series.map((one) => ({ ...one, values: one.values.map(judge) })) };
}

const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
};
const anyNaN = (values: readonly number[]): boolean => values.some((value) => Number.isNaN(value));

const REDUCERS: Readonly<Record<string, (values: readonly number[]) => number>> = {
  sum: (values) => total(values),
  mean: (values) => total(values) / values.length,
  min: (values) => (values.length === 0 ? Number.NaN : Math.min(...values)),
  max: (values) => (values.length === 0 ? Number.NaN : Math.max(...values)),
  count: (values) => values.length,
  last: (values) => values.at(-1) ?? Number.NaN,
  median: (values) => (anyNaN(values) ? Number.NaN : median(values)),
};

function cleanValues(series: SeriesValue, model: ExpressionModel, refId: string): number[] {
  const values = series.values.map((value) => value ?? Number.NaN);
  const mode = model.settings?.mode ?? '';
  if (mode === '' || mode === 'strict') return values;
  if (mode === 'dropNN') return values.filter((value) => Number.isFinite(value));
  if (mode === 'replaceNN')
    return values.map((value) => (Number.isFinite(value) ? value : (model.settings?.replaceWithValue ?? 0)));
  throw new EvaluationError(refId, `reducer mode '${mode}' is not supported`);
}

function reduce(model: ExpressionModel, vars: Vars, refId: string): ExpressionResult {
  const reducer = REDUCERS[model.reducer ?? ''];
  if (reducer === undefined) throw new EvaluationError(refId, `reducer '${String(model.reducer)}' is not supported`);
  const from = input(vars, model.expression, refId);
  if (from.kind !== 'series') return from;
  const mode = model.settings?.mode ?? '';
  const numbers: NumberValue[] = from.series.map((series) => {
    const values = cleanValues(series, model, refId);
    // Dropping everything that is not a number leaves no value at all, except for a count.
    if (mode === 'dropNN' && values.length === 0 && model.reducer !== 'count' && model.reducer !== 'sum')
      return { labels: series.labels, value: null };
    return { labels: series.labels, value: reducer(values) };
  });
  return { kind: 'numbers', numbers };
}

/** refIds that an expression reads. */
export function dependencies(model: ExpressionModel): string[] {
  if (model.type === 'math')
    return [...(model.expression ?? '').matchAll(/\$(?:\{([^}]+)\}|([A-Za-z_]\w*))/g)].map(
      (match) => match[1] ?? match[2] ?? '',
    );
  return [(model.expression ?? '').replace(/^\$\{?|\}$/g, '')];
}

/** Evaluates one expression over results computed before. Kinds it does not know fail by name. */
export function evaluateExpression(model: ExpressionModel, vars: Vars, refId: string): ExpressionResult {
  if (model.type === 'threshold') return threshold(model, vars, refId);
  if (model.type === 'reduce') return reduce(model, vars, refId);
  if (model.type === 'math') return evaluateMath(model.expression ?? '', vars, refId);
  throw new EvaluationError(
    refId,
    `expression type '${String(model.type)}' is not supported by the local viewer (known: threshold, reduce, math)`,
  );
}
