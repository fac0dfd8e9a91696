import type { Outcome, OutcomeRows } from './batch.ts';
import { joinTexts, type RowText } from './row-text.ts';

const least = (values: readonly (number | undefined)[]): number | undefined =>
  values.reduce((a, b) => (a === undefined || (b !== undefined && b < a) ? b : a), undefined);

const most = (values: readonly (number | undefined)[]): number | undefined =>
  values.reduce((a, b) => (a === undefined || (b !== undefined && b > a) ? b : a), undefined);

/** `rest` and outcomes of the fast path without rejects, as the outcome of one batch: that of `rest`. */
export function sumOf(rest: Outcome, outcomes: readonly Outcome[]): Outcome {
  const [first] = outcomes;
  if (!first) return rest;
  const all = [...outcomes, rest];
  const count = (what: 'received' | 'duplicate' | 'clientDropped'): number =>
    all.reduce((sum, outcome) => sum + outcome[what], 0);
  const textOf = (table: keyof OutcomeRows): RowText => joinTexts(all.flatMap(({ text }) => text?.[table] ?? []));
  // Events that went the long way within an envelope of the fast one are objects.
  const rowsOf = <T extends keyof OutcomeRows>(table: T): OutcomeRows[T][number][] =>
    all.flatMap(({ rows }): readonly OutcomeRows[T][number][] => rows[table]);
  return {
    ...rest,
    source: first.source,
    rows: {
      PlaybackEvents: rowsOf('PlaybackEvents'),
      PlaybackBeats: rowsOf('PlaybackBeats'),
      CdnRequests: rowsOf('CdnRequests'),
    },
    received: count('received'),
    duplicate: count('duplicate'),
    clientDropped: count('clientDropped'),
    text: {
      PlaybackEvents: textOf('PlaybackEvents'),
      PlaybackBeats: textOf('PlaybackBeats'),
      CdnRequests: textOf('CdnRequests'),
    },
    firstEventMs: least(all.map(({ firstEventMs }) => firstEventMs)),
    lastEventMs: most(all.map(({ lastEventMs }) => lastEventMs)),
  };
}
