import { squaresAround } from './fit-line.ts';
import type { Series } from './types.ts';

export interface SeriesStats {
  readonly min: number;
  /** First position of the minimum, from 0. */
  readonly minIdx: number;
  readonly max: number;
  readonly maxIdx: number;
  readonly avg: number;
  /** Sample standard deviation. */
  readonly stdev: number;
  /** Sample variance. */
  readonly variance: number;
  readonly sum: number;
  readonly len: number;
}

/**
 * `series_stats`. Undefined (null) when a value is missing or not finite, unless these are ignored; and for fewer than two values.
 * Positions count ignored values too.
 */
export function seriesStats(series: Series, ignoreNonFinite = false): SeriesStats | undefined {
  const kept: number[] = [];
  const places: number[] = [];
  for (const [i, value] of series.entries()) {
    if (value !== null && Number.isFinite(value)) {
      kept.push(value);
      places.push(i);
    } else if (!ignoreNonFinite) return undefined;
  }
  if (kept.length < 2) return undefined;
  const values = Float64Array.from(kept);
  let low = 0;
  let high = 0;
  let sum = 0;
  values.forEach((value, i) => {
    if (value < (values[low] as number)) low = i;
    if (value > (values[high] as number)) high = i;
    sum += value;
  });
  const variance = squaresAround(values) / (values.length - 1);
  return {
    min: values[low] as number,
    minIdx: places[low] as number,
    max: values[high] as number,
    maxIdx: places[high] as number,
    avg: sum / values.length,
    stdev: Math.sqrt(variance),
    variance,
    sum,
    len: values.length,
  };
}
