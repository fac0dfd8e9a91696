import { cssColor, gradientStops } from '../../model/colors.ts';
import type { DisplayFrame } from '../../model/field-config.ts';
import { formatTime, formatValue } from '../../model/value-format.ts';
import { FONT, MUTED } from '../echarts.ts';
import type { Drawing } from './chart-host.ts';
import { chartPanel } from './chart-host.ts';
import type { PanelInput } from './panel-input.ts';
import { flagOption, textOption, timeFieldOf } from './panel-input.ts';
import { timeAxis } from './time-axis.ts';
import { TOOLTIP_STYLE, tooltipBox } from './tooltip.ts';

const SCHEMES: Readonly<Record<string, readonly string[]>> = {
  Oranges: ['#3b2410', 'dark-orange', 'super-light-yellow'],
  Spectral: ['blue', 'green', 'yellow', 'orange', 'red'],
  Turbo: ['#30123b', '#4686fb', '#1ae4b6', '#a4fc3c', '#fbb938', '#e4460a', '#7a0403'],
  Viridis: ['#440154', '#3b528b', '#21918c', '#5ec962', '#fde725'],
  Blues: ['#0f1c2e', 'blue', 'super-light-blue'],
  Greens: ['#0f2416', 'green', 'super-light-green'],
  Reds: ['#2e0f14', 'red', 'super-light-red'],
  Purples: ['#1f1030', 'purple', 'super-light-purple'],
};

interface Cell {
  readonly timeMs: number;
  readonly bucket: number;
  readonly count: number;
}

/** Columns of a wide frame are buckets, in their order; names like `100` or `≤ 250 ms` become the y labels. */
function cellsOf(frame: DisplayFrame | undefined): { buckets: string[]; cells: Cell[]; stepMs: number } {
  const time = frame === undefined ? undefined : timeFieldOf(frame);
  const columns = (frame?.fields ?? []).filter((field) => field.type === 'number');
  const numbers = columns.map((field) => Number.parseFloat(field.displayName.replace(/^[^\d+-]*/, '')));
  const order = columns.map((_, index) => index);
  if (numbers.every((value) => !Number.isNaN(value)))
    order.sort((a, b) => (numbers[a] as number) - (numbers[b] as number));
  const times = time?.values.map(Number) ?? [];
  const stepMs =
    times.length > 1
      ? Math.min(
          ...times
            .slice(1)
            .map((value, index) => value - (times[index] as number))
            .filter((gap) => gap > 0),
        )
      : 60_000;
  const cells = order.flatMap((column, bucket) =>
    times.flatMap((timeMs, row) => {
      const count = columns[column]?.values[row];
      return typeof count === 'number' && count !== 0 ? [{ timeMs, bucket, count }] : [];
    }),
  );
  return { buckets: order.map((column) => columns[column]?.displayName ?? ''), cells, stepMs };
}

interface Coordinates {
  coord: (point: [number, number]) => [number, number];
  size: (size: [number, number]) => [number, number];
  visual: (name: string) => string;
}

function draw(input: PanelInput, size: { width: number; height: number }): Drawing {
  if (flagOption(input.panel, 'calculate', false))
    throw new Error(
      'heatmap: calculating buckets from data is not supported by the local viewer; give one column a bucket',
    );
  const { buckets, cells, stepMs } = cellsOf(input.frames[0]);
  const scheme = textOption(input.panel, 'color.scheme', 'Oranges');
  const colors = (SCHEMES[scheme] ?? gradientStops('continuous-reds')).map(cssColor);
  const unit = textOption(
    input.panel,
    'cellValues.unit',
    input.frames[0]?.fields.find((field) => field.type === 'number')?.config.unit ?? 'short',
  );
  const yUnit = textOption(input.panel, 'yAxis.unit', '');
  const bucketText = (name: string): string =>
    yUnit !== '' && name.trim() !== '' && !Number.isNaN(Number(name)) ? formatValue(Number(name), yUnit) : name;
  const renderItem = (
    params: { dataIndex: number; coordSys: { x: number; width: number } },
    api: Coordinates,
  ): unknown => {
    const cell = cells[params.dataIndex] as Cell;
    const [left, y] = api.coord([cell.timeMs, cell.bucket]);
    const [right] = api.coord([cell.timeMs + stepMs, cell.bucket]);
    const height = api.size([0, 1])[1] ?? 10;
    const x = Math.max(left, params.coordSys.x);
    const width = Math.min(right, params.coordSys.x + params.coordSys.width) - x;
    return width <= 0
      ? undefined
      : {
          type: 'rect',
          shape: { x, y: y - height / 2, width: Math.max(1, width - 1), height: Math.max(1, height - 1) },
          style: { fill: api.visual('color') },
        };
  };
  const formatter = ({ dataIndex }: { dataIndex: number }): HTMLElement => {
    const cell = cells[dataIndex] as Cell;
    return tooltipBox(
      formatTime(cell.timeMs),
      [
        {
          color: colors.at(-1) ?? '',
          name: bucketText(buckets[cell.bucket] ?? ''),
          text: formatValue(cell.count, unit),
          sortValue: 0,
        },
      ],
      'none',
    );
  };
  const option = {
    grid: { left: 8, right: 12, top: 6, bottom: 4, containLabel: true },
    xAxis: { ...timeAxis(input.range, size.width), splitLine: { show: false } },
    yAxis: {
      type: 'category',
      data: buckets.map(bucketText),
      axisLine: { show: false },
      axisTick: { show: false },
      axisPointer: { show: false },
      axisLabel: { color: MUTED, fontSize: 11, fontFamily: FONT },
    },
    visualMap: {
      show: false,
      type: 'continuous',
      dimension: 2,
      min: 0,
      max: Math.max(1, ...cells.map((cell) => cell.count)),
      inRange: { color: colors },
    },
    series: [
      {
        type: 'custom',
        animation: false,
        renderItem,
        encode: { x: 0, y: 1 },
        data: cells.map((cell) => [cell.timeMs, cell.bucket, cell.count]),
      },
    ],
    tooltip: { trigger: 'item', ...TOOLTIP_STYLE, formatter },
  };
  return { option, legend: [], isTime: true };
}

export const heatmapPanel = chartPanel(draw);
