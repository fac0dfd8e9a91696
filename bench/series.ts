import { decomposeAnomalies } from '../local/kusto/series/decompose.ts';
import { randomFrom } from './bodies.ts';
import type { Row } from './report.ts';

const SERIES = 500;
const POINTS = 2016;
const SEASON = 288;

/** 500 series of a week at 5 minutes: daily season, noise, distinct values. */
function make(): Float64Array[] {
  const random = randomFrom(7);
  return Array.from({ length: SERIES }, (_none, index) =>
    Float64Array.from(
      { length: POINTS },
      (_value, at) => 100 + index + 30 * Math.sin((2 * Math.PI * at) / SEASON) + 10 * random(),
    ),
  );
}

function perPoint(series: readonly Float64Array[], seasonality: number): number {
  const started = performance.now();
  let sum = 0;
  for (const one of series)
    sum +=
      decomposeAnomalies(one, { threshold: 4.5, seasonality, trend: 'linefit', testPoints: 12 }).score[POINTS - 1] ?? 0;
  const microseconds = (performance.now() - started) * 1000;
  if (!Number.isFinite(sum)) throw new Error('the decomposition gave no number');
  return microseconds / (SERIES * POINTS);
}

export function benchSeries(): Row[] {
  const series = make();
  perPoint(series.slice(0, 50), SEASON);
  return [
    {
      what: `series_decompose_anomalies, ${SERIES} × ${POINTS} points, season given`,
      figure: `${perPoint(series, SEASON).toFixed(2)} µs a point`,
      note: 'the function alone',
    },
    {
      what: 'the same, season detected',
      figure: `${perPoint(series, -1).toFixed(2)} µs a point`,
      note: 'FFT autocorrelation',
    },
  ];
}
