import { decompose, decomposeAnomalies, decomposeForecast, type TrendKind } from '../series/decompose.ts';
import { outliers, type OutlierKind } from '../series/outliers.ts';
import { detectPeriods, validatePeriods } from '../series/periods.ts';
import { seasonal } from '../series/seasonal.ts';
import { fitLine } from '../series/fit-line.ts';
import { fitPoly } from '../series/fit-poly.ts';
import { fir, iir } from '../series/filters.ts';
import { seriesFft, seriesIfft } from '../series/spectrum.ts';
import { seriesStats } from '../series/stats.ts';
import { present, UnknownAnswer, type Series } from '../series/types.ts';
import type { ScalarFunction } from './function-types.ts';

function trendKind(text: string | undefined, name: string): TrendKind | undefined {
  if (text === undefined || text === 'avg' || text === 'linefit' || text === 'none') return text;
  throw new UnknownAnswer(`${name}: the trend is 'avg', 'linefit' or 'none', not '${text}'`);
}

function outlierKind(text: string | undefined, name: string): OutlierKind | undefined {
  if (text === undefined || text === 'ctukey' || text === 'tukey') return text;
  throw new UnknownAnswer(`${name}: the kind is 'ctukey' or 'tukey', not '${text}'`);
}

/** Leaves out what was not given, so that defaults apply. */
function given<T extends object>(options: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never;
}

function season(value: number | undefined, name: string): number | undefined {
  if (value !== undefined && (!Number.isInteger(value) || value < -1))
    throw new UnknownAnswer(`${name}: the seasonality is -1, 0 or a whole number of bins`);
  return value;
}

/** NaN is "not known" inside, null outside. */
function nanToNull(values: Float64Array): (number | null)[] {
  return Array.from(values, (value) => (Number.isNaN(value) ? null : value));
}

const DECOMPOSITIONS: readonly ScalarFunction[] = [
  {
    kind: 'js',
    name: 'series_decompose',
    args: ['series', 'int', 'string', 'int', 'number'],
    required: 1,
    result: ['series', 'series', 'series', 'series'],
    call: (
      series: Series,
      seasonality?: number,
      trend?: string,
      testPoints?: number,
      seasonalityThreshold?: number,
    ) => {
      const name = 'series_decompose';
      const options = given({
        seasonality: season(seasonality, name),
        trend: trendKind(trend, name),
        testPoints,
        seasonalityThreshold,
      });
      const parts = decompose(present(series, name), options);
      return [parts.baseline, parts.seasonal, parts.trend, parts.residual];
    },
  },
  {
    kind: 'js',
    name: 'series_decompose_anomalies',
    args: ['series', 'number', 'int', 'string', 'int', 'string', 'number'],
    required: 1,
    result: ['longs', 'series', 'series'],
    call: (
      series: Series,
      threshold?: number,
      seasonality?: number,
      trend?: string,
      testPoints?: number,
      method?: string,
      seasonalityThreshold?: number,
    ) => {
      const name = 'series_decompose_anomalies';
      const options = given({
        threshold,
        seasonality: season(seasonality, name),
        trend: trendKind(trend, name),
        testPoints,
        method: outlierKind(method, name),
        seasonalityThreshold,
      });
      const found = decomposeAnomalies(present(series, name), options);
      return [Array.from(found.flag), nanToNull(found.score), found.baseline];
    },
  },
  {
    kind: 'js',
    name: 'series_decompose_forecast',
    args: ['series', 'int', 'int', 'string', 'number'],
    required: 2,
    result: 'series',
    call: (series: Series, points: number, seasonality?: number, trend?: string, seasonalityThreshold?: number) => {
      const name = 'series_decompose_forecast';
      // The slots to forecast may be missing: they are not learnt from.
      const filled = series.map((value, i) => (i >= series.length - points ? (value ?? 0) : value));
      const options = given({
        seasonality: season(seasonality, name),
        trend: trendKind(trend, name),
        seasonalityThreshold,
      });
      return decomposeForecast(present(filled, name), points, options);
    },
  },
];

const PERIODS: readonly ScalarFunction[] = [
  {
    kind: 'js',
    name: 'series_periods_detect',
    args: ['series', 'number', 'number', 'int'],
    result: ['series', 'series'],
    call: (series: Series, min: number, max: number, count: number) => {
      const found = detectPeriods(present(series, 'series_periods_detect'), min, max, count);
      const places = Array.from({ length: Math.max(0, count) }, (_, i) => found[i]);
      return [places.map((place) => place?.period ?? 0), places.map((place) => place?.score ?? 0)];
    },
  },
  {
    kind: 'js',
    name: 'series_periods_validate',
    args: ['series', 'number'],
    rest: 'number',
    result: ['series', 'series'],
    call: (series: Series, ...periods: number[]) => {
      const found = validatePeriods(present(series, 'series_periods_validate'), periods);
      return [periods, found.map((place) => place.score)];
    },
  },
  {
    kind: 'js',
    name: 'series_seasonal',
    args: ['series', 'int'],
    required: 1,
    result: 'series',
    call: (series: Series, period?: number) =>
      seasonal(present(series, 'series_seasonal'), season(period, 'series_seasonal')),
  },
  {
    kind: 'js',
    name: 'series_outliers',
    args: ['series', 'string', 'number', 'number', 'number'],
    required: 1,
    nulls: 'see',
    result: 'series',
    call: (
      series: Series | null,
      kind?: string,
      ignore?: number | null,
      minPercentile?: number,
      maxPercentile?: number,
    ) =>
      series &&
      outliers(
        series,
        given({
          kind: outlierKind(kind === '' ? undefined : kind, 'series_outliers'),
          ignore,
          minPercentile,
          maxPercentile,
        }),
      ),
  },
];

const FITS: readonly ScalarFunction[] = [
  {
    kind: 'js',
    name: 'series_fit_line',
    args: ['series'],
    result: ['real', 'real', 'real', 'real', 'real', 'series'],
    call: (series: Series) => {
      const fit = fitLine(present(series, 'series_fit_line'));
      return fit && [fit.rsquare, fit.slope, fit.variance, fit.rvariance, fit.interception, fit.lineFit];
    },
  },
  {
    kind: 'js',
    name: 'series_fit_line_dynamic',
    args: ['series'],
    result: 'dynamic',
    call: (series: Series) => {
      const fit = fitLine(present(series, 'series_fit_line_dynamic'));
      if (!fit) return null;
      const { lineFit, ...rest } = fit;
      return { ...rest, line_fit: [...lineFit] };
    },
  },
  {
    kind: 'js',
    name: 'series_fit_poly',
    args: ['series', 'series', 'int'],
    required: 1,
    nulls: 'see',
    result: ['real', 'series', 'real', 'real', 'series'],
    call: (y: Series | null, x?: Series | null, degree?: number | null) => {
      if (!y || x === null || degree === null) return null;
      const name = 'series_fit_poly';
      const fit = fitPoly(present(y, name), degree ?? 1, x && present(x, name));
      return fit && [fit.rsquare, fit.coefficients, fit.variance, fit.rvariance, fit.polyFit];
    },
  },
];

const FILTERS: readonly ScalarFunction[] = [
  {
    kind: 'js',
    name: 'series_fir',
    args: ['series', 'series', 'bool', 'bool'],
    required: 2,
    result: 'series',
    call: (series: Series, filter: Series, normalize?: boolean, center?: boolean) =>
      fir(present(series, 'series_fir'), present(filter, 'series_fir'), normalize, center),
  },
  {
    kind: 'js',
    name: 'series_iir',
    args: ['series', 'series', 'series'],
    result: 'series',
    call: (series: Series, numerators: Series, denominators: Series) =>
      iir(present(series, 'series_iir'), present(numerators, 'series_iir'), present(denominators, 'series_iir')),
  },
  ...(['series_fft', 'series_ifft'] as const).map((name): ScalarFunction => ({
    kind: 'js',
    name,
    args: ['series', 'series'],
    required: 1,
    result: ['series', 'series'],
    call: (re: Series, im?: Series) => {
      const spectrum = (name === 'series_fft' ? seriesFft : seriesIfft)(present(re, name), im && present(im, name));
      return [spectrum.re, spectrum.im];
    },
  })),
];

const STATISTICS: readonly ScalarFunction[] = [
  {
    kind: 'js',
    name: 'series_stats',
    args: ['series', 'bool'],
    required: 1,
    result: ['real', 'long', 'real', 'long', 'real', 'real', 'real'],
    call: (series: Series, ignore?: boolean) => {
      const s = seriesStats(series, ignore);
      return s && [s.min, BigInt(s.minIdx), s.max, BigInt(s.maxIdx), s.avg, s.stdev, s.variance];
    },
  },
  {
    kind: 'js',
    name: 'series_stats_dynamic',
    args: ['series', 'bool'],
    required: 1,
    result: 'dynamic',
    call: (series: Series, ignore?: boolean) => {
      const s = seriesStats(series, ignore);
      if (!s) return null;
      const { minIdx, maxIdx, ...rest } = s;
      return { ...rest, min_idx: minIdx, max_idx: maxIdx };
    },
  },
];

/** Series functions that learn or transform, in JavaScript. */
export const JS_SERIES: readonly ScalarFunction[] = [...DECOMPOSITIONS, ...PERIODS, ...FITS, ...FILTERS, ...STATISTICS];
