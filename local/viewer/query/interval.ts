// Grafana's choice of a step from the time range and the width of a panel.

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** [exclusive upper bound of the raw interval, rounded interval], both in ms. */
const STEPS: readonly (readonly [number, number])[] = [
  [10, 1],
  [15, 10],
  [35, 20],
  [75, 50],
  [150, 100],
  [350, 200],
  [750, 500],
  [1500, 1000],
  [3500, 2000],
  [7500, 5000],
  [12_500, 10_000],
  [17_500, 15_000],
  [25_000, 20_000],
  [45_000, 30_000],
  [90_000, MINUTE],
  [210_000, 2 * MINUTE],
  [450_000, 5 * MINUTE],
  [750_000, 10 * MINUTE],
  [1_050_000, 15 * MINUTE],
  [1_500_000, 20 * MINUTE],
  [2_700_000, 30 * MINUTE],
  [5_400_000, HOUR],
  [9_000_000, 2 * HOUR],
  [16_200_000, 3 * HOUR],
  [32_400_000, 6 * HOUR],
  [86_400_000, 12 * HOUR],
  [604_800_000, DAY],
  [1_814_400_000, 7 * DAY],
  [3_628_800_000, 30 * DAY],
];

export const roundInterval = (rawMs: number): number => STEPS.find(([limit]) => rawMs < limit)?.[1] ?? 365 * DAY;

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: MINUTE,
  h: HOUR,
  d: DAY,
  w: 7 * DAY,
  M: 30 * DAY,
  y: 365 * DAY,
};

/** `90s`, `1m30s`, `0s`, `7d` in ms; undefined when it is not a duration. A bare number is seconds, as in Prometheus' `for: 0`. */
export function parseDurationMs(text: string): number | undefined {
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  if (!/^(\d+(\.\d+)?(ms|[smhdwMy]))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|[smhdwMy])/g))
    total += Number(amount) * (UNIT_MS[unit as string] ?? 0);
  return total;
}

/** `5m`, `1h`, `30s`: the largest unit that divides it, as `$__interval` is written. */
export function formatInterval(ms: number): string {
  for (const [unit, size] of [
    ['d', DAY],
    ['h', HOUR],
    ['m', MINUTE],
    ['s', 1000],
  ] as const) {
    if (ms >= size && ms % size === 0) return `${ms / size}${unit}`;
  }
  return `${ms}ms`;
}

/** The step of a panel: range divided by points, rounded, not below `minInterval` (as `10s` or `>10s`). */
export function chooseInterval(rangeMs: number, maxDataPoints: number, minInterval?: string): number {
  const rounded = roundInterval(rangeMs / Math.max(1, maxDataPoints));
  const floor = minInterval === undefined ? 1 : (parseDurationMs(minInterval.replace(/^>/, '')) ?? 1);
  return Math.max(rounded, floor);
}
