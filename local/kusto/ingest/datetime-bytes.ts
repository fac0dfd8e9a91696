import { UNIX_EPOCH_TICKS } from '../types.ts';

/** Ticks as `high * 2³² + low`. */
export interface Ticks {
  low: number;
  high: number;
}

const [ZERO, MINUS, COLON, DOT, T, Z] = [48, 45, 58, 46, 84, 90] as const;
/** Of months that are not of a leap year. */
const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const SECONDS_LENGTH = 19;
const TICKS_PER_DAY = 864_000_000_000n;
const MS_PER_DAY = 86_400_000;

/** Two digits; NaN when they are none. */
const two = (bytes: Uint8Array, at: number): number => {
  const [tens, ones] = [(bytes[at] ?? 0) - ZERO, (bytes[at + 1] ?? 0) - ZERO];
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
};

/** Ticks of `.f…` with so many digits, 0 when there are none; -1 when they are no digits. */
function fractionTicks(bytes: Uint8Array, at: number, digits: number): number {
  if (digits <= 0) return 0;
  if (bytes[at] !== DOT) return -1;
  let fraction = 0;
  for (let i = 1; i <= 7; i++) {
    const digit = i <= digits ? (bytes[at + i] ?? 0) - ZERO : 0;
    if (digit < 0 || digit > 9) return -1;
    fraction = fraction * 10 + digit;
  }
  return fraction;
}

/** The day read last: rows that come together are mostly of one. */
const day = { date: -1, low: 0, high: 0 };

function setDay(year: number, month: number, dayOfMonth: number): void {
  const date = (year * 100 + month) * 100 + dayOfMonth;
  if (day.date === date) return;
  const at = new Date(0);
  at.setUTCFullYear(year, month - 1, dayOfMonth);
  const start = UNIX_EPOCH_TICKS + BigInt(Math.floor(at.getTime() / MS_PER_DAY)) * TICKS_PER_DAY;
  day.date = date;
  day.low = Number(start & 0xffff_ffffn);
  day.high = Number(start >> 32n);
}

/**
 * Reads `2026-01-31T12:34:56[.f…]Z` with up to seven digits of a second between `start` and `end`. False when it is anything else, or
 * the 29th of February: the parse path knows those.
 */
export function readDatetime(bytes: Uint8Array, start: number, end: number, to: Ticks): boolean {
  const fractionDigits = end - start - SECONDS_LENGTH - 2;
  if (fractionDigits < -1 || fractionDigits === 0 || fractionDigits > 7 || bytes[end - 1] !== Z) return false;
  if (bytes[start + 4] !== MINUS || bytes[start + 7] !== MINUS || bytes[start + 10] !== T) return false;
  if (bytes[start + 13] !== COLON || bytes[start + 16] !== COLON) return false;
  const year = two(bytes, start) * 100 + two(bytes, start + 2);
  const [month, dayOfMonth] = [two(bytes, start + 5), two(bytes, start + 8)];
  const [hour, minute, second] = [two(bytes, start + 11), two(bytes, start + 14), two(bytes, start + 17)];
  // Written so that NaN fails.
  if (!(year >= 1 && month >= 1 && month <= 12 && dayOfMonth >= 1 && dayOfMonth <= (DAYS[month - 1] ?? 0)))
    return false;
  if (!(hour <= 23 && minute <= 59 && second <= 59)) return false;
  const fraction = fractionTicks(bytes, start + SECONDS_LENGTH, fractionDigits);
  if (fraction < 0) return false;
  setDay(year, month, dayOfMonth);
  to.low = day.low + ((hour * 60 + minute) * 60 + second) * 10_000_000 + fraction;
  to.high = day.high;
  return true;
}
