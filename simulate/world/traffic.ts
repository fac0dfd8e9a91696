import type { Region } from './regions.ts';

// Session starts by hour of the local day. Video peaks at nine in the evening and is lowest before dawn.
const WORKDAY = [
  0.78, 0.64, 0.58, 0.56, 0.56, 0.57, 0.6, 0.64, 0.68, 0.7, 0.74, 0.8, 0.88, 0.88, 0.86, 0.92, 1.05, 1.25, 1.5, 1.78,
  1.92, 1.75, 1.38, 1.0,
];
const WEEKEND = [
  0.88, 0.7, 0.62, 0.58, 0.56, 0.57, 0.62, 0.7, 0.82, 0.96, 1.06, 1.12, 1.18, 1.2, 1.22, 1.26, 1.34, 1.5, 1.7, 1.9, 2.0,
  1.85, 1.48, 1.1,
];
/** Sunday first, as Date counts. */
const WEEKDAY = [1.06, 0.94, 0.93, 0.95, 0.98, 1.02, 1.04];

const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const MEAN =
  WEEKDAY.reduce((sum, factor, day) => sum + factor * meanOf(day === 0 || day === 6 ? WEEKEND : WORKDAY), 0) /
  WEEKDAY.length;

const HOUR_MS = 3_600_000;
const formats = new Map<string, Intl.DateTimeFormat>();
const offsets = new Map<string, number>();

const formatOf = (timeZone: string): Intl.DateTimeFormat => {
  let format = formats.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-GB', { timeZone, timeZoneName: 'longOffset' });
    formats.set(timeZone, format);
  }
  return format;
};

/** Milliseconds that local clocks are ahead of UTC; kept by the hour, since asking Intl is slow. */
export const offsetMs = (timeZone: string, at: number): number => {
  const key = `${timeZone} ${Math.floor(at / HOUR_MS)}`;
  let offset = offsets.get(key);
  if (offset === undefined) {
    const name =
      formatOf(timeZone)
        .formatToParts(at)
        .find((part) => part.type === 'timeZoneName')?.value ?? 'GMT';
    const [, sign = '+', hours = '0', minutes = '0'] = /GMT([+-])(\d{2}):(\d{2})/.exec(name) ?? [];
    offset = (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
    offsets.set(key, offset);
  }
  return offset;
};

/** Session starts at this moment relative to the mean of the week (1). Smooth between the hours. */
export const trafficShape = (timeZone: string, at: number): number => {
  const local = new Date(at + offsetMs(timeZone, at));
  const day = local.getUTCDay();
  const hours = day === 0 || day === 6 ? WEEKEND : WORKDAY;
  const hour = local.getUTCHours();
  const part = (local.getUTCMinutes() * 60 + local.getUTCSeconds()) / 3600;
  const level = (hours[hour] ?? 1) * (1 - part) + (hours[(hour + 1) % 24] ?? 1) * part;
  return (level * (WEEKDAY[day] ?? 1)) / MEAN;
};

/** Factor on stalls from the crowd on the networks: a little below 1 at night, up to 1.3 at the evening peak. */
export const congestion = (region: Region, at: number): number => 0.85 + 0.2 * trafficShape(region.timeZone, at);
