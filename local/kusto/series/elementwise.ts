import type { Series } from './types.ts';

/** One-argument functions `series_<name>`, by name. */
export const UNARY: Readonly<Record<string, (value: number) => number>> = {
  abs: Math.abs,
  acos: Math.acos,
  asin: Math.asin,
  atan: Math.atan,
  ceiling: Math.ceil,
  cos: Math.cos,
  exp: Math.exp,
  floor: Math.floor,
  log: Math.log,
  sign: Math.sign,
  sin: Math.sin,
  tan: Math.tan,
};

/** Two-argument functions `series_<name>`, by name. */
export const BINARY: Readonly<Record<string, (left: number, right: number) => number>> = {
  add: (a, b) => a + b,
  subtract: (a, b) => a - b,
  multiply: (a, b) => a * b,
  divide: (a, b) => a / b,
  pow: (a, b) => a ** b,
};

/** Comparisons `series_<name>`, by name. */
export const COMPARE: Readonly<Record<string, (left: number, right: number) => boolean>> = {
  equals: (a, b) => a === b,
  not_equals: (a, b) => a !== b,
  greater: (a, b) => a > b,
  greater_equals: (a, b) => a >= b,
  less: (a, b) => a < b,
  less_equals: (a, b) => a <= b,
};

export function mapSeries(series: Series, apply: (value: number) => number): (number | null)[] {
  return series.map((value) => (value === null ? null : apply(value)));
}

/** Element by element; a missing element, or one that only the longer series has, gives null. A number stands for a series of it. */
export function zipSeries<T>(
  left: Series | number,
  right: Series | number,
  apply: (left: number, right: number) => T,
): (T | null)[] {
  const length = Math.max(typeof left === 'number' ? 0 : left.length, typeof right === 'number' ? 0 : right.length);
  const out: (T | null)[] = [];
  for (let i = 0; i < length; i++) {
    const a = typeof left === 'number' ? left : (left[i] ?? null);
    const b = typeof right === 'number' ? right : (right[i] ?? null);
    out.push(a === null || b === null ? null : apply(a, b));
  }
  return out;
}
