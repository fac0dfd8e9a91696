import { UnknownAnswer } from './types.ts';

/**
 * `series_fir`: y(i) = Σ f(k)·x(i−k), the series taken as 0 outside its ends.
 * `normalize` divides by the sum of the coefficients; undefined (null) when it is asked for with a negative coefficient.
 * `center` moves the answer back by half the filter; only for filters of odd length, since the half bin of others is not documented.
 */
export function fir(
  values: Float64Array,
  filter: Float64Array,
  normalize?: boolean,
  center = false,
): Float64Array | undefined {
  const hasNegative = filter.some((c) => c < 0);
  const divide = normalize ?? !hasNegative;
  if (filter.length === 0 || (divide && hasNegative)) return undefined;
  if (center && filter.length % 2 === 0)
    throw new UnknownAnswer('series_fir: center=true is supported for filters of odd length only');
  const sum = divide ? filter.reduce((a, b) => a + b, 0) : 1;
  const delay = center ? (filter.length - 1) / 2 : 0;
  const out = new Float64Array(values.length);
  for (let i = 0; i < out.length; i++) {
    let total = 0;
    for (let k = 0; k < filter.length; k++) {
      const value = values[i + delay - k];
      if (value !== undefined) total += (filter[k] as number) * value;
    }
    out[i] = total / sum;
  }
  return out;
}

/**
 * `series_iir`: y(i) = (Σ b(k)·x(i−k) − Σ a(k)·y(i−k)) / a(0), with b the numerators and a the denominators.
 * Undefined (null) when a(0) is 0 or missing.
 */
export function iir(
  values: Float64Array,
  numerators: Float64Array,
  denominators: Float64Array,
): Float64Array | undefined {
  const first = denominators[0] ?? 0;
  if (first === 0 || numerators.length === 0) return undefined;
  const out = new Float64Array(values.length);
  for (let i = 0; i < out.length; i++) {
    let total = 0;
    for (let k = 0; k < numerators.length && k <= i; k++)
      total += (numerators[k] as number) * (values[i - k] as number);
    for (let k = 1; k < denominators.length && k <= i; k++)
      total -= (denominators[k] as number) * (out[i - k] as number);
    out[i] = total / first;
  }
  return out;
}
