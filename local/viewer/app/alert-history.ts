import { formatTime, toFixed } from '../model/value-format.ts';
import type { AlertHistoryEntry } from './api.ts';
import { h } from './dom.ts';
import { labelChips, stateClass, stateText } from './panels/alertlist.ts';

/** `A=1.2  B=NaN`, as Grafana words the values of an instance. */
export const valuesText = (given: Readonly<Record<string, number | null>>): string =>
  Object.entries(given)
    .map(([name, value]) => `${name}=${value === null ? 'NaN' : toFixed(value, undefined)}`)
    .join('  ');

/** Changes of state, newest first as they come; with the rule's name where several rules are shown. */
export function historyTable(entries: readonly AlertHistoryEntry[], withRule: boolean): HTMLElement {
  return h(
    'table',
    { class: 'data-table cell-sm alert-history' },
    h(
      'thead',
      {},
      h(
        'tr',
        {},
        ['Time', ...(withRule ? ['Rule'] : []), 'From', 'To', 'Labels', 'Values'].map((name) => h('th', {}, name)),
      ),
    ),
    h(
      'tbody',
      {},
      entries.map((entry) =>
        h(
          'tr',
          {},
          h('td', {}, formatTime(Date.parse(entry.at))),
          withRule ? h('td', {}, entry.title) : null,
          h('td', {}, h('span', { class: stateClass(entry.from) }, stateText(entry.from))),
          h(
            'td',
            {},
            h('span', { class: stateClass(entry.to) }, stateText(entry.to)),
            entry.reason === '' ? null : h('span', { class: 'hint' }, ` (${entry.reason})`),
          ),
          h('td', {}, labelChips(entry.labels)),
          h('td', { class: 'mono' }, entry.error ?? valuesText(entry.values)),
        ),
      ),
    ),
  );
}
