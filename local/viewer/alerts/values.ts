import type { Field, Frame, Labels } from '../query/frames.ts';
import { labelsText, rowCount } from '../query/frames.ts';
import { timeSeriesSchema } from '../query/time-series.ts';

/** One value of an instant vector; null is "no value". */
export interface NumberValue {
  readonly labels: Labels;
  readonly value: number | null;
}

export interface SeriesValue {
  readonly labels: Labels;
  readonly times: readonly number[];
  readonly values: readonly (number | null)[];
}

/** What a query or expression of a rule yields. */
export type ExpressionResult =
  | { readonly kind: 'noData' }
  | { readonly kind: 'numbers'; readonly numbers: readonly NumberValue[] }
  | { readonly kind: 'series'; readonly series: readonly SeriesValue[] };

/** A failed evaluation; `refId` names the query or expression. */
export class EvaluationError extends Error {
  override readonly name = 'EvaluationError';
  readonly refId: string;
  constructor(refId: string, message: string) {
    super(message);
    this.refId = refId;
  }
}

const isNumberTable = (frame: Frame): boolean => {
  const count = (type: string): number => frame.fields.filter((field) => field.type === type).length;
  return count('number') === 1 && count('time') === 0 && count('boolean') === 0;
};

const asNumber = (value: unknown): number | null => (typeof value === 'number' ? value : null);

// A row becomes a number, its strings labels. A null cell becomes NaN, which is a value: thresholds see it.
function numberSet(frame: Frame): NumberValue[] {
  const value = frame.fields.find((field) => field.type === 'number') as Field;
  const labelFields = frame.fields.filter((field) => field.type === 'string');
  return Array.from({ length: rowCount(frame) }, (_, row) => ({
    labels: Object.fromEntries(labelFields.map((field) => [field.name, String(field.values[row] ?? '')])),
    value: asNumber(value.values[row]) ?? Number.NaN,
  }));
}

/**
 * Frames of a query as the expression engine takes them: no frame is "no data"; one frame without a time series in it, with
 * exactly one numeric column and otherwise strings, is a set of numbers; everything else must be wide series.
 */
export function convertFrames(frames: readonly Frame[], refId: string): ExpressionResult {
  const first = frames[0];
  if (first === undefined || first.fields.length === 0 || frames.every((frame) => rowCount(frame) === 0))
    return { kind: 'noData' };
  if (frames.length === 1 && timeSeriesSchema(first).type === 'not' && isNumberTable(first)) {
    return { kind: 'numbers', numbers: numberSet(first) };
  }
  const series = frames.flatMap((frame) => {
    const schema = timeSeriesSchema(frame);
    if (schema.type !== 'wide') {
      const columns = frame.fields.map((field) => `${field.name}: ${field.type}`).join(', ');
      throw new EvaluationError(
        refId,
        `[sse.readDataError] [${refId}] got error: input data must be a wide series but got type ${schema.type} (input refid); ` +
          `a table rule needs exactly one numeric column and otherwise strings, got ${columns}`,
      );
    }
    const times = (frame.fields[schema.timeIndex] as Field).values.map((time) => Number(time));
    return schema.valueIndexes.map((index) => {
      const field = frame.fields[index] as Field;
      return { labels: field.labels ?? {}, times, values: field.values.map(asNumber) };
    });
  });
  return { kind: 'series', series };
}

/** Throws when two numbers carry the same labels: Grafana could not tell their alert instances apart. */
export function requireUniqueLabels(numbers: readonly NumberValue[], refId: string): void {
  const seen = new Set<string>();
  for (const { labels } of numbers) {
    const text = labelsText(labels);
    if (seen.has(text)) {
      throw new EvaluationError(
        refId,
        `invalid format of evaluation results for the alert definition ${refId}: frame cannot uniquely be identified by its labels: has duplicate results with labels ${text}`,
      );
    }
    seen.add(text);
  }
}
