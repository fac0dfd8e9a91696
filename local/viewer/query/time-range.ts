import { parseDurationMs } from './interval.ts';
import type { TimeRangeMs } from './macros.ts';

const startOf = (ms: number, unit: string, end: boolean): number => {
  const date = new Date(ms);
  const [y, m, d, h, min] = [
    date.getUTCFullYear(),
    date.getUTCMonth(),
    date.getUTCDate(),
    date.getUTCHours(),
    date.getUTCMinutes(),
  ];
  const step = end ? 1 : 0;
  const mondayOffset = (date.getUTCDay() + 6) % 7;
  const starts: Readonly<Record<string, number>> = {
    m: Date.UTC(y, m, d, h, min + step),
    h: Date.UTC(y, m, d, h + step),
    d: Date.UTC(y, m, d + step),
    w: Date.UTC(y, m, d - mondayOffset + 7 * step),
    M: Date.UTC(y, m + step),
    y: Date.UTC(y + step, 0),
  };
  const start = starts[unit];
  return start === undefined ? Number.NaN : start - step;
};

/** `now`, `now-6h`, `now-1d/d`, an ISO time, or Unix ms as text, in UTC. `end` rounds `/d` up to the end of the unit. NaN when not understood. */
export function parseTime(text: string, nowMs: number, end = false): number {
  const trimmed = text.trim();
  if (/^\d{10,}$/.test(trimmed)) return Number(trimmed);
  const relative = /^now(?:([+-])(\d+[smhdwMy]))?(?:\/([mhdwMy]))?$/.exec(trimmed);
  if (relative === null) return Date.parse(trimmed);
  const [, sign, amount, round] = relative;
  const shift = amount === undefined ? 0 : (parseDurationMs(amount) ?? Number.NaN);
  const moved = nowMs + (sign === '-' ? -shift : shift);
  return round === undefined ? moved : startOf(moved, round, end);
}

/** Both ends; throws when one is not understood or they are the wrong way round. */
export function parseTimeRange(from: string, to: string, nowMs: number): TimeRangeMs {
  const range = { fromMs: parseTime(from, nowMs), toMs: parseTime(to, nowMs, true) };
  if (Number.isNaN(range.fromMs)) throw new Error(`'${from}' is not a time`);
  if (Number.isNaN(range.toMs)) throw new Error(`'${to}' is not a time`);
  if (range.fromMs >= range.toMs) throw new Error(`the time range is empty: ${from} to ${to}`);
  return range;
}
