import { gradientStops, isGradient, mixColors, withAlpha } from '../../model/colors.ts';
import { showValue } from '../../model/display.ts';
import { h } from '../dom.ts';
import { flagOption, redrawn, textOption } from './panel-input.ts';
import type { ReducedValue } from './reduced-values.ts';
import { reducedValues } from './reduced-values.ts';
import { linked } from './tiles.ts';

const CELLS = 30;

function bar(
  value: ReducedValue,
  share: number,
  mode: string,
  isVertical: boolean,
  showUnfilled: boolean,
): HTMLElement {
  const color = value.shown.color ?? '#73BF69';
  const direction = isVertical ? 'to top' : 'to right';
  if (mode === 'lcd') {
    const cells = Array.from({ length: CELLS }, (_, index) => {
      const at = value.range.min + ((value.range.max - value.range.min) * (index + 0.5)) / CELLS;
      const cellColor = showValue(at, 'number', value.field.config, value.range).color ?? color;
      return h('span', {
        style: { background: index / CELLS < share ? cellColor : withAlpha(cellColor, showUnfilled ? 0.15 : 0) },
      });
    });
    return h('div', { class: isVertical ? 'lcd is-vertical' : 'lcd' }, cells);
  }
  const colorMode = value.field.config.color?.mode ?? 'thresholds';
  const stops = isGradient(colorMode)
    ? gradientStops(colorMode).map((_, index, all) =>
        mixColors(gradientStops(colorMode), (index / (all.length - 1)) * share),
      )
    : [withAlpha(color, 0.35), color];
  const fill = mode === 'gradient' ? `linear-gradient(${direction}, ${stops.join(', ')})` : withAlpha(color, 0.5);
  const size = `${Math.max(share * 100, 0.5)}%`;
  const edge = isVertical ? { 'border-top': `2px solid ${color}` } : { 'border-right': `2px solid ${color}` };
  return h(
    'div',
    { class: 'bar-track', style: { background: showUnfilled ? 'rgba(204,204,220,0.07)' : 'transparent' } },
    h('div', {
      class: 'bar-fill',
      style: {
        background: fill,
        ...edge,
        ...(isVertical ? { height: size, width: '100%', bottom: '0' } : { width: size, height: '100%' }),
      },
    }),
  );
}

export const bargaugePanel = redrawn((body, input) => {
  const { panel } = input;
  const values = reducedValues(input);
  const orientation = textOption(panel, 'orientation', 'auto');
  const isVertical =
    orientation === 'vertical' || (orientation === 'auto' && body.clientWidth > body.clientHeight * 2.5);
  const mode = textOption(panel, 'displayMode', 'gradient');
  const valueMode = textOption(panel, 'valueMode', 'color');
  const showUnfilled = flagOption(panel, 'showUnfilled', true);
  const rows = values.map((value) => {
    const share = Number.isFinite(value.shown.number)
      ? Math.min(1, Math.max(0, (value.shown.number - value.range.min) / (value.range.max - value.range.min || 1)))
      : 0;
    const text = h(
      'span',
      { class: 'bar-value', style: valueMode === 'text' ? {} : { color: value.shown.color ?? '' } },
      valueMode === 'hidden' ? '' : value.shown.text,
    );
    return linked(
      value,
      input.links,
      h('span', { class: 'bar-name', title: value.title }, value.title),
      bar(value, share, mode, isVertical, showUnfilled),
      text,
    );
  });
  body.append(h('div', { class: isVertical ? 'bargauge is-vertical' : 'bargauge' }, rows));
});
