import { gradientStops, isGradient, withAlpha } from '../../model/colors.ts';
import { rangeOf, seriesColor, showValue } from '../../model/display.ts';
import type { DisplayField, DisplayFrame } from '../../model/field-config.ts';
import { customNumber, customRecord, customText, isHiddenFrom } from '../../model/field-config.ts';
import { reduceValues } from '../../model/reduce.ts';
import { linearGradient } from '../echarts.ts';
import type { Drawing } from './chart-host.ts';
import { chartPanel } from './chart-host.ts';
import type { PanelInput } from './panel-input.ts';
import { textOption, timeFieldOf } from './panel-input.ts';
import { timeAxis } from './time-axis.ts';
import type { TooltipRow } from './tooltip.ts';
import { TOOLTIP_STYLE, tooltipBox } from './tooltip.ts';
import { planAxes, thresholdMarks } from './value-axis.ts';

interface Line {
  readonly field: DisplayField;
  readonly color: string;
  readonly times: readonly number[];
  readonly values: readonly (number | null)[];
}

const numeric = (value: unknown): number | null => (typeof value === 'number' && Number.isFinite(value) ? value : null);

function linesOf(frames: readonly DisplayFrame[]): Line[] {
  const pairs = frames.flatMap((frame) => {
    const time = timeFieldOf(frame);
    return time === undefined
      ? []
      : frame.fields
          .filter((field) => field.type === 'number' && !isHiddenFrom(field, 'viz'))
          .map((field) => ({ field, time }));
  });
  return pairs.map(({ field, time }, index) => {
    const sign = customText(field.config, 'transform', '') === 'negative-Y' ? -1 : 1;
    const range = rangeOf([field]);
    const last = Number(reduceValues(field.values, textOf(field)) ?? 0);
    const values = field.values.map((value) => {
      const one = numeric(value);
      return one === null ? null : one * sign;
    });
    return {
      field,
      color: seriesColor(field.config, index, field.displayName, last, range),
      times: time.values.map(Number),
      values,
    };
  });
}

// seriesBy: last (default), min or max decides the colour in threshold and gradient modes.
const textOf = (field: DisplayField): string => {
  const by = field.config.color?.seriesBy ?? 'last';
  return by === 'last' ? 'lastNotNull' : by;
};

const stackingOf = (field: DisplayField): { mode: string; group: string } => {
  const { mode = 'none', group = 'A' } = customRecord(field.config, 'stacking');
  return { mode: String(mode), group: String(group) };
};

/** Shares of the total at each time, for percent stacking. */
function asShares(lines: readonly Line[]): Line[] {
  const totals = new Map<number, number>();
  for (const line of lines)
    line.times.forEach((time, index) => totals.set(time, (totals.get(time) ?? 0) + Math.abs(line.values[index] ?? 0)));
  return lines.map((line) => ({
    ...line,
    values: line.values.map((value, index) => {
      const total = totals.get(line.times[index] ?? Number.NaN) ?? 0;
      return value === null || total === 0 ? null : value / total;
    }),
  }));
}

const STEP: Readonly<Record<string, string>> = { stepBefore: 'end', stepAfter: 'start' };

function areaStyle(field: DisplayField, color: string): Record<string, unknown> | undefined {
  const opacity = customNumber(field.config, 'fillOpacity', 0) / 100;
  if (opacity <= 0 || customText(field.config, 'fillBelowTo', '') !== '') return undefined;
  const gradient = customText(field.config, 'gradientMode', 'none');
  if (gradient === 'opacity' || gradient === 'hue')
    return { color: linearGradient(withAlpha(color, Math.min(1, opacity * 1.6)), withAlpha(color, 0.02)) };
  const mode = field.config.color?.mode ?? '';
  if (gradient === 'scheme' && isGradient(mode)) {
    const stops = gradientStops(mode);
    return { color: linearGradient(stops.at(-1) ?? color, stops[0] ?? color), opacity };
  }
  return { color, opacity };
}

function seriesOf(line: Line, axisIndex: number, isHidden: boolean): Record<string, unknown> {
  const { field, color } = line;
  const { config } = field;
  const style = customText(config, 'drawStyle', 'line');
  const interpolation = customText(config, 'lineInterpolation', 'linear');
  const points = customText(config, 'showPoints', 'auto');
  const stacking = stackingOf(field);
  const spanNulls = config.custom?.['spanNulls'];
  const real = line.values.filter((value) => value !== null).length;
  const lineStyle = customRecord(config, 'lineStyle');
  const data = isHidden ? [] : line.times.map((time, index) => [time, line.values[index] ?? null]);
  const area = areaStyle(field, color);
  const base = {
    id: `f${field.id}`,
    name: field.displayName,
    yAxisIndex: axisIndex,
    data,
    color,
    animation: false,
    emphasis: { disabled: true },
    ...(stacking.mode === 'normal' || stacking.mode === 'percent'
      ? { stack: `${stacking.group}-${axisIndex}-${style}` }
      : {}),
    ...thresholdMarks(config),
  };
  if (style === 'bars') {
    return {
      ...base,
      type: 'bar',
      barMaxWidth: customNumber(config, 'barMaxWidth', 30),
      itemStyle: {
        color: withAlpha(color, Math.max(0.25, customNumber(config, 'fillOpacity', 80) / 100)),
        borderColor: color,
        borderWidth: customNumber(config, 'lineWidth', 0) > 1 ? 1 : 0,
      },
    };
  }
  if (style === 'points') return { ...base, type: 'scatter', symbolSize: customNumber(config, 'pointSize', 5) };
  return {
    ...base,
    type: 'line',
    sampling: data.length > 4000 ? 'lttb' : undefined,
    smooth: interpolation === 'smooth' ? 0.35 : false,
    smoothMonotone: 'x',
    step: STEP[interpolation] ?? false,
    connectNulls: spanNulls === true || typeof spanNulls === 'number',
    showSymbol: points === 'always' || (points === 'auto' && real < 2),
    symbol: 'circle',
    symbolSize: customNumber(config, 'pointSize', 5),
    lineStyle: {
      width: customNumber(config, 'lineWidth', 1),
      color,
      type: lineStyle['fill'] === 'dash' ? 'dashed' : lineStyle['fill'] === 'dot' ? 'dotted' : 'solid',
    },
    ...(area === undefined ? {} : { areaStyle: area }),
  };
}

// A band is two stacked lines: the lower bound unseen, the difference filled.
function bandsOf(
  lines: readonly Line[],
  axisOf: readonly number[],
  hidden: ReadonlySet<string>,
): Record<string, unknown>[] {
  return lines.flatMap((upper, index) => {
    const name = customText(upper.field.config, 'fillBelowTo', '');
    const lower = lines.find((line) => line.field.displayName === name || line.field.name === name);
    if (name === '' || lower === undefined || hidden.has(upper.field.displayName)) return [];
    const at = new Map(lower.times.map((time, row) => [time, lower.values[row] ?? null]));
    const rows = upper.times.flatMap((time, row) => {
      const [high, low] = [upper.values[row] ?? null, at.get(time) ?? null];
      return high === null || low === null ? [] : [{ time, low, difference: high - low }];
    });
    const shared = {
      type: 'line',
      stack: `band-${index}`,
      yAxisIndex: axisOf[index] ?? 0,
      silent: true,
      showSymbol: false,
      animation: false,
      lineStyle: { width: 0 },
      tooltip: { show: false },
      z: 1,
      stackStrategy: 'all',
    };
    const opacity = Math.max(customNumber(upper.field.config, 'fillOpacity', 0), 5) / 100;
    return [
      { ...shared, id: `band-low-${index}`, data: rows.map((row) => [row.time, row.low]) },
      {
        ...shared,
        id: `band-fill-${index}`,
        data: rows.map((row) => [row.time, row.difference]),
        areaStyle: { color: upper.color, opacity },
      },
    ];
  });
}

function nearestIndex(times: readonly number[], at: number): number {
  let [low, high] = [0, times.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] as number) < at) low = middle + 1;
    else high = middle;
  }
  return low > 0 && Math.abs((times[low - 1] as number) - at) <= Math.abs((times[low] ?? Infinity) - at)
    ? low - 1
    : low;
}

function tooltipRows(
  lines: readonly Line[],
  hidden: ReadonlySet<string>,
  at: number,
): { time: number; rows: TooltipRow[] } {
  let time = at;
  const rows = lines.flatMap((line) => {
    if (hidden.has(line.field.displayName) || isHiddenFrom(line.field, 'tooltip') || line.times.length === 0) return [];
    const index = nearestIndex(line.times, at);
    const value = line.field.values[index] ?? null;
    if (value === null) return [];
    time = line.times[index] as number;
    const { color: _, ...config } = line.field.config;
    return [
      {
        color: line.color,
        name: line.field.displayName,
        text: showValue(value, 'number', config, { min: 0, max: 1 }).text,
        sortValue: Number(value),
      },
    ];
  });
  return { time, rows };
}

function draw(input: PanelInput, size: { width: number; height: number }, hidden: ReadonlySet<string>): Drawing {
  const raw = linesOf(input.frames);
  const isPercent = raw.some((line) => stackingOf(line.field).mode === 'percent');
  const lines = isPercent
    ? asShares(
        raw
          .filter((line) => !hidden.has(line.field.displayName))
          .concat(raw.filter((line) => hidden.has(line.field.displayName))),
      )
    : raw;
  const { axes, axisOf } = planAxes(
    lines.map((line) => line.field),
    isPercent,
  );
  const mode = textOption(input.panel, 'tooltip.mode', 'single');
  const formatter = (given: unknown): HTMLElement => {
    const first = (Array.isArray(given) ? given[0] : given) as
      | { axisValue?: number; value?: [number, number] }
      | undefined;
    const { time, rows } = tooltipRows(raw, hidden, first?.axisValue ?? first?.value?.[0] ?? 0);
    const kept =
      mode === 'single' && rows.length > 8 ? [...rows].sort((a, b) => b.sortValue - a.sortValue).slice(0, 8) : rows;
    return tooltipBox(time, kept, textOption(input.panel, 'tooltip.sort', 'none'));
  };
  const option = {
    grid: { left: 8, right: 12, top: 10, bottom: 4, containLabel: true },
    xAxis: timeAxis(input.range, size.width),
    yAxis: axes,
    series: [
      ...bandsOf(lines, axisOf, hidden),
      ...lines.map((line, index) => seriesOf(line, axisOf[index] ?? 0, hidden.has(line.field.displayName))),
    ],
    tooltip: { show: mode !== 'none', trigger: 'axis', ...TOOLTIP_STYLE, formatter },
  };
  return { option, legend: raw.map(({ field, color }) => ({ field, color })), isTime: true };
}

export const timeseriesPanel = chartPanel(draw);
