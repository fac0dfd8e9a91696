// Calendar arithmetic over ticks of 100 ns since 0001-01-01. DuckDB's TIMESTAMP has microseconds, so only calendar
// steps go through it and the rest stays in integers.

export const TICKS = {
  microsecond: 10n,
  millisecond: 10_000n,
  second: 10_000_000n,
  minute: 600_000_000n,
  hour: 36_000_000_000n,
  day: 864_000_000_000n,
} as const;

/** Seconds between 0001-01-01 and 1970-01-01. */
const EPOCH_SECONDS = 62_135_596_800n;

/** TIMESTAMP of the whole second of a datetime. */
export const timestampOf = (ticks: string): string =>
  `make_timestamp(((${ticks}) // 10000000 - ${EPOCH_SECONDS}) * 1000000)`;

/** Ticks of a TIMESTAMP or DATE. */
export const ticksOf = (timestamp: string): string =>
  `(epoch_us(CAST(${timestamp} AS TIMESTAMP)) * 10 + 621355968000000000)`;

/** `2017-10-15T12:00:00.0000000Z`, as tostring() writes a datetime. `ticks` must be short: it is used twice. */
export const datetimeText = (ticks: string): string =>
  `(strftime(${timestampOf(ticks)}, '%Y-%m-%dT%H:%M:%S.') || lpad(CAST((${ticks}) % 10000000 AS VARCHAR), 7, '0') || 'Z')`;

/** `[-][d.]hh:mm:ss[.fffffff]`. `ticks` must be short: it is used often. */
export function timespanText(ticks: string): string {
  const a = `abs(${ticks})`;
  const two = (sql: string): string => `lpad(CAST(${sql} AS VARCHAR), 2, '0')`;
  return (
    `(CASE WHEN ${ticks} < 0 THEN '-' ELSE '' END` +
    ` || CASE WHEN ${a} >= 864000000000 THEN CAST(${a} // 864000000000 AS VARCHAR) || '.' ELSE '' END` +
    ` || ${two(`${a} // 36000000000 % 24`)} || ':' || ${two(`${a} // 600000000 % 60`)} || ':' || ${two(`${a} // 10000000 % 60`)}` +
    ` || CASE WHEN ${a} % 10000000 = 0 THEN '' ELSE '.' || lpad(CAST(${a} % 10000000 AS VARCHAR), 7, '0') END)`
  );
}
