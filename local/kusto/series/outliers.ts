import { percentileOfSorted } from './quantile.ts';
import { UnknownAnswer, type Series } from './types.ts';

export type OutlierKind = 'ctukey' | 'tukey';

export interface OutlierOptions {
  readonly kind?: OutlierKind;
  readonly ignore?: number | null;
  readonly minPercentile?: number;
  readonly maxPercentile?: number;
}

/** Brings the 10/90 score to the scale of the 25/75 one; read off recorded answers, equal to 15 digits over five series. */
const CTUKEY_SCALE = 2.772605605507915;

function scaleOf(low: number, high: number): number {
  if (low === 10 && high === 90) return CTUKEY_SCALE;
  if (low === 25 && high === 75) return 1;
  throw new UnknownAnswer(
    `series_outliers: the scale of the percentiles ${low} and ${high} is not known, only 10/90 and 25/75`,
  );
}

/** Tukey scores of doubles: distance beyond the low or high percentile in units of their range. NaN where the range is 0. */
export function scoreResiduals(values: Float64Array, low = 10, high = 90): Float64Array {
  const scale = scaleOf(low, high);
  const out = new Float64Array(values.length);
  if (values.length === 0) return out;
  const sorted = Float64Array.from(values).sort();
  const lower = percentileOfSorted(sorted, low);
  const upper = percentileOfSorted(sorted, high);
  const unit = (upper - lower) / scale;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (value > upper) out[i] = unit > 0 ? (value - upper) / unit : Number.NaN;
    else if (value < lower) out[i] = unit > 0 ? (value - lower) / unit : Number.NaN;
  }
  return out;
}

/**
 * `series_outliers`: a score for each point, 0 inside the percentile range.
 * Missing and ignored values score 0 and do not take part.
 * Null where more than 80 % (50 % for tukey) of the values coincide and a point lies apart: Kusto's answer there is not known.
 */
export function outliers(series: Series, options: OutlierOptions = {}): (number | null)[] {
  const tukey = options.kind === 'tukey';
  const low = tukey ? 25 : (options.minPercentile ?? 10);
  const high = tukey ? 75 : (options.maxPercentile ?? 90);
  const places: number[] = [];
  const kept: number[] = [];
  series.forEach((value, i) => {
    if (value === null || Number.isNaN(value) || value === options.ignore) return;
    places.push(i);
    kept.push(value);
  });
  const scores = scoreResiduals(Float64Array.from(kept), low, high);
  const out: (number | null)[] = Array.from({ length: series.length }, () => 0);
  places.forEach((place, i) => {
    const score = scores[i] as number;
    out[place] = Number.isNaN(score) ? null : score;
  });
  return out;
}
