import { circularAutocorrelation } from './autocorrelation.ts';

export interface Period {
  readonly period: number;
  /** 0..1 */
  readonly score: number;
}

const SHORTEST = 4;
/** A longer period that is a multiple of a shorter one is dropped when the shorter one reaches this share of its score. */
const BASE_SHARE = 0.95;

/** Score of every lag: the circular autocorrelation, stretched so that its minimum becomes 0 and lag 0 becomes 1. */
function scores(values: Float64Array): Float64Array | undefined {
  const r = circularAutocorrelation(values);
  if (!r) return undefined;
  let lowest = 1;
  for (const value of r) if (value < lowest) lowest = value;
  return r.map((value) => (value - lowest) / (1 - lowest));
}

function isPeak(score: Float64Array, lag: number): boolean {
  const top = (score[lag] ?? 0) + 1e-12;
  const to = Math.min(score.length - 1, Math.floor(1.5 * lag));
  for (let i = Math.ceil(lag / 2); i <= to; i++) if ((score[i] ?? 0) > top) return false;
  return true;
}

/**
 * The most significant periods of a regular series, best first: `series_periods_detect`.
 * A period is a whole number of bins, at least 4 and less than half of the series.
 * Formula of the score confirmed against recorded answers; the rule which peaks count is fitted to them.
 */
export function detectPeriods(values: Float64Array, minPeriod: number, maxPeriod: number, count: number): Period[] {
  const n = values.length;
  const score = n >= 2 * SHORTEST ? scores(values) : undefined;
  if (!score) return [];
  const peaks: Period[] = [];
  for (let lag = Math.max(SHORTEST, Math.ceil(minPeriod)); 2 * lag < n && lag <= maxPeriod; lag++) {
    const own = score[lag] ?? 0;
    if (own <= 0 || !isPeak(score, lag)) continue;
    const hasBase = peaks.some((base) => lag % base.period === 0 && base.score >= BASE_SHARE * own);
    if (!hasBase) peaks.push({ period: lag, score: own });
  }
  return peaks.sort((a, b) => b.score - a.score || a.period - b.period).slice(0, Math.max(0, count));
}

/** Score of each given period: `series_periods_validate`. 0 where it is no peak, outside 4..n/2 (exclusive), or the series does not vary. */
export function validatePeriods(values: Float64Array, periods: readonly number[]): Period[] {
  const score = values.length >= 2 * SHORTEST ? scores(values) : undefined;
  return periods.map((period) => {
    const valid = Number.isInteger(period) && period >= SHORTEST && 2 * period < values.length;
    return { period, score: score && valid && isPeak(score, period) ? (score[period] ?? 0) : 0 };
  });
}

/** The best period whose score reaches `threshold`, or 0. */
export function dominantPeriod(values: Float64Array, threshold: number): number {
  const best = detectPeriods(values, SHORTEST, values.length, 1)[0];
  return best && best.score >= threshold ? best.period : 0;
}
