import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { eventTime, NEWEST_MS, OLDEST_MS, parseStamp, SKEW_FLAG_MS } from './event-time.ts';

// Many cases on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });

const NOW = Date.UTC(2026, 5, 1, 12);

describe('eventTime', () => {
  it.each([
    ['a good clock', NOW - 5000, 40, { eventMs: NOW - 4960 }],
    ['a clock an hour slow', NOW - 3_605_000, 3_600_000, { eventMs: NOW - 5000, flag: 'corrected' }],
    ['a skew of just five minutes', NOW, -SKEW_FLAG_MS, { eventMs: NOW - SKEW_FLAG_MS }],
    ['the oldest allowed', NOW - OLDEST_MS, 0, { eventMs: NOW - OLDEST_MS }],
    ['older than that', NOW - OLDEST_MS - 1, 0, { eventMs: NOW, flag: 'replaced' }],
    ['the newest allowed', NOW + NEWEST_MS, 0, { eventMs: NOW + NEWEST_MS }],
    ['newer than that', NOW + NEWEST_MS + 1, 0, { eventMs: NOW, flag: 'replaced' }],
  ])('%s', (_name, claimed, skew, expected) => expect(eventTime(claimed, NOW, skew)).toEqual(expected));

  it('always lies in the window, and is independent of the client’s clock offset', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e12, max: 1e12 }), fc.integer({ min: 0, max: 86_400_000 }), (offset, age) => {
        const { eventMs } = eventTime(NOW - age + offset, NOW, -offset);
        expect(eventMs).toBe(NOW - age);
      }),
    );
    fc.assert(
      fc.property(
        fc.double({ noNaN: true, min: -1e15, max: 1e15 }),
        fc.double({ noNaN: true, min: -1e15, max: 1e15 }),
        (claimed, skew) => {
          const { eventMs } = eventTime(claimed, NOW, skew);
          expect(eventMs).toBeGreaterThanOrEqual(NOW - OLDEST_MS);
          expect(eventMs).toBeLessThanOrEqual(NOW + NEWEST_MS);
        },
      ),
    );
  });
});

describe('parseStamp', () => {
  it.each([
    ['2026-06-01T12:00:00Z', NOW],
    ['2026-06-01T12:00:00.123456789Z', NOW + 123],
    ['2026-06-01 12:00:00', NOW],
    ['2026-06-01T14:00:00+02:00', NOW],
    ['2026-06-01T07:00:00-0500', NOW],
    ['2026-06-01t12:00:00z', NOW],
    [NOW, NOW],
    [NOW / 1000, NOW],
    ['2026-02-30T00:00:00Z', undefined],
    ['2026-06-01T24:00:00Z', undefined],
    ['2026-06-01T12:00:60Z', undefined],
    ['2026-13-01T12:00:00Z', undefined],
    ['0', undefined],
    ['yesterday', undefined],
    [0, undefined],
    [Number.POSITIVE_INFINITY, undefined],
    [1e300, undefined],
    [null, undefined],
  ])('%j → %j', (value, expected) => expect(parseStamp(value)).toBe(expected));

  it('reads back every ISO stamp', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('1970-01-02'), max: new Date('9999-01-01'), noInvalidDate: true }),
        (date) => {
          expect(parseStamp(date.toISOString())).toBe(date.getTime());
        },
      ),
    );
  });
});
