import type { CellValue, Field, Frame, Labels } from './frames.ts';
import { rowCount } from './frames.ts';
import { FrameError } from './kusto-table.ts';

const parseArray = (value: CellValue | undefined, column: string): unknown[] => {
  const parsed: unknown = typeof value === 'string' ? JSON.parse(value) : null;
  if (parsed === null) return [];
  if (!Array.isArray(parsed))
    throw new FrameError(`column '${column}': expected a dynamic array, got ${JSON.stringify(parsed).slice(0, 80)}`);
  return parsed;
};

const parseNumbers = (value: CellValue | undefined, column: string): CellValue[] =>
  parseArray(value, column).map((item) => {
    if (item === null) return null;
    if (typeof item === 'number') return item;
    if (item === 'NaN') return Number.NaN;
    throw new FrameError(`column '${column}': expected numbers, got ${JSON.stringify(item)}`);
  });

const parseTimes = (value: CellValue | undefined): number[] =>
  parseArray(value, 'Timestamp').map((item) => {
    const ms = typeof item === 'string' ? Date.parse(item) : Number.NaN;
    if (Number.isNaN(ms)) throw new FrameError(`column 'Timestamp': expected times, got ${JSON.stringify(item)}`);
    return ms;
  });

/**
 * resultFormat `time_series_adx_series`: rows of make-series become one wide frame. The time axis is the dynamic column named
 * exactly `Timestamp`, taken from the first row for all; labels come from string columns only; every other dynamic column is a value.
 */
export function adxSeriesToWide(frame: Frame): Frame {
  if (rowCount(frame) === 0) return frame;
  const labelFields = frame.fields.filter((field) => field.kustoType === 'string');
  const dynamicFields = frame.fields.filter((field) => field.kustoType === 'dynamic');
  const timeFields = dynamicFields.filter((field) => field.name === 'Timestamp');
  const valueFields = dynamicFields.filter((field) => field.name !== 'Timestamp');
  if (timeFields.length > 1)
    throw new FrameError("there must be exactly one column named 'Timestamp', the response has more than one");
  const timeField = timeFields[0];
  if (timeField === undefined) throw new FrameError("the response must have a dynamic column named 'Timestamp'");
  if (valueFields.length === 0)
    throw new FrameError("did not find a value column: at least one column of type 'dynamic' is needed");
  const times = parseTimes(timeField.values[0]);
  const fields: Field[] = [{ name: 'Timestamp', type: 'time', values: times }];
  for (let row = 0; row < rowCount(frame); row += 1) {
    const labels: Labels = Object.fromEntries(
      labelFields.map((field) => [field.name, String(field.values[row] ?? '')]),
    );
    for (const value of valueFields) {
      const numbers = parseNumbers(value.values[row], value.name);
      // A series without any value comes as null.
      const filled = numbers.length === 0 ? times.map(() => null) : numbers;
      if (filled.length !== times.length) {
        throw new FrameError(
          `row ${row + 1}, column '${value.name}': ${filled.length} values for ${times.length} times of the first row`,
        );
      }
      fields.push({ name: value.name, type: 'number', values: filled, ...(labelFields.length > 0 ? { labels } : {}) });
    }
  }
  return { ...frame, fields };
}
