import type { TimeRangeMs } from '../../query/macros.ts';
import { FONT, GRID_LINE, MUTED } from '../echarts.ts';

const two = (value: number): string => String(value).padStart(2, '0');

/** Tick text by the length of the range: clock, date and clock, or date. */
export function tickLabel(ms: number, rangeMs: number): string {
  const at = new Date(ms);
  const clock = `${two(at.getHours())}:${two(at.getMinutes())}`;
  const day = `${two(at.getMonth() + 1)}/${two(at.getDate())}`;
  if (rangeMs <= 10 * 60_000) return `${clock}:${two(at.getSeconds())}`;
  if (rangeMs <= 26 * 3_600_000) return clock;
  if (rangeMs <= 8 * 86_400_000) return clock === '00:00' ? day : `${day} ${clock}`;
  return day;
}

/** The x axis of charts over time: exactly the range of the page. */
export function timeAxis(range: TimeRangeMs, width: number): Record<string, unknown> {
  const length = range.toMs - range.fromMs;
  return {
    type: 'time',
    min: range.fromMs,
    max: range.toMs,
    splitNumber: Math.max(2, Math.floor(width / (length > 26 * 3_600_000 ? 110 : 80))),
    axisLine: { lineStyle: { color: GRID_LINE } },
    axisTick: { show: true, length: 3, lineStyle: { color: GRID_LINE } },
    splitLine: { show: true, lineStyle: { color: GRID_LINE } },
    axisLabel: {
      color: MUTED,
      fontSize: 11,
      fontFamily: FONT,
      hideOverlap: true,
      formatter: (value: number) => tickLabel(value, length),
    },
    axisPointer: {
      show: true,
      label: { show: false },
      lineStyle: { color: 'rgba(204,204,220,0.45)', type: 'dashed' },
      snap: false,
    },
  };
}
