import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseDatetime, parseTimespan } from './literals.ts';

describe('timespan', () => {
  test.each([
    ['1d', 864_000_000_000n],
    ['1.5h', 54_000_000_000n],
    ['-2m', -1_200_000_000n],
    ['100ms', 1_000_000n],
    ['1tick', 1n],
    ['00:05:00', 3_000_000_000n],
    ['1.02:03:04.5', 937_845_000_000n],
    ['0.1us', 1n],
    ['7', 6_048_000_000_000n],
  ])('%s', (text, ticks) => {
    expect(parseTimespan(text)).toBe(ticks);
  });
  test.each(['', 'x', '5 lightyears', '25:00:00', '1:2:3:4', '--1h'])('%j is none', (text) => {
    expect(parseTimespan(text)).toBeUndefined();
  });
});

describe('datetime', () => {
  test.each([
    ['1970-01-01', 621_355_968_000_000_000n],
    ['1970-01-01T00:00:00.0000001Z', 621_355_968_000_000_001n],
    ['1970-01-01 01:00:00+01:00', 621_355_968_000_000_000n],
    ['01/02/1970 03:04:05 PM', 621_357_374_450_000_000n],
    ['Thu, 1 Jan 1970 00:00:00 GMT', 621_355_968_000_000_000n],
    ['0001-01-01', 0n],
  ])('%s', (text, ticks) => {
    expect(parseDatetime(text)).toBe(ticks);
  });
  test.each(['', 'tomorrow', '2024-13-01', '2024-02-30', '2024-01-01T25:00', '1/2'])('%j is none', (text) => {
    expect(parseDatetime(text)).toBeUndefined();
  });
  test('ISO text of any millisecond comes back as the same instant', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('0001-01-02Z'), max: new Date('9999-12-30Z'), noInvalidDate: true }),
        (date) => {
          expect(parseDatetime(date.toISOString())).toBe(BigInt(date.getTime()) * 10_000n + 621_355_968_000_000_000n);
        },
      ),
    );
  });
});
