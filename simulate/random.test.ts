import { expect, test } from 'vitest';
import { Random } from './random.ts';

const draw = <T>(count: number, from: () => T): T[] => Array.from({ length: count }, from);
const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

test('the same key gives the same stream on every machine', () => {
  expect(
    draw(
      4,
      (
        (random) => () =>
          random.bits()
      )(new Random('framewatch')),
    ),
  ).toEqual([3507874672, 1400254244, 1689807051, 1512438596]);
});

test('numbers are uniform and independent of close keys', () => {
  const random = new Random('uniform');
  const buckets = Array.from({ length: 16 }, () => 0);
  for (let i = 0; i < 160_000; i++) buckets[Math.floor(random.unit() * 16)]!++;
  for (const count of buckets) expect(Math.abs(count - 10_000)).toBeLessThan(450);
  const firsts = Array.from({ length: 20_000 }, (_, i) => new Random(`key ${i}`).unit());
  expect(Math.abs(mean(firsts) - 0.5)).toBeLessThan(0.01);
  const pairs = firsts.slice(1).map((value, i) => (value - 0.5) * (firsts[i]! - 0.5));
  expect(Math.abs(mean(pairs))).toBeLessThan(0.002);
});

test('no two of many ids are the same', () => {
  const random = new Random('ids');
  expect(new Set(draw(200_000, () => random.uuid())).size).toBe(200_000);
});

test('distributions have the moments they are named for', () => {
  const random = new Random('moments');
  expect(mean(draw(50_000, () => random.exponential(3)))).toBeCloseTo(3, 1);
  for (const rate of [0.3, 8, 120])
    expect(Math.abs(mean(draw(20_000, () => random.poisson(rate))) / rate - 1)).toBeLessThan(0.03);
  const logs = draw(50_000, () => Math.log(random.logNormal(900, 0.45)));
  expect(Math.exp(mean(logs)) / 900).toBeCloseTo(1, 1);
  const heads = draw(20_000, () => random.pick(['a', 'b'], (item) => (item === 'a' ? 3 : 1))).filter(
    (item) => item === 'a',
  );
  expect(heads.length / 20_000).toBeCloseTo(0.75, 1);
});
