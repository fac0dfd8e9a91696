// How stat, gauge and bar gauge panels divide their room, and links around a value.
import type { LinkContext } from '../../model/data-links.ts';
import { linkAddress } from '../../model/data-links.ts';
import type { Child } from '../dom.ts';
import { h } from '../dom.ts';
import type { ReducedValue } from './reduced-values.ts';

/** Columns that make the tiles as square-ish as the room allows. */
export function tileColumns(count: number, width: number, height: number, orientation: string): number {
  if (orientation === 'vertical') return count;
  if (orientation === 'horizontal') return 1;
  let best = 1;
  let bestScore = 0;
  for (let columns = 1; columns <= count; columns += 1) {
    const rows = Math.ceil(count / columns);
    const score = Math.min(width / columns / 2.2, height / rows);
    if (score > bestScore * 1.01) [best, bestScore] = [columns, score];
  }
  return best;
}

/** Wraps content in the field's first data link. */
export function linked(value: ReducedValue, context: LinkContext, ...children: readonly Child[]): HTMLElement {
  const link = value.field.config.links?.[0];
  const row = Object.fromEntries(
    value.frame.fields.map((field) => [field.name, String(field.values[value.row ?? 0] ?? '')]),
  );
  const address =
    link?.url === undefined
      ? undefined
      : linkAddress(link.url, {
          ...context,
          valueText: value.shown.text,
          valueRaw: String(value.shown.number),
          fieldName: value.title,
          labels: value.field.labels ?? {},
          row,
        });
  if (address === undefined) return h('div', { class: 'tile-inner' }, ...children);
  return h(
    'a',
    {
      class: 'tile-inner',
      href: address,
      title: link?.title,
      ...(link?.targetBlank === true ? { target: '_blank', rel: 'noreferrer' } : {}),
    },
    ...children,
  );
}

/** Font size in px at which a text of `length` characters fills a box. */
export const fittingFont = (length: number, width: number, height: number, largest: number): number =>
  Math.max(11, Math.min(largest, height, (width / Math.max(length, 1)) * 1.65));
