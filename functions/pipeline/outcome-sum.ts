import { tableRows, type Outcome, type OutcomeRows } from './batch.ts';
import { joinTexts, textOf, type RowText } from './row-text.ts';

const least = (values: readonly (number | undefined)[]): number | undefined =>
  values.reduce((a, b) => (a === undefined || (b !== undefined && b < a) ? b : a), undefined);

const most = (values: readonly (number | undefined)[]): number | undefined =>
  values.reduce((a, b) => (a === undefined || (b !== undefined && b > a) ? b : a), undefined);

const NO_ROWS: OutcomeRows = { PlaybackEvents: [], PlaybackBeats: [], CdnRequests: [] };

/** An outcome whose rows are all text. */
export const asText = (outcome: Outcome): Outcome => ({
  ...outcome,
  rows: NO_ROWS,
  text: {
    PlaybackEvents: textOf(tableRows(outcome, 'PlaybackEvents')),
    PlaybackBeats: textOf(tableRows(outcome, 'PlaybackBeats')),
    CdnRequests: textOf(tableRows(outcome, 'CdnRequests')),
  },
});

/** Parts of one batch as the outcome of the whole; at least one part. Rows come as text. */
export function sumOf(parts: readonly Outcome[]): Outcome {
  const [first] = parts;
  if (!first) throw new Error('no parts to sum');
  const count = (what: 'received' | 'duplicate' | 'clientDropped'): number =>
    parts.reduce((sum, part) => sum + part[what], 0);
  // Events that went the long way within an envelope of the fast one are objects.
  const texts = parts.map((part) => (Object.values(part.rows).some(({ length }) => length > 0) ? asText(part) : part));
  const join = (table: keyof OutcomeRows): RowText => joinTexts(texts.flatMap(({ text }) => text?.[table] ?? []));
  return {
    ...first,
    received: count('received'),
    duplicate: count('duplicate'),
    clientDropped: count('clientDropped'),
    rows: NO_ROWS,
    text: {
      PlaybackEvents: join('PlaybackEvents'),
      PlaybackBeats: join('PlaybackBeats'),
      CdnRequests: join('CdnRequests'),
    },
    rejects: parts.flatMap(({ rejects }) => rejects),
    errors: parts.flatMap(({ errors }) => errors),
    firstEventMs: least(parts.map(({ firstEventMs }) => firstEventMs)),
    lastEventMs: most(parts.map(({ lastEventMs }) => lastEventMs)),
  };
}
