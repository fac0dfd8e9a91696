import type { CellValue, Field, Frame, Labels, Notice } from './frames.ts';
import { rowCount } from './frames.ts';
import { FrameError } from './kusto-table.ts';

export interface TimeSeriesSchema {
  readonly type: 'wide' | 'long' | 'not';
  readonly timeIndex: number;
  readonly valueIndexes: readonly number[];
  readonly factorIndexes: readonly number[];
}

/**
 * What Grafana takes a frame for. Exactly one time field is needed; strings and bools are factors, numbers are values;
 * without factors it is wide, with them long.
 */
export function timeSeriesSchema(frame: Frame): TimeSeriesSchema {
  const indexesOf = (...types: string[]): number[] =>
    frame.fields.flatMap((field, index) => (types.includes(field.type) ? [index] : []));
  const timeIndexes = indexesOf('time');
  const valueIndexes = indexesOf('number');
  const factorIndexes = indexesOf('string', 'boolean');
  const timeIndex = timeIndexes[0] ?? -1;
  if (timeIndexes.length !== 1 || valueIndexes.length === 0) {
    return { type: 'not', timeIndex, valueIndexes, factorIndexes };
  }
  return { type: factorIndexes.length === 0 ? 'wide' : 'long', timeIndex, valueIndexes, factorIndexes };
}

interface Series {
  readonly name: string;
  readonly labels: Labels;
  readonly values: CellValue[];
}

const factorText = (value: CellValue): string => (value === null ? '' : String(value));

/** One column a value and label set. Needs times that never go back; several rows of one time and label set: the last wins. */
export function longToWide(frame: Frame): Frame {
  const schema = timeSeriesSchema(frame);
  if (schema.type !== 'long')
    throw new FrameError(`can not convert to wide series, expected long format series input but got ${schema.type}`);
  const timeField = frame.fields[schema.timeIndex] as Field;
  const times: number[] = [];
  const series = new Map<string, Series>();
  for (let row = 0; row < rowCount(frame); row += 1) {
    const time = timeField.values[row];
    if (typeof time !== 'number') throw new FrameError('long series has a row without a time');
    const last = times.at(-1);
    if (last !== undefined && time < last)
      throw new FrameError('long series must be sorted ascending by time to be converted');
    if (time !== last) times.push(time);
    const labels: Record<string, string> = {};
    for (const index of schema.factorIndexes) {
      const factor = frame.fields[index] as Field;
      labels[factor.name] = factorText(factor.values[row] ?? null);
    }
    const key = JSON.stringify(Object.values(labels));
    for (const index of schema.valueIndexes) {
      const value = frame.fields[index] as Field;
      const seriesKey = `${index} ${key}`;
      const one = series.get(seriesKey) ?? { name: value.name, labels, values: [] };
      series.set(seriesKey, one);
      one.values[times.length - 1] = value.values[row] ?? null;
    }
  }
  const fields: Field[] = [...series.values()].map((one) => ({
    name: one.name,
    type: 'number',
    labels: one.labels,
    // Array.from also visits the holes of times at which this series had no row.
    values: Array.from({ length: times.length }, (_, index) => one.values[index] ?? null),
  }));
  return { ...frame, fields: [{ name: timeField.name, type: 'time', values: times }, ...fields] };
}

/** resultFormat `time_series`: wide stays, long becomes wide, anything else stays a table and says so. */
export function toTimeSeries(frame: Frame): Frame {
  const { type } = timeSeriesSchema(frame);
  if (type === 'wide') return frame;
  if (type === 'long') {
    try {
      return longToWide(frame);
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      return warn(frame, `Detected long formatted time series but failed to convert it: ${text}. Shown as a table.`);
    }
  }
  return warn(
    frame,
    'The answer is not a time series (one datetime column and at least one numeric column are needed). Shown as a table.',
  );
}

const warn = (frame: Frame, text: string): Frame => {
  const notice: Notice = { severity: 'warning', text };
  return { ...frame, notices: [...frame.notices, notice] };
};
