import type { TIME_FLAGS } from '../../schema/common-fields.ts';

// Server time rules: a client's clock is corrected by the offset seen when its batch arrived, and flagged, never dropped.

const MINUTE_MS = 60_000;
/** Below this offset the correction is within network delay and NTP error: applied, not flagged. */
export const SKEW_FLAG_MS = 5 * MINUTE_MS;
export const OLDEST_MS = 30 * 24 * 60 * MINUTE_MS;
export const NEWEST_MS = MINUTE_MS;

export interface EventTime {
  /** Epoch ms on the server's clock. */
  readonly eventMs: number;
  readonly flag?: (typeof TIME_FLAGS)[number];
}

/**
 * @param claimedMs epoch ms on the sender's clock
 * @param receivedMs epoch ms on ours
 * @param skewMs receivedMs minus the sender's `sent`; 0 when the sender's clock is taken as it is
 */
export function eventTime(claimedMs: number, receivedMs: number, skewMs: number): EventTime {
  const eventMs = Math.round(claimedMs + skewMs);
  const isInside = eventMs >= receivedMs - OLDEST_MS && eventMs <= receivedMs + NEWEST_MS;
  if (!isInside) return { eventMs: receivedMs, flag: 'replaced' };
  return Math.abs(skewMs) > SKEW_FLAG_MS ? { eventMs, flag: 'corrected' } : { eventMs };
}

const STAMP = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(Z|[+-](?:[01]\d|2[0-3]):?[0-5]\d)?$/;
/** Numbers below this are seconds: 1e11 s is the year 5138, 1e11 ms is 1973. */
const SECONDS_BELOW = 1e11;

/**
 * Reads a time stamp strictly: RFC 3339 (a missing zone means UTC), or epoch seconds or milliseconds.
 * `Date.parse` is not used for text because it takes `0` for the year 2000 and 30 February for 2 March.
 */
export function parseStamp(value: unknown): number | undefined {
  if (typeof value === 'number') {
    if (!Number.isFinite(value) || value <= 0) return undefined;
    const ms = value < SECONDS_BELOW ? value * 1000 : value;
    return ms <= 8.64e15 ? ms : undefined;
  }
  if (typeof value !== 'string') return undefined;
  const match = STAMP.exec(value.length > 40 ? '' : value.toUpperCase());
  if (!match) return undefined;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const [hour, minute, second] = [Number(match[4]), Number(match[5]), Number(match[6])];
  const utc = Date.UTC(year, month - 1, day, hour, minute, second);
  const back = new Date(utc);
  // `Date.UTC` takes the years 0 to 99 for those of the twentieth century.
  if (
    back.getUTCFullYear() !== year ||
    back.getUTCMonth() !== month - 1 ||
    back.getUTCDate() !== day ||
    hour > 23 ||
    minute > 59 ||
    second > 59
  )
    return undefined;
  const fraction = match[7] ? Number(`0.${match[7]}`) * 1000 : 0;
  return utc + Math.floor(fraction) - zoneMs(match[8]);
}

function zoneMs(zone: string | undefined): number {
  if (zone === undefined || zone === 'Z') return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(-2));
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * MINUTE_MS;
}
