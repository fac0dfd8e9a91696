import { withAlpha } from '../../model/colors.ts';
import { rangeOf, seriesColor, showValue } from '../../model/display.ts';
import type { DisplayField } from '../../model/field-config.ts';
import { customNumber, isHiddenFrom } from '../../model/field-config.ts';
import { formatValue } from '../../model/value-format.ts';
import { FONT, GRID_LINE, MUTED, TEXT } from '../echarts.ts';
import type { Drawing } from './chart-host.ts';
import { chartPanel } from './chart-host.ts';
import type { PanelInput } from './panel-input.ts';
import { numberOption, textOption } from './panel-input.ts';
import { tickLabel } from './time-axis.ts';
import { TOOLTIP_STYLE, tooltipBox } from './tooltip.ts';
import { thresholdMarks } from './value-axis.ts';

const plain = (field: DisplayField, value: DisplayField['values'][number]): string => {
  const { color: _, ...config } = field.config;
  return showValue(value, field.type, config, { min: 0, max: 1 }).text;
};

function draw(input: PanelInput, size: { width: number; height: number }, hidden: ReadonlySet<string>): Drawing {
  const { panel, frames } = input;
  const frame = frames[0];
  const xName = textOption(panel, 'xField', '');
  const fields = frame?.fields ?? [];
  const x =
    fields.find((field) => xName !== '' && (field.displayName === xName || field.name === xName)) ??
    fields.find((field) => field.type === 'string') ??
    fields.find((field) => field.type === 'time');
  const bars = fields.filter((field) => field.type === 'number' && field !== x && !isHiddenFrom(field, 'viz'));
  const rangeMs = input.range.toMs - input.range.fromMs;
  const categories = (x?.values ?? bars[0]?.values.map((_, index) => index + 1) ?? []).map((value) =>
    x?.type === 'time' ? tickLabel(Number(value), rangeMs) : x === undefined ? String(value) : plain(x, value),
  );
  const stacking = textOption(panel, 'stacking', 'none');
  const isHorizontal =
    textOption(panel, 'orientation', 'auto') === 'horizontal' ||
    (textOption(panel, 'orientation', 'auto') === 'auto' && size.height > size.width * 1.2);
  const colored = bars.map((field, index) => ({
    field,
    color: seriesColor(field.config, index, field.displayName, Number(field.values.at(-1) ?? 0), rangeOf([field])),
  }));
  const byValue = (field: DisplayField): boolean =>
    ['thresholds'].includes(field.config.color?.mode ?? '') ||
    (field.config.color?.mode ?? '').startsWith('continuous');
  const totals = categories.map((_, row) =>
    bars.reduce((sum, field) => sum + Math.abs(Number(field.values[row] ?? 0)), 0),
  );
  const shareOf = (value: unknown, row: number): number | null =>
    typeof value !== 'number' || !Number.isFinite(value)
      ? null
      : stacking === 'percent'
        ? value / (totals[row] || 1)
        : value;
  const showValues = textOption(panel, 'showValue', 'auto');
  const series = colored.map(({ field, color }) => ({
    type: 'bar',
    name: field.displayName,
    animation: false,
    barMaxWidth: 60,
    barCategoryGap: `${Math.round((1 - numberOption(panel, 'groupWidth', 0.7)) * 100)}%`,
    ...(stacking === 'none' ? {} : { stack: 'all' }),
    label: {
      show: showValues === 'always' || (showValues === 'auto' && categories.length * bars.length <= size.width / 60),
      position: stacking === 'none' ? (isHorizontal ? 'right' : 'top') : 'inside',
      color: TEXT,
      fontSize: 11,
      formatter: ({ dataIndex }: { dataIndex: number }) => plain(field, field.values[dataIndex] ?? null),
    },
    data: hidden.has(field.displayName)
      ? []
      : field.values.map((value, row) => {
          const own = byValue(field)
            ? (showValue(value, 'number', field.config, rangeOf([field])).color ?? color)
            : color;
          return {
            value: shareOf(value, row),
            itemStyle: {
              color: withAlpha(own, Math.max(0.3, customNumber(field.config, 'fillOpacity', 80) / 100)),
              borderColor: own,
              borderWidth: customNumber(field.config, 'lineWidth', 1),
            },
          };
        }),
    ...(isHorizontal ? {} : thresholdMarks(field.config)),
  }));
  const first = bars[0];
  const valueAxis = {
    type: 'value',
    ...(typeof first?.config.min === 'number' ? { min: first.config.min } : {}),
    ...(typeof first?.config.max === 'number' ? { max: first.config.max } : {}),
    splitNumber: 4,
    splitLine: { lineStyle: { color: GRID_LINE } },
    axisLabel: {
      color: MUTED,
      fontSize: 11,
      fontFamily: FONT,
      hideOverlap: true,
      formatter: (value: number) =>
        formatValue(
          value,
          stacking === 'percent' ? 'percentunit' : (first?.config.unit ?? 'short'),
          first?.config.decimals ?? undefined,
        ),
    },
  };
  const categoryAxis = {
    type: 'category',
    data: categories,
    inverse: isHorizontal,
    axisLine: { lineStyle: { color: GRID_LINE } },
    axisTick: { show: false },
    axisLabel: {
      color: MUTED,
      fontSize: 11,
      fontFamily: FONT,
      rotate: numberOption(panel, 'xTickLabelRotation', 0),
      hideOverlap: true,
      width: isHorizontal ? size.width / 3 : undefined,
      overflow: 'truncate',
    },
  };
  const formatter = (given: unknown): HTMLElement => {
    const row = ((Array.isArray(given) ? given[0] : given) as { dataIndex?: number } | undefined)?.dataIndex ?? 0;
    const rows = colored
      .filter(({ field }) => !hidden.has(field.displayName))
      .map(({ field, color }) => ({
        color,
        name: field.displayName,
        text: plain(field, field.values[row] ?? null),
        sortValue: Number(field.values[row] ?? 0),
      }));
    return tooltipBox(categories[row] ?? '', rows, textOption(panel, 'tooltip.sort', 'none'));
  };
  const option = {
    grid: { left: 8, right: isHorizontal ? 40 : 12, top: 14, bottom: 4, containLabel: true },
    xAxis: isHorizontal ? valueAxis : categoryAxis,
    yAxis: isHorizontal ? categoryAxis : valueAxis,
    series,
    tooltip: {
      show: textOption(panel, 'tooltip.mode', 'single') !== 'none',
      trigger: 'axis',
      axisPointer: { type: 'shadow' },
      ...TOOLTIP_STYLE,
      formatter,
    },
  };
  return { option, legend: colored, isTime: false };
}

export const barchartPanel = chartPanel(draw);
