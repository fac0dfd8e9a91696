// Grafana's reducers: one value from the values of a field.
import type { CellValue } from '../query/frames.ts';

type Reducer = (values: readonly CellValue[]) => CellValue;

const numbers = (values: readonly CellValue[]): number[] =>
  values.filter((value): value is number => typeof value === 'number' && !Number.isNaN(value));
const isNull = (value: CellValue | undefined): boolean =>
  value === null || value === undefined || (typeof value === 'number' && Number.isNaN(value));
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const mean = (values: readonly number[]): number => sum(values) / values.length;
const overNumbers =
  (reduce: (values: readonly number[]) => number): Reducer =>
  (values) => {
    const list = numbers(values);
    return list.length === 0 ? null : reduce(list);
  };
const fold = (pick: (a: number, b: number) => number): Reducer =>
  overNumbers((values) => values.reduce((a, b) => pick(a, b)));
const variance = (values: readonly number[]): number => mean(values.map((value) => (value - mean(values)) ** 2));
const percentile = (share: number): Reducer =>
  overNumbers((values) => {
    const sorted = [...values].sort((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(share * (sorted.length - 1)))] as number;
  });
const median = overNumbers((values) => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
});
const ends = (values: readonly number[]): [number, number] => [values[0] as number, values.at(-1) as number];

export const REDUCERS: Readonly<Record<string, Reducer>> = {
  last: (values) => values.at(-1) ?? null,
  lastNotNull: (values) => [...values].reverse().find((value) => !isNull(value)) ?? null,
  first: (values) => values[0] ?? null,
  firstNotNull: (values) => values.find((value) => !isNull(value)) ?? null,
  min: fold(Math.min),
  max: fold(Math.max),
  mean: overNumbers(mean),
  median,
  sum: overNumbers(sum),
  count: (values) => values.length,
  range: overNumbers((values) => Math.max(...values) - Math.min(...values)),
  diff: overNumbers((values) => ends(values)[1] - ends(values)[0]),
  diffperc: overNumbers((values) => (ends(values)[1] - ends(values)[0]) / ends(values)[0]),
  delta: overNumbers((values) =>
    values.reduce(
      (total, value, index) => total + Math.max(0, index === 0 ? 0 : value - (values[index - 1] as number)),
      0,
    ),
  ),
  stdDev: overNumbers((values) => Math.sqrt(variance(values))),
  variance: overNumbers(variance),
  changeCount: (values) => values.filter((value, index) => index > 0 && value !== values[index - 1]).length,
  distinctCount: (values) => new Set(values).size,
  allIsNull: (values) => values.every(isNull),
  allIsZero: (values) => values.length > 0 && values.every((value) => value === 0),
  p50: percentile(0.5),
  p75: percentile(0.75),
  p90: percentile(0.9),
  p95: percentile(0.95),
  p99: percentile(0.99),
};

const LABELS: Readonly<Record<string, string>> = {
  lastNotNull: 'Last *',
  last: 'Last',
  firstNotNull: 'First *',
  first: 'First',
  min: 'Min',
  max: 'Max',
  mean: 'Mean',
  sum: 'Total',
  count: 'Count',
  median: 'Median',
  diff: 'Difference',
  range: 'Range',
};
export const reducerLabel = (id: string): string => LABELS[id] ?? id;

/** The reduced value; null for an unknown reducer is never given: it throws. */
export function reduceValues(values: readonly CellValue[], reducer: string): CellValue {
  const reduce = REDUCERS[reducer];
  if (reduce === undefined) throw new Error(`calculation '${reducer}' is not supported by the local viewer`);
  return reduce(values);
}
