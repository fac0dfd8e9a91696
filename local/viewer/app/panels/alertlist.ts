import { fromNow } from '../../model/value-format.ts';
import type { Instance, RuleStatus } from '../api.ts';
import { h } from '../dom.ts';
import type { PanelInput } from './panel-input.ts';
import { flagOption, numberOption, option, redrawn, textOption } from './panel-input.ts';

const STATE_OPTION: Readonly<Record<string, string>> = {
  Alerting: 'firing',
  Pending: 'pending',
  NoData: 'noData',
  Normal: 'normal',
  Error: 'error',
  Recovering: 'recovering',
};
const ORDER = ['Alerting', 'Recovering', 'Error', 'NoData', 'Pending', 'Normal', 'Inactive'];

/** Colour class of an alert state, shared with the alerting page. */
export const stateClass = (state: string): string => `state state-${state.toLowerCase()}`;
/** As Grafana words it. */
export const stateText = (state: string): string =>
  state === 'Alerting' ? 'Firing' : state === 'NoData' ? 'No data' : state;

/** Labels that tell instances of one rule apart; the rule's own name and folder are said elsewhere. */
export const ownLabels = (labels: Readonly<Record<string, string>>): [string, string][] =>
  Object.entries(labels).filter(
    ([name, value]) => value !== '' && !name.startsWith('__') && name !== 'alertname' && name !== 'grafana_folder',
  );

export const labelChips = (labels: Readonly<Record<string, string>>): HTMLElement =>
  h(
    'span',
    { class: 'chips' },
    ownLabels(labels).map(([name, value]) => h('span', { class: 'chip' }, h('b', {}, name), value)),
  );

function instanceRow(instance: Instance, now: number): HTMLElement {
  return h(
    'div',
    { class: 'alert-instance' },
    h('span', { class: stateClass(instance.state) }, stateText(instance.state)),
    labelChips(instance.labels),
    h('span', { class: 'hint' }, fromNow(instance.startsAtMs, now)),
  );
}

function ruleRow(
  status: RuleStatus,
  isShown: (state: string) => boolean,
  now: number,
  showInstances: boolean,
): HTMLElement {
  const shown = status.instances.filter((one) => isShown(one.state));
  const since = Math.min(...shown.map((one) => one.startsAtMs));
  const summary = shown[0]?.annotations['summary'];
  return h(
    'details',
    { class: `alert-rule ${stateClass(status.state)}-edge`, open: showInstances },
    h(
      'summary',
      {},
      h('span', { class: stateClass(status.state) }, stateText(status.state)),
      h(
        'a',
        { href: `/alerting?rule=${encodeURIComponent(status.rule.uid)}`, class: 'alert-title' },
        status.rule.title,
      ),
      shown.length > 0
        ? h(
            'span',
            { class: 'hint' },
            `${shown.length} instance${shown.length === 1 ? '' : 's'}, ${fromNow(since, now)}`,
          )
        : null,
      summary === undefined || status.state === 'Normal' ? null : h('div', { class: 'alert-summary' }, summary),
    ),
    shown.map((one) => instanceRow(one, now)),
  );
}

function wanted(input: PanelInput): (state: string) => boolean {
  const filter = (option(input.panel, 'stateFilter') ?? {}) as Readonly<Record<string, boolean>>;
  const isAnySet = Object.values(filter).includes(true);
  // Recovering alerts are still firing for everyone who was told of them.
  return (state) =>
    !isAnySet || filter[STATE_OPTION[state] ?? ''] === true || (state === 'Recovering' && filter['firing'] === true);
}

export const alertlistPanel = redrawn((body, input) => {
  const { alerts, panel } = input;
  if (alerts === undefined) {
    body.append(h('div', { class: 'panel-message' }, 'Loading alerts'));
    return;
  }
  const isShown = wanted(input);
  const name = textOption(panel, 'alertName', '').toLowerCase();
  const showInactive = flagOption(panel, 'showInactiveAlerts', false);
  const rules = alerts.rules
    .filter((status) => status.rule.title.toLowerCase().includes(name))
    .filter((status) => status.instances.some((one) => isShown(one.state)) || (showInactive && isShown('Normal')))
    .sort((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state) || a.rule.title.localeCompare(b.rule.title))
    .slice(0, numberOption(panel, 'maxItems', 20));
  if (textOption(panel, 'viewMode', 'list') === 'stat') {
    const count = rules.reduce((sum, status) => sum + status.instances.filter((one) => isShown(one.state)).length, 0);
    body.append(h('div', { class: 'alert-count' }, String(count)));
    return;
  }
  if (rules.length === 0) {
    const text =
      alerts.problem ?? (alerts.rules.length === 0 ? 'There are no alert rules.' : 'No alerts match. All is well.');
    body.append(h('div', { class: 'panel-message' }, text));
    return;
  }
  const showInstances = flagOption(panel, 'showInstances', false);
  body.append(
    h(
      'div',
      { class: 'alert-list' },
      rules.map((status) => ruleRow(status, isShown, alerts.now, showInstances)),
    ),
  );
});
