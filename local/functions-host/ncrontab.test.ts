import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { parseSchedule } from './ncrontab.ts';

// Many cases on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });

const FROM = Date.parse('2026-01-31T23:59:58.500Z');
const nextOf = (expression: string, from = FROM): string | undefined => {
  const next = parseSchedule(expression).next(from);
  return next === undefined ? undefined : new Date(next).toISOString();
};

describe('parseSchedule', () => {
  it.each([
    ['0 * * * * *', '2026-02-01T00:00:00.000Z'],
    ['* * * * *', '2026-02-01T00:00:00.000Z'],
    ['*/5 * * * * *', '2026-02-01T00:00:00.000Z'],
    ['59 * * * * *', '2026-01-31T23:59:59.000Z'],
    ['30 15 3 * * *', '2026-02-01T03:15:30.000Z'],
    ['0 0 0 29 2 *', '2028-02-29T00:00:00.000Z'],
    ['0 0 9-17 * * mon-fri', '2026-02-02T09:00:00.000Z'],
    ['0 0 0 1 jan,jul *', '2026-07-01T00:00:00.000Z'],
    ['0 10/20 * * * *', '2026-02-01T00:10:00.000Z'],
    ['0 0 0 31 2 *', undefined],
  ])('%s → %s', (expression, expected) => expect(nextOf(expression)).toBe(expected));

  it.each([
    '',
    '* * *',
    '60 * * * * *',
    '0 0 0 0 * *',
    '0 */0 * * * *',
    '0 5-2 * * * *',
    '0 x * * * *',
    '0 0 0 1 13 *',
    '00:05:00',
  ])('refuses %j', (expression) => expect(() => parseSchedule(expression)).toThrow());

  it('is strictly after, and on the first second that fits', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 4e12 }),
        fc.integer({ min: 0, max: 59 }),
        fc.integer({ min: 0, max: 59 }),
        (from, second, minute) => {
          const next = parseSchedule(`${second} ${minute} * * * *`).next(from) ?? 0;
          const date = new Date(next);
          expect([date.getUTCSeconds(), date.getUTCMinutes(), date.getUTCMilliseconds()]).toEqual([second, minute, 0]);
          expect(next).toBeGreaterThan(from);
          expect(next - from).toBeLessThanOrEqual(3_600_000);
        },
      ),
    );
  });
});
