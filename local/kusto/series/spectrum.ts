import { transform } from './fft.ts';
import { UnknownAnswer } from './types.ts';

export interface Complex {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

function prepare(re: Float64Array, im: Float64Array | undefined, name: string): Complex {
  const size = re.length;
  if (size === 0 || (size & (size - 1)) !== 0 || (im && im.length !== size)) {
    throw new UnknownAnswer(`${name}: supported for series whose length is a power of two`);
  }
  return { re: Float64Array.from(re), im: im ? Float64Array.from(im) : new Float64Array(size) };
}

/** `series_fft`: forward Fourier transform, not normalised. */
export function seriesFft(re: Float64Array, im?: Float64Array): Complex {
  const out = prepare(re, im, 'series_fft');
  transform(out.re, out.im);
  return out;
}

/** `series_ifft`: inverse of `series_fft`. */
export function seriesIfft(re: Float64Array, im?: Float64Array): Complex {
  const out = prepare(re, im, 'series_ifft');
  transform(out.im, out.re);
  const size = re.length;
  return { re: out.re.map((value) => value / size), im: out.im.map((value) => value / size) };
}
