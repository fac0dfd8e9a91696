// Levels at which a number on the wall turns yellow and red. Detectors do not use them: they compare with each scope's own history.
import { ThresholdsConfigBuilder, ThresholdsMode } from '@grafana/grafana-foundation-sdk/dashboard';

export interface Levels {
  readonly warn: number;
  readonly bad: number;
  /** Small values are the bad ones. */
  readonly isLowBad?: boolean;
}

export const LEVELS = {
  startFailurePct: { warn: 1, bad: 3 },
  playFailurePct: { warn: 1, bad: 3 },
  startupMs: { warn: 3000, bad: 6000 },
  rebufferRatio: { warn: 0.01, bad: 0.03 },
  bitrateKbps: { warn: 3000, bad: 1500, isLowBad: true },
  freshnessSeconds: { warn: 180, bad: 360 },
  lagSeconds: { warn: 60, bad: 300 },
  rejectedPct: { warn: 1, bad: 10 },
  incidents: { warn: 1, bad: 2 },
  unaccounted: { warn: 1, bad: 100 },
} as const satisfies Record<string, Levels>;

const [GREEN, YELLOW, RED] = ['green', 'yellow', 'red'];

/** Green, yellow, red steps. */
export function steps({ warn, bad, isLowBad = false }: Levels): { value: number | null; color: string }[] {
  return isLowBad
    ? [
        { value: null, color: RED },
        { value: bad, color: YELLOW },
        { value: warn, color: GREEN },
      ]
    : [
        { value: null, color: GREEN },
        { value: warn, color: YELLOW },
        { value: bad, color: RED },
      ];
}

export const thresholds = (levels: Levels): ThresholdsConfigBuilder =>
  new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(steps(levels));

/** One colour for numbers that are neither good nor bad. */
export const neutral = (): ThresholdsConfigBuilder =>
  new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([{ value: null, color: 'blue' }]);
