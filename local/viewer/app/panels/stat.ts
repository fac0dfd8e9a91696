import { withAlpha } from '../../model/colors.ts';
import { formatValue } from '../../model/value-format.ts';
import { h, svg } from '../dom.ts';
import { TEXT } from '../echarts.ts';
import { listOption, numberOption, redrawn, textOption, flagOption } from './panel-input.ts';
import type { ReducedValue } from './reduced-values.ts';
import { reducedValues } from './reduced-values.ts';
import { fittingFont, linked, tileColumns } from './tiles.ts';

/** Below it a line would run through the text: with the value alone, with its name above it; px. */
const GRAPH_FROM_PX = [40, 64] as const;

/** A small area line of the values behind a reduced one, across the bottom of its tile. */
function sparkline(value: ReducedValue, width: number, height: number, color: string): SVGElement | null {
  const points = (value.times ?? []).flatMap((time, index) => {
    const one = value.field.values[index];
    return time !== null && typeof one === 'number' && Number.isFinite(one) ? [[time, one] as const] : [];
  });
  if (points.length < 2 || height < 12) return null;
  const times = points.map(([time]) => time);
  const values = points.map(([, one]) => one);
  const [x0, x1] = [Math.min(...times), Math.max(...times)];
  const low = typeof value.field.config.min === 'number' ? value.field.config.min : Math.min(...values);
  const high = typeof value.field.config.max === 'number' ? value.field.config.max : Math.max(...values);
  const y = (one: number): number => height - 2 - ((one - low) / (high - low || 1)) * (height - 4);
  const line = points
    .map(
      ([time, one], index) =>
        `${index === 0 ? 'M' : 'L'}${(((time - x0) / (x1 - x0 || 1)) * width).toFixed(1)} ${y(one).toFixed(1)}`,
    )
    .join('');
  return svg(
    'svg',
    { class: 'sparkline', viewBox: `0 0 ${width} ${height}`, width, height, preserveAspectRatio: 'none' },
    svg('path', { d: `${line}L${width} ${height}L0 ${height}Z`, fill: withAlpha(color, 0.2), stroke: 'none' }),
    svg('path', { d: line, fill: 'none', stroke: color, 'stroke-width': 1.5 }),
  );
}

const darker = (color: string): string =>
  `linear-gradient(135deg, ${withAlpha(color, 0.95)}, ${withAlpha(color, 0.7)})`;

/** Change from the first to the last value, as a share. */
function percentChange(value: ReducedValue): string | undefined {
  const numbers = value.field.values.filter((one): one is number => typeof one === 'number' && Number.isFinite(one));
  const [first, last] = [numbers[0], numbers.at(-1)];
  if (value.times === undefined || first === undefined || last === undefined || first === 0) return undefined;
  const change = (last - first) / Math.abs(first);
  return `${change >= 0 ? '▲' : '▼'} ${formatValue(Math.abs(change), 'percentunit', 1)}`;
}

export const statPanel = redrawn((body, input) => {
  const { panel } = input;
  const values = reducedValues(input);
  const [width, height] = [body.clientWidth, body.clientHeight];
  const columns = tileColumns(values.length, width, height, textOption(panel, 'orientation', 'auto'));
  const rows = Math.ceil(values.length / Math.max(columns, 1));
  const [tileWidth, tileHeight] = [width / columns - 6, height / rows - 4];
  const colorMode = textOption(panel, 'colorMode', 'value');
  const textMode = textOption(panel, 'textMode', 'auto');
  const isCentred = textOption(panel, 'justifyMode', 'auto') === 'center' || values.length > 1;
  // Grafana names a value when there are several, or when asked to.
  const showName = textMode === 'name' || textMode === 'value_and_name' || (textMode === 'auto' && values.length > 1);
  const hasGraph =
    tileHeight >= GRAPH_FROM_PX[showName ? 1 : 0] &&
    textOption(panel, 'graphMode', 'area') === 'area' &&
    listOption(panel, 'reduceOptions.calcs').length <= 1;
  const showText = textMode !== 'name' && textMode !== 'none';
  const longest = Math.max(4, ...values.map((value) => value.shown.text.length));
  const font =
    numberOption(panel, 'text.valueSize', 0) ||
    fittingFont(longest, tileWidth - 16, tileHeight * (hasGraph ? 0.46 : 0.6) * (showName ? 0.8 : 1), 64);
  const titleFont = numberOption(panel, 'text.titleSize', 0) || Math.max(11, Math.min(16, font * 0.5));
  const tiles = values.map((value) => {
    const color = value.shown.color ?? TEXT;
    const isFilled = colorMode.startsWith('background');
    const graphColor = isFilled ? '#ffffff' : color;
    const style = {
      color: colorMode === 'value' ? color : isFilled ? '#fff' : TEXT,
      background: isFilled ? (colorMode === 'background_solid' ? color : darker(color)) : 'transparent',
    };
    const graph = hasGraph ? sparkline(value, Math.round(tileWidth), Math.round(tileHeight * 0.36), graphColor) : null;
    const change = flagOption(panel, 'showPercentChange', false) ? percentChange(value) : undefined;
    return h(
      'div',
      { class: `stat-tile${isCentred ? ' is-centred' : ''}${graph === null ? '' : ' has-graph'}`, style },
      graph,
      linked(
        value,
        input.links,
        showName ? h('div', { class: 'stat-name', style: { 'font-size': `${titleFont}px` } }, value.title) : null,
        showText
          ? h(
              'div',
              { class: 'stat-value', 'data-testid': 'stat-value', style: { 'font-size': `${font}px` } },
              value.shown.text,
            )
          : null,
        change === undefined ? null : h('div', { class: 'stat-change' }, change),
      ),
    );
  });
  body.append(
    h('div', { class: 'tiles', style: { 'grid-template-columns': `repeat(${Math.max(columns, 1)}, 1fr)` } }, tiles),
  );
});
