import { expect, test } from 'vitest';
import { MAX_ATTEMPTS, verdictOn } from './retry-schedule.ts';

const after = (attempts: number, status: number | undefined, ageMs = 0, scale = 1) =>
  verdictOn({ attempts, status, ageMs, scale });

test('only 200 to 204 is success', () => {
  for (const status of [200, 201, 202, 203, 204]) expect(after(1, status)).toEqual({ kind: 'delivered' });
  for (const status of [205, 206, 301, 302, 500, undefined]) expect(after(1, status).kind).toBe('retry');
});

test('the waits are those of Event Grid, longer for busy and unauthorised endpoints, all scaled alike', () => {
  const waits = [1, 2, 3, 4, 5, 6, 7, 8].map((attempts) => after(attempts, 500));
  expect(waits.map((wait) => wait.kind === 'retry' && wait.waitMs / 1000)).toEqual([
    10, 30, 60, 300, 600, 1800, 3600, 3600,
  ]);
  expect(after(1, 503)).toEqual({ kind: 'retry', waitMs: 30_000 });
  for (const status of [401, 403, 404]) expect(after(1, status)).toEqual({ kind: 'retry', waitMs: 300_000 });
  expect(after(1, 503, 0, 0.01)).toEqual({ kind: 'retry', waitMs: 300 });
});

test('400 and 413 are given up at once, the rest after thirty attempts or a day', () => {
  for (const status of [400, 413]) expect(after(1, status).kind).toBe('deadLetter');
  expect(after(MAX_ATTEMPTS - 1, 500, 0).kind).toBe('retry');
  expect(after(MAX_ATTEMPTS, 500, 0)).toEqual({ kind: 'deadLetter', reason: 'MaxDeliveryAttemptsExceeded' });
  expect(after(8, 500, 23.5 * 3_600_000)).toEqual({ kind: 'deadLetter', reason: 'TimeToLiveExceeded' });
});
