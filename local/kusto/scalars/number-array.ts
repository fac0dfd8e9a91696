import type { Series } from '../series/types.ts';

/** A series with the knowledge whether its numbers are written as integers. */
export interface NumberArray {
  readonly values: Series;
  readonly integers: boolean;
}

/** What JSON has no number for is written by name. */
const NAMED: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
};

function numberOf(value: unknown): number | null {
  if (typeof value === 'number') return value;
  return typeof value === 'string' ? (NAMED[value] ?? null) : null;
}

/** Numbers of the text of a JSON array; elements that are no numbers become null. Undefined when the value is no array. */
export function numberArrayOf(text: string | null): NumberArray | undefined {
  const trimmed = text?.trim();
  if (!trimmed?.startsWith('[')) return undefined;
  const parsed = JSON.parse(trimmed) as unknown[];
  return { values: parsed.map(numberOf), integers: !/[.eE"]/.test(trimmed) };
}

/** A real as JSON: `1.0`, `0.25`. Infinities and NaN have no JSON number and are written as Kusto names them. */
export function realText(value: number): string {
  if (!Number.isFinite(value)) return JSON.stringify(String(value));
  return Number.isInteger(value) && Math.abs(value) < 1e21 ? `${value === 0 ? 0 : value}.0` : String(value);
}

/** A number of an array as JSON, written as a long or as a real. */
export function numberText(value: number | null, integers: boolean): string {
  if (value === null) return 'null';
  return integers ? String(value) : realText(value);
}

/** JSON array of numbers, written as longs or as reals. */
export function numbersText(values: Series, integers: boolean): string {
  return `[${values.map((value) => numberText(value, integers)).join(',')}]`;
}
