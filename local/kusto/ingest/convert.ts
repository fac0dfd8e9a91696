// JSON and CSV values → physical values of a column, as Kusto converts at ingestion: what does not fit its type becomes null.

import { MAX_DATETIME_TICKS } from '../exec/encode.ts';
import type { Value } from '../store/block.ts';
import { UNIX_EPOCH_TICKS, type KustoType } from '../types.ts';

export type Convert = (value: unknown) => Value;

const LONG_MIN = -(2n ** 63n);
const LONG_MAX = 2n ** 63n - 1n;
const TICKS_PER_DAY = 864_000_000_000n;
const ISO_MILLISECONDS = 24;

/** A number that JavaScript cannot hold exactly arrives as JSON.rawJSON (see json-rows.ts). */
const sourceOf = (value: unknown): string | null => {
  if (typeof value === 'object' && value !== null && 'rawJSON' in value && typeof value.rawJSON === 'string')
    return value.rawJSON;
  return null;
};

const fractionTicks = (digits: string | undefined): bigint =>
  digits === undefined ? 0n : BigInt(digits.padEnd(7, '0').slice(0, 7));

const DATETIME =
  /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ](\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d+))?)?)?\s*(Z|[+-]\d{2}:?\d{2})?$/;

/** ISO 8601 and its usual relaxations (blank for T, no zone means UTC), to 100 ns; null when it is none, or not of the years 1 to 9999. */
export function parseDatetime(text: string): bigint | null {
  const ticks = ticksOf(text);
  return ticks === null || ticks < 0n || ticks > MAX_DATETIME_TICKS ? null : ticks;
}

function ticksOf(text: string): bigint | null {
  if (text.length === ISO_MILLISECONDS && text.endsWith('Z')) {
    const ms = Date.parse(text);
    return Number.isNaN(ms) ? null : UNIX_EPOCH_TICKS + BigInt(ms) * 10_000n;
  }
  const match = DATETIME.exec(text.trim());
  if (match === null) {
    const ms =
      /\d{4}/.test(text) && /[A-Za-z/]/.test(text)
        ? Date.parse(/(?:GMT|UTC|Z|[+-]\d{4})\s*$/.test(text) ? text : `${text} UTC`)
        : Number.NaN;
    return Number.isNaN(ms) ? null : UNIX_EPOCH_TICKS + BigInt(ms) * 10_000n;
  }
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction, zone] = match;
  const date = new Date(0);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  if (date.getUTCMonth() !== Number(month) - 1 || date.getUTCDate() !== Number(day)) return null;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return null;
  date.setUTCHours(Number(hour), Number(minute), Number(second));
  const offsetMinutes =
    zone === undefined || zone === 'Z'
      ? 0
      : (zone.startsWith('-') ? -1 : 1) * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2)));
  return UNIX_EPOCH_TICKS + BigInt(date.getTime() - offsetMinutes * 60_000) * 10_000n + fractionTicks(fraction);
}

const TIMESPAN = /^(-)?(?:(\d+)\.)?(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,7}))?)?$/;

/** `[-][d.]hh:mm[:ss[.fffffff]]` in ticks. */
export function parseTimespan(text: string): bigint | null {
  const match = TIMESPAN.exec(text.trim());
  if (match === null) return /^-?\d+$/.test(text.trim()) ? BigInt(text.trim()) * TICKS_PER_DAY : null;
  const [, sign, days = '0', hours, minutes, seconds = '0', fraction] = match;
  const ticks =
    BigInt(days) * TICKS_PER_DAY +
    BigInt(Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 10_000_000n +
    fractionTicks(fraction);
  return sign === undefined ? ticks : -ticks;
}

/** The text of a number that JavaScript cannot hold, or of a text; empty for anything else. */
const numberText = (value: unknown): string => sourceOf(value) ?? (typeof value === 'string' ? value.trim() : '');

function toLong(value: unknown): bigint | null {
  if (typeof value === 'number') return Number.isInteger(value) && Number.isSafeInteger(value) ? BigInt(value) : null;
  const text = numberText(value);
  if (!/^-?\d{1,19}$/.test(text)) return null;
  const long = BigInt(text);
  return long >= LONG_MIN && long <= LONG_MAX ? long : null;
}

function toReal(value: unknown): number | null {
  if (typeof value === 'number') return value;
  const text = numberText(value);
  if (text === '') return null;
  if (/^nan$/i.test(text)) return Number.NaN;
  if (/^[+-]?inf(?:inity)?$/i.test(text)) return text.startsWith('-') ? -Infinity : Infinity;
  return /^[+-]?(?:\d|\.\d)/.test(text) && !/^[+-]?0x/i.test(text)
    ? Number.isNaN(Number(text))
      ? null
      : Number(text)
    : null;
}

function toBool(value: unknown): boolean | null {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number') return value !== 0;
  if (typeof value !== 'string') return null;
  const text = value.trim().toLowerCase();
  if (text === 'true' || text === '1') return true;
  return text === 'false' || text === '0' ? false : null;
}

/** JSON text of a value with lone surrogates replaced: one of them makes DuckDB's JSON functions fail on the whole column. */
function toJsonText(value: unknown): string {
  const text = JSON.stringify(value);
  return /\\ud[89a-f]/.test(text) ? JSON.stringify(wellFormed(value)) : text;
}

function wellFormed(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed();
  if (Array.isArray(value)) return value.map(wellFormed);
  if (typeof value !== 'object' || value === null || sourceOf(value) !== null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key.toWellFormed(), wellFormed(item)]));
}

function toText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === null || value === undefined) return '';
  if (typeof value === 'object') return sourceOf(value) ?? toJsonText(value);
  return typeof value === 'bigint' || typeof value === 'number' || typeof value === 'boolean' ? value.toString() : '';
}

function toGuid(value: unknown): string | null {
  const text = typeof value === 'string' ? value.trim().toLowerCase() : '';
  return /^[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}$/.test(text) ? text : null;
}

const toInt = (value: unknown): number | null => {
  const long = toLong(value);
  return long === null || long < -2_147_483_648n || long > 2_147_483_647n ? null : Number(long);
};

/** Converters by column type. */
export const CONVERT: Readonly<Record<KustoType, Convert>> = {
  string: toText,
  long: toLong,
  int: toInt,
  real: toReal,
  decimal: toReal,
  bool: toBool,
  datetime: (value) => (typeof value === 'string' ? parseDatetime(value) : null),
  timespan: (value) => (typeof value === 'string' ? parseTimespan(value) : null),
  dynamic: (value) => (value === undefined || value === null ? null : toJsonText(value)),
  guid: toGuid,
};

/** `DateTimeFromUnix…`: a number, or digits, of the given unit since 1970. */
export const fromUnix =
  (ticksPerUnit: bigint): Convert =>
  (value) => {
    const long = toLong(value);
    if (long !== null) return UNIX_EPOCH_TICKS + long * ticksPerUnit;
    const real = toReal(value);
    return real === null || !Number.isFinite(real)
      ? null
      : UNIX_EPOCH_TICKS + BigInt(Math.round(real * Number(ticksPerUnit)));
  };

/** A CSV field in a dynamic column is JSON when it reads as JSON, else a string. */
export function dynamicFromText(text: string): string | null {
  if (text.trim() === '') return null;
  try {
    return toJsonText(JSON.parse(text));
  } catch {
    return toJsonText(text);
  }
}
