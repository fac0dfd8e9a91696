// What the series functions take and give.

/** A numeric series; `null` is a missing value. */
export type Series = readonly (number | null)[];

/** Says that the answer of Kusto for this input is not known, so none is given. */
export class UnknownAnswer extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UnknownAnswer';
  }
}

/** The series as doubles, or undefined when a value is missing or not finite. */
export function toFinite(series: Series): Float64Array | undefined {
  const out = new Float64Array(series.length);
  for (let i = 0; i < series.length; i++) {
    const value = series[i];
    if (typeof value !== 'number' || !Number.isFinite(value)) return undefined;
    out[i] = value;
  }
  return out;
}

/** Doubles of a series; missing values are refused, since what Kusto does with them here is not documented. */
export function present(series: Series, name: string): Float64Array {
  const values = toFinite(series);
  if (!values)
    throw new UnknownAnswer(
      `${name}: a series with missing values is not supported, fill them first (series_fill_linear, series_fill_const)`,
    );
  return values;
}
