import { parseStamp } from '../../event-time.ts';

// Time as CDNs write it → epoch ms.

/** Above this a number counts nanoseconds, above the next microseconds: 1e17 µs is the year 5138, 1e17 ns is 1973. */
const NANOS_ABOVE = 1e17;
const MICROS_ABOVE = 1e14;
const NUMERIC = /^\d{1,19}(?:\.\d{1,9})?$/;
/** strftime writes the zone without a colon and RFC 3339 with up to nine decimals: both are taken. */
const SPACED_ZONE = /^(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,9})?) ?(Z|UTC|[+-]\d\d:?\d\d)?$/i;

/** Epoch in seconds, ms, µs or ns, as number or text; or RFC 3339 and its near kin, UTC when no zone is given. */
export function logTimeMs(value: unknown): number | undefined {
  if (typeof value === 'number') return epochMs(value);
  if (typeof value !== 'string') return undefined;
  if (NUMERIC.test(value)) return epochMs(Number(value));
  const match = SPACED_ZONE.exec(value.length > 48 ? '' : value);
  if (!match) return undefined;
  const zone = match[2]?.toUpperCase() === 'UTC' ? 'Z' : (match[2] ?? '');
  return parseStamp(`${match[1]}${zone}`);
}

function epochMs(value: number): number | undefined {
  if (value >= NANOS_ABOVE) return Math.round(value / 1e6);
  if (value >= MICROS_ABOVE) return Math.round(value / 1000);
  return parseStamp(value);
}
