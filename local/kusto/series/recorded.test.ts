import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { decompose, decomposeAnomalies, type TrendKind } from './decompose.ts';
import { fillBackward, fillLinear } from './fill.ts';
import { iir } from './filters.ts';
import { fitLine } from './fit-line.ts';
import { outliers } from './outliers.ts';
import { detectPeriods, validatePeriods } from './periods.ts';
import { seasonal } from './seasonal.ts';
import { seriesStats } from './stats.ts';
import type { Series } from './types.ts';
import { cosineSimilarity } from './vectors.ts';

type Numbers = readonly number[];
interface Recorded {
  readonly decompose: readonly {
    id: string;
    trend: TrendKind;
    series: Numbers;
    baseline: Numbers;
    seasonal: Numbers;
    trendLine: Numbers;
    residual: Numbers;
  }[];
  readonly anomalies: readonly { id: string; series: Numbers; flag: Numbers; score: Numbers; baseline: Numbers }[];
  readonly seasonal: readonly { id: string; period: number; series: Numbers; seasonal: Numbers }[];
  readonly fitLine: readonly {
    id: string;
    series: Numbers;
    lineFit: Numbers;
    rsquare: number;
    slope: number;
    variance: number;
    rvariance: number;
    interception: number;
  }[];
  readonly fillLinear: readonly {
    id: string;
    series: Series;
    integers: boolean;
    plain: Series;
    withoutEdges: Series;
    withConstant: Series;
  }[];
  readonly fillBackward: readonly { id: string; series: Series; filled: Series }[];
  readonly stats: readonly { id: string; series: Numbers; stats: Record<string, number> }[];
  readonly iir: readonly {
    id: string;
    series: Numbers;
    numerators: Numbers;
    denominators: Numbers;
    filtered: Numbers;
  }[];
  readonly cosine: readonly { id: string; left: Numbers; right: Numbers; similarity: number }[];
  readonly outliers: readonly { id: string; series: Numbers; score: Numbers }[];
  readonly periods: readonly { id: string; series: Numbers; period: number; score: number }[];
}

const recorded = JSON.parse(readFileSync(new URL('golden/recorded.json', import.meta.url), 'utf8')) as Recorded;

const f64 = (values: Numbers): Float64Array => Float64Array.from(values);

/** Every element within 1e-12 of what was recorded; and as many of them. */
function expectClose(actual: Iterable<number | null> | undefined, expected: Series): void {
  const values = [...(actual ?? [])];
  expect(values).toHaveLength(expected.length);
  expect(
    Math.max(...values.map((value, i) => Math.abs((value ?? Number.NaN) - (expected[i] ?? Number.NaN)))),
  ).toBeLessThan(1e-12);
}

describe('answers recorded from Kusto', () => {
  test.each(recorded.decompose)('series_decompose: $id', (known) => {
    const parts = decompose(f64(known.series), { trend: known.trend });
    expectClose(parts.baseline, known.baseline);
    expectClose(parts.seasonal, known.seasonal);
    expectClose(parts.trend, known.trendLine);
    expectClose(parts.residual, known.residual);
  });

  test.each(recorded.anomalies)('series_decompose_anomalies: $id', (known) => {
    const found = decomposeAnomalies(f64(known.series));
    expect([...found.flag]).toEqual(known.flag);
    expectClose(found.score, known.score);
    expectClose(found.baseline, known.baseline);
  });

  test.each(recorded.seasonal)('series_seasonal: $id, period $period', (known) => {
    expectClose(seasonal(f64(known.series), known.period), known.seasonal);
  });

  test.each(recorded.fitLine)('series_fit_line: $id', (known) => {
    const fit = fitLine(f64(known.series));
    expectClose(fit?.lineFit, known.lineFit);
    expectClose(fit && [fit.rsquare, fit.slope, fit.variance, fit.rvariance, fit.interception], [
      known.rsquare,
      known.slope,
      known.variance,
      known.rvariance,
      known.interception,
    ]);
  });

  test.each(recorded.fillLinear)('series_fill_linear: $id, integers $integers', (known) => {
    const integers = known.integers;
    expect(fillLinear(known.series, { integers })).toEqual(known.plain);
    expect(fillLinear(known.series, { integers, edges: false })).toEqual(known.withoutEdges);
    expect(fillLinear(known.series, { integers, constant: 314_159 / 100_000 })).toEqual(known.withConstant);
  });

  test.each(recorded.fillBackward)('series_fill_backward: $id', (known) => {
    expect(fillBackward(known.series)).toEqual(known.filled);
  });

  test.each(recorded.stats)('series_stats: $id', (known) => {
    const stats = seriesStats(known.series);
    const { min, minIdx, max, maxIdx, avg, stdev, variance, sum, len } = stats as NonNullable<typeof stats>;
    const names = ['min', 'min_idx', 'max', 'max_idx', 'avg', 'stdev', 'variance', 'sum', 'len'];
    expectClose(
      [min, minIdx, max, maxIdx, avg, stdev, variance, sum, len],
      names.map((name) => known.stats[name] ?? null),
    );
  });

  test.each(recorded.iir)('series_iir: $id', (known) => {
    expectClose(iir(f64(known.series), f64(known.numerators), f64(known.denominators)), known.filtered);
  });

  test.each(recorded.cosine)('series_cosine_similarity: $id, $similarity', (known) => {
    expectClose([cosineSimilarity(known.left, known.right) ?? Number.NaN], [known.similarity]);
  });

  test.each(recorded.outliers)('series_outliers: $id', (known) => {
    expectClose(outliers(known.series), known.score);
  });

  test.each(recorded.periods)('series_periods_detect and _validate: $id', (known) => {
    const [best, ...rest] = detectPeriods(f64(known.series), 0, 50, 2);
    expect(best?.period).toBe(known.period);
    expect(best?.score).toBeCloseTo(known.score, 2);
    expect(rest).toEqual([]);
    expect(validatePeriods(f64(known.series), [14, 10]).map((p) => Number(p.score.toFixed(2)))).toEqual([
      known.score,
      0,
    ]);
  });
});
