import { phaseMedians } from './decompose.ts';
import { dominantPeriod } from './periods.ts';

/** Least score of a detected period, higher than for `series_decompose`. */
const THRESHOLD = 0.7;

/** `series_seasonal`: the median of each phase, repeated; zeros without a season. `period` −1 detects it. */
export function seasonal(values: Float64Array, period = -1): Float64Array {
  const bins = period < 0 ? dominantPeriod(values, THRESHOLD) : period;
  const out = new Float64Array(values.length);
  if (bins === 0 || bins > values.length) return out;
  const medians = phaseMedians(values, bins, values.length);
  for (let i = 0; i < out.length; i++) out[i] = medians[i % bins] as number;
  return out;
}
