// Alert instances of one rule and how an evaluation moves them. Pure: time comes in with the evaluation.
import type { Labels } from '../query/frames.ts';
import type { EvaluationResult, ResultState } from './evaluate.ts';
import { fingerprint } from './fingerprint.ts';
import type { AlertRule } from './rules.ts';
import { expandTemplate } from './template.ts';

export type InstanceStateName = 'Normal' | 'Pending' | 'Alerting' | 'Recovering' | 'NoData' | 'Error';

export interface AlertInstance {
  readonly fingerprint: string;
  readonly labels: Labels;
  readonly annotations: Readonly<Record<string, string>>;
  readonly state: InstanceStateName;
  /** Why the state is not what the evaluation said: `NoData`, `Error`, `MissingSeries`, `NoData, KeepLast`, …; else ''. */
  readonly reason: string;
  readonly startsAtMs: number;
  readonly endsAtMs: number;
  readonly resolvedAtMs?: number;
  readonly lastSentAtMs?: number;
  readonly lastEvaluatedAtMs: number;
  readonly values: Readonly<Record<string, number>>;
  readonly valueString: string;
  readonly error?: string;
  readonly templateProblem?: string;
}

export interface Transition {
  readonly instance: AlertInstance;
  readonly previousState: InstanceStateName;
  readonly previousReason: string;
  /** The instance left the cache: its series has been missing for too long. */
  readonly isStale: boolean;
}

export type Instances = ReadonlyMap<string, AlertInstance>;

const RESEND_DELAY_MS = 30_000;
const MISSING_SERIES = 'MissingSeries';

// Two evaluations may fail before the notification side takes an alert for resolved.
const nextEnd = (rule: AlertRule, now: number): number => now + 4 * Math.max(rule.intervalMs, RESEND_DELAY_MS);

const enter = (
  instance: AlertInstance,
  state: InstanceStateName,
  startsAtMs: number,
  endsAtMs: number,
): AlertInstance => {
  const { error: _, ...rest } = instance;
  return { ...rest, state, startsAtMs, endsAtMs };
};

function toNormal(instance: AlertInstance, rule: AlertRule, now: number): AlertInstance {
  if (instance.state === 'Normal') return instance;
  if (instance.state === 'Recovering') {
    if (now - instance.startsAtMs >= rule.keepFiringForMs) return enter(instance, 'Normal', now, now);
    return { ...instance, endsAtMs: nextEnd(rule, now) };
  }
  if (instance.state === 'Alerting' && rule.keepFiringForMs > 0)
    return enter(instance, 'Recovering', now, nextEnd(rule, now));
  return enter(instance, 'Normal', now, now);
}

function toAlerting(instance: AlertInstance, rule: AlertRule, now: number): AlertInstance {
  if (instance.state === 'Alerting') return { ...instance, endsAtMs: nextEnd(rule, now) };
  if (instance.state === 'Pending') {
    return now - instance.startsAtMs >= rule.forMs ? enter(instance, 'Alerting', now, nextEnd(rule, now)) : instance;
  }
  // From Recovering straight back: the pending time was served before.
  const isWaiting = instance.state !== 'Recovering' && rule.forMs > 0;
  return enter(instance, isWaiting ? 'Pending' : 'Alerting', now, nextEnd(rule, now));
}

function keepLast(instance: AlertInstance, rule: AlertRule, now: number): AlertInstance {
  if (instance.state === 'Alerting') return toAlerting(instance, rule, now);
  if (instance.state === 'Pending')
    return now - instance.startsAtMs >= rule.forMs ? toAlerting(instance, rule, now) : instance;
  return toNormal(instance, rule, now);
}

function toNoData(instance: AlertInstance, rule: AlertRule, now: number): AlertInstance {
  if (rule.noDataState === 'Alerting') return toAlerting(instance, rule, now);
  if (rule.noDataState === 'OK') return toNormal(instance, rule, now);
  if (rule.noDataState === 'KeepLast') return keepLast(instance, rule, now);
  if (instance.state === 'NoData') return { ...instance, endsAtMs: nextEnd(rule, now) };
  return enter(instance, 'NoData', now, nextEnd(rule, now));
}

function toError(instance: AlertInstance, rule: AlertRule, now: number, error: string): AlertInstance {
  const annotated = (one: AlertInstance): AlertInstance => ({
    ...one,
    annotations: { ...one.annotations, Error: error },
  });
  if (rule.execErrState === 'Alerting') return { ...annotated(toAlerting(instance, rule, now)), error };
  if (rule.execErrState === 'OK') return annotated(toNormal(instance, rule, now));
  if (rule.execErrState === 'KeepLast') return annotated(keepLast(instance, rule, now));
  if (instance.state === 'Error') return { ...annotated(instance), error, endsAtMs: nextEnd(rule, now) };
  return { ...annotated(enter(instance, 'Error', now, nextEnd(rule, now))), error };
}

const PLACEHOLDER = -1;

function reasonOf(state: InstanceStateName, result: ResultState, rule: AlertRule): string {
  if (state === result || result === 'Normal' || result === 'Alerting') return '';
  const isKept =
    (result === 'Error' && rule.execErrState === 'KeepLast') ||
    (result === 'NoData' && rule.noDataState === 'KeepLast');
  return isKept ? `${result}, KeepLast` : result;
}

function transition(before: AlertInstance, rule: AlertRule, result: EvaluationResult, now: number): Transition {
  // Without a value the known refIds stay, with a sentinel, so that templates still find them.
  const isValueless = result.state === 'NoData' || result.state === 'Error';
  const values = isValueless
    ? Object.fromEntries(Object.keys(before.values).map((refId) => [refId, PLACEHOLDER]))
    : result.values;
  const evaluated: AlertInstance = { ...before, lastEvaluatedAtMs: now, values, valueString: result.valueString };
  const moves: Readonly<Record<ResultState, () => AlertInstance>> = {
    Normal: () => toNormal(evaluated, rule, now),
    Alerting: () => toAlerting(evaluated, rule, now),
    NoData: () => toNoData(evaluated, rule, now),
    Error: () => toError(evaluated, rule, now, result.error ?? 'unknown error'),
  };
  const moved = moves[result.state]();
  return {
    instance: withResolution({ ...moved, reason: reasonOf(moved.state, result.state, rule) }, before.state, now),
    previousState: before.state,
    previousReason: before.reason,
    isStale: false,
  };
}

const withResolution = (instance: AlertInstance, previous: InstanceStateName, now: number): AlertInstance => {
  const isResolved = instance.state === 'Normal' && (previous === 'Alerting' || previous === 'Recovering');
  if (isResolved) return { ...instance, resolvedAtMs: now };
  if (instance.state === 'Normal' || instance.state === 'Pending') return instance;
  const { resolvedAtMs: _, ...rest } = instance;
  return rest;
};

/** Labels of an instance: the rule's own win over the query's, Grafana's own over both. */
export function instanceLabels(
  rule: AlertRule,
  result: Pick<EvaluationResult, 'labels' | 'values' | 'valueString'>,
): { labels: Labels; problem?: string } {
  let problem: string | undefined;
  const ownLabels = Object.entries(rule.labels).map(([name, template]) => {
    const expanded = expandTemplate(template, result);
    problem ??= expanded.problem;
    return [name, expanded.text] as const;
  });
  const labels = {
    ...result.labels,
    ...Object.fromEntries(ownLabels),
    alertname: rule.title,
    grafana_folder: rule.folder,
  };
  return { labels, ...(problem === undefined ? {} : { problem }) };
}

function fresh(rule: AlertRule, result: EvaluationResult, now: number): AlertInstance {
  const { labels, problem: labelProblem } = instanceLabels(rule, result);
  let problem = labelProblem;
  // Annotations see the labels of the instance, the rule's own included.
  const data = { labels, values: result.values, valueString: result.valueString };
  const annotations = Object.fromEntries(
    Object.entries(rule.annotations).map(([name, template]) => {
      const expanded = expandTemplate(template, data);
      problem ??= expanded.problem;
      return [name, expanded.text];
    }),
  );
  return {
    fingerprint: fingerprint(labels),
    labels,
    annotations,
    state: 'Normal',
    reason: '',
    startsAtMs: now,
    endsAtMs: now,
    lastEvaluatedAtMs: now,
    values: {},
    valueString: '',
    ...(problem === undefined ? {} : { templateProblem: problem }),
  };
}

// What an instance carries over from one evaluation to the next; labels and annotations are made anew.
function carryOver(next: AlertInstance, before: AlertInstance | undefined): AlertInstance {
  if (before === undefined) return next;
  const { labels, annotations } = next;
  const { templateProblem: _, ...kept } = before;
  return {
    ...kept,
    labels,
    annotations,
    ...(next.templateProblem === undefined ? {} : { templateProblem: next.templateProblem }),
  };
}

function appliesToAll(rule: AlertRule, results: readonly EvaluationResult[]): boolean {
  const all = (state: ResultState): boolean => results.length > 0 && results.every((one) => one.state === state);
  return (all('NoData') && rule.noDataState !== 'NoData') || (all('Error') && rule.execErrState !== 'Error');
}

function missing(instances: Instances, rule: AlertRule, now: number): Transition[] {
  return [...instances.values()]
    .filter((one) => one.lastEvaluatedAtMs !== now)
    .map((one) => {
      const evaluations = one.state === 'Error' || one.state === 'NoData' ? 1 : rule.missingSeriesEvalsToResolve;
      const isStale = now - one.lastEvaluatedAtMs >= evaluations * rule.intervalMs;
      const previous = { previousState: one.state, previousReason: one.reason, isStale };
      if (!isStale) {
        const isFiring = one.state === 'Alerting' || one.state === 'Recovering';
        return { instance: isFiring ? { ...one, endsAtMs: nextEnd(rule, now) } : one, ...previous };
      }
      const isFiring = one.state !== 'Normal' && one.state !== 'Pending';
      const gone: AlertInstance = {
        ...one,
        state: 'Normal',
        reason: MISSING_SERIES,
        endsAtMs: now,
        lastEvaluatedAtMs: now,
      };
      return { instance: isFiring ? { ...gone, resolvedAtMs: now } : gone, ...previous };
    });
}

/** Moves all instances of a rule by one evaluation; gives the instances that remain and what happened to each. */
export function step(
  rule: AlertRule,
  instances: Instances,
  results: readonly EvaluationResult[],
  now: number,
): { instances: Instances; transitions: readonly Transition[] } {
  const next = new Map(instances);
  const transitions: Transition[] = [];
  const first = results[0];
  if (first !== undefined && instances.size > 0 && appliesToAll(rule, results)) {
    for (const instance of instances.values()) transitions.push(transition(instance, rule, first, now));
  } else {
    for (const result of results) {
      const made = fresh(rule, result, now);
      transitions.push(transition(carryOver(made, next.get(made.fingerprint)), rule, result, now));
    }
  }
  for (const { instance } of transitions) next.set(instance.fingerprint, instance);
  for (const gone of missing(next, rule, now)) {
    transitions.push(gone);
    if (gone.isStale) next.delete(gone.instance.fingerprint);
    else next.set(gone.instance.fingerprint, gone.instance);
  }
  return { instances: next, transitions };
}

/** Firing as the notification side sees it: Recovering, NoData and Error instances are kept up there too. */
export const isFiring = (state: InstanceStateName): boolean =>
  state === 'Alerting' || state === 'Recovering' || state === 'NoData' || state === 'Error';

/** A transition worth a history line: state or reason changed, and not just a healthy series that went away or came back. */
export const isChange = (one: Transition): boolean => {
  const { state, reason } = one.instance;
  const isStillNormal =
    one.previousState === 'Normal' && state === 'Normal' && (reason === '' || reason === MISSING_SERIES);
  return !isStillNormal && (one.previousState !== state || one.previousReason !== reason);
};
