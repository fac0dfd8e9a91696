// Calendar arithmetic on Kusto's ticks: 100 ns since 0001-01-01, as bigint.

export const TICKS_PER_MS = 10_000n;
export const TICKS_PER_SECOND = 10_000_000n;
export const TICKS_PER_MINUTE = 600_000_000n;
export const TICKS_PER_HOUR = 36_000_000_000n;
export const TICKS_PER_DAY = 864_000_000_000n;

/** 9999-12-31T23:59:59.9999999, the last datetime. */
export const MAX_DATETIME_TICKS = 3_155_378_975_999_999_999n;

export interface CalendarDate {
  readonly year: number;
  /** 1..12 */
  readonly month: number;
  /** 1..31 */
  readonly day: number;
}

export function isLeapYear(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

export function daysInMonth(year: number, month: number): number {
  if (month === 2) return isLeapYear(year) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Days from 0001-01-01 to the date, proleptic Gregorian. */
export function dayNumberOf(date: CalendarDate): number {
  const years = date.year - 1;
  let days = years * 365 + Math.floor(years / 4) - Math.floor(years / 100) + Math.floor(years / 400);
  for (let month = 1; month < date.month; month++) days += daysInMonth(date.year, month);
  return days + date.day - 1;
}

/** Inverse of `dayNumberOf`. */
export function dateOfDayNumber(dayNumber: number): CalendarDate {
  let year = Math.floor(dayNumber / 365.2425) + 1;
  while (dayNumberOf({ year, month: 1, day: 1 }) > dayNumber) year--;
  while (dayNumberOf({ year: year + 1, month: 1, day: 1 }) <= dayNumber) year++;
  let rest = dayNumber - dayNumberOf({ year, month: 1, day: 1 });
  let month = 1;
  while (rest >= daysInMonth(year, month)) rest -= daysInMonth(year, month++);
  return { year, month, day: rest + 1 };
}

export function dateOfTicks(ticks: bigint): CalendarDate {
  return dateOfDayNumber(Number(ticks / TICKS_PER_DAY));
}

/** Ticks within the day, 0..TICKS_PER_DAY − 1. */
export function timeOfDay(ticks: bigint): bigint {
  return ticks % TICKS_PER_DAY;
}

/** Midnight of the date, or undefined when there is no such date in 0001..9999. */
export function ticksOfDate(year: number, month: number, day: number): bigint | undefined {
  if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined;
  return BigInt(dayNumberOf({ year, month, day })) * TICKS_PER_DAY;
}

export function isDatetime(ticks: bigint): boolean {
  return ticks >= 0n && ticks <= MAX_DATETIME_TICKS;
}
