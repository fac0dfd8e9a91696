import type { FieldConfig } from '../../model/dashboard.ts';
import { cssColor, withAlpha } from '../../model/colors.ts';
import { stepValue, thresholdSteps } from '../../model/display.ts';
import type { DisplayField } from '../../model/field-config.ts';
import { customNumber, customRecord, customText } from '../../model/field-config.ts';
import { formatValue } from '../../model/value-format.ts';
import { FONT, GRID_LINE, MUTED } from '../echarts.ts';

export interface AxisPlan {
  readonly axes: readonly Record<string, unknown>[];
  /** Axis of each field, in the order of the fields. */
  readonly axisOf: readonly number[];
}

const finite = (values: DisplayField['values']): number[] =>
  values.filter((value): value is number => typeof value === 'number' && Number.isFinite(value));

// Grafana pads the ends and keeps zero when everything is positive; soft limits widen, hard limits fix.
function bounds(
  fields: readonly DisplayField[],
  config: FieldConfig,
  isPercent: boolean,
): { min?: number; max?: number } {
  const [softMin, softMax] = [
    customNumber(config, 'axisSoftMin', Number.NaN),
    customNumber(config, 'axisSoftMax', Number.NaN),
  ];
  let low = Infinity;
  let high = -Infinity;
  for (const field of fields) {
    for (const value of finite(field.values)) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  const isStacked = fields.some(
    (field) => !['', 'none'].includes((customRecord(field.config, 'stacking') as { mode?: string }).mode ?? 'none'),
  );
  const result: { min?: number; max?: number } = {};
  if (typeof config.min === 'number') result.min = config.min;
  else if (!Number.isNaN(softMin)) result.min = Math.min(softMin, low);
  if (typeof config.max === 'number') result.max = config.max;
  else if (!Number.isNaN(softMax) && !isStacked) result.max = Math.max(softMax, high);
  if (isPercent) return { min: 0, max: 1 };
  // A flat line needs room around it.
  if (low === high && Number.isFinite(low) && !isStacked) {
    result.min ??= low > 0 ? 0 : low - 1;
    result.max ??= low === 0 ? 1 : high + Math.abs(high) / 2;
  }
  return result;
}

function axis(
  fields: readonly DisplayField[],
  position: 'left' | 'right',
  isFirst: boolean,
  isPercent: boolean,
): Record<string, unknown> {
  const config = (fields[0] as DisplayField).config;
  const unit = isPercent ? 'percentunit' : (config.unit ?? 'short');
  const isHidden = customText(config, 'axisPlacement', 'auto') === 'hidden';
  const isLog = customRecord(config, 'scaleDistribution')['type'] === 'log';
  const label = customText(config, 'axisLabel', '');
  return {
    type: isLog ? 'log' : 'value',
    position,
    ...bounds(fields, config, isPercent),
    scale: !fields.every((field) => finite(field.values).every((value) => value >= 0)),
    name: label,
    nameLocation: 'middle',
    nameGap: 48,
    nameTextStyle: { color: MUTED, fontSize: 11, fontFamily: FONT },
    show: !isHidden,
    axisLine: { show: false },
    axisTick: { show: false },
    splitLine: { show: isFirst, lineStyle: { color: GRID_LINE } },
    splitNumber: 4,
    axisLabel: {
      color: MUTED,
      fontSize: 11,
      fontFamily: FONT,
      formatter: (value: number) => formatValue(value, unit === '' ? 'short' : unit, config.decimals ?? undefined),
    },
    axisPointer: { show: false },
  };
}

/** One axis a unit and side: the first unit on the left, other units on the right, unless placed by hand. */
export function planAxes(fields: readonly DisplayField[], isPercent: boolean): AxisPlan {
  const groups = new Map<string, DisplayField[]>();
  const keys = fields.map((field) => {
    const placement = customText(field.config, 'axisPlacement', 'auto');
    const key = `${placement === 'hidden' || placement === '' ? 'auto' : placement} ${field.config.unit ?? ''}`;
    groups.set(key, [...(groups.get(key) ?? []), field]);
    return key;
  });
  const order = [...groups.keys()];
  const axes = order.map((key, index) => {
    const placement = key.split(' ')[0];
    const position = placement === 'right' || (placement === 'auto' && index > 0) ? 'right' : 'left';
    return axis(groups.get(key) as DisplayField[], position, index === 0, isPercent);
  });
  return {
    axes: axes.length === 0 ? [{ type: 'value', show: false }] : axes,
    axisOf: keys.map((key) => order.indexOf(key)),
  };
}

/** Threshold lines and areas of a field as chart marks. */
export function thresholdMarks(config: FieldConfig): Record<string, unknown> {
  const { mode = 'off' } = customRecord(config, 'thresholdsStyle') as { mode?: string };
  if (mode === 'off') return {};
  const range = { min: config.min ?? 0, max: config.max ?? 100 };
  const steps = thresholdSteps(config).map((step) => ({
    at: stepValue(step, config, range),
    color: cssColor(step.color),
  }));
  const lines = steps
    .filter((step) => Number.isFinite(step.at))
    .map((step) => ({
      yAxis: step.at,
      lineStyle: { color: step.color, type: mode.startsWith('dashed') ? 'dashed' : 'solid', width: 1, opacity: 0.8 },
    }));
  const areas = steps.map((step, index) => [
    { yAxis: Number.isFinite(step.at) ? step.at : 'min', itemStyle: { color: withAlpha(step.color, 0.1) } },
    { yAxis: steps[index + 1]?.at ?? 'max' },
  ]);
  const hasLines = mode.startsWith('line') || mode.startsWith('dashed');
  return {
    ...(hasLines
      ? { markLine: { silent: true, symbol: 'none', label: { show: false }, animation: false, data: lines } }
      : {}),
    ...(mode.endsWith('area') || mode === 'area' ? { markArea: { silent: true, animation: false, data: areas } } : {}),
  };
}
