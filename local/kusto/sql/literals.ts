// Text of KQL literals → values. Ticks are of 100 ns.

import { UNIX_EPOCH_TICKS } from '../types.ts';
import { TICKS } from './datetime.ts';

const UNITS: readonly (readonly [RegExp, bigint])[] = [
  [/^(?:d|day|days)$/, TICKS.day],
  [/^(?:h|hr|hrs|hour|hours)$/, TICKS.hour],
  [/^(?:m|min|minute|minutes)$/, TICKS.minute],
  [/^(?:s|sec|second|seconds)$/, TICKS.second],
  [/^(?:ms|milli|millis|millisecond|milliseconds)$/, TICKS.millisecond],
  [/^(?:us|micro|micros|microsecond|microseconds)$/, TICKS.microsecond],
  [/^(?:tick|ticks)$/, 1n],
];

/** Exact product of a decimal text and a unit, rounded to whole ticks. */
function scale(digits: string, unit: bigint): bigint {
  const [whole = '0', fraction = ''] = digits.split('.');
  const power = 10n ** BigInt(fraction.length);
  const product = BigInt(whole + fraction) * unit;
  return (product + power / 2n) / power;
}

/** `1d`, `2.5h`, `00:05:00`, `3.04:05:06.7`, `-1h`; undefined when it is no timespan. */
export function parseTimespan(text: string): bigint | undefined {
  const trimmed = text.trim().toLowerCase();
  const sign = trimmed.startsWith('-') ? -1n : 1n;
  const body = trimmed.replace(/^[-+]/, '').trim();
  const unit = /^(\d+(?:\.\d*)?)\s*([a-z]+)$/.exec(body);
  if (unit) {
    const factor = UNITS.find(([pattern]) => pattern.test(unit[2] as string))?.[1];
    return factor === undefined ? undefined : sign * scale((unit[1] as string).replace(/\.$/, ''), factor);
  }
  const clock = /^(?:(\d+)\.)?(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,7}))?)?$/.exec(body);
  if (clock) {
    const [, days = '0', hours = '0', minutes = '0', seconds = '0', fraction = ''] = clock;
    if (Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 59) return undefined;
    const whole = ((BigInt(days) * 24n + BigInt(hours)) * 60n + BigInt(minutes)) * 60n + BigInt(seconds);
    return sign * (whole * TICKS.second + BigInt(fraction.padEnd(7, '0')));
  }
  return /^\d+$/.test(body) ? sign * BigInt(body) * TICKS.day : undefined;
}

const ISO =
  /^(\d{4})-(\d{1,2})(?:-(\d{1,2})(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?)?)?\s*(Z|GMT|UTC|[+-]\d{2}:?\d{2})?$/i;
const AMERICAN = /^(\d{1,2})[/-](\d{1,2})[/-](\d{4})(?: +(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,7}))?)?)? *(AM|PM)?$/i;
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const RFC822 =
  /^(?:[a-z]{3,9}, *)?(\d{1,2})[ -]([a-z]{3})[a-z]*[ -](\d{4}|\d{2})(?: +(\d{1,2}):(\d{2})(?::(\d{2}))?)? *(?:GMT|UTC|Z)?$/i;

function ticksAt(parts: readonly (string | undefined)[], fraction: string | undefined): bigint | undefined {
  const [year, month, day, hour, minute, second] = parts.map((part) => Number(part ?? 0));
  if (year === undefined || month === undefined || day === undefined) return undefined;
  if (month < 1 || month > 12 || day < 1 || (hour ?? 0) > 24 || (minute ?? 0) > 59 || (second ?? 0) > 59)
    return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1) return undefined;
  date.setUTCHours(hour ?? 0, minute ?? 0, second ?? 0);
  return BigInt(date.getTime()) * 10_000n + UNIX_EPOCH_TICKS + BigInt((fraction ?? '').slice(0, 7).padEnd(7, '0'));
}

function zoneTicks(zone: string | undefined): bigint {
  const m = /^([+-])(\d{2}):?(\d{2})$/.exec(zone ?? '');
  if (!m) return 0n;
  return (m[1] === '-' ? 1n : -1n) * (BigInt(m[2] as string) * 60n + BigInt(m[3] as string)) * TICKS.minute;
}

/** ISO 8601, `MM/dd/yyyy hh:mm:ss`, RFC 822; undefined when it is no datetime. */
export function parseDatetime(text: string): bigint | undefined {
  const trimmed = text.trim();
  const iso = ISO.exec(trimmed);
  if (iso) {
    const ticks = ticksAt([iso[1], iso[2], iso[3] ?? '1', iso[4], iso[5], iso[6]], iso[7]);
    return ticks === undefined ? undefined : ticks + zoneTicks(iso[8]);
  }
  const american = AMERICAN.exec(trimmed);
  if (american) {
    const half = (american[8] ?? '').toLowerCase();
    const hour = Number(american[4] ?? 0);
    const hours = half === 'pm' ? (hour % 12) + 12 : half === 'am' ? hour % 12 : hour;
    return ticksAt([american[3], american[1], american[2], `${hours}`, american[5], american[6]], american[7]);
  }
  const rfc = RFC822.exec(trimmed);
  if (rfc) {
    const month = MONTHS.indexOf((rfc[2] as string).toLowerCase()) + 1;
    const year = (rfc[3] as string).length === 2 ? `20${rfc[3] as string}` : rfc[3];
    return month === 0 ? undefined : ticksAt([year, `${month}`, rfc[1], rfc[4], rfc[5], rfc[6]], undefined);
  }
  return undefined;
}
