// Calendar functions over ticks.

import { integerValue } from '../sql/arithmetic.ts';
import { ticksOf, TICKS, timestampOf } from '../sql/datetime.ts';
import type { Value } from '../sql/value.ts';
import type { CallSite, NativeScalar } from './function-types.ts';

const DAY = `${TICKS.day}`;
const one = [1, 1] as const;

function ticks(value: Value | undefined, site: CallSite): string {
  if (value?.type !== 'datetime') return site.refuse(`needs a datetime, not ${value?.type ?? 'nothing'}`);
  return value.sql;
}

const whole = (value: Value | undefined, site: CallSite): string => {
  if (value?.type === 'int' || value?.type === 'long') return value.sql;
  return site.refuse(`needs a whole number, not ${value?.type ?? 'nothing'}`);
};

type Unit = 'day' | 'week' | 'month' | 'year';

/** First tick of the day, week (from Sunday), month or year, moved by so many of them. */
function startOf(unit: Unit, t: string, offset: string): string {
  // 0001-01-01 was a Monday, so day number 6 was the first Sunday.
  if (unit === 'day') return `(${t} - ${t} % ${DAY} + ${offset} * ${DAY})`;
  if (unit === 'week') return `((${t} // ${DAY} - (${t} // ${DAY} + 1) % 7 + ${offset} * 7) * ${DAY})`;
  const months = unit === 'year' ? `12 * ${offset}` : offset;
  return ticksOf(`date_trunc('${unit}', ${timestampOf(t)}) + to_months(CAST(${months} AS INTEGER))`);
}

const boundary = (name: string, unit: Unit, end: boolean): NativeScalar => ({
  kind: 'native',
  name,
  arity: [1, 2],
  build: ([value, offset], site) => {
    const t = site.atom(ticks(value, site));
    const by = offset ? whole(offset, site) : '0';
    return end ? `(${startOf(unit, t, `(${by} + 1)`)} - 1)` : startOf(unit, t, by);
  },
});

const part = (name: string, sql: (t: string) => string): NativeScalar => ({
  kind: 'native',
  name,
  arity: one,
  build: ([value], site) => sql(site.atom(ticks(value, site))),
});

const field = (name: string) => (t: string) => `CAST(extract(${name} FROM ${timestampOf(t)}) AS BIGINT)`;
const integer = (sql: (t: string) => string) => (t: string) => `CAST(${sql(t)} AS INTEGER)`;

const PARTS: Readonly<Record<string, (t: string) => string>> = {
  year: field('year'),
  quarter: field('quarter'),
  month: field('month'),
  week_of_year: field('week'),
  weekofyear: field('week'),
  day: field('day'),
  dayofyear: field('doy'),
  hour: (t) => `(${t} // ${TICKS.hour} % 24)`,
  minute: (t) => `(${t} // ${TICKS.minute} % 60)`,
  second: (t) => `(${t} // ${TICKS.second} % 60)`,
  millisecond: (t) => `(${t} // ${TICKS.millisecond} % 1000)`,
  microsecond: (t) => `(${t} // 10 % 1000000)`,
  nanosecond: (t) => `(${t} % 10000000 * 100)`,
};

const FIXED: Readonly<Record<string, bigint>> = {
  week: TICKS.day * 7n,
  day: TICKS.day,
  hour: TICKS.hour,
  minute: TICKS.minute,
  second: TICKS.second,
  millisecond: TICKS.millisecond,
  microsecond: TICKS.microsecond,
};

const MONTHS: Readonly<Record<string, number>> = { month: 1, quarter: 3, year: 12 };

const unitName = (value: Value | undefined, site: CallSite): string =>
  typeof value?.constant === 'string' ? value.constant.toLowerCase() : site.refuse('needs a constant period');

function datetimeAdd([unit, amount, value]: readonly Value[], site: CallSite): string {
  const name = unitName(unit, site);
  const n = whole(amount, site);
  const t = site.atom(ticks(value, site));
  if (FIXED[name] !== undefined) return `(${t} + ${n} * ${FIXED[name]})`;
  const months = MONTHS[name];
  if (months === undefined) return site.refuse(`period '${name}'`);
  return `(${ticksOf(`${timestampOf(t)} + to_months(CAST(${n} * ${months} AS INTEGER))`)} + ${t} % 10000000)`;
}

/** How many boundaries of the period lie between. */
function datetimeDiff([unit, later, earlier]: readonly Value[], site: CallSite): string {
  const name = unitName(unit, site);
  const [a, b] = [site.atom(ticks(later, site)), site.atom(ticks(earlier, site))];
  if (name === 'week') return `((${a} // ${DAY} + 1) // 7 - (${b} // ${DAY} + 1) // 7)`;
  if (name === 'nanosecond') return `((${a} - ${b}) * 100)`;
  const fixed = FIXED[name];
  if (fixed !== undefined) return `(${a} // ${fixed} - ${b} // ${fixed})`;
  const index = (t: string): string => {
    const year = `extract(year FROM ${timestampOf(t)})`;
    if (name === 'year') return year;
    if (name === 'quarter') return `(${year} * 4 + extract(quarter FROM ${timestampOf(t)}))`;
    return `(${year} * 12 + extract(month FROM ${timestampOf(t)}))`;
  };
  if (MONTHS[name] === undefined) return site.refuse(`period '${name}'`);
  return `CAST(${index(a)} - ${index(b)} AS BIGINT)`;
}

function datetimePart([unit, value]: readonly Value[], site: CallSite): string {
  const read = PARTS[unitName(unit, site)];
  if (!read) return site.refuse(`part '${unitName(unit, site)}'`);
  return `CAST(${read(site.atom(ticks(value, site)))} AS BIGINT)`;
}

function makeDatetime(args: readonly Value[], site: CallSite): string {
  const [year, month, day, hour, minute, second] = args;
  if (!month) return site.refuse('needs year, month, day');
  const date = `make_date(CAST(${whole(year, site)} AS INTEGER), CAST(${whole(month, site)} AS INTEGER), CAST(${whole(day, site)} AS INTEGER))`;
  const seconds = second ? `CAST(round(CAST(${second.sql} AS DOUBLE) * 10000000) AS BIGINT)` : '0';
  const clock = `${hour ? whole(hour, site) : '0'} * ${TICKS.hour} + ${minute ? whole(minute, site) : '0'} * ${TICKS.minute} + ${seconds}`;
  return `(TRY(${ticksOf(date)}) + ${clock})`;
}

function makeTimespan(args: readonly Value[], site: CallSite): string {
  const four = args.length === 4 ? args : [undefined, ...args];
  const [days, hours, minutes, seconds] = four;
  const [h, m] = [site.atom(whole(hours, site)), site.atom(whole(minutes, site))];
  const s = seconds ? site.atom(`CAST(${seconds.sql} AS DOUBLE)`) : undefined;
  const clock = `${h} * ${TICKS.hour} + ${m} * ${TICKS.minute}${s ? ` + CAST(round(${s} * 10000000) AS BIGINT)` : ''}`;
  // A part outside its range makes it null (seen on the emulator).
  const inRange = `${h} BETWEEN 0 AND 23 AND ${m} BETWEEN 0 AND 59${s ? ` AND ${s} >= 0 AND ${s} < 60` : ''}`;
  return `CASE WHEN ${inRange} THEN ${days ? `${whole(days, site)} * ${DAY} + ` : ''}${clock} END`;
}

const unixtime = (name: string, perUnit: bigint, divide: bigint): NativeScalar => ({
  kind: 'native',
  name,
  arity: one,
  build: ([value], site) => {
    const real = value?.type === 'real';
    if (typeof value?.constant === 'bigint')
      return integerValue((value.constant * perUnit) / divide + 621_355_968_000_000_000n, 'datetime');
    if (real) return `(CAST(round(${value.sql} * ${perUnit} / ${divide}) AS BIGINT) + 621355968000000000)`;
    return `(${whole(value, site)} * ${perUnit} // ${divide} + 621355968000000000)`;
  },
});

export const NATIVE_DATETIME: readonly NativeScalar[] = [
  boundary('startofday', 'day', false),
  boundary('startofweek', 'week', false),
  boundary('startofmonth', 'month', false),
  boundary('startofyear', 'year', false),
  boundary('endofday', 'day', true),
  boundary('endofweek', 'week', true),
  boundary('endofmonth', 'month', true),
  boundary('endofyear', 'year', true),
  // The last day of all has none (seen on the emulator).
  part('dayofweek', (t) => `CASE WHEN ${t} < ${3_652_058n * TICKS.day} THEN (${t} // ${DAY} + 1) % 7 * ${DAY} END`),
  part('dayofmonth', integer(field('day'))),
  part('dayofyear', integer(field('doy'))),
  part('getmonth', integer(field('month'))),
  part('monthofyear', integer(field('month'))),
  part('getyear', integer(field('year'))),
  part(
    'hourofday',
    integer((t) => `(${t} // ${TICKS.hour} % 24)`),
  ),
  part('week_of_year', field('week')),
  part('weekofyear', field('week')),
  { kind: 'native', name: 'datetime_add', arity: [3, 3], build: datetimeAdd },
  { kind: 'native', name: 'datetime_diff', arity: [3, 3], build: datetimeDiff },
  { kind: 'native', name: 'datetime_part', arity: [2, 2], build: datetimePart },
  { kind: 'native', name: 'make_datetime', arity: [3, 6], build: makeDatetime },
  { kind: 'native', name: 'make_timespan', arity: [2, 4], build: makeTimespan },
  unixtime('unixtime_seconds_todatetime', TICKS.second, 1n),
  unixtime('unixtime_milliseconds_todatetime', TICKS.millisecond, 1n),
  unixtime('unixtime_microseconds_todatetime', 10n, 1n),
  unixtime('unixtime_nanoseconds_todatetime', 1n, 100n),
];
