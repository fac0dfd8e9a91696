import { cssColor, gradientStops, isGradient, mixColors } from '../../model/colors.ts';
import { stepValue, thresholdSteps } from '../../model/display.ts';
import { formatValue } from '../../model/value-format.ts';
import { h, svg } from '../dom.ts';
import { flagOption, redrawn, textOption } from './panel-input.ts';
import type { ReducedValue } from './reduced-values.ts';
import { reducedValues } from './reduced-values.ts';
import { fittingFont, linked, tileColumns } from './tiles.ts';

const START = Math.PI * 0.8;
const SWEEP = Math.PI * 1.4;

function arc(from: number, to: number, radius: number, width: number): string {
  const [a, b] = [START + SWEEP * from, START + SWEEP * to];
  const point = (angle: number, r: number): string =>
    `${(100 + r * Math.cos(angle)).toFixed(2)} ${(100 + r * Math.sin(angle)).toFixed(2)}`;
  const large = b - a > Math.PI ? 1 : 0;
  const inner = radius - width;
  return `M${point(a, radius)}A${radius} ${radius} 0 ${large} 1 ${point(b, radius)}L${point(b, inner)}A${inner} ${inner} 0 ${large} 0 ${point(a, inner)}Z`;
}

function dial(value: ReducedValue, showMarkers: boolean, showLabels: boolean): SVGElement {
  const { range, field, shown } = value;
  const share = (one: number): number => Math.min(1, Math.max(0, (one - range.min) / (range.max - range.min || 1)));
  const mode = field.config.color?.mode ?? 'thresholds';
  const color = isGradient(mode) ? mixColors(gradientStops(mode), share(shown.number)) : (shown.color ?? '#73BF69');
  const steps = thresholdSteps(field.config).map((step) => ({
    at: share(Math.max(stepValue(step, field.config, range), range.min)),
    color: cssColor(step.color),
    value: stepValue(step, field.config, range),
  }));
  const markers = showMarkers
    ? steps.map((step, index) => svg('path', { d: arc(step.at, steps[index + 1]?.at ?? 1, 96, 5), fill: step.color }))
    : [];
  const labels = showLabels
    ? steps
        .filter((step) => Number.isFinite(step.value))
        .map((step) => {
          const angle = START + SWEEP * step.at;
          return svg(
            'text',
            {
              x: 100 + 82 * Math.cos(angle),
              y: 100 + 82 * Math.sin(angle),
              class: 'gauge-label',
              'text-anchor': 'middle',
            },
            formatValue(step.value, field.config.unit ?? ''),
          );
        })
    : [];
  const filled = Number.isFinite(shown.number) ? share(shown.number) : 0;
  return svg(
    'svg',
    { viewBox: '0 0 200 168', class: 'gauge-dial' },
    svg('path', { d: arc(0, 1, 88, 22), fill: 'rgba(204,204,220,0.1)' }),
    filled > 0 ? svg('path', { d: arc(0, filled, 88, 22), fill: color }) : null,
    ...markers,
    ...labels,
  );
}

export const gaugePanel = redrawn((body, input) => {
  const values = reducedValues(input);
  const [width, height] = [body.clientWidth, body.clientHeight];
  const columns = Math.max(
    1,
    tileColumns(values.length, width, height, textOption(input.panel, 'orientation', 'auto')),
  );
  const size = Math.min(width / columns, height / Math.ceil(values.length / columns));
  const tiles = values.map((value) =>
    h(
      'div',
      { class: 'gauge-tile' },
      linked(
        value,
        input.links,
        dial(
          value,
          flagOption(input.panel, 'showThresholdMarkers', true),
          flagOption(input.panel, 'showThresholdLabels', false),
        ),
        h(
          'div',
          {
            class: 'gauge-value',
            style: {
              color: value.shown.color ?? '',
              'font-size': `${fittingFont(value.shown.text.length, size * 0.5, size * 0.3, 40)}px`,
            },
          },
          value.shown.text,
        ),
        values.length > 1 ? h('div', { class: 'gauge-name' }, value.title) : null,
      ),
    ),
  );
  body.append(h('div', { class: 'tiles', style: { 'grid-template-columns': `repeat(${columns}, 1fr)` } }, tiles));
});
