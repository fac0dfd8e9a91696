// Order statistics over doubles.

/** Percentile with linear interpolation between closest ranks; `sorted` ascending and not empty, `percent` 0..100. */
export function percentileOfSorted(sorted: Float64Array, percent: number): number {
  const position = (percent / 100) * (sorted.length - 1);
  const below = Math.floor(position);
  const low = sorted[below] ?? Number.NaN;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] ?? Number.NaN;
  return low + (high - low) * (position - below);
}

/** Sorts `values` in place, by insertion while they are few: the phases of a long season hold a handful of points each. */
export function sortInPlace(values: Float64Array): Float64Array {
  if (values.length > 24) return values.sort();
  for (let i = 1; i < values.length; i++) {
    const value = values[i] ?? 0;
    let j = i - 1;
    while (j >= 0 && (values[j] ?? 0) > value) {
      values[j + 1] = values[j] ?? 0;
      j--;
    }
    values[j + 1] = value;
  }
  return values;
}

/** Median; sorts `values` in place. The mean of the middle two when their number is even. */
export function medianInPlace(values: Float64Array): number {
  sortInPlace(values);
  const middle = values.length >> 1;
  const upper = values[middle] ?? Number.NaN;
  return values.length % 2 === 1 ? upper : ((values[middle - 1] ?? Number.NaN) + upper) / 2;
}

export function meanOf(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}
