import { showValue } from '../../model/display.ts';
import type { DisplayField } from '../../model/field-config.ts';
import { isHiddenFrom } from '../../model/field-config.ts';
import { reducerLabel, reduceValues } from '../../model/reduce.ts';
import { h } from '../dom.ts';
import type { PanelInput } from './panel-input.ts';
import { flagOption, listOption, textOption } from './panel-input.ts';

export interface LegendItem {
  readonly field: DisplayField;
  readonly color: string;
}

export interface LegendPlace {
  readonly legend: HTMLElement | undefined;
  readonly placement: 'bottom' | 'right';
}

/** A legend as a list or a table with calculations. A click shows a series alone, with Ctrl it toggles one. */
export function legendFor(
  input: PanelInput,
  items: readonly LegendItem[],
  hidden: ReadonlySet<string>,
  onPick: (name: string, toggle: boolean) => void,
): LegendPlace {
  const { panel } = input;
  const placement = textOption(panel, 'legend.placement', 'bottom') === 'right' ? 'right' : 'bottom';
  const mode = textOption(panel, 'legend.displayMode', 'list');
  const shown = items.filter((item) => !isHiddenFrom(item.field, 'legend'));
  if (!flagOption(panel, 'legend.showLegend', true) || mode === 'hidden' || shown.length === 0)
    return { legend: undefined, placement };
  const calcs = listOption(panel, 'legend.calcs');
  const text = (field: DisplayField, calc: string): string => {
    const { color: _, ...config } = field.config;
    return showValue(reduceValues(field.values, calc), 'number', config, { min: 0, max: 1 }).text;
  };
  const pick = (name: string) => (event: Event) =>
    onPick(name, (event as MouseEvent).ctrlKey || (event as MouseEvent).metaKey);
  const swatch = (color: string): HTMLElement => h('span', { class: 'swatch', style: { background: color } });
  if (mode === 'table') {
    const head = h(
      'tr',
      {},
      h('th', {}, 'Name'),
      calcs.map((calc) => h('th', { class: 'is-number' }, reducerLabel(calc))),
    );
    const rows = shown.map(({ field, color }) =>
      h(
        'tr',
        { class: hidden.has(field.displayName) ? 'is-off' : '', onClick: pick(field.displayName) },
        h('td', {}, swatch(color), field.displayName),
        calcs.map((calc) => h('td', { class: 'is-number' }, text(field, calc))),
      ),
    );
    return {
      legend: h(
        'div',
        { class: `legend legend-table legend-${placement}` },
        h('table', {}, h('thead', {}, head), h('tbody', {}, rows)),
      ),
      placement,
    };
  }
  const entries = shown.map(({ field, color }) =>
    h(
      'button',
      {
        class: hidden.has(field.displayName) ? 'legend-item is-off' : 'legend-item',
        title: field.displayName,
        onClick: pick(field.displayName),
      },
      swatch(color),
      h('span', { class: 'legend-name' }, field.displayName),
      calcs.map((calc) => h('span', { class: 'legend-calc' }, `${reducerLabel(calc)}: ${text(field, calc)}`)),
    ),
  );
  return { legend: h('div', { class: `legend legend-list legend-${placement}` }, entries), placement };
}

/** Which series stay hidden after a click on one name. */
export function nextHidden(
  hidden: ReadonlySet<string>,
  names: readonly string[],
  name: string,
  toggle: boolean,
): Set<string> {
  if (toggle) {
    const next = new Set(hidden);
    if (next.has(name)) next.delete(name);
    else next.add(name);
    return next;
  }
  const isAlone = names.every((one) => (one === name ? !hidden.has(one) : hidden.has(one)));
  return isAlone ? new Set() : new Set(names.filter((one) => one !== name));
}
