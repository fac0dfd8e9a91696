import { fractionTicks, pad } from './datetime-text.ts';
import { TICKS_PER_DAY, TICKS_PER_HOUR, TICKS_PER_MINUTE, TICKS_PER_MS, TICKS_PER_SECOND } from './ticks.ts';

const UNITS: readonly (readonly [bigint, readonly string[]])[] = [
  [TICKS_PER_DAY, ['d', 'day', 'days']],
  [TICKS_PER_HOUR, ['h', 'hr', 'hrs', 'hour', 'hours']],
  [TICKS_PER_MINUTE, ['m', 'min', 'minute', 'minutes']],
  [TICKS_PER_SECOND, ['s', 'sec', 'second', 'seconds']],
  [TICKS_PER_MS, ['ms', 'milli', 'millis', 'millisec', 'millisecond', 'milliseconds']],
  [10n, ['micro', 'micros', 'microsec', 'microsecond', 'microseconds']],
  [1n, ['tick', 'ticks']],
];
const TICKS_OF_UNIT = new Map(UNITS.flatMap(([ticks, names]) => names.map((name) => [name, ticks] as const)));

const CLOCK = /^(?<sign>-)?(?:(?<d>\d+)\.)?(?<h>\d{1,2}):(?<m>\d{2})(?::(?<s>\d{2})(?:\.(?<f>\d{1,7}))?)?$/;
const AMOUNT = /^(?<sign>-)?(?<whole>\d+)(?:\.(?<part>\d+))?\s*(?<unit>[a-z]*)$/i;
const LIMIT = 2n ** 63n;

function parseClock(groups: Readonly<Record<string, string | undefined>>): bigint | undefined {
  const hour = BigInt(groups['h'] ?? 0);
  const minute = BigInt(groups['m'] ?? 0);
  const second = BigInt(groups['s'] ?? 0);
  if (hour > 23n || minute > 59n || second > 59n) return undefined;
  const days = BigInt(groups['d'] ?? 0) * TICKS_PER_DAY;
  return (
    days + hour * TICKS_PER_HOUR + minute * TICKS_PER_MINUTE + second * TICKS_PER_SECOND + fractionTicks(groups['f'])
  );
}

function parseAmount(groups: Readonly<Record<string, string | undefined>>): bigint | undefined {
  const name = (groups['unit'] ?? '').toLowerCase();
  const unit = name === '' ? TICKS_PER_DAY : TICKS_OF_UNIT.get(name);
  if (unit === undefined) return undefined;
  const part = groups['part'] ?? '';
  return (BigInt((groups['whole'] ?? '') + part) * unit) / 10n ** BigInt(part.length);
}

/** Ticks of a timespan text: `1.12:23:45.6789`, `12:23:45`, `1.5h`, `15 seconds`, a bare number of days. Undefined (null) when it is none. */
export function parseTimespan(text: string): bigint | undefined {
  const trimmed = text.trim();
  const clock = CLOCK.exec(trimmed)?.groups;
  const amount = clock ? undefined : AMOUNT.exec(trimmed)?.groups;
  const ticks = clock ? parseClock(clock) : amount && parseAmount(amount);
  if (ticks === undefined || ticks >= LIMIT) return undefined;
  return (clock ?? amount)?.['sign'] ? -ticks : ticks;
}

/** `00:30:00`, `1.02:03:04.5000000`, `-12:00:00`: as `tostring()` shows a timespan. */
export function printTimespan(ticks: bigint): string {
  const size = ticks < 0n ? -ticks : ticks;
  const days = size / TICKS_PER_DAY;
  const clock = [(size / TICKS_PER_HOUR) % 24n, (size / TICKS_PER_MINUTE) % 60n, (size / TICKS_PER_SECOND) % 60n]
    .map((part) => pad(part, 2))
    .join(':');
  const fraction = size % TICKS_PER_SECOND;
  return `${ticks < 0n ? '-' : ''}${days > 0n ? `${days}.` : ''}${clock}${fraction > 0n ? `.${pad(fraction, 7)}` : ''}`;
}
