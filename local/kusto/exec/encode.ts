// Physical values (see PHYSICAL in ../types.ts) → the JSON text that Kusto puts on the wire.
// Text, not values: a long beyond 2^53 has no exact JavaScript number, and a dynamic is JSON already.

import { UNIX_EPOCH_TICKS, type Column, type KustoType } from '../types.ts';

const TICKS_PER_SECOND = 10_000_000n;
const TICKS_PER_DAY = 864_000_000_000n;
/** 9999-12-31T23:59:59.9999999, the last datetime. */
export const MAX_DATETIME_TICKS = 3_155_378_975_999_999_999n;

const two = (n: number): string => (n < 10 ? `0${n}` : `${n}`);

/** `2026-01-01T00:00:00Z`, with up to 7 fraction digits, trailing zeros cut; null outside year 1 … 9999. */
export function formatDatetime(ticks: bigint): string | null {
  if (ticks < 0n || ticks > MAX_DATETIME_TICKS) return null;
  const sinceEpoch = ticks - UNIX_EPOCH_TICKS;
  const rest = ((sinceEpoch % TICKS_PER_SECOND) + TICKS_PER_SECOND) % TICKS_PER_SECOND;
  const iso = new Date(Number((sinceEpoch - rest) / 10_000n)).toISOString().slice(0, 19);
  return rest === 0n ? `${iso}Z` : `${iso}.${rest.toString().padStart(7, '0').replace(/0+$/, '')}Z`;
}

/** `[-][d.]hh:mm:ss[.fffffff]`, as .NET's constant format. */
export function formatTimespan(ticks: bigint): string {
  const sign = ticks < 0n ? '-' : '';
  const size = ticks < 0n ? -ticks : ticks;
  const days = size / TICKS_PER_DAY;
  const ofDay = size % TICKS_PER_DAY;
  const seconds = Number(ofDay / TICKS_PER_SECOND);
  const rest = ofDay % TICKS_PER_SECOND;
  const clock = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  const fraction = rest === 0n ? '' : `.${rest.toString().padStart(7, '0')}`;
  return `${sign}${days === 0n ? '' : `${days}.`}${clock}${fraction}`;
}

/** JSON has no NaN and no infinities: Kusto sends them as strings. Whole reals keep a `.0`. */
export function encodeReal(value: number): string {
  if (Number.isNaN(value)) return '"NaN"';
  if (!Number.isFinite(value)) return value > 0 ? '"Infinity"' : '"-Infinity"';
  if (Object.is(value, -0)) return '-0.0';
  const text = String(value);
  // From 1e21 on a whole number is written with an exponent.
  return Number.isInteger(value) && Math.abs(value) < 1e21 ? `${text}.0` : text;
}

const BARE_NON_FINITE = /"(?:[^"\\]|\\.)*"|-?\b(?:NaN|nan|Infinity|inf)\b/g;

/** A dynamic lies as JSON text. Text that is no JSON would break the whole answer, so it is checked, and sent as a string when it is none. */
export function encodeDynamic(text: string): string {
  try {
    JSON.parse(text);
    return text;
  } catch {
    const quoted = text.replace(BARE_NON_FINITE, (token) => (token.startsWith('"') ? token : quoteNonFinite(token)));
    try {
      JSON.parse(quoted);
      return quoted;
    } catch {
      return JSON.stringify(text);
    }
  }
}

const quoteNonFinite = (token: string): string => {
  if (/nan/i.test(token)) return '"NaN"';
  return token.startsWith('-') ? '"-Infinity"' : '"Infinity"';
};

const ticksOf = (value: unknown): bigint => (typeof value === 'bigint' ? value : BigInt(Math.trunc(Number(value))));

/** One value as JSON text. `value` is what @duckdb/node-api gives for the physical type of `type`. */
export function encodeCell(value: unknown, type: KustoType): string {
  if (value === null || value === undefined) return type === 'string' ? '""' : 'null';
  switch (type) {
    case 'bool':
      return value === true ? 'true' : 'false';
    case 'int':
    case 'long':
      return typeof value === 'bigint' || typeof value === 'number' ? value.toString() : 'null';
    case 'real':
      return encodeReal(Number(value));
    case 'decimal':
      return `"${Number(value)}"`;
    case 'datetime': {
      const text = formatDatetime(ticksOf(value));
      return text === null ? 'null' : `"${text}"`;
    }
    case 'timespan':
      return `"${formatTimespan(ticksOf(value))}"`;
    case 'dynamic':
      return typeof value === 'string' ? encodeDynamic(value) : JSON.stringify(value);
    case 'string':
    case 'guid':
      return JSON.stringify(value);
  }
}

/** One row as a JSON array text. */
export function encodeRow(row: readonly unknown[], columns: readonly Column[]): string {
  let text = '[';
  for (let i = 0; i < columns.length; i++) {
    const column = columns[i];
    if (column === undefined) break;
    if (i > 0) text += ',';
    text += encodeCell(row[i], column.type);
  }
  return `${text}]`;
}
