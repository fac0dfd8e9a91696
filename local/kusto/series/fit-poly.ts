import { squaresAround, squaresBetween } from './fit-line.ts';

export interface PolynomialFit {
  readonly rsquare: number;
  /** From the highest power to the lowest. */
  readonly coefficients: Float64Array;
  readonly variance: number;
  readonly rvariance: number;
  readonly polyFit: Float64Array;
}

/** Reflects the columns from `j` on so that column `j` vanishes below its diagonal; gives the diagonal value. The columns are changed in place. */
function reflect(columns: readonly Float64Array[], j: number): number {
  const pivot = columns[j] as Float64Array;
  let norm = 0;
  for (let i = j; i < pivot.length; i++) norm = Math.hypot(norm, pivot[i] as number);
  if (norm === 0) return 0;
  if ((pivot[j] as number) < 0) norm = -norm;
  for (let i = j; i < pivot.length; i++) pivot[i] = (pivot[i] as number) / norm;
  pivot[j] = (pivot[j] as number) + 1;
  for (const column of columns.slice(j + 1)) {
    let sum = 0;
    for (let i = j; i < pivot.length; i++) sum += (pivot[i] as number) * (column[i] as number);
    const factor = -sum / pivot[j];
    for (let i = j; i < pivot.length; i++) column[i] = (column[i] as number) + factor * (pivot[i] as number);
  }
  return -norm;
}

/** Least squares by Householder reflections: the normal equations would square the condition number. Undefined when rank is short. */
function solveLeastSquares(columns: readonly Float64Array[], right: Float64Array): Float64Array | undefined {
  const all = [...columns, right];
  const diagonal = columns.map((_, j) => reflect(all, j));
  const largest = Math.max(...diagonal.map(Math.abs));
  if (diagonal.some((value) => Math.abs(value) <= largest * 1e-14)) return undefined;
  const out = new Float64Array(columns.length);
  for (let j = columns.length - 1; j >= 0; j--) {
    let sum = right[j] as number;
    for (let c = j + 1; c < columns.length; c++) sum -= (columns[c]?.[j] as number) * (out[c] as number);
    out[j] = sum / (diagonal[j] as number);
  }
  return out;
}

/** Coefficients of p(u), u = (x − shift) / scale, lowest power first, to those of p(x). */
function unscale(coefficients: Float64Array, shift: number, scale: number): Float64Array {
  let out = new Float64Array(coefficients.length);
  for (let power = coefficients.length - 1; power >= 0; power--) {
    const next = new Float64Array(out.length);
    for (let i = 0; i < out.length; i++) {
      const value = (out[i] ?? 0) / scale;
      if (i + 1 < out.length) next[i + 1] = (next[i + 1] ?? 0) + value;
      next[i] = (next[i] ?? 0) - value * shift;
    }
    next[0] = (next[0] ?? 0) + (coefficients[power] ?? 0);
    out = next;
  }
  return out;
}

/**
 * `series_fit_poly`: polynomial regression of `y` on `x` (1, 2, … by default).
 * Undefined when there are too few or too equal points for the degree, or `y` does not vary.
 */
export function fitPoly(y: Float64Array, degree = 1, x?: Float64Array): PolynomialFit | undefined {
  const n = y.length;
  const at = x ?? Float64Array.from(y, (_, i) => i + 1);
  if (at.length !== n || n < degree + 1 || n < 2) return undefined;
  const total = squaresAround(y);
  if (total === 0) return undefined;
  const low = at.reduce((a, b) => Math.min(a, b));
  const high = at.reduce((a, b) => Math.max(a, b));
  if (low === high && degree > 0) return undefined;
  const shift = (low + high) / 2;
  const scale = (high - low) / 2 || 1;
  const u = at.map((value) => (value - shift) / scale);
  const columns = Array.from({ length: degree + 1 }, (_, power) => u.map((value) => value ** power));
  const scaled = solveLeastSquares(columns, Float64Array.from(y));
  if (!scaled) return undefined;
  const polyFit = u.map((value) => scaled.reduceRight((sum, c) => sum * value + c, 0));
  const residual = squaresBetween(y, polyFit);
  return {
    rsquare: 1 - residual / total,
    coefficients: unscale(scaled, shift, scale).reverse(),
    variance: total / (n - 1),
    rvariance: residual / (n - 1),
    polyFit,
  };
}
