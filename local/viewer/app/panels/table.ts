import { withAlpha } from '../../model/colors.ts';
import type { DataLink } from '../../model/dashboard.ts';
import { linkAddress } from '../../model/data-links.ts';
import { rangeOf, showValue } from '../../model/display.ts';
import type { DisplayField, DisplayFrame } from '../../model/field-config.ts';
import { customNumber, customRecord, customText, isHiddenFrom } from '../../model/field-config.ts';
import { reduceValues, reducerLabel } from '../../model/reduce.ts';
import type { CellValue } from '../../query/frames.ts';
import type { Child } from '../dom.ts';
import { h } from '../dom.ts';
import type { PanelInput, PanelType } from './panel-input.ts';
import { flagOption, listOption, numberOption, option, textOption } from './panel-input.ts';

interface Sorting {
  readonly name: string;
  readonly isDescending: boolean;
}

const compare = (a: CellValue, b: CellValue): number => {
  if (a === b) return 0;
  if (a === null || a === '') return 1;
  if (b === null || b === '') return -1;
  return typeof a === 'string' && typeof b === 'string' ? a.localeCompare(b, 'en', { numeric: true }) : a < b ? -1 : 1;
};

function orderedRows(frame: DisplayFrame, sorting: Sorting | undefined): number[] {
  const rows = Array.from({ length: frame.fields[0]?.values.length ?? 0 }, (_, row) => row);
  const field = frame.fields.find((one) => one.displayName === sorting?.name);
  if (field === undefined) return rows;
  const sign = sorting?.isDescending === true ? -1 : 1;
  return rows.sort((a, b) => {
    const [x, y] = [field.values[a] ?? null, field.values[b] ?? null];
    // Empty cells stay at the end in both directions.
    if (x === null || y === null) return compare(x, y);
    return sign * compare(x, y);
  });
}

function links(
  list: readonly DataLink[],
  text: string,
  value: CellValue,
  input: PanelInput,
  frame: DisplayFrame,
  field: DisplayField,
  row: number,
): Child {
  const cells = Object.fromEntries(
    frame.fields.flatMap((one) => [
      [one.name, String(one.values[row] ?? '')],
      [one.displayName, String(one.values[row] ?? '')],
    ]),
  );
  const found = list.flatMap((link) => {
    const address =
      link.url === undefined
        ? undefined
        : linkAddress(link.url, {
            ...input.links,
            valueText: text,
            valueRaw: String(value ?? ''),
            fieldName: field.displayName,
            labels: field.labels ?? {},
            row: cells,
          });
    return address === undefined ? [] : [{ ...link, address }];
  });
  const first = found[0];
  if (first === undefined) return text;
  return h(
    'a',
    {
      href: first.address,
      title: first.title,
      ...(first.targetBlank === true ? { target: '_blank', rel: 'noreferrer' } : {}),
    },
    text === '' ? (first.title ?? 'open') : text,
  );
}

function gaugeCell(text: string, number: number, range: { min: number; max: number }, color: string): Child {
  const share = Number.isFinite(number)
    ? Math.min(1, Math.max(0, (number - range.min) / (range.max - range.min || 1)))
    : 0;
  return h(
    'div',
    { class: 'cell-gauge' },
    h(
      'div',
      { class: 'cell-gauge-track' },
      h('div', { class: 'cell-gauge-fill', style: { width: `${share * 100}%`, background: color } }),
    ),
    h('span', {}, text),
  );
}

function classesOf(field: DisplayField, options: Readonly<Record<string, unknown>>): string {
  const align = customText(field.config, 'align', 'auto');
  const isWrapped = options['wrapText'] === true || field.config.custom?.['wrapText'] === true;
  return [
    align === 'right' || (align === 'auto' && field.type === 'number') ? 'is-number' : '',
    align === 'center' ? 'is-centred' : '',
    isWrapped ? 'is-wrapped' : '',
  ]
    .filter(Boolean)
    .join(' ');
}

function cellStyle(type: string, mode: unknown, color: string | undefined): Record<string, string> {
  if (color === undefined) return {};
  if (type === 'color-text') return { color };
  if (!type.startsWith('color-background')) return {};
  const gradient = `linear-gradient(120deg, ${withAlpha(color, 0.85)}, ${withAlpha(color, 0.6)})`;
  return { background: mode === 'gradient' ? gradient : withAlpha(color, 0.8) };
}

function cell(input: PanelInput, frame: DisplayFrame, field: DisplayField, row: number): HTMLElement {
  const value = field.values[row] ?? null;
  const range = rangeOf([field]);
  const options = customRecord(field.config, 'cellOptions');
  const type = typeof options['type'] === 'string' ? options['type'] : customText(field.config, 'displayMode', 'auto');
  const config = field.type === 'number' ? field.config : { ...field.config, color: {} };
  const { text, number, color } = showValue(value, field.type, config, range);
  const isGauge = type === 'gauge' || type.endsWith('-gauge') || type === 'basic';
  const shown = type === 'json-view' ? String(value ?? '') : text;
  const content = isGauge
    ? gaugeCell(text, number, range, color ?? '#73BF69')
    : links(field.config.links ?? [], shown, value, input, frame, field, row);
  const style = cellStyle(type, options['mode'], color);
  return h('td', { class: classesOf(field, options), style, title: text.length > 24 ? text : undefined }, content);
}

function footer(input: PanelInput, frame: DisplayFrame, fields: readonly DisplayField[]): HTMLElement | null {
  if (!flagOption(input.panel, 'footer.show', false)) return null;
  const reducer = listOption(input.panel, 'footer.reducer')[0] ?? 'sum';
  const chosen = listOption(input.panel, 'footer.fields');
  const count = flagOption(input.panel, 'footer.countRows', false);
  return h(
    'tfoot',
    {},
    h(
      'tr',
      {},
      fields.map((field, index) => {
        if (count) return h('td', {}, index === 0 ? `Count: ${frame.fields[0]?.values.length ?? 0}` : '');
        const isReduced = field.type === 'number' && (chosen.length === 0 || chosen.includes(field.displayName));
        const text = isReduced
          ? showValue(reduceValues(field.values, reducer), 'number', field.config, rangeOf([field])).text
          : index === 0
            ? reducerLabel(reducer)
            : '';
        return h('td', { class: field.type === 'number' ? 'is-number' : '' }, text);
      }),
    ),
  );
}

/** No column needs to be wider than that, none may be narrower, and a letter is about so wide; px. */
const MIN_COLUMN_PX = 90;
const LEAST_COLUMN_PX = 56;
const LETTER_PX = 7;
const PADDING_PX = 18;

// A configured width is kept. The others share what is left by the length of their texts, and scroll when that is too little.
function columnWidths(fields: readonly DisplayField[], frame: DisplayFrame, available: number): number[] {
  const fixed = fields.map((field) => customNumber(field.config, 'width', 0));
  const wishes = fields.map((field, index) => {
    if ((fixed[index] ?? 0) > 0) return 0;
    const texts = Array.from(
      { length: Math.min(30, frame.fields[0]?.values.length ?? 0) },
      (_, row) => showValue(field.values[row] ?? null, field.type, field.config, { min: 0, max: 1 }).text.length,
    );
    return Math.min(48, Math.max(field.displayName.length + 1, 4, ...texts));
  });
  const left = available - fixed.reduce((sum, one) => sum + one, 0);
  const wished = wishes.reduce((sum, one) => sum + one, 0);
  return fields.map((field, index) => {
    const own = fixed[index] ?? 0;
    return own > 0
      ? own
      : Math.max(
          customNumber(field.config, 'minWidth', 0) ||
            Math.min(MIN_COLUMN_PX, Math.max(LEAST_COLUMN_PX, (wishes[index] ?? 0) * LETTER_PX + PADDING_PX)),
          Math.floor((left * (wishes[index] ?? 0)) / Math.max(1, wished)),
        );
  });
}

const MAX_ROWS = 1000;

function draw(
  body: HTMLElement,
  input: PanelInput,
  sorting: Sorting | undefined,
  onSort: (name: string) => void,
): void {
  const frame = input.frames[numberOption(input.panel, 'frameIndex', 0)] ?? input.frames[0];
  if (frame === undefined) return;
  const fields = frame.fields.filter(
    (field) => field.config.custom?.['hidden'] !== true && !isHiddenFrom(field, 'viz'),
  );
  const rows = orderedRows(frame, sorting);
  const arrow = (name: string): string => (sorting?.name !== name ? '' : sorting.isDescending ? ' ▼' : ' ▲');
  const head = h(
    'thead',
    {},
    h(
      'tr',
      {},
      fields.map((field) => {
        const isRight =
          customText(field.config, 'align', 'auto') === 'right' ||
          (customText(field.config, 'align', 'auto') === 'auto' && field.type === 'number');
        return h(
          'th',
          {
            class: isRight ? 'is-number' : '',
            title: field.config.description,
            onClick: () => onSort(field.displayName),
          },
          field.displayName + arrow(field.displayName),
        );
      }),
    ),
  );
  const tbody = h(
    'tbody',
    {},
    rows.slice(0, MAX_ROWS).map((row) =>
      h(
        'tr',
        {},
        fields.map((field) => cell(input, frame, field, row)),
      ),
    ),
  );
  const size = textOption(input.panel, 'cellHeight', 'sm');
  const columns = columnWidths(fields, frame, body.clientWidth - 14);
  const width = columns.reduce((sum, one) => sum + one, 0);
  const group = h(
    'colgroup',
    {},
    columns.map((one) => h('col', { style: { width: `${one}px` } })),
  );
  body.append(
    h(
      'div',
      { class: 'table-scroll' },
      h(
        'table',
        { class: `data-table is-fixed cell-${size}`, style: { width: `${width}px` } },
        group,
        flagOption(input.panel, 'showHeader', true) ? head : null,
        tbody,
        footer(input, frame, fields),
      ),
    ),
    ...(rows.length > MAX_ROWS
      ? [h('div', { class: 'hint table-note' }, `first ${MAX_ROWS} of ${rows.length} rows`)]
      : []),
  );
}

function configuredSorting(input: PanelInput): Sorting | undefined {
  const first = (option(input.panel, 'sortBy') as { displayName?: string; desc?: boolean }[] | undefined)?.[0];
  return first?.displayName === undefined ? undefined : { name: first.displayName, isDescending: first.desc === true };
}

export const tablePanel: PanelType = (body) => {
  let sorting: Sorting | undefined;
  let isTouched = false;
  let last: PanelInput | undefined;
  const update = (input: PanelInput): void => {
    last = input;
    const scroll = body.querySelector('.table-scroll');
    const place = { top: scroll?.scrollTop ?? 0, left: scroll?.scrollLeft ?? 0 };
    body.replaceChildren();
    draw(body, input, isTouched ? sorting : configuredSorting(input), (name) => {
      const current = isTouched ? sorting : configuredSorting(input);
      sorting =
        current?.name === name
          ? current.isDescending
            ? undefined
            : { name, isDescending: true }
          : { name, isDescending: false };
      isTouched = true;
      if (last !== undefined) update(last);
    });
    body.querySelector('.table-scroll')?.scrollTo(place);
  };
  const resize = (): void => {
    if (last !== undefined) update(last);
  };
  return { update, resize, dispose: () => body.replaceChildren() };
};
