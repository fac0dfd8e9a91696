// A value as a panel shows it: text by mapping or unit, colour by mapping, threshold or scheme.
import type { CellValue } from '../query/frames.ts';
import { classicColor, colorByName, cssColor, gradientStops, isGradient, mixColors } from './colors.ts';
import type { FieldConfig, Threshold, ValueMapping } from './dashboard.ts';
import { formatTime, formatValue } from './value-format.ts';

export interface Shown {
  readonly text: string;
  /** CSS colour; undefined when nothing asks for one. */
  readonly color?: string;
  readonly number: number;
}

export interface ValueRange {
  readonly min: number;
  readonly max: number;
}

const DEFAULT_STEPS: readonly Threshold[] = [
  { value: null, color: 'green' },
  { value: 80, color: 'red' },
];

export const thresholdSteps = (config: FieldConfig): readonly Threshold[] => config.thresholds?.steps ?? DEFAULT_STEPS;

/** Bound of a threshold step in the field's own unit; the first step begins at minus infinity. */
export function stepValue(step: Threshold, config: FieldConfig, range: ValueRange): number {
  if (step.value === null) return -Infinity;
  if (config.thresholds?.mode !== 'percentage') return step.value;
  return range.min + ((range.max - range.min) * step.value) / 100;
}

/** The step a value falls in: the last one whose bound it has reached. */
export function activeStep(value: number, config: FieldConfig, range: ValueRange): Threshold {
  const steps = thresholdSteps(config);
  return (
    [...steps].reverse().find((step) => value >= stepValue(step, config, range)) ??
    steps[0] ??
    (DEFAULT_STEPS[0] as Threshold)
  );
}

/** Colour of a whole series; values decide only in threshold and gradient modes. */
export function seriesColor(config: FieldConfig, index: number, name: string, last: number, range: ValueRange): string {
  const mode = config.color?.mode ?? 'palette-classic';
  if (mode === 'fixed' || mode === 'shades') return cssColor(config.color?.fixedColor ?? 'green');
  if (mode === 'thresholds') return cssColor(activeStep(last, config, range).color);
  if (mode === 'palette-classic-by-name') return colorByName(name);
  if (isGradient(mode)) return gradientColor(mode, last, range);
  return classicColor(index);
}

const gradientColor = (mode: string, value: number, range: ValueRange): string =>
  mixColors(gradientStops(mode), range.max === range.min ? 1 : (value - range.min) / (range.max - range.min));

interface MappingResult {
  readonly text?: string;
  readonly color?: string;
  readonly index?: number;
}

const isSpecial = (match: unknown, value: CellValue): boolean => {
  if (match === 'true' || match === 'false') return value === (match === 'true');
  if (match === 'null') return value === null;
  if (match === 'nan') return typeof value === 'number' && Number.isNaN(value);
  if (match === 'null+nan') return value === null || (typeof value === 'number' && Number.isNaN(value));
  return match === 'empty' && value === '';
};

/** The mapping that applies to a value. */
export function mapValue(mappings: readonly ValueMapping[] | undefined, value: CellValue): MappingResult | undefined {
  for (const { type, options } of mappings ?? []) {
    const given = (options ?? {}) as Readonly<Record<string, unknown>>;
    if (type === 'value') {
      const found = value === null ? undefined : given[String(value)];
      if (found !== undefined) return found as MappingResult;
    } else if (type === 'range' && typeof value === 'number') {
      const from = typeof given['from'] === 'number' ? given['from'] : -Infinity;
      const to = typeof given['to'] === 'number' ? given['to'] : Infinity;
      if (value >= from && value <= to) return given['result'] as MappingResult;
    } else if (type === 'regex' && typeof value === 'string') {
      const [, body = '', flags = ''] = /^\/(.*)\/([a-z]*)$/s.exec(String(given['pattern'])) ?? [
        undefined,
        String(given['pattern']),
      ];
      if (new RegExp(body, flags).test(value)) {
        const result = given['result'] as MappingResult;
        return result.text === undefined
          ? result
          : { ...result, text: value.replace(new RegExp(body, flags), result.text) };
      }
    } else if (type === 'special' && isSpecial(given['match'], value)) return given['result'] as MappingResult;
  }
  return undefined;
}

/** Text and colour of one value of a field. */
export function showValue(value: CellValue, type: string, config: FieldConfig, range: ValueRange): Shown {
  const number = typeof value === 'number' ? value : typeof value === 'boolean' ? Number(value) : Number.NaN;
  const mapped = mapValue(config.mappings, value);
  const mode = config.color?.mode ?? (type === 'number' ? 'thresholds' : '');
  const ownColor = Number.isNaN(number) ? undefined : valueColor(mode, number, config, range);
  const color = mapped?.color === undefined ? ownColor : cssColor(mapped.color);
  return { text: mapped?.text ?? plainText(value, type, config), number, ...(color === undefined ? {} : { color }) };
}

function valueColor(mode: string, value: number, config: FieldConfig, range: ValueRange): string | undefined {
  if (mode === 'thresholds') return cssColor(activeStep(value, config, range).color);
  if (mode === 'fixed' || mode === 'shades') return cssColor(config.color?.fixedColor ?? 'green');
  return isGradient(mode) ? gradientColor(mode, value, range) : undefined;
}

function plainText(value: CellValue, type: string, config: FieldConfig): string {
  if (value === null) return config.noValue ?? (type === 'number' ? '-' : '');
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return value;
  // A number's unit says nothing about a time; only date formats apply.
  if (type === 'time')
    return /^(dateTime|time:)/.test(config.unit ?? '') ? formatValue(value, config.unit ?? '') : formatTime(value);
  return formatValue(value, config.unit ?? '', config.decimals ?? undefined);
}

/** Lower and upper bound of the values of fields, with the configured min and max instead where set. */
export function rangeOf(
  fields: readonly { readonly values: readonly CellValue[]; readonly config: FieldConfig }[],
): ValueRange {
  let [min, max] = [Infinity, -Infinity];
  for (const { values, config } of fields) {
    for (const value of values) {
      if (typeof value !== 'number' || !Number.isFinite(value)) continue;
      if (value < min) min = value;
      if (value > max) max = value;
    }
    if (typeof config.min === 'number') min = config.min;
    if (typeof config.max === 'number') max = config.max;
  }
  return { min: Number.isFinite(min) ? min : 0, max: Number.isFinite(max) ? max : 100 };
}
