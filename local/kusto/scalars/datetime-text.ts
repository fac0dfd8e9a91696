import {
  dateOfTicks,
  isDatetime,
  TICKS_PER_HOUR,
  TICKS_PER_MINUTE,
  TICKS_PER_SECOND,
  ticksOfDate,
  timeOfDay,
} from './ticks.ts';

const CLOCK = String.raw`(?<h>\d{1,2}):(?<m>\d{2})(?::(?<s>\d{2})(?:\.(?<f>\d+))?)?`;
const ZONE = String.raw`(?:\s*(?<z>Z|GMT|UTC|[+-]\d{2}:?\d{2}))?`;
const WEEKDAY = String.raw`(?:[A-Za-z]{3,9},\s*)?`;

/** The forms of the documentation (ISO 8601 and sortable, RFC 822, RFC 850), and month/day/year, which is understood too. */
const FORMS: readonly RegExp[] = [
  new RegExp(String.raw`^(?<Y>\d{4})-(?<M>\d{1,2})-(?<D>\d{1,2})(?:[T ]${CLOCK})?${ZONE}$`),
  new RegExp(
    String.raw`^(?<M>\d{1,2})(?<sep>[/-])(?<D>\d{1,2})\k<sep>(?<Y>\d{4})(?:[T ]${CLOCK}(?:\s*(?<ap>AM|PM))?)?${ZONE}$`,
    'i',
  ),
  new RegExp(
    String.raw`^${WEEKDAY}(?<D>\d{1,2})(?<sep>[ -])(?<Mon>[A-Za-z]{3})\k<sep>(?<Y>\d{4}|\d{2})\s+${CLOCK}${ZONE}$`,
  ),
];

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

type Groups = Readonly<Record<string, string | undefined>>;

function yearOf(text: string): number | undefined {
  const year = Number(text);
  if (text.length === 4) return year;
  if (year < 30) return 2000 + year;
  return year >= 70 ? 1900 + year : undefined;
}

function hourOf(groups: Groups): number | undefined {
  const hour = Number(groups['h'] ?? 0);
  const half = groups['ap']?.toUpperCase();
  if (half === undefined) return hour < 24 ? hour : undefined;
  if (hour < 1 || hour > 12) return undefined;
  return (hour % 12) + (half === 'PM' ? 12 : 0);
}

/** Ticks of `12`, `1234567`, …: a fraction of a second. Digits beyond 100 ns are cut off. */
export function fractionTicks(digits: string | undefined): bigint {
  return BigInt((digits ?? '').slice(0, 7).padEnd(7, '0'));
}

function zoneTicks(zone: string | undefined): bigint {
  const signed = /^([+-])(\d{2}):?(\d{2})$/.exec(zone ?? '');
  if (!signed) return 0n;
  const ticks = BigInt(signed[2] ?? 0) * TICKS_PER_HOUR + BigInt(signed[3] ?? 0) * TICKS_PER_MINUTE;
  return signed[1] === '-' ? -ticks : ticks;
}

function assemble(groups: Groups): bigint | undefined {
  const year = yearOf(groups['Y'] ?? '');
  const month = groups['Mon'] ? MONTHS.indexOf(groups['Mon'].toLowerCase()) + 1 : Number(groups['M']);
  const midnight = year === undefined ? undefined : ticksOfDate(year, month, Number(groups['D']));
  const hour = hourOf(groups);
  const minute = Number(groups['m'] ?? 0);
  const second = Number(groups['s'] ?? 0);
  if (midnight === undefined || hour === undefined || minute > 59 || second > 59) return undefined;
  const clock = BigInt(hour) * TICKS_PER_HOUR + BigInt(minute) * TICKS_PER_MINUTE + BigInt(second) * TICKS_PER_SECOND;
  const ticks = midnight + clock + fractionTicks(groups['f']) - zoneTicks(groups['z']);
  return isDatetime(ticks) ? ticks : undefined;
}

/** Ticks of a datetime text as `todatetime()` and datetime literals read it; undefined (null) when it is none. Without a zone it is UTC. */
export function parseDatetime(text: string): bigint | undefined {
  const trimmed = text.trim();
  for (const form of FORMS) {
    const groups = form.exec(trimmed)?.groups;
    if (groups) return assemble(groups);
  }
  return undefined;
}

export function pad(value: number | bigint, width: number): string {
  return value.toString().padStart(width, '0');
}

/** `2017-10-15T12:00:00.0000000Z`, as `tostring()` and arrays show a datetime. */
export function printDatetime(ticks: bigint): string {
  const { year, month, day } = dateOfTicks(ticks);
  const time = timeOfDay(ticks);
  const clock = [time / TICKS_PER_HOUR, (time / TICKS_PER_MINUTE) % 60n, (time / TICKS_PER_SECOND) % 60n]
    .map((part) => pad(part, 2))
    .join(':');
  return `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}T${clock}.${pad(time % TICKS_PER_SECOND, 7)}Z`;
}
