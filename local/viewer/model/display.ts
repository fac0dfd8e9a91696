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

const regexOf = (text: string): RegExp => {
  const [, body = text, flags = ''] = /^\/(.*)\/([a-z]*)$/s.exec(text) ?? [];
  return new RegExp(body, flags);
};

type Options = Readonly<Record<string, unknown>>;

const inRange = (options: Options, value: number): boolean => {
  const from = typeof options['from'] === 'number' ? options['from'] : -Infinity;
  const to = typeof options['to'] === 'number' ? options['to'] : Infinity;
  return value >= from && value <= to;
};

const byRegex = (options: Options, value: string): MappingResult | undefined => {
  const pattern = regexOf(typeof options['pattern'] === 'string' ? options['pattern'] : '');
  if (!pattern.test(value)) return undefined;
  const result = options['result'] as MappingResult;
  return result.text === undefined ? result : { ...result, text: value.replace(pattern, result.text) };
};

function mapOne({ type, options }: ValueMapping, value: CellValue): MappingResult | undefined {
  const given = (options ?? {}) as Options;
  if (type === 'value') return value === null ? undefined : (given[String(value)] as MappingResult | undefined);
  if (type === 'range' && typeof value === 'number' && inRange(given, value)) return given['result'] as MappingResult;
  if (type === 'regex' && typeof value === 'string') return byRegex(given, value);
  return type === 'special' && isSpecial(given['match'], value) ? (given['result'] as MappingResult) : undefined;
}

/** The mapping that applies to a value: the first that does. */
export function mapValue(mappings: readonly ValueMapping[] | undefined, value: CellValue): MappingResult | undefined {
  for (const mapping of mappings ?? []) {
    const found = mapOne(mapping, value);
    if (found !== undefined) return found;
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
