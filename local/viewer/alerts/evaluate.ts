// One evaluation of one rule: queries, then expressions, then the verdict of each alert instance.
import type { Frame, Labels } from '../query/frames.ts';
import { labelsText } from '../query/frames.ts';
import type { MacroContext } from '../query/macros.ts';
import { expandBackendMacros } from '../query/macros.ts';
import type { ExpressionModel } from './expressions.ts';
import { dependencies, evaluateExpression } from './expressions.ts';
import type { AlertRule, RuleQuery } from './rules.ts';
import type { ExpressionResult, NumberValue } from './values.ts';
import { convertFrames, EvaluationError, requireUniqueLabels } from './values.ts';

export type ResultState = 'Normal' | 'Alerting' | 'NoData' | 'Error';

/** The verdict on one label set. */
export interface EvaluationResult {
  readonly state: ResultState;
  readonly labels: Labels;
  readonly values: Readonly<Record<string, number>>;
  readonly valueString: string;
  readonly error?: string;
  /** Query at fault, for Error; queries without data, for NoData. */
  readonly refId?: string;
}

/** Runs one KQL text and gives frames in the asked result format; rejects with a readable message. */
export type RunKql = (query: {
  csl: string;
  database: string | undefined;
  resultFormat: string;
  refId: string;
}) => Promise<readonly Frame[]>;

interface QueryModel {
  readonly query?: string;
  readonly database?: string;
  readonly resultFormat?: string;
}

// Alert queries get a fixed interval: Grafana knows no panel width there.
const ALERT_INTERVAL_MS = 1000;

async function runQuery(query: RuleQuery, evaluatedAtMs: number, run: RunKql): Promise<ExpressionResult> {
  const model = query.model as QueryModel;
  const context: MacroContext = {
    fromMs: evaluatedAtMs - query.relativeTimeRange.from * 1000,
    toMs: evaluatedAtMs - query.relativeTimeRange.to * 1000,
    intervalMs: ALERT_INTERVAL_MS,
  };
  // No dashboard variables and no browser macros here: in Grafana neither reaches an alert query.
  const csl = expandBackendMacros(model.query ?? '', context);
  try {
    const frames = await run({
      csl,
      database: model.database,
      resultFormat: model.resultFormat ?? 'table',
      refId: query.refId,
    });
    return convertFrames(frames, query.refId);
  } catch (error) {
    if (error instanceof EvaluationError) throw error;
    const text = error instanceof Error ? error.message : String(error);
    throw new EvaluationError(query.refId, `[sse.dataQueryError] failed to execute query [${query.refId}]: ${text}`);
  }
}

function runExpressions(rule: AlertRule, results: Map<string, ExpressionResult>): void {
  const waiting = rule.data.filter((one) => one.datasourceUid === '__expr__');
  while (waiting.length > 0) {
    const index = waiting.findIndex((one) =>
      dependencies(one.model as ExpressionModel).every((refId) => results.has(refId)),
    );
    const next = waiting[Math.max(index, 0)] as RuleQuery;
    // Nothing is ready: let the first one report what it misses.
    results.set(next.refId, evaluateExpression(next.model, results, next.refId));
    waiting.splice(Math.max(index, 0), 1);
  }
}

const isSubset = (a: Labels, b: Labels): boolean => Object.entries(a).every(([name, value]) => b[name] === value);

interface Capture {
  readonly refId: string;
  readonly labels: Labels;
  readonly value: number;
}

function capturesFor(rule: AlertRule, results: ReadonlyMap<string, ExpressionResult>, labels: Labels): Capture[] {
  return rule.data
    .toSorted((a, b) => (a.refId < b.refId ? -1 : 1))
    .flatMap(({ refId }) => {
      const result = results.get(refId);
      if (result?.kind !== 'numbers') return [];
      const match = result.numbers.find((one) => isSubset(one.labels, labels) || isSubset(labels, one.labels));
      return match === undefined ? [] : [{ refId, labels: match.labels, value: match.value ?? Number.NaN }];
    });
}

/** `[ var='A' labels={cdn=a} value=3 ], [ var='C' … ]`, as notification templates print `$value`. */
export const valueStringOf = (captures: readonly Capture[]): string =>
  captures
    .map(
      ({ refId, labels, value }) =>
        `[ var='${refId}' labels=${labelsText(labels).replaceAll('"', '')} value=${goNumber(value)} ]`,
    )
    .join(', ');

/** A float as Go prints it by default. */
export const goNumber = (value: number): string => {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e21 || size < 1e-4)) return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
  return String(value);
};

const noData = (rule: AlertRule, results: ReadonlyMap<string, ExpressionResult>): EvaluationResult[] => {
  const empty = rule.data.filter(
    (one) => one.datasourceUid !== '__expr__' && results.get(one.refId)?.kind === 'noData',
  );
  const labels: Labels =
    empty.length === 0
      ? {}
      : { datasource_uid: empty[0]?.datasourceUid ?? '', ref_id: empty.map((one) => one.refId).join(',') };
  return [{ state: 'NoData', labels, values: {}, valueString: '' }];
};

function verdict(
  rule: AlertRule,
  results: ReadonlyMap<string, ExpressionResult>,
  { labels, value }: NumberValue,
): EvaluationResult {
  const captures = capturesFor(rule, results, labels);
  // Zero is normal, no value is no data, everything else (NaN too) is alerting.
  const state: ResultState = value === null ? 'NoData' : value === 0 ? 'Normal' : 'Alerting';
  return {
    state,
    labels,
    values: Object.fromEntries(captures.map((one) => [one.refId, one.value])),
    valueString: valueStringOf(captures),
  };
}

/** Evaluates a rule as of `evaluatedAtMs`. Never rejects: failures are a result in state Error. */
export async function evaluateRule(rule: AlertRule, evaluatedAtMs: number, run: RunKql): Promise<EvaluationResult[]> {
  const results = new Map<string, ExpressionResult>();
  try {
    for (const query of rule.data.filter((one) => one.datasourceUid !== '__expr__')) {
      results.set(query.refId, await runQuery(query, evaluatedAtMs, run));
    }
    runExpressions(rule, results);
    const condition = results.get(rule.condition) as ExpressionResult;
    if (condition.kind === 'noData') return noData(rule, results);
    if (condition.kind === 'series') {
      throw new EvaluationError(
        rule.condition,
        `invalid format of evaluation results for the alert definition ${rule.condition}: looks like time series data, only reduced data can be alerted on.`,
      );
    }
    if (condition.numbers.length === 0) return noData(rule, results);
    requireUniqueLabels(condition.numbers, rule.condition);
    return condition.numbers.map((one) => verdict(rule, results, one));
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    const refId = error instanceof EvaluationError ? error.refId : undefined;
    return [
      {
        state: 'Error',
        labels: {},
        values: {},
        valueString: '',
        error: text,
        ...(refId === undefined ? {} : { refId }),
      },
    ];
  }
}
