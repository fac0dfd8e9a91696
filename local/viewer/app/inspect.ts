import { showValue } from '../model/display.ts';
import type { Frame } from '../query/frames.ts';
import { labelsText, rowCount } from '../query/frames.ts';
import type { TargetAnswer } from '../panel-query.ts';
import { h, openDialog } from './dom.ts';
import { failureBox } from './failure-box.ts';

const MAX_ROWS = 500;

/** The KQL of a panel as it was sent, each with a link to Explore. */
export function showQueries(title: string, targets: readonly TargetAnswer[]): void {
  const blocks = targets.map((target) =>
    h(
      'div',
      { class: 'query-block' },
      h(
        'div',
        { class: 'query-head' },
        h('strong', {}, target.refId),
        h('span', { class: 'hint' }, `${target.database}, ${target.elapsedMs} ms`),
        h('a', { class: 'button', href: `/explore?csl=${encodeURIComponent(target.csl)}` }, 'Open in Explore'),
      ),
      h('pre', { class: 'kql', 'data-testid': 'final-kql' }, target.csl),
      target.error === undefined ? null : failureBox(target.error, target.csl),
    ),
  );
  openDialog(`Query: ${title}`, h('div', {}, blocks.length === 0 ? 'This panel has not run a query.' : blocks));
}

/** A frame as a plain table. */
export function frameTable(frame: Frame): HTMLElement {
  const head = frame.fields.map((field) =>
    h(
      'th',
      { class: field.type === 'number' ? 'is-number' : '' },
      field.labels === undefined ? field.name : `${field.name} ${labelsText(field.labels)}`,
      h('small', {}, ` ${field.kustoType ?? field.type}`),
    ),
  );
  const rows = Array.from({ length: Math.min(MAX_ROWS, rowCount(frame)) }, (_, row) =>
    h(
      'tr',
      {},
      frame.fields.map((field) => {
        const { text } = showValue(
          field.values[row] ?? null,
          field.type,
          { unit: 'none', color: {}, noValue: '' },
          { min: 0, max: 1 },
        );
        const exact = field.type === 'number' && field.values[row] !== null ? String(field.values[row] ?? '') : text;
        return h(
          'td',
          { class: field.type === 'number' ? 'is-number' : '', title: exact.length > 40 ? exact : undefined },
          exact,
        );
      }),
    ),
  );
  const note =
    rowCount(frame) > MAX_ROWS
      ? h('div', { class: 'hint table-note' }, `first ${MAX_ROWS} of ${rowCount(frame)} rows`)
      : null;
  return h(
    'div',
    { class: 'table-scroll' },
    h('table', { class: 'data-table cell-sm' }, h('thead', {}, h('tr', {}, head)), h('tbody', {}, rows)),
    note,
  );
}

export function showData(title: string, frames: readonly Frame[]): void {
  openDialog(
    `Data: ${title}`,
    h(
      'div',
      {},
      frames.length === 0
        ? 'No data'
        : frames.map((frame) =>
            h(
              'div',
              { class: 'query-block' },
              h(
                'div',
                { class: 'query-head' },
                h('strong', {}, frame.refId),
                h('span', { class: 'hint' }, `${rowCount(frame)} rows`),
              ),
              frameTable(frame),
            ),
          ),
    ),
  );
}
