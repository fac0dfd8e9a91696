import type { Series } from './types.ts';

/** `placeholder` null means: missing is null. */
export function isMissing(value: number | null, placeholder: number | null): boolean {
  return (
    value === placeholder ||
    (placeholder !== null && Number.isNaN(placeholder) && value !== null && Number.isNaN(value))
  );
}

/** `series_fill_forward`: the last present value; missing ones at the start stay. */
export function fillForward(series: Series, placeholder: number | null = null): (number | null)[] {
  let last: number | null | undefined;
  return series.map((value) => {
    if (!isMissing(value, placeholder)) last = value;
    return last === undefined ? value : last;
  });
}

/** `series_fill_backward`: the next present value; missing ones at the end stay. */
export function fillBackward(series: Series, placeholder: number | null = null): (number | null)[] {
  return fillForward([...series].reverse(), placeholder).reverse();
}

export interface LinearFill {
  readonly placeholder?: number | null;
  /** Whether missing values at the ends take the nearest present one; default true. */
  readonly edges?: boolean;
  /** For a series without any value; null keeps it as it is. */
  readonly constant?: number | null;
  /** The series holds integers only: what is filled in is cut to an integer too. */
  readonly integers?: boolean;
}

/** `series_fill_linear`: straight lines between the present neighbours. */
export function fillLinear(series: Series, options: LinearFill = {}): (number | null)[] {
  const { placeholder = null, edges = true, constant = 0, integers = false } = options;
  const out = [...series];
  let before = -1;
  for (let i = 0; i <= out.length; i++) {
    const value = series[i];
    if (i < out.length && isMissing(value ?? null, placeholder)) continue;
    if (i === out.length && before < 0) return constant === null ? out : out.fill(constant);
    fillGap(out, before, i, { edges, integers });
    before = i;
  }
  return out;
}

function fillGap(
  out: (number | null)[],
  before: number,
  after: number,
  how: { edges: boolean; integers: boolean },
): void {
  const left = before < 0 ? undefined : (out[before] as number);
  const right = after >= out.length ? undefined : (out[after] as number);
  for (let i = before + 1; i < after; i++) {
    if (left !== undefined && right !== undefined) {
      // Difference times share, in this order: the last digits, and integers cut from them, depend on it.
      const value = left + (right - left) * ((i - before) / (after - before));
      out[i] = how.integers ? Math.trunc(value) : value;
    } else if (how.edges) out[i] = left ?? right ?? null;
  }
}
