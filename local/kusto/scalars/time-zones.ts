import { UNIX_EPOCH_TICKS } from '../types.ts';
import { isDatetime, TICKS_PER_MS } from './ticks.ts';

const formats = new Map<string, Intl.DateTimeFormat | undefined>();

function formatFor(zone: string): Intl.DateTimeFormat | undefined {
  if (!formats.has(zone)) {
    let made: Intl.DateTimeFormat | undefined;
    try {
      const parts = {
        year: 'numeric',
        month: 'numeric',
        day: 'numeric',
        hour: 'numeric',
        minute: 'numeric',
        second: 'numeric',
      } as const;
      made = new Intl.DateTimeFormat('en-US', { timeZone: zone, hourCycle: 'h23', era: 'short', ...parts });
    } catch {
      made = undefined;
    }
    formats.set(zone, made);
  }
  return formats.get(zone);
}

/** Milliseconds that the clocks of the zone are ahead of UTC at the instant; undefined for an unknown zone. */
function offsetMs(unixMs: number, zone: string): number | undefined {
  const format = formatFor(zone);
  if (!format) return undefined;
  const part = Object.fromEntries(format.formatToParts(unixMs).map(({ type, value }) => [type, Number(value)]));
  const local = new Date(0);
  local.setUTCFullYear(part['year'] ?? 0, (part['month'] ?? 1) - 1, part['day'] ?? 1);
  local.setUTCHours(part['hour'] ?? 0, part['minute'] ?? 0, part['second'] ?? 0);
  return local.getTime() - Math.floor(unixMs / 1000) * 1000;
}

function unixMsOf(ticks: bigint): number {
  return Number((ticks - UNIX_EPOCH_TICKS) / TICKS_PER_MS);
}

/** `datetime_utc_to_local`; undefined (null) for an unknown zone. */
export function utcToLocal(ticks: bigint, zone: string): bigint | undefined {
  const offset = offsetMs(unixMsOf(ticks), zone);
  if (offset === undefined) return undefined;
  const local = ticks + BigInt(offset) * TICKS_PER_MS;
  return isDatetime(local) ? local : undefined;
}

/**
 * `datetime_local_to_utc`; undefined (null) for an unknown zone.
 * Throws for the hour that is skipped or repeated when the clocks change: which answer Kusto gives there is not documented.
 */
export function localToUtc(ticks: bigint, zone: string): bigint | undefined {
  const near = unixMsOf(ticks);
  const offsets = [near - 86_400_000, near + 86_400_000].map((at) => offsetMs(at, zone));
  if (offsets.includes(undefined)) return undefined;
  const candidates = [...new Set(offsets)].map((offset) => ticks - BigInt(offset ?? 0) * TICKS_PER_MS);
  const fitting = candidates.filter((utc) => utcToLocal(utc, zone) === ticks);
  if (fitting.length !== 1) throw new Error('datetime_local_to_utc: the hour in which the clocks change');
  return fitting[0];
}
