import { formatTime } from '../model/value-format.ts';
import { parseTimeRange } from '../query/time-range.ts';
import { h, icon, openPopover } from './dom.ts';
import type { PageState } from './page-state.ts';
import { rangeNow } from './page-state.ts';

const QUICK: readonly (readonly [string, string])[] = [
  ['now-15m', 'Last 15 minutes'],
  ['now-30m', 'Last 30 minutes'],
  ['now-1h', 'Last 1 hour'],
  ['now-3h', 'Last 3 hours'],
  ['now-6h', 'Last 6 hours'],
  ['now-12h', 'Last 12 hours'],
  ['now-24h', 'Last 24 hours'],
  ['now-2d', 'Last 2 days'],
  ['now-7d', 'Last 7 days'],
  ['now-14d', 'Last 14 days'],
];
const REFRESH = ['', '5s', '10s', '30s', '1m', '5m'];

export function rangeLabel(state: Pick<PageState, 'from' | 'to'>): string {
  const quick = QUICK.find(([from]) => from === state.from && state.to === 'now');
  if (quick !== undefined) return quick[1];
  if (state.from.startsWith('now')) return `${state.from} to ${state.to}`;
  const { fromMs, toMs } = rangeNow(state);
  return `${formatTime(fromMs)} to ${formatTime(toMs)}`;
}

interface Handlers {
  readonly onRange: (from: string, to: string) => void;
  readonly onRefreshNow: () => void;
  readonly onRefresh: (interval: string) => void;
}

const editable = (text: string): string => (/^\d{10,}$/.test(text) ? formatTime(Number(text)) : text);
const asInput = (text: string): string =>
  /^\d{4}-\d{2}-\d{2} /.test(text.trim()) ? String(new Date(text.trim().replace(' ', 'T')).getTime()) : text.trim();

function rangePopover(state: PageState, onRange: Handlers['onRange'], close: () => void): HTMLElement {
  const pick = (from: string, to: string): void => {
    close();
    onRange(from, to);
  };
  const problem = h('div', { class: 'form-problem', role: 'alert' });
  const from = h('input', { type: 'text', value: editable(state.from), 'aria-label': 'From', spellcheck: 'false' });
  const to = h('input', { type: 'text', value: editable(state.to), 'aria-label': 'To', spellcheck: 'false' });
  const apply = (event: Event): void => {
    event.preventDefault();
    try {
      parseTimeRange(asInput(from.value), asInput(to.value), Date.now());
      pick(asInput(from.value), asInput(to.value));
    } catch (error) {
      problem.textContent = error instanceof Error ? error.message : String(error);
    }
  };
  const form = h(
    'form',
    { class: 'range-form', onSubmit: apply },
    h('h3', {}, 'Absolute or relative range'),
    h('label', {}, 'From', from),
    h('label', {}, 'To', to),
    h('p', { class: 'hint' }, 'For instance now-90m, now-1d/d, or 2026-11-22 04:00:00'),
    problem,
    h('button', { class: 'button primary', type: 'submit' }, 'Apply time range'),
  );
  const quick = h(
    'div',
    { class: 'range-quick' },
    QUICK.map(([start, label]) =>
      h(
        'button',
        {
          class: state.from === start && state.to === 'now' ? 'menu-item is-active' : 'menu-item',
          onClick: () => pick(start, 'now'),
        },
        label,
      ),
    ),
  );
  return h('div', { class: 'range-popover' }, form, quick);
}

/** Range button, zoom-out, refresh button with its interval. */
export function timePicker(state: PageState, handlers: Handlers): HTMLElement {
  const rangeButton = h(
    'button',
    { class: 'button', 'data-testid': 'time-picker', title: 'Time range' },
    icon('clock'),
    h('span', {}, rangeLabel(state)),
    icon('chevron', 12),
  );
  rangeButton.addEventListener('click', () => {
    let close = (): void => undefined;
    const content = rangePopover(state, handlers.onRange, () => close());
    close = openPopover(rangeButton, content, 'right');
  });
  const zoomOut = (): void => {
    const { fromMs, toMs } = rangeNow(state);
    const half = (toMs - fromMs) / 2;
    handlers.onRange(String(Math.round(fromMs - half)), String(Math.round(toMs + half)));
  };
  const refreshButton = h(
    'button',
    { class: 'button', 'data-testid': 'refresh', title: 'Refresh now', onClick: handlers.onRefreshNow },
    icon('refresh'),
  );
  const interval = h(
    'select',
    {
      class: 'button',
      title: 'Refresh automatically',
      'data-testid': 'refresh-interval',
      onChange: () => handlers.onRefresh(interval.value),
    },
    [...new Set([...REFRESH, state.refresh])].map((value) =>
      h('option', { value, selected: value === state.refresh }, value === '' ? 'Off' : value),
    ),
  );
  return h(
    'div',
    { class: 'time-picker' },
    rangeButton,
    h('button', { class: 'button', title: 'Zoom out', onClick: zoomOut }, icon('zoomOut')),
    h('div', { class: 'button-group' }, refreshButton, interval),
  );
}
