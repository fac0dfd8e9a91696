// Gamma, error and beta functions, to double precision.

import { KustoError } from '../types.ts';

const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];

/** Natural logarithm of the gamma function for x > 0. */
function logGammaPositive(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGammaPositive(1 - x);
  const at = x - 1;
  const t = at + 7.5;
  const sum = LANCZOS.reduce((total, c, i) => (i === 0 ? c : total + c / (at + i)), 0);
  return 0.5 * Math.log(2 * Math.PI) + (at + 0.5) * Math.log(t) - t + Math.log(sum);
}

/** `loggamma`, for positive numbers. */
export function logGamma(x: number): number {
  if (!(x > 0)) throw new KustoError('UNSUPPORTED', 'loggamma: only positive numbers are supported');
  if (x === 1 || x === 2) return 0;
  return logGammaPositive(x);
}

/** `gamma`, for positive numbers; exact for integers as long as doubles are. */
export function gamma(x: number): number {
  if (!(x > 0)) throw new KustoError('UNSUPPORTED', 'gamma: only positive numbers are supported');
  if (Number.isInteger(x) && x <= 171) {
    let product = 1;
    for (let i = 2; i < x; i++) product *= i;
    return product;
  }
  return Math.exp(logGammaPositive(x));
}

/** Series with positive terms only, so that nothing cancels; for small |x|. */
function erfSeries(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > Math.abs(sum) * 1e-17; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** Continued fraction, from its tail; for large x. */
function erfcFraction(x: number): number {
  let tail = 0;
  for (let n = 200; n >= 1; n--) tail = n / 2 / (x + tail);
  return Math.exp(-x * x) / (Math.sqrt(Math.PI) * (x + tail));
}

export function erf(x: number): number {
  if (Math.abs(x) < 2) return x === 0 ? 0 : erfSeries(x);
  return Math.sign(x) * (1 - erfcFraction(Math.abs(x)));
}

export function erfc(x: number): number {
  if (x >= 2) return erfcFraction(x);
  return 1 - erf(x);
}

function betaFraction(x: number, a: number, b: number): number {
  const guard = (value: number): number => (Math.abs(value) < 1e-300 ? 1e-300 : value);
  let c = 1;
  let d = 1 / guard(1 - ((a + b) * x) / (a + 1));
  let h = d;
  for (let m = 1; m < 10_000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / guard(1 + even * d);
    c = guard(1 + even / c);
    h *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / guard(1 + odd * d);
    c = guard(1 + odd / c);
    h *= d * c;
    if (Math.abs(d * c - 1) < 1e-16) break;
  }
  return h;
}

/** Regularised incomplete beta function, 0 <= x <= 1. */
function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0 || x >= 1) return x <= 0 ? 0 : 1;
  const front = Math.exp(
    logGammaPositive(a + b) - logGammaPositive(a) - logGammaPositive(b) + a * Math.log(x) + b * Math.log1p(-x),
  );
  if (x < (a + 1) / (a + b + 2)) return (front * betaFraction(x, a, b)) / a;
  return 1 - (front * betaFraction(1 - x, b, a)) / b;
}

function shapesAllowed(a: number, b: number): boolean {
  return a > 0 && a <= 10_000 && b > 0 && b <= 10_000;
}

/** `beta_cdf`; NaN outside 0..1 and for shapes outside 0..10000. */
export function betaCdf(x: number, a: number, b: number): number {
  return shapesAllowed(a, b) && x >= 0 && x <= 1 ? incompleteBeta(x, a, b) : Number.NaN;
}

/** `beta_pdf`; NaN outside 0..1 and for shapes outside 0..10000. */
export function betaPdf(x: number, a: number, b: number): number {
  if (!shapesAllowed(a, b) || !(x >= 0 && x <= 1)) return Number.NaN;
  const logBeta = logGammaPositive(a) + logGammaPositive(b) - logGammaPositive(a + b);
  const power = (base: number, exponent: number): number => (exponent === 0 ? 0 : exponent * Math.log(base));
  return Math.exp(power(x, a - 1) + power(1 - x, b - 1) - logBeta);
}

/** `beta_inv`: null for a probability outside 0..1, NaN for shapes outside 0..10000. */
export function betaInv(p: number, a: number, b: number): number | null {
  if (!shapesAllowed(a, b)) return Number.NaN;
  if (!(p >= 0 && p <= 1)) return null;
  let [low, high] = [0, 1];
  for (let i = 0; i < 200; i++) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    if (incompleteBeta(middle, a, b) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

export interface Sample {
  readonly mean: number;
  readonly variance: number;
  readonly count: number;
}

/** `welch_test`: two-sided p-value that both samples have the same mean. */
export function welchTest(a: Sample, b: Sample): number {
  const va = a.variance / a.count;
  const vb = b.variance / b.count;
  const t2 = (a.mean - b.mean) ** 2 / (va + vb);
  const freedom = (va + vb) ** 2 / ((va * va) / (a.count - 1) + (vb * vb) / (b.count - 1));
  return incompleteBeta(freedom / (freedom + t2), freedom / 2, 0.5);
}
