import { classicColor } from '../../model/colors.ts';
import { rangeOf, showValue } from '../../model/display.ts';
import type { DisplayField } from '../../model/field-config.ts';
import { customNumber, isHiddenFrom } from '../../model/field-config.ts';
import { formatTime } from '../../model/value-format.ts';
import type { CellValue } from '../../query/frames.ts';
import { FONT, MUTED } from '../echarts.ts';
import type { Drawing } from './chart-host.ts';
import { chartPanel } from './chart-host.ts';
import type { PanelInput } from './panel-input.ts';
import { flagOption, numberOption, textOption, timeFieldOf } from './panel-input.ts';
import { timeAxis } from './time-axis.ts';
import { TOOLTIP_STYLE, tooltipBox } from './tooltip.ts';

interface Span {
  readonly row: number;
  readonly fromMs: number;
  readonly toMs: number;
  readonly text: string;
  readonly color: string;
}

/** What a value is drawn as, so that neighbours of the same kind can be merged. */
function looks(field: DisplayField, value: CellValue, seen: Map<string, number>): { text: string; color: string } {
  const mode = field.config.color?.mode ?? 'thresholds';
  const shown = showValue(
    value,
    field.type,
    field.type === 'number' ? field.config : { ...field.config, color: { mode } },
    rangeOf([field]),
  );
  if (shown.color !== undefined) return { text: shown.text, color: shown.color };
  if (!seen.has(shown.text)) seen.set(shown.text, seen.size);
  return { text: shown.text, color: classicColor(seen.get(shown.text) ?? 0) };
}

function spansOf(input: PanelInput, isHistory: boolean): { rows: DisplayField[]; spans: Span[] } {
  const rows: DisplayField[] = [];
  const spans: Span[] = [];
  const seen = new Map<string, number>();
  const merge = !isHistory && flagOption(input.panel, 'mergeValues', true);
  for (const frame of input.frames) {
    const time = timeFieldOf(frame);
    if (time === undefined) continue;
    const times = time.values.map(Number);
    const step =
      times.length > 1
        ? ((times.at(-1) as number) - (times[0] as number)) / (times.length - 1)
        : input.range.toMs - input.range.fromMs;
    for (const field of frame.fields.filter((one) => one !== time && !isHiddenFrom(one, 'viz'))) {
      const row = rows.push(field) - 1;
      times.forEach((fromMs, index) => {
        const value = field.values[index] ?? null;
        const spanNulls = field.config.custom?.['spanNulls'] === true;
        if (value === null && !(field.config.mappings ?? []).some((mapping) => mapping.type === 'special')) {
          const last = spans.at(-1);
          if (spanNulls && last?.row === row)
            spans[spans.length - 1] = { ...last, toMs: times[index + 1] ?? fromMs + step };
          return;
        }
        const { text, color } = looks(field, value, seen);
        // A state lasts until the next one; the last until the end of the range, as Grafana draws it.
        const toMs =
          times[index + 1] ?? (isHistory ? fromMs + step : Math.max(fromMs, Math.min(input.range.toMs, fromMs + step)));
        const last = spans.at(-1);
        if (merge && last?.row === row && last.text === text && last.color === color && last.toMs >= fromMs)
          spans[spans.length - 1] = { ...last, toMs };
        else spans.push({ row, fromMs, toMs, text, color });
      });
    }
  }
  return { rows, spans };
}

interface Coordinates {
  coord: (point: [number, number]) => [number, number];
  size: (size: [number, number]) => [number, number];
  value: (index: number) => number;
}

const drawWith =
  (isHistory: boolean) =>
  (input: PanelInput, size: { width: number; height: number }): Drawing => {
    const { rows, spans } = spansOf(input, isHistory);
    const rowHeight = numberOption(input.panel, 'rowHeight', 0.9);
    const showText = textOption(input.panel, 'showValue', 'auto');
    const opacity = customNumber(rows[0]?.config ?? {}, 'fillOpacity', 70) / 100;
    const renderItem = (
      params: { dataIndex: number; coordSys: { x: number; width: number } },
      api: Coordinates,
    ): unknown => {
      const span = spans[params.dataIndex] as Span;
      const [left, y] = api.coord([span.fromMs, span.row]);
      const [right] = api.coord([span.toMs, span.row]);
      const height = (api.size([0, 1])[1] ?? 20) * rowHeight;
      const x = Math.max(left, params.coordSys.x);
      const width = Math.min(right, params.coordSys.x + params.coordSys.width) - x;
      if (width <= 0) return undefined;
      const fits = span.text.length * 7 + 8 < width && height > 12;
      return {
        type: 'rect',
        shape: { x, y: y - height / 2, width: Math.max(1, width - (isHistory ? 2 : 0)), height, r: 1 },
        style: { fill: span.color, opacity },
        ...(showText !== 'never' && fits
          ? {
              textContent: { style: { text: span.text, fill: '#fff', fontSize: 11, fontFamily: FONT } },
              textConfig: { position: 'inside' },
            }
          : {}),
      };
    };
    const formatter = ({ dataIndex }: { dataIndex: number }): HTMLElement => {
      const span = spans[dataIndex] as Span;
      return tooltipBox(
        `${formatTime(span.fromMs)} to ${formatTime(span.toMs)}`,
        [{ color: span.color, name: rows[span.row]?.displayName ?? '', text: span.text, sortValue: 0 }],
        'none',
      );
    };
    const option = {
      grid: { left: 8, right: 12, top: 4, bottom: 4, containLabel: true },
      xAxis: { ...timeAxis(input.range, size.width), splitLine: { show: false } },
      yAxis: {
        type: 'category',
        inverse: true,
        data: rows.map((field) => field.displayName),
        axisLine: { show: false },
        axisTick: { show: false },
        splitLine: { show: false },
        axisPointer: { show: false },
        axisLabel: { color: MUTED, fontSize: 11, fontFamily: FONT, width: size.width / 4, overflow: 'truncate' },
      },
      series: [
        {
          type: 'custom',
          animation: false,
          renderItem,
          encode: { x: [1, 2], y: 0 },
          data: spans.map((span) => [span.row, span.fromMs, span.toMs]),
        },
      ],
      tooltip: { trigger: 'item', ...TOOLTIP_STYLE, formatter },
    };
    return { option, legend: [], isTime: true };
  };

export const stateTimelinePanel = chartPanel(drawWith(false));
export const statusHistoryPanel = chartPanel(drawWith(true));
