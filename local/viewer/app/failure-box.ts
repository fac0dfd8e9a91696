import type { QueryFailure } from '../panel-query.ts';
import { h, icon } from './dom.ts';

/** An error with its code and, when Kusto named a position, the line at fault with a caret under the column. */
export function failureBox(failure: QueryFailure, csl?: string): HTMLElement {
  const line = failure.line === undefined ? undefined : csl?.split('\n')[failure.line - 1];
  const where = failure.line === undefined ? '' : `line ${failure.line}, column ${failure.column ?? 1}`;
  const excerpt =
    line === undefined
      ? null
      : h(
          'pre',
          { class: 'failure-line' },
          `${String(failure.line).padStart(3)} | ${line}\n    | ${' '.repeat(Math.max(0, (failure.column ?? 1) - 1))}^`,
        );
  return h(
    'div',
    { class: 'failure', role: 'alert' },
    h(
      'div',
      { class: 'failure-head' },
      icon('warning'),
      h('strong', {}, 'Query failed'),
      where === '' ? null : h('span', { class: 'failure-where' }, where),
      h('span', { class: 'hint' }, failure.code),
    ),
    h('div', { class: 'failure-text' }, failure.message),
    excerpt,
  );
}
