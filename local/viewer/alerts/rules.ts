// Alert rules in Grafana's file-provisioning shape, read into what the evaluator needs.
import { parseDurationMs } from '../query/interval.ts';

export const NO_DATA_STATES = ['NoData', 'Alerting', 'OK', 'KeepLast'] as const;
export const EXEC_ERR_STATES = ['Error', 'Alerting', 'OK', 'KeepLast'] as const;
export type NoDataState = (typeof NO_DATA_STATES)[number];
export type ExecErrState = (typeof EXEC_ERR_STATES)[number];

export interface RuleQuery {
  readonly refId: string;
  readonly datasourceUid: string;
  /** Seconds before the evaluation. */
  readonly relativeTimeRange: { readonly from: number; readonly to: number };
  readonly model: Readonly<Record<string, unknown>>;
}

export interface AlertRule {
  readonly uid: string;
  readonly title: string;
  readonly group: string;
  readonly folder: string;
  readonly intervalMs: number;
  readonly condition: string;
  readonly data: readonly RuleQuery[];
  readonly noDataState: NoDataState;
  readonly execErrState: ExecErrState;
  readonly forMs: number;
  readonly keepFiringForMs: number;
  readonly missingSeriesEvalsToResolve: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly isPaused: boolean;
  readonly dashboardUid?: string;
  readonly panelId?: number;
}

interface RuleFileEntry {
  uid?: string;
  title?: string;
  condition?: string;
  data?: {
    refId?: string;
    datasourceUid?: string;
    relativeTimeRange?: { from?: number; to?: number };
    model?: Record<string, unknown>;
  }[];
  noDataState?: string;
  execErrState?: string;
  for?: string | number;
  keepFiringFor?: string | number;
  keep_firing_for?: string | number;
  missing_series_evals_to_resolve?: number;
  missingSeriesEvalsToResolve?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  isPaused?: boolean;
  dashboardUid?: string;
  panelId?: number;
}

interface RuleFile {
  apiVersion?: number;
  groups?: { name?: string; folder?: string; interval?: string | number; rules?: RuleFileEntry[] }[];
}

const duration = (value: string | number | undefined, where: string, fallbackMs: number): number => {
  if (value === undefined || value === '') return fallbackMs;
  const ms = parseDurationMs(String(value));
  if (ms === undefined) throw new Error(`${where}: '${value}' is not a duration`);
  return ms;
};

const oneOf = <T extends string>(value: string | undefined, allowed: readonly T[], where: string, fallback: T): T => {
  if (value === undefined || value === '') return fallback;
  const found = allowed.find((one) => one === value);
  if (found === undefined) throw new Error(`${where}: '${value}' is none of ${allowed.join(', ')}`);
  return found;
};

// Provisioning expands $NAME in labels, so that a literal dollar is written twice there.
const unescapeDollars = (labels: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, value.replaceAll('$$', '$')]));

const queryOf = (entry: NonNullable<RuleFileEntry['data']>[number], where: string): RuleQuery => {
  if (entry.refId === undefined || entry.datasourceUid === undefined)
    throw new Error(`${where}: a query needs refId and datasourceUid`);
  const range = { from: entry.relativeTimeRange?.from ?? 0, to: entry.relativeTimeRange?.to ?? 0 };
  if (entry.datasourceUid !== '__expr__' && range.from <= range.to) {
    throw new Error(
      `${where}: relativeTimeRange of ${entry.refId} must reach back further than it ends (from ${range.from} s, to ${range.to} s)`,
    );
  }
  return { refId: entry.refId, datasourceUid: entry.datasourceUid, relativeTimeRange: range, model: entry.model ?? {} };
};

function ruleOf(entry: RuleFileEntry, group: { name: string; folder: string; intervalMs: number }): AlertRule {
  const where = `rule '${entry.uid ?? entry.title ?? '?'}' of group '${group.name}'`;
  if (!entry.uid || !entry.title || !entry.condition) throw new Error(`${where}: uid, title and condition are needed`);
  const data = (entry.data ?? []).map((one) => queryOf(one, where));
  if (!data.some((one) => one.refId === entry.condition))
    throw new Error(`${where}: condition '${entry.condition}' is no refId of its data`);
  return {
    uid: entry.uid,
    title: entry.title,
    group: group.name,
    folder: group.folder,
    intervalMs: group.intervalMs,
    condition: entry.condition,
    data,
    noDataState: oneOf(entry.noDataState, NO_DATA_STATES, `${where}, noDataState`, 'NoData'),
    execErrState: oneOf(entry.execErrState, EXEC_ERR_STATES, `${where}, execErrState`, 'Error'),
    forMs: duration(entry.for, `${where}, for`, 0),
    keepFiringForMs: duration(entry.keepFiringFor ?? entry.keep_firing_for, `${where}, keepFiringFor`, 0),
    missingSeriesEvalsToResolve: entry.missing_series_evals_to_resolve ?? entry.missingSeriesEvalsToResolve ?? 2,
    labels: unescapeDollars(entry.labels ?? {}),
    annotations: entry.annotations ?? {},
    isPaused: entry.isPaused ?? false,
    ...(entry.dashboardUid === undefined ? {} : { dashboardUid: entry.dashboardUid }),
    ...(entry.panelId === undefined ? {} : { panelId: entry.panelId }),
  };
}

/** All rules of a provisioning file. Throws with the rule and field at fault. */
export function parseRuleFile(text: string): AlertRule[] {
  const file = JSON.parse(text) as RuleFile;
  if (file.apiVersion !== 1) throw new Error(`alert rules: apiVersion must be 1, got ${String(file.apiVersion)}`);
  const rules = (file.groups ?? []).flatMap((group) => {
    const name = group.name ?? '';
    const intervalMs = duration(group.interval, `group '${name}', interval`, 0);
    if (name === '' || !group.folder || intervalMs <= 0)
      throw new Error(`alert group '${name}': name, folder and interval are needed`);
    const context = { name, folder: group.folder, intervalMs };
    return (group.rules ?? []).map((entry) => ruleOf(entry, context));
  });
  const seen = new Set<string>();
  for (const rule of rules) {
    if (seen.has(rule.uid)) throw new Error(`alert rules: uid '${rule.uid}' is used twice`);
    seen.add(rule.uid);
  }
  return rules;
}
