import { present, toFinite, type Series } from './types.ts';

/** `series_dot_product` over the shorter length; missing elements are passed over. Undefined (null) when a series is empty. */
export function dotProduct(left: Series | number, right: Series | number): number | undefined {
  const lengths = [left, right].filter((side) => typeof side !== 'number').map((side) => side.length);
  const length = Math.min(...lengths);
  if (lengths.length === 0 || length === 0) return undefined;
  let sum = 0;
  for (let i = 0; i < length; i++) {
    const a = typeof left === 'number' ? left : (left[i] ?? null);
    const b = typeof right === 'number' ? right : (right[i] ?? null);
    if (a !== null && b !== null) sum += a * b;
  }
  return sum;
}

/** `series_magnitude`: the square root of the dot product with itself. */
export function magnitude(series: Series): number | undefined {
  const square = dotProduct(series, series);
  return square === undefined ? undefined : Math.sqrt(square);
}

/** `series_cosine_similarity` over the shorter length, with magnitudes where they are given. Undefined (null) when a series is empty. */
export function cosineSimilarity(
  left: Series,
  right: Series,
  leftMagnitude?: number,
  rightMagnitude?: number,
): number | undefined {
  const length = Math.min(left.length, right.length);
  if (length === 0) return undefined;
  const a = present(left.slice(0, length), 'series_cosine_similarity');
  const b = present(right.slice(0, length), 'series_cosine_similarity');
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < length; i++) {
    ab += (a[i] as number) * (b[i] as number);
    aa += (a[i] as number) ** 2;
    bb += (b[i] as number) ** 2;
  }
  return ab / ((leftMagnitude ?? Math.sqrt(aa)) * (rightMagnitude ?? Math.sqrt(bb)));
}

/** `series_pearson_correlation`. Undefined (null) for different lengths, missing elements and empty series. */
export function pearson(left: Series, right: Series): number | undefined {
  const a = toFinite(left);
  const b = toFinite(right);
  if (!a || !b || a.length !== b.length || a.length === 0) return undefined;
  const n = a.length;
  const meanA = a.reduce((x, y) => x + y, 0) / n;
  const meanB = b.reduce((x, y) => x + y, 0) / n;
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    const da = (a[i] as number) - meanA;
    const db = (b[i] as number) - meanB;
    ab += da * db;
    aa += da * da;
    bb += db * db;
  }
  return ab / Math.sqrt(aa * bb);
}

/** `series_sum`; missing values are refused, since what Kusto does with them is not documented. */
export function seriesSum(series: Series): number {
  return present(series, 'series_sum').reduce((a, b) => a + b, 0);
}

/** `series_product`; missing values are refused, since what Kusto does with them is not documented. */
export function seriesProduct(series: Series): number {
  return present(series, 'series_product').reduce((a, b) => a * b, 1);
}
