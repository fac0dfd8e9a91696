import { expect, test } from 'vitest';
import { createBuckets, TokenBucket } from './token-bucket.ts';

test('bytes pass at the rate asked for', async () => {
  const bucket = new TokenBucket();
  bucket.kbps = 400;
  const start = performance.now();
  await Promise.all([bucket.take(5000), bucket.take(5000)]);
  const ms = performance.now() - start;
  expect(ms).toBeGreaterThan(190);
  expect(ms).toBeLessThan(400);
});

test('a download that crawls speeds up as soon as the rate is restored', async () => {
  const bucket = new TokenBucket();
  bucket.kbps = 1;
  const start = performance.now();
  setTimeout(() => (bucket.kbps = null), 100);
  await bucket.take(100_000);
  expect(performance.now() - start).toBeLessThan(400);
});

test('one visitor’s throttle leaves the others alone, and the table of visitors does not grow for ever', () => {
  const bucketOf = createBuckets();
  bucketOf('a').kbps = 10;
  expect(bucketOf('a').kbps).toBe(10);
  expect(bucketOf('b').kbps).toBeNull();
  for (let i = 0; i < 250; i++) bucketOf(`visitor-${i}`);
  expect(bucketOf('a').kbps).toBeNull();
});
