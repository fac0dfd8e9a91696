import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UNIX_EPOCH_TICKS } from '../types.ts';
import { encodeCell, encodeRow, formatDatetime, formatTimespan, MAX_DATETIME_TICKS } from './encode.ts';

const ticksOf = (iso: string, extra = 0n): bigint => UNIX_EPOCH_TICKS + BigInt(Date.parse(iso)) * 10_000n + extra;

describe('values on the wire', () => {
  it('datetimes keep seven digits and drop trailing zeros', () => {
    expect(formatDatetime(ticksOf('2026-01-01T00:00:00Z'))).toBe('2026-01-01T00:00:00Z');
    expect(formatDatetime(ticksOf('2026-01-01T00:00:00.120Z'))).toBe('2026-01-01T00:00:00.12Z');
    expect(formatDatetime(ticksOf('2016-06-06T15:35:23.976Z', 7541n))).toBe('2016-06-06T15:35:23.9767541Z');
    expect(formatDatetime(0n)).toBe('0001-01-01T00:00:00Z');
    expect(formatDatetime(MAX_DATETIME_TICKS)).toBe('9999-12-31T23:59:59.9999999Z');
    expect(formatDatetime(-1n)).toBeNull();
  });

  it('a datetime read back by Date is the same millisecond, before 1970 too', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }),
        (date) => {
          expect(Date.parse(formatDatetime(UNIX_EPOCH_TICKS + BigInt(date.getTime()) * 10_000n) ?? '')).toBe(
            date.getTime(),
          );
        },
      ),
    );
  });

  it('timespans have days only when there are any', () => {
    expect(formatTimespan(0n)).toBe('00:00:00');
    expect(formatTimespan(-432_000_000_000n)).toBe('-12:00:00');
    expect(formatTimespan(14n * 864_000_000_000n)).toBe('14.00:00:00');
    expect(formatTimespan(15_000_000n)).toBe('00:00:01.5000000');
  });

  it('longs beyond 2^53, non-finite reals and dynamics survive', () => {
    expect(encodeCell(9_223_372_036_854_775_807n, 'long')).toBe('9223372036854775807');
    expect(encodeCell(Number.NaN, 'real')).toBe('"NaN"');
    expect(encodeCell(-Infinity, 'real')).toBe('"-Infinity"');
    expect(encodeCell(3, 'real')).toBe('3.0');
    expect(encodeCell(1e300, 'real')).toBe('1e+300');
    expect(encodeCell('{"a":[1,2]}', 'dynamic')).toBe('{"a":[1,2]}');
    expect(encodeCell('[1,NaN,"NaN"]', 'dynamic')).toBe('[1,"NaN","NaN"]');
    expect(encodeCell('not json', 'dynamic')).toBe('"not json"');
    expect(encodeCell(null, 'string')).toBe('""');
    expect(encodeCell(null, 'long')).toBe('null');
  });

  it('a row is always parsable JSON', () => {
    fc.assert(
      fc.property(
        fc.double(),
        fc.string(),
        fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
        (real, text, long) => {
          const row = encodeRow(
            [real, text, long, text],
            [
              { name: 'r', type: 'real' },
              { name: 's', type: 'string' },
              { name: 'l', type: 'long' },
              { name: 'd', type: 'dynamic' },
            ],
          );
          expect(JSON.parse(row)).toHaveLength(4);
        },
      ),
    );
  });
});
