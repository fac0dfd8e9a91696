import { scoreResiduals, type OutlierKind } from './outliers.ts';
import { dominantPeriod } from './periods.ts';
import { meanOf, medianInPlace } from './quantile.ts';

export type TrendKind = 'avg' | 'linefit' | 'none';

export interface DecomposeOptions {
  /** −1 detects it, 0 means none, else a number of bins. */
  readonly seasonality?: number;
  readonly trend?: TrendKind;
  /** Points at the end that are not learnt from. */
  readonly testPoints?: number;
  /** Least score of a detected period. */
  readonly seasonalityThreshold?: number;
}

export interface Decomposition {
  readonly baseline: Float64Array;
  readonly seasonal: Float64Array;
  readonly trend: Float64Array;
  readonly residual: Float64Array;
  /** Bins, 0 without a season. */
  readonly period: number;
}

/** Median of each phase over the first `learn` points. */
export function phaseMedians(values: Float64Array, period: number, learn: number): Float64Array {
  const medians = new Float64Array(period);
  const buffer = new Float64Array(Math.ceil(learn / period));
  for (let phase = 0; phase < period; phase++) {
    let count = 0;
    for (let i = phase; i < learn; i += period) buffer[count++] = values[i] as number;
    medians[phase] = medianInPlace(buffer.subarray(0, count));
  }
  return medians;
}

/** Slope and intercept of the least-squares line through (0, y0), (1, y1), … over the first `learn` points. */
export function leastSquares(values: Float64Array, learn: number): { slope: number; intercept: number } {
  const meanX = (learn - 1) / 2;
  const meanY = meanOf(values.subarray(0, learn));
  let xy = 0;
  let xx = 0;
  for (let i = 0; i < learn; i++) {
    xy += (i - meanX) * ((values[i] as number) - meanY);
    xx += (i - meanX) * (i - meanX);
  }
  const slope = xx === 0 ? 0 : xy / xx;
  return { slope, intercept: meanY - slope * meanX };
}

function trendOf(values: Float64Array, kind: TrendKind, learn: number): Float64Array {
  const out = new Float64Array(values.length);
  if (kind === 'none' || learn === 0) return out;
  if (kind === 'avg') return out.fill(meanOf(values.subarray(0, learn)));
  const { slope, intercept } = leastSquares(values, learn);
  for (let i = 0; i < out.length; i++) out[i] = intercept + slope * i;
  return out;
}

/**
 * `series_decompose`: season (median of each phase of the raw values), trend of what is left, baseline = season + trend.
 * A season longer than the learnt part cannot be learnt and is left out.
 */
export function decompose(values: Float64Array, options: DecomposeOptions = {}): Decomposition {
  const n = values.length;
  const learn = Math.max(0, n - Math.max(0, options.testPoints ?? 0));
  const asked = options.seasonality ?? -1;
  const found = asked < 0 ? dominantPeriod(values.subarray(0, learn), options.seasonalityThreshold ?? 0.6) : asked;
  const period = found > learn ? 0 : found;
  const seasonal = new Float64Array(n);
  const rest = Float64Array.from(values);
  if (period > 0) {
    const medians = phaseMedians(values, period, learn);
    for (let i = 0, phase = 0; i < n; i++, phase = phase + 1 === period ? 0 : phase + 1) {
      const season = medians[phase] as number;
      seasonal[i] = season;
      rest[i] = (values[i] as number) - season;
    }
  }
  const trend = trendOf(rest, options.trend ?? 'avg', learn);
  const baseline = new Float64Array(n);
  const residual = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const base = (seasonal[i] as number) + (trend[i] as number);
    baseline[i] = base;
    residual[i] = (values[i] as number) - base;
  }
  return { baseline, seasonal, trend, residual, period };
}

export interface AnomalyOptions extends DecomposeOptions {
  /** On the scale of Tukey's k: 1.5 mild, 3 strong. */
  readonly threshold?: number;
  readonly method?: OutlierKind;
}

export interface Anomalies {
  /** +1, −1 or 0. */
  readonly flag: Int8Array;
  /** NaN where the residuals have no range: Kusto's answer there is not known. */
  readonly score: Float64Array;
  readonly baseline: Float64Array;
}

/** `series_decompose_anomalies`: the residuals of `decompose` scored by `series_outliers`, flagged beyond the threshold. */
export function decomposeAnomalies(values: Float64Array, options: AnomalyOptions = {}): Anomalies {
  const { baseline, residual } = decompose(values, options);
  const score = options.method === 'tukey' ? scoreResiduals(residual, 25, 75) : scoreResiduals(residual);
  const threshold = options.threshold ?? 1.5;
  const flag = new Int8Array(values.length);
  for (let i = 0; i < flag.length; i++) {
    const own = score[i] as number;
    if (own > threshold) flag[i] = 1;
    else if (own < -threshold) flag[i] = -1;
  }
  return { flag, score, baseline };
}

/** `series_decompose_forecast`: the baseline learnt without the last `points`, continued over them. */
export function decomposeForecast(values: Float64Array, points: number, options: DecomposeOptions = {}): Float64Array {
  return decompose(values, { trend: 'linefit', ...options, testPoints: points }).baseline;
}
