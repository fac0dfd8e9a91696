import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createBuckets, TokenBucket } from './token-bucket.ts';

test('bytes pass at the rate asked for', async () => {
  const bucket = new TokenBucket();
  bucket.kbps = 400;
  const start = performance.now();
  // What four waits of 50 ms take on this machine just now.
  const truth = (async () => {
    for (let slice = 0; slice < 4; slice++) await sleep(50);
    return performance.now() - start;
  })();
  await Promise.all([bucket.take(5000), bucket.take(5000)]);
  const ms = performance.now() - start;
  expect(ms).toBeGreaterThan(190);
  expect(ms).toBeLessThan(2 * (await truth));
});

test('a download that crawls speeds up as soon as the rate is restored', async () => {
  const bucket = new TokenBucket();
  bucket.kbps = 1;
  const start = performance.now();
  setTimeout(() => (bucket.kbps = null), 100);
  await bucket.take(100_000);
  // At the old rate it would take more than ten minutes.
  expect(performance.now() - start).toBeLessThan(20_000);
});

test('one visitor’s throttle leaves the others alone, and the table of visitors does not grow for ever', () => {
  const bucketOf = createBuckets();
  bucketOf('a').kbps = 10;
  expect(bucketOf('a').kbps).toBe(10);
  expect(bucketOf('b').kbps).toBeNull();
  for (let i = 0; i < 250; i++) bucketOf(`visitor-${i}`);
  expect(bucketOf('a').kbps).toBeNull();
});
