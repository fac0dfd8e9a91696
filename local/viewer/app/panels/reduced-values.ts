// What stat, gauge, bar gauge and pie panels show: one value a field, or one a row.
import type { DisplayField, DisplayFrame } from '../../model/field-config.ts';
import { isHiddenFrom } from '../../model/field-config.ts';
import type { Shown, ValueRange } from '../../model/display.ts';
import { rangeOf, showValue } from '../../model/display.ts';
import { reduceValues } from '../../model/reduce.ts';
import type { PanelInput } from './panel-input.ts';
import { flagOption, listOption, numberOption, textOption, timeFieldOf } from './panel-input.ts';

export interface ReducedValue {
  readonly title: string;
  readonly field: DisplayField;
  readonly shown: Shown;
  readonly range: ValueRange;
  /** Times and values behind a value reduced over time. */
  readonly times?: readonly (number | null)[];
  readonly row?: number;
  readonly frame: DisplayFrame;
}

function wantedFields(frame: DisplayFrame, choice: string): DisplayField[] {
  const shown = frame.fields.filter((field) => !isHiddenFrom(field, 'viz'));
  if (choice === '') return shown.filter((field) => field.type === 'number');
  const pattern = /^\/(.*)\/$/s.exec(choice);
  return shown.filter((field) =>
    pattern === null
      ? field.displayName === choice || field.name === choice
      : new RegExp(pattern[1] ?? '').test(field.displayName),
  );
}

const rowTitle = (frame: DisplayFrame, field: DisplayField, row: number): string => {
  const texts = frame.fields.filter((one) => one.type === 'string').map((one) => String(one.values[row] ?? ''));
  const isOnlyNumber = frame.fields.filter((one) => one.type === 'number').length === 1;
  return [...texts, ...(isOnlyNumber && texts.length > 0 ? [] : [field.displayName])].join(' ');
};

const times = (frame: DisplayFrame): { times?: readonly (number | null)[] } => {
  const time = timeFieldOf(frame);
  return time === undefined ? {} : { times: time.values.map((value) => (typeof value === 'number' ? value : null)) };
};

/** Reduced values in the order of the frames. */
export function reducedValues({ panel, frames }: PanelInput): ReducedValue[] {
  const isPerRow = flagOption(panel, 'reduceOptions.values', false);
  const choice = textOption(panel, 'reduceOptions.fields', '');
  const limit = numberOption(panel, 'reduceOptions.limit', 25);
  const calcs = listOption(panel, 'reduceOptions.calcs');
  const reducers = calcs.length === 0 ? ['lastNotNull'] : calcs;
  const result: ReducedValue[] = [];
  const all = frames.flatMap((frame) => wantedFields(frame, choice));
  const shared = rangeOf(all.filter((field) => field.type === 'number'));
  for (const frame of frames) {
    for (const field of wantedFields(frame, choice)) {
      const range = { min: field.config.min ?? shared.min, max: field.config.max ?? shared.max };
      if (isPerRow) {
        for (let row = 0; row < Math.min(limit, field.values.length); row += 1) {
          result.push({
            title: rowTitle(frame, field, row),
            field,
            frame,
            row,
            range,
            shown: showValue(field.values[row] ?? null, field.type, field.config, range),
          });
        }
        continue;
      }
      for (const reducer of reducers) {
        const shown = showValue(reduceValues(field.values, reducer), field.type, field.config, range);
        result.push({ title: field.displayName, field, frame, range, shown, ...times(frame) });
      }
    }
  }
  return result;
}
