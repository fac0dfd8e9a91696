import { transform } from './fft.ts';
import { meanOf } from './quantile.ts';

/** Up to this length the sums are taken directly: cheaper than three passes of butterflies, and exact ties stay ties. */
const DIRECT_LIMIT = 256;

function direct(centred: Float64Array): Float64Array {
  const n = centred.length;
  const out = new Float64Array(n);
  for (let lag = 0; lag <= n >> 1; lag++) {
    let sum = 0;
    for (let i = 0; i < n - lag; i++) sum += (centred[i] as number) * (centred[i + lag] as number);
    for (let i = n - lag; i < n; i++) sum += (centred[i] as number) * (centred[i + lag - n] as number);
    out[lag] = sum;
    if (lag > 0) out[n - lag] = sum;
  }
  return out;
}

/** Linear autocorrelation through a padded transform, folded to the circular one: c(k) = a(k) + a(n − k). */
function byTransform(centred: Float64Array): Float64Array {
  const n = centred.length;
  let size = 1;
  while (size < 2 * n) size *= 2;
  const re = new Float64Array(size);
  const im = new Float64Array(size);
  re.set(centred);
  transform(re, im);
  for (let i = 0; i < size; i++) {
    const r = re[i] as number;
    const m = im[i] as number;
    re[i] = r * r + m * m;
    im[i] = 0;
  }
  transform(re, im);
  const out = new Float64Array(n);
  out[0] = (re[0] as number) / size;
  for (let lag = 1; lag < n; lag++) out[lag] = ((re[lag] as number) + (re[n - lag] as number)) / size;
  return out;
}

/**
 * Circular autocorrelation of the mean-removed series, r(0) = 1, for lags 0..n−1.
 * Undefined when the series does not vary.
 */
export function circularAutocorrelation(values: Float64Array): Float64Array | undefined {
  const mean = meanOf(values);
  const centred = values.map((value) => value - mean);
  const sums = values.length <= DIRECT_LIMIT ? direct(centred) : byTransform(centred);
  const energy = sums[0] ?? 0;
  // Rounding of the mean alone leaves an energy of this order on a constant series.
  const noise = values.length * (Math.abs(mean) * 2 ** -50) ** 2;
  if (!(energy > noise)) return undefined;
  return sums.map((sum) => sum / energy);
}
