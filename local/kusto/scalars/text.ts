import { KustoError } from '../types.ts';
import { elementsOf, kindOf, stringOf } from './json-text.ts';

const TEXT_LIMIT = 2 ** 20;

/** `strrep`: at most 1024 times, as Kusto limits it. */
export function strrep(text: string, times: number, delimiter = ''): string {
  if (times < 0 || times > 1024) throw new KustoError('SEM', 'strrep: the number of repetitions must lie in 0..1024');
  if ((text.length + delimiter.length) * times > TEXT_LIMIT * 16)
    throw new KustoError('LIMIT', 'strrep: the result is too long');
  return Array.from({ length: times }, () => text).join(delimiter);
}

/** Characters by code points, since one of them may take two units. */
export function codePoints(text: string): number[] {
  return Array.from(text, (char) => char.codePointAt(0) ?? 0);
}

/** `translate`: each character of the source that is in `search` by the one at its place in `replacement`, whose last one stands for all beyond. */
export function translate(search: string, replacement: string, text: string): string {
  const from = Array.from(search);
  const to = Array.from(replacement);
  return Array.from(text, (char) => {
    const place = from.indexOf(char);
    return place < 0 ? char : (to[Math.min(place, to.length - 1)] ?? '');
  }).join('');
}

/** `strcat_array`: elements as text; null and '' elements are kept as empty. Null when the value is no array. */
export function strcatArray(array: string | null, delimiter: string): string | null {
  const elements = elementsOf(array);
  return elements
    ? elements.map((element) => (kindOf(element) === 'null' ? '' : (stringOf(element) ?? element))).join(delimiter)
    : null;
}

/** `unicode_codepoints_to_string`, `make_string`: code points, or arrays of them (JSON texts). */
export function textOfCodePoints(arguments_: readonly (string | null)[]): string {
  const points = arguments_.flatMap((argument) => elementsOf(argument) ?? [argument ?? 'null']);
  return points.map((point) => (kindOf(point) === 'long' ? String.fromCodePoint(Number(point)) : '')).join('');
}

const BYTE_UNITS = ['Bytes', 'KB', 'MB', 'GB', 'TB', 'PB', 'EB'];

/** `format_bytes` with the base 1024; without `units` the largest unit that keeps the value at 1 or more. */
export function formatBytes(size: number, precision = 0, units = '', base = 1024): string {
  const exponent =
    units === ''
      ? Math.min(6, Math.max(0, Math.floor(Math.log(Math.abs(size) || 1) / Math.log(base) + 1e-12)))
      : BYTE_UNITS.indexOf(units);
  if (exponent < 0 || base !== 1024)
    throw new KustoError('UNSUPPORTED', 'format_bytes: units are Bytes, KB, MB, GB, TB, PB, EB, the base is 1024');
  return `${Number((size / base ** exponent).toFixed(precision))} ${BYTE_UNITS[exponent]}`;
}

/** `tohex`: two's complement of negative numbers, zeros in front up to `width`, 16 at most. */
export function toHex(value: bigint, width = 0): string {
  return BigInt.asUintN(64, value).toString(16).padStart(Math.min(width, 16), '0');
}
