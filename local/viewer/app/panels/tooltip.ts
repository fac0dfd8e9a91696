import { formatTime } from '../../model/value-format.ts';
import { h } from '../dom.ts';

export interface TooltipRow {
  readonly color: string;
  readonly name: string;
  readonly text: string;
  readonly sortValue: number;
  readonly isNearest?: boolean;
}

/** Tooltip content: a time or title, then a row a series. */
export function tooltipBox(title: number | string, rows: readonly TooltipRow[], sort: string): HTMLElement {
  const sign = sort === 'desc' ? -1 : 1;
  const ordered =
    sort === 'asc' || sort === 'desc' ? [...rows].sort((a, b) => sign * (a.sortValue - b.sortValue)) : rows;
  const shown = ordered.slice(0, 20);
  return h(
    'div',
    { class: 'tooltip' },
    h('div', { class: 'tooltip-title' }, typeof title === 'number' ? formatTime(title) : title),
    shown.map((row) =>
      h(
        'div',
        { class: row.isNearest === true ? 'tooltip-row is-nearest' : 'tooltip-row' },
        h('span', { class: 'swatch', style: { background: row.color } }),
        h('span', { class: 'tooltip-name' }, row.name),
        h('span', { class: 'tooltip-value' }, row.text),
      ),
    ),
    ordered.length > shown.length ? h('div', { class: 'hint' }, `and ${ordered.length - shown.length} more`) : null,
  );
}

/** Look of the chart library's tooltip container; its content is ours. */
export const TOOLTIP_STYLE = {
  appendTo: 'body',
  confine: true,
  backgroundColor: '#22252b',
  borderColor: 'rgba(204, 204, 220, 0.2)',
  borderWidth: 1,
  padding: 0,
  transitionDuration: 0,
  enterable: false,
  extraCssText: 'box-shadow: 0 4px 16px rgba(0,0,0,.6); border-radius: 4px; z-index: 60;',
} as const;
