// The viewer's JSON routes as functions.
import type { AlertRule } from '../alerts/rules.ts';
import type { AnnotationEvent } from '../annotation-query.ts';
import type { Dashboard } from '../model/dashboard.ts';
import type { StackStatus } from '../history-progress.ts';
import type { PanelAnswer, QueryFailure } from '../panel-query.ts';
import type { CellValue, Field, Frame } from '../query/frames.ts';
import { decodeFrame } from '../query/frames.ts';
import type { TimeRangeMs } from '../query/macros.ts';
import type { VariableState } from '../query/variables.ts';

/** A refused or failed call, with Kusto's position when it named one. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly failure: QueryFailure;
  constructor(failure: QueryFailure) {
    super(failure.message);
    this.failure = failure;
  }
}

export interface PageVariable extends VariableState {
  readonly type: string;
  readonly label: string;
  readonly isHidden: boolean;
  readonly description?: string;
  readonly error?: string;
}

export interface Instance {
  readonly fingerprint: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly state: string;
  readonly reason: string;
  readonly startsAtMs: number;
  readonly lastEvaluatedAtMs: number;
  readonly values: Readonly<Record<string, number | null>>;
  readonly valueString: string;
  readonly error?: string;
  readonly templateProblem?: string;
}

export interface RuleStatus {
  readonly rule: AlertRule;
  readonly state: string;
  readonly health: string;
  readonly lastError?: string;
  readonly lastEvaluatedAtMs?: number;
  readonly evaluationMs?: number;
  readonly instances: readonly Instance[];
}

export interface AlertHistoryEntry {
  readonly at: string;
  readonly ruleUid: string;
  readonly title: string;
  readonly from: string;
  readonly to: string;
  readonly reason: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly values: Readonly<Record<string, number | null>>;
  readonly error?: string;
}

export interface AlertsAnswer {
  readonly now: number;
  readonly problem?: string;
  readonly rules: readonly RuleStatus[];
  readonly firing: number;
  readonly history: readonly AlertHistoryEntry[];
  readonly failedNotifications: number;
  readonly lastNotificationError?: string;
}

async function call<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (error) {
    if (signal?.aborted === true) throw error;
    throw new ApiError({ message: 'The viewer does not answer. Is it still running?', code: 'Unreachable' });
  }
  const answer = (await response.json()) as T & { error?: QueryFailure };
  if (!response.ok) throw new ApiError(answer.error ?? { message: `HTTP ${response.status}`, code: 'Viewer' });
  return answer;
}

export const getDashboards = (): Promise<
  { uid?: string; title: string; file: string; problem?: string; tags: string[] }[]
> => call('GET', '/api/dashboards');
export const getDashboard = (uid: string): Promise<Dashboard> =>
  call('GET', `/api/dashboards/${encodeURIComponent(uid)}`);
export const getAlerts = (): Promise<AlertsAnswer> => call('GET', '/api/alerts');
export const getStatus = (): Promise<{ status?: StackStatus }> => call('GET', '/api/status');
export const getSchema = (): Promise<unknown> => call('GET', '/api/schema');
export const postVariables = (
  dashboardUid: string,
  range: TimeRangeMs,
  variables: Readonly<Record<string, string | readonly string[]>>,
): Promise<PageVariable[]> => call('POST', '/api/variables', { dashboardUid, ...range, variables });
export const postAnnotations = (
  dashboardUid: string,
  range: TimeRangeMs,
  variables: readonly PageVariable[],
): Promise<{ events: AnnotationEvent[]; errors: string[] }> =>
  call('POST', '/api/annotations', { dashboardUid, ...range, variables });

export interface PanelQuery {
  readonly dashboardUid: string;
  readonly panelId: number;
  readonly range: TimeRangeMs;
  readonly maxDataPoints: number;
  readonly variables: readonly PageVariable[];
}

export async function postPanel({ range, ...query }: PanelQuery, signal: AbortSignal): Promise<PanelAnswer> {
  const answer = await call<PanelAnswer>('POST', '/api/panel', { ...query, ...range }, signal);
  return { ...answer, frames: answer.frames.map(decodeFrame) };
}

interface V1Answer {
  readonly Tables?: readonly {
    readonly Columns: readonly { readonly ColumnName: string; readonly ColumnType: string }[];
    readonly Rows: readonly CellValue[][];
  }[];
}

const TYPES: Readonly<Record<string, Field['type']>> = {
  datetime: 'time',
  int: 'number',
  long: 'number',
  real: 'number',
  decimal: 'number',
  bool: 'boolean',
};

function cell(value: unknown, type: Field['type']): CellValue {
  if (value === null || value === undefined) return null;
  if (type === 'time') return Date.parse(value as string);
  if (type === 'number') return Number(value);
  if (type === 'boolean') return Boolean(value);
  return typeof value === 'object' ? JSON.stringify(value) : (value as string);
}

/** A free query's first table as a frame with every column, whatever the plugin would say to its types. */
export async function postQuery(csl: string, signal: AbortSignal): Promise<Frame> {
  const answer = await call<V1Answer>('POST', '/api/query', { csl }, signal);
  const table = answer.Tables?.[0];
  if (table === undefined) throw new ApiError({ message: 'The answer has no table.', code: 'General_BadResponse' });
  const fields = table.Columns.map((column, index): Field => {
    const type = TYPES[column.ColumnType] ?? 'string';
    return {
      name: column.ColumnName,
      type,
      kustoType: column.ColumnType,
      values: table.Rows.map((row) => cell(row[index], type)),
    };
  });
  return { refId: 'A', fields, notices: [], executedQuery: csl };
}
