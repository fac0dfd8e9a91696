import { expect, test } from 'vitest';
import { arrivalsIn, MINUTE_MS } from '../session/arrivals.ts';
import { COUNTRIES, REGIONS } from './regions.ts';
import { offsetMs, trafficShape } from './traffic.ts';

const HOUR = 3_600_000;
const MONDAY = Date.parse('2026-11-09T00:00:00Z');

/** Session starts by UTC hour over whole weeks. */
const startsByHour = (country: string, from: number, hours: number): number[] => {
  const counts = Array.from({ length: hours }, () => 0);
  for (let minute = from / MINUTE_MS; minute < from / MINUTE_MS + hours * 60; minute++) {
    for (const { region, start } of arrivalsIn({ seed: '5', concurrent: 600 }, minute)) {
      if (region.country === country) counts[Math.floor((start - from) / HOUR)]!++;
    }
  }
  return counts;
};
const peakHour = (counts: number[]): number => counts.indexOf(Math.max(...counts));

test.each([
  ['DE', 19],
  ['GB', 20],
  ['BR', 23],
])('the evening peak of %s comes by its own clock', (country, utcHour) => {
  const counts = startsByHour(country, MONDAY, 24);
  const apart = Math.abs(peakHour(counts) - utcHour);
  expect(Math.min(apart, 24 - apart)).toBeLessThanOrEqual(1);
  const trough = Math.min(...counts);
  expect(Math.max(...counts) / trough).toBeGreaterThan(2.2);
});

test('weekends are busier than workdays, most of all in the afternoon', () => {
  const at = (day: number, hour: number) => trafficShape('Europe/Berlin', MONDAY + (day * 24 + hour) * HOUR);
  const mean = (day: number) =>
    Array.from({ length: 24 }, (_, hour) => at(day, hour)).reduce((sum, level) => sum + level, 0) / 24;
  expect(mean(5)).toBeGreaterThan(1.1 * mean(2));
  expect(at(5, 13) / at(2, 13)).toBeGreaterThan(1.3);
});

test('over a week the shape has mean 1, so that the size asked for is the size that comes', () => {
  for (const { timeZone } of REGIONS) {
    const levels = Array.from({ length: 7 * 96 }, (_, i) => trafficShape(timeZone, MONDAY + i * 15 * MINUTE_MS));
    expect(Math.abs(levels.reduce((sum, level) => sum + level, 0) / levels.length - 1)).toBeLessThan(0.02);
  }
});

test('local clocks follow daylight saving', () => {
  expect(offsetMs('Europe/Berlin', Date.parse('2026-07-01T12:00:00Z'))).toBe(2 * HOUR);
  expect(offsetMs('Europe/Berlin', Date.parse('2026-12-01T12:00:00Z'))).toBe(HOUR);
  expect(offsetMs('America/Sao_Paulo', MONDAY)).toBe(-3 * HOUR);
});

test('shares sum to one', () => {
  expect(REGIONS.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 10);
  for (const { cdns } of COUNTRIES)
    expect(Object.values(cdns).reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 10);
});
