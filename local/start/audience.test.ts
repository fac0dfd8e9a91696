import { expect, it } from 'vitest';
import { minutesToFill } from './audience.ts';

const now = new Date('2026-11-22T12:00:00Z');

it('fills the whole span on new data', () => {
  expect(minutesToFill('14d', undefined, now)).toBe(14 * 24 * 60);
  expect(minutesToFill('90m', undefined, now)).toBe(90);
});

it('fills only the gap on kept data, and never more than asked for', () => {
  expect(minutesToFill('14d', new Date('2026-11-22T11:29:30Z'), now)).toBe(31);
  expect(minutesToFill('2d', new Date('2026-01-01T00:00:00Z'), now)).toBe(2 * 24 * 60);
  expect(minutesToFill('2d', new Date('2026-11-22T12:00:05Z'), now)).toBe(1);
});
