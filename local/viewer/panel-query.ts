// Runs the targets of one committed panel for a browser: time overrides, interval, variables, macros, result format.
import type { KustoClient } from './kusto-client.ts';
import { KustoQueryError } from './kusto-client.ts';
import type { Panel, QueryModel } from './model/dashboard.ts';
import type { Frame } from './query/frames.ts';
import { encodeFrame } from './query/frames.ts';
import { chooseInterval, parseDurationMs } from './query/interval.ts';
import type { MacroContext, TimeRangeMs } from './query/macros.ts';
import { parseTime } from './query/time-range.ts';
import { toResultFormat } from './query/result-format.ts';
import { builtInVariables, finalQuery } from './query/target-query.ts';
import type { VariableState } from './query/variables.ts';
import { interpolate } from './query/variables.ts';

export interface QueryFailure {
  readonly message: string;
  readonly code: string;
  readonly line?: number;
  readonly column?: number;
}

export interface TargetAnswer {
  readonly refId: string;
  readonly csl: string;
  readonly database: string;
  readonly elapsedMs: number;
  readonly error?: QueryFailure;
}

export interface PanelAnswer {
  readonly range: TimeRangeMs;
  readonly intervalMs: number;
  readonly frames: readonly Frame[];
  readonly targets: readonly TargetAnswer[];
}

export interface PanelRequest {
  readonly range: TimeRangeMs;
  readonly maxDataPoints: number;
  readonly variables: readonly VariableState[];
  readonly signal?: AbortSignal;
}

export const failureOf = (error: unknown): QueryFailure => {
  if (error instanceof KustoQueryError) {
    const { message, code, line, column } = error;
    return { message, code, ...(line === undefined ? {} : { line }), ...(column === undefined ? {} : { column }) };
  }
  return { message: error instanceof Error ? error.message : String(error), code: 'Viewer' };
};

/** `timeFrom` replaces the start of the range, `timeShift` moves it back, as Grafana's panel time options do. */
export function panelRange(panel: Panel, range: TimeRangeMs): TimeRangeMs {
  let { fromMs, toMs } = range;
  if (panel.timeFrom) {
    const lengthMs = parseDurationMs(panel.timeFrom);
    fromMs = lengthMs === undefined ? parseTime(panel.timeFrom, toMs) : toMs - lengthMs;
    if (Number.isNaN(fromMs)) throw new Error(`timeFrom '${panel.timeFrom}' is not understood`);
  }
  if (panel.timeShift) {
    const shiftMs = parseDurationMs(panel.timeShift);
    if (shiftMs === undefined) throw new Error(`timeShift '${panel.timeShift}' is not understood`);
    fromMs -= shiftMs;
    toMs -= shiftMs;
  }
  return { fromMs, toMs };
}

async function runTarget(
  client: KustoClient,
  target: QueryModel,
  context: MacroContext,
  request: PanelRequest,
  fallbackDatabase: string,
): Promise<{ answer: TargetAnswer; frames: readonly Frame[] }> {
  const refId = target.refId ?? 'A';
  const started = performance.now();
  let csl = target.query ?? '';
  let database = fallbackDatabase;
  const answer = (error?: QueryFailure): TargetAnswer => ({
    refId,
    csl,
    database,
    elapsedMs: Math.round(performance.now() - started),
    ...(error === undefined ? {} : { error }),
  });
  try {
    if (target.queryType !== undefined && target.queryType !== 'KQL')
      throw new Error(`query type '${target.queryType}' is not supported by the local viewer`);
    const scope = { variables: request.variables, builtIns: builtInVariables(context) };
    const named = interpolate(target.database ?? '', scope);
    // An unresolved database variable falls back to the data source's default database, as an empty one does.
    database = named === '' || named.includes('$') ? fallbackDatabase : named;
    csl = finalQuery(csl, request.variables, context);
    const table = await client.query(csl, database, request.signal);
    const frames = toResultFormat(table, target.resultFormat ?? 'table', refId, csl);
    return { answer: answer(), frames };
  } catch (error) {
    return { answer: answer(failureOf(error)), frames: [] };
  }
}

/** All visible targets of a panel, in parallel. Failures are part of the answer, a target each. */
export async function runPanel(
  client: KustoClient,
  panel: Panel,
  request: PanelRequest,
  database: string,
): Promise<PanelAnswer> {
  const range = panelRange(panel, request.range);
  const intervalMs = chooseInterval(
    range.toMs - range.fromMs,
    panel.maxDataPoints ?? request.maxDataPoints,
    panel.interval ?? undefined,
  );
  const targets = (panel.targets ?? []).filter((target) => target.hide !== true && (target.query ?? '') !== '');
  const done = await Promise.all(
    targets.map((target) => runTarget(client, target, { ...range, intervalMs }, request, database)),
  );
  return {
    range,
    intervalMs,
    frames: done.flatMap((one) => one.frames.map(encodeFrame)),
    targets: done.map((one) => one.answer),
  };
}
