// NCRONTAB as the Functions host reads it: six fields {second} {minute} {hour} {day} {month} {day-of-week}, or five without seconds. UTC.

interface FieldRule {
  readonly name: string;
  readonly low: number;
  readonly high: number;
  readonly names?: readonly string[];
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const RULES: readonly FieldRule[] = [
  { name: 'second', low: 0, high: 59 },
  { name: 'minute', low: 0, high: 59 },
  { name: 'hour', low: 0, high: 23 },
  { name: 'day', low: 1, high: 31 },
  { name: 'month', low: 1, high: 12, names: MONTHS },
  { name: 'day-of-week', low: 0, high: 6, names: DAYS },
];

function valueOf(text: string, rule: FieldRule): number {
  const named = rule.names?.indexOf(text.slice(0, 3).toLowerCase()) ?? -1;
  const value = named >= 0 ? named + rule.low : /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= rule.low && value <= rule.high) return value;
  throw new Error(`"${text}" is no ${rule.name} (${rule.low}–${rule.high})`);
}

function parseField(text: string, rule: FieldRule): ReadonlySet<number> {
  const values = new Set<number>();
  for (const part of text.split(',')) {
    const [range = '', stepText] = part.split('/');
    const step = stepText === undefined ? 1 : Number(stepText);
    if (!Number.isInteger(step) || step < 1) throw new Error(`"${part}" has no valid step`);
    const [from = '', to] = range.split('-');
    const isAll = range === '*';
    const low = isAll ? rule.low : valueOf(from, rule);
    const high = isAll ? rule.high : to !== undefined ? valueOf(to, rule) : stepText === undefined ? low : rule.high;
    if (high < low) throw new Error(`"${part}" runs backwards`);
    for (let value = low; value <= high; value += step) values.add(value);
  }
  return values;
}

export interface Schedule {
  /** First occurrence strictly after a time, epoch ms; undefined when there is none within five years. */
  next(afterMs: number): number | undefined;
}

const DAY_MS = 86_400_000;
const HORIZON_DAYS = 5 * 366;

/** @throws on anything that is no NCRONTAB expression */
export function parseSchedule(expression: string): Schedule {
  const texts = expression.trim().split(/\s+/);
  if (texts.length === 5) texts.unshift('0');
  if (texts.length !== 6)
    throw new Error(`"${expression}" is no NCRONTAB expression: expected 6 fields, got ${texts.length}`);
  const [seconds, minutes, hours, days, months, weekdays] = RULES.map((rule, index) =>
    parseField(texts[index] ?? '', rule),
  ) as [
    ReadonlySet<number>,
    ReadonlySet<number>,
    ReadonlySet<number>,
    ReadonlySet<number>,
    ReadonlySet<number>,
    ReadonlySet<number>,
  ];
  const times: number[] = [];
  for (const hour of hours) {
    for (const minute of minutes) for (const second of seconds) times.push(((hour * 60 + minute) * 60 + second) * 1000);
  }
  times.sort((a, b) => a - b);
  const isDay = (date: Date): boolean =>
    months.has(date.getUTCMonth() + 1) && days.has(date.getUTCDate()) && weekdays.has(date.getUTCDay());
  return {
    next(afterMs) {
      const today = Math.floor(afterMs / DAY_MS) * DAY_MS;
      for (let offset = 0; offset < HORIZON_DAYS; offset++) {
        const day = today + offset * DAY_MS;
        if (!isDay(new Date(day))) continue;
        const time = times.find((candidate) => day + candidate > afterMs);
        if (time !== undefined) return day + time;
      }
      return undefined;
    },
  };
}
