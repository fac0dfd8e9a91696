import { leastSquares } from './decompose.ts';
import { meanOf } from './quantile.ts';

export interface LineFit {
  readonly rsquare: number;
  readonly slope: number;
  /** Sample variance of the series. */
  readonly variance: number;
  /** Residual sum of squares over n − 1. */
  readonly rvariance: number;
  readonly interception: number;
  readonly lineFit: Float64Array;
}

/** Sum of squared distances from the mean. */
export function squaresAround(values: Float64Array): number {
  const mean = meanOf(values);
  let sum = 0;
  for (const value of values) sum += (value - mean) * (value - mean);
  return sum;
}

/** Sum of squared differences of two series of the same length. */
export function squaresBetween(values: Float64Array, fit: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += ((values[i] as number) - (fit[i] as number)) ** 2;
  return sum;
}

/** `series_fit_line`: linear regression on the positions 1, 2, … n. Undefined below two points or when the series does not vary. */
export function fitLine(values: Float64Array): LineFit | undefined {
  const n = values.length;
  const total = n < 2 ? 0 : squaresAround(values);
  if (total === 0) return undefined;
  const { slope, intercept } = leastSquares(values, n);
  const lineFit = Float64Array.from(values, (_, i) => intercept + slope * i);
  const residual = squaresBetween(values, lineFit);
  return {
    rsquare: 1 - residual / total,
    slope,
    variance: total / (n - 1),
    rvariance: residual / (n - 1),
    interception: intercept - slope,
    lineFit,
  };
}
