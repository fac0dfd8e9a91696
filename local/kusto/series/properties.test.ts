import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { circularAutocorrelation } from './autocorrelation.ts';
import { decompose, decomposeAnomalies, decomposeForecast } from './decompose.ts';
import { fillBackward, fillForward, fillLinear } from './fill.ts';
import { fir, iir } from './filters.ts';
import { fitLine } from './fit-line.ts';
import { fitPoly } from './fit-poly.ts';
import { outliers } from './outliers.ts';
import { detectPeriods } from './periods.ts';
import { seriesFft, seriesIfft } from './spectrum.ts';
import { seriesStats } from './stats.ts';

/** A season with noise that is reproducible and never repeats a value, so that the residuals have a range. */
function wave(length: number, period: number, noise = 0.3): Float64Array {
  let state = 12_345;
  const random = (): number => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31 - 0.5;
  };
  return Float64Array.from({ length }, (_, i) => 20 + 5 * Math.sin((2 * Math.PI * i) / period) + noise * random());
}

const numbers = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 3, maxLength: 60 });
const gappy = fc.array(fc.option(fc.integer({ min: -1000, max: 1000 }), { nil: null }), { maxLength: 40 });

function close(actual: Iterable<number>, expected: Iterable<number>, tolerance = 1e-9): boolean {
  const b = [...expected];
  return [...actual].every(
    (value, i) => Math.abs(value - (b[i] ?? Number.NaN)) <= tolerance * Math.max(1, Math.abs(value)),
  );
}

describe('decomposition', () => {
  test('the parts add up to the series', () => {
    fc.assert(
      fc.property(numbers, fc.constantFrom('avg' as const, 'linefit' as const, 'none' as const), (values, trend) => {
        const parts = decompose(Float64Array.from(values), { trend });
        const sum = parts.seasonal.map((season, i) => season + (parts.trend[i] ?? 0) + (parts.residual[i] ?? 0));
        return (
          close(sum, values) &&
          close(
            parts.baseline,
            values.map((value, i) => value - (parts.residual[i] ?? 0)),
          )
        );
      }),
    );
  });

  test('scores and flags do not depend on unit or level of the series', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.01, max: 1000, noNaN: true }),
        fc.double({ min: -1e4, max: 1e4, noNaN: true }),
        (factor, shift) => {
          const series = wave(288, 24);
          const moved = series.map((value) => value * factor + shift);
          const [plain, changed] = [decomposeAnomalies(series), decomposeAnomalies(moved)];
          return close(changed.score, plain.score, 1e-5) && close(changed.flag, plain.flag);
        },
      ),
    );
  });

  test('turning the series upside down turns the flags', () => {
    const series = wave(288, 24);
    const plain = decomposeAnomalies(series, { threshold: 0.2 });
    const turned = decomposeAnomalies(
      series.map((value) => -value),
      { threshold: 0.2 },
    );
    expect([...turned.flag]).toEqual([...plain.flag].map((flag) => (flag === 0 ? 0 : -flag)));
    expect(plain.flag.some((flag) => flag !== 0)).toBe(true);
  });

  test('an injected spike is flagged where it is, with its sign, and nothing else is', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 287 }), fc.constantFrom(-1, 1), (at, sign) => {
        const series = wave(288, 24);
        series[at] = (series[at] ?? 0) + sign * 10;
        const { flag } = decomposeAnomalies(series, { threshold: 3 });
        return [...flag].every((value, i) => value === (i === at ? sign : 0));
      }),
    );
  });

  test('a known season is found, at any phase, below and above the length where the transform takes over', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(7, 12, 24),
        fc.constantFrom(168, 400, 1000),
        fc.integer({ min: 0, max: 23 }),
        (period, length, phase) => {
          const series = wave(length + phase, period).slice(phase);
          return detectPeriods(series, 4, length, 1)[0]?.period === period;
        },
      ),
      { numRuns: 30 },
    );
  });

  test('test points do not teach', () => {
    const series = wave(288, 24);
    const options = { seasonality: 24, trend: 'linefit' as const, testPoints: 12 };
    const disturbed = series.map((value, i) => (i >= 276 ? value + 1000 : value));
    expect([...decompose(disturbed, options).baseline]).toEqual([...decompose(series, options).baseline]);
  });

  test('a forecast continues season and line', () => {
    const series = Float64Array.from({ length: 60 }, (_, i) => i * 0.5 + [0, 3, 1, 7, 2, 4][i % 6]!);
    const known = series.map((value, i) => (i < 48 ? value : 0));
    const forecast = decomposeForecast(known, 12, { seasonality: 6 });
    expect(Math.max(...series.map((value, i) => Math.abs(value - (forecast[i] ?? 0))))).toBeLessThan(2);
  });

  test('a constant series has no season and no anomaly', () => {
    for (const length of [0, 1, 5, 100, 600]) {
      const { flag, score, baseline } = decomposeAnomalies(new Float64Array(length).fill(0.1));
      expect(new Set([...flag, ...score])).toEqual(new Set(length ? [0] : []));
      expect(close(baseline, new Float64Array(length).fill(0.1))).toBe(true);
    }
  });
});

test('circular autocorrelation through the transform equals the sums', () => {
  const series = wave(700, 24, 3);
  const mean = series.reduce((a, b) => a + b, 0) / series.length;
  const energy = series.reduce((a, b) => a + (b - mean) ** 2, 0);
  const r = circularAutocorrelation(series);
  for (const lag of [1, 24, 333, 699]) {
    const sum = series.reduce((a, b, i) => a + (b - mean) * ((series[(i + lag) % 700] ?? 0) - mean), 0);
    expect(r?.[lag]).toBeCloseTo(sum / energy, 12);
  }
});

describe('outliers', () => {
  test('scores do not depend on unit or level, and nulls score 0 and change nothing', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: -1000, max: 1000 }), { minLength: 5, maxLength: 40 }),
        fc.double({ min: 0.1, max: 10, noNaN: true }),
        (values, factor) => {
          const plain = outliers(values).map(Number);
          const changed = outliers([...values.map((value) => value * factor + 3), null, null]).map(Number);
          return close(changed.slice(0, -2), plain, 1e-6) && changed.slice(-2).every((score) => score === 0);
        },
      ),
    );
  });

  test('where most values coincide the score of the others is unknown, not infinite', () => {
    expect(outliers([1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 9])).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, null]);
  });

  test('percentiles whose scale is not known are refused', () => {
    expect(() => outliers([1, 2, 3], { minPercentile: 5, maxPercentile: 95 })).toThrow(/not known/);
  });
});

describe('fills', () => {
  test('present values stay, and no gap is left but where nothing is known', () => {
    fc.assert(
      fc.property(gappy, (series) => {
        const filled = fillLinear(series);
        const kept = series.every((value, i) => value === null || filled[i] === value);
        return kept && filled.every((value) => value !== null) && filled.length === series.length;
      }),
    );
  });

  test('a straight line with gaps is completed to the line', () => {
    fc.assert(
      fc.property(
        fc.array(fc.boolean(), { minLength: 2, maxLength: 30 }),
        fc.integer({ min: -9, max: 9 }),
        (present, slope) => {
          const line = [true, ...present, true].map((_, i) => i * slope);
          const gaps = line.map((value, i) => ([true, ...present, true][i] ? value : null));
          return close(fillLinear(gaps).map(Number), line);
        },
      ),
    );
  });

  test('backward is forward from the other side', () => {
    fc.assert(
      fc.property(gappy, (series) => {
        expect(fillBackward(series)).toEqual(fillForward([...series].reverse()).reverse());
      }),
    );
  });
});

describe('fits and filters', () => {
  test('a line is found exactly, with the interception before the first point', () => {
    const fit = fitLine(Float64Array.from({ length: 20 }, (_, i) => 3 * (i + 1) - 7));
    expect(fit?.slope).toBeCloseTo(3, 12);
    expect(fit?.interception).toBeCloseTo(-7, 11);
    expect(fit?.rsquare).toBeCloseTo(1, 12);
  });

  test('a polynomial of degree 1 is the line', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: -100, max: 100 }), { minLength: 4, maxLength: 30 }), (values) => {
        const [line, poly] = [fitLine(Float64Array.from(values)), fitPoly(Float64Array.from(values))];
        return (
          close(poly?.coefficients ?? [], [line?.slope ?? 0, line?.interception ?? 0], 1e-8) &&
          close(poly?.polyFit ?? [], line?.lineFit ?? [], 1e-8)
        );
      }),
    );
  });

  test('the coefficients of a quintic come back', () => {
    const x = Float64Array.from({ length: 60 }, (_, i) => i / 12 - 2.3);
    const fit = fitPoly(
      x.map((v) => v ** 5 - 8 * v ** 3 + 10 * v + 6),
      5,
      x,
    );
    expect(close(fit?.coefficients ?? [], [1, 0, -8, 0, 10, 6], 1e-9)).toBe(true);
  });

  test('a moving average smooths a spike, centred or delayed', () => {
    const spike = Float64Array.from([0, 0, 0, 0, 10, 0, 0, 0, 0]);
    const box = new Float64Array(5).fill(1);
    expect([...(fir(spike, box) ?? [])]).toEqual([0, 0, 0, 0, 2, 2, 2, 2, 2]);
    expect([...(fir(spike, box, true, true) ?? [])]).toEqual([0, 0, 2, 2, 2, 2, 2, 0, 0]);
    expect([...(fir(Float64Array.from([2, 2, 3]), Float64Array.from([1, -1]), false) ?? [])]).toEqual([2, 0, 1]);
    expect(fir(spike, Float64Array.from([1, -1]), true)).toBeUndefined();
  });

  test('differencing undoes summing', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -1000, max: 1000 })), (values) => {
        const series = Float64Array.from(values);
        const sums = iir(series, Float64Array.of(1), Float64Array.of(1, -1)) as Float64Array;
        expect([...(fir(sums, Float64Array.of(1, -1), false) ?? [])].map((v) => v + 0)).toEqual(
          values.map((v) => v + 0),
        );
      }),
    );
  });

  test('the inverse transform gives the series back; other lengths are refused', () => {
    const series = wave(128, 8);
    const spectrum = seriesFft(series);
    expect(close(seriesIfft(spectrum.re, spectrum.im).re, series, 1e-12)).toBe(true);
    expect(() => seriesFft(wave(100, 8))).toThrow(/power of two/);
  });
});

test('series_stats gives null for a missing value unless it is told to ignore them', () => {
  expect(seriesStats([1, null, 3])).toBeUndefined();
  expect(seriesStats([1, null, 3], true)).toMatchObject({ min: 1, max: 3, maxIdx: 2, avg: 2, len: 2 });
});
