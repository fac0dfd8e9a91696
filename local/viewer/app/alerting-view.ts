import { formatTime, fromNow } from '../model/value-format.ts';
import { historyTable, valuesText } from './alert-history.ts';
import type { AlertsAnswer, Instance, RuleStatus } from './api.ts';
import { h, icon } from './dom.ts';
import { labelChips, stateClass, stateText } from './panels/alertlist.ts';

const ORDER = ['Alerting', 'Recovering', 'Error', 'NoData', 'Pending', 'Normal', 'Inactive'];

const duration = (ms: number): string =>
  ms % 3_600_000 === 0 && ms > 0
    ? `${ms / 3_600_000}h`
    : ms % 60_000 === 0 && ms > 0
      ? `${ms / 60_000}m`
      : `${ms / 1000}s`;

function instanceRows(instance: Instance, now: number): HTMLElement[] {
  const notes = Object.entries(instance.annotations).filter(([name]) => !name.startsWith('__'));
  const detail =
    notes.length === 0 && instance.templateProblem === undefined
      ? null
      : h(
          'tr',
          { class: 'instance-notes' },
          h('td'),
          h(
            'td',
            { colspan: 3 },
            notes.map(([name, text]) => h('div', {}, h('b', {}, `${name}: `), text)),
            instance.templateProblem === undefined
              ? null
              : h('div', { class: 'panel-warning' }, `template: ${instance.templateProblem}`),
          ),
        );
  const row = h(
    'tr',
    {},
    h(
      'td',
      {},
      h('span', { class: stateClass(instance.state) }, stateText(instance.state)),
      instance.reason === '' ? null : h('span', { class: 'hint' }, ` (${instance.reason})`),
    ),
    h('td', {}, labelChips(instance.labels)),
    h('td', { class: 'mono' }, valuesText(instance.values)),
    h('td', { title: formatTime(instance.startsAtMs) }, fromNow(instance.startsAtMs, now)),
  );
  return detail === null || instance.state === 'Normal' ? [row] : [row, detail];
}

function queries(status: RuleStatus): HTMLElement {
  return h(
    'div',
    { class: 'rule-queries' },
    status.rule.data.map((query) => {
      const kql = typeof query.model['query'] === 'string' ? query.model['query'] : undefined;
      const isCondition = query.refId === status.rule.condition;
      const head = h(
        'div',
        { class: 'query-head' },
        h('strong', {}, query.refId),
        isCondition ? h('span', { class: 'chip' }, 'alert condition') : null,
        kql === undefined
          ? null
          : h(
              'span',
              { class: 'hint' },
              `from ${query.relativeTimeRange.from} s before, ${typeof query.model['resultFormat'] === 'string' ? query.model['resultFormat'] : 'table'}`,
            ),
      );
      const body =
        kql ??
        JSON.stringify(
          {
            type: query.model['type'],
            expression: query.model['expression'],
            conditions: query.model['conditions'],
            reducer: query.model['reducer'],
          },
          undefined,
          1,
        );
      return h('div', { class: 'query-block' }, head, h('pre', { class: 'kql' }, body));
    }),
  );
}

function ruleCard(status: RuleStatus, answer: AlertsAnswer, isOpen: boolean): HTMLElement {
  const { rule } = status;
  const firing = status.instances.filter((one) => one.state === 'Alerting' || one.state === 'Recovering').length;
  const facts = [
    `every ${duration(rule.intervalMs)}`,
    `for ${duration(rule.forMs)}`,
    `keep firing ${duration(rule.keepFiringForMs)}`,
    `no data: ${rule.noDataState}`,
    `error: ${rule.execErrState}`,
  ];
  const history = answer.history.filter((entry) => entry.ruleUid === rule.uid).slice(0, 50);
  const instances = [...status.instances].sort((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state));
  return h(
    'details',
    { class: 'rule-card', open: isOpen, 'data-rule': rule.uid },
    h(
      'summary',
      {},
      h('span', { class: stateClass(status.state) }, stateText(status.state)),
      h('span', { class: 'alert-title' }, rule.title),
      h(
        'span',
        { class: 'hint' },
        `${status.instances.length} instance${status.instances.length === 1 ? '' : 's'}${firing > 0 ? `, ${firing} firing` : ''}`,
      ),
      h(
        'span',
        { class: 'rule-when hint' },
        rule.isPaused
          ? 'paused'
          : status.lastEvaluatedAtMs === undefined
            ? 'not evaluated yet'
            : `evaluated ${fromNow(status.lastEvaluatedAtMs, answer.now)} in ${Math.round(status.evaluationMs ?? 0)} ms`,
      ),
    ),
    h(
      'div',
      { class: 'rule-facts' },
      h(
        'span',
        { class: 'chips' },
        Object.entries(rule.labels).map(([name, value]) => h('span', { class: 'chip' }, h('b', {}, name), value)),
      ),
      h('span', { class: 'hint' }, facts.join(' · ')),
      rule.dashboardUid === undefined
        ? null
        : h(
            'a',
            { href: `/d/${rule.dashboardUid}${rule.panelId === undefined ? '' : `?viewPanel=${rule.panelId}`}` },
            'dashboard',
          ),
    ),
    status.lastError === undefined
      ? null
      : h(
          'div',
          { class: 'failure' },
          h('div', { class: 'failure-head' }, icon('warning'), h('strong', {}, 'Evaluation failed')),
          h('div', { class: 'failure-text' }, status.lastError),
        ),
    instances.length === 0
      ? h('p', { class: 'hint' }, 'No instances yet.')
      : h(
          'table',
          { class: 'data-table cell-sm' },
          h(
            'thead',
            {},
            h(
              'tr',
              {},
              ['State', 'Labels', 'Values', 'Since'].map((name) => h('th', {}, name)),
            ),
          ),
          h(
            'tbody',
            {},
            instances.slice(0, 200).flatMap((one) => instanceRows(one, answer.now)),
          ),
        ),
    h('details', { class: 'rule-part' }, h('summary', {}, 'Queries and expressions'), queries(status)),
    h(
      'details',
      { class: 'rule-part', open: isOpen && history.length > 0 },
      h('summary', {}, `History (${history.length})`),
      historyTable(history, false),
    ),
  );
}

function drawAll(root: HTMLElement, answer: AlertsAnswer): void {
  const wanted = new URLSearchParams(location.search).get('rule');
  const open = new Set(
    [...root.querySelectorAll<HTMLDetailsElement>('.rule-card[open]')].map((one) => one.dataset['rule']),
  );
  const isFirst = root.querySelector('.rule-card') === null;
  const count = (state: string): number =>
    answer.rules.reduce((sum, status) => sum + status.instances.filter((one) => one.state === state).length, 0);
  const rules = [...answer.rules].sort(
    (a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state) || a.rule.title.localeCompare(b.rule.title),
  );
  const groups = [...new Set(rules.map((status) => status.rule.group))];
  root.replaceChildren(
    h(
      'div',
      { class: 'page' },
      h(
        'div',
        { class: 'page-head' },
        h('h1', {}, 'Alert rules'),
        h(
          'span',
          { class: 'hint' },
          `${answer.rules.length} rules, evaluated here with Grafana's semantics from the committed rule file`,
        ),
      ),
      answer.problem === undefined
        ? null
        : h('div', { class: 'failure' }, h('div', { class: 'failure-text' }, answer.problem)),
      answer.lastNotificationError === undefined
        ? null
        : h(
            'div',
            { class: 'failure' },
            h(
              'div',
              { class: 'failure-text' },
              `${answer.failedNotifications} notifications failed. The last: ${answer.lastNotificationError}`,
            ),
          ),
      h(
        'div',
        { class: 'state-counts' },
        ['Alerting', 'Recovering', 'Pending', 'NoData', 'Error', 'Normal'].map((state) =>
          h(
            'div',
            { class: 'state-count' },
            h('b', {}, String(count(state))),
            h('span', { class: stateClass(state) }, stateText(state)),
          ),
        ),
      ),
      groups
        .map((group) => [
          h(
            'h2',
            { class: 'group-title' },
            group,
            h(
              'span',
              { class: 'hint' },
              ` every ${duration(rules.find((status) => status.rule.group === group)?.rule.intervalMs ?? 0)}`,
            ),
          ),
          ...rules
            .filter((status) => status.rule.group === group)
            .map((status) =>
              ruleCard(
                status,
                answer,
                isFirst
                  ? status.rule.uid === wanted || status.state === 'Alerting' || status.state === 'Error'
                  : open.has(status.rule.uid),
              ),
            ),
        ])
        .flat(),
      h('h2', { class: 'group-title' }, 'State history'),
      answer.history.length === 0
        ? h('p', { class: 'hint' }, 'No state has changed yet.')
        : historyTable(answer.history.slice(0, 100), true),
    ),
  );
  if (isFirst && wanted !== null) root.querySelector(`[data-rule="${CSS.escape(wanted)}"]`)?.scrollIntoView();
}

/** Shows all rules; gives the function that draws them anew with fresh alerts. Nothing moves while text is selected. */
export function showAlerting(root: HTMLElement): (alerts: AlertsAnswer) => void {
  return (alerts) => {
    if (String(getSelection() ?? '') === '') drawAll(root, alerts);
  };
}
