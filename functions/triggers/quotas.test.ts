import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quotas, type Sender } from './quotas.ts';
import type { WriteKey } from '../config.ts';

const keyOf = (key: string, eventsPerSecond: number): WriteKey => ({
  key,
  tenant: 't',
  origins: ['https://www.example.com'],
  isTrusted: false,
  eventsPerSecond,
  needsToken: false,
});
const browser: Sender = { key: keyOf('browser', 10) };
const wide = keyOf('wide', 1e9);
const BURST_SECONDS = 10;
const NETWORKS = process.env['FRAMEWATCH_HEAVY'] ? 1_000_000 : 200_000;

describe('quota of a key', () => {
  it('lets a burst of ten seconds pass, then the rate, and says how long to wait', () => {
    let nowMs = 0;
    const quota = quotas({ now: () => nowMs }, 0);
    expect(quota.take(browser, 100, 0)).toEqual({ ok: true });
    expect(quota.take(browser, 1, 0)).toEqual({ ok: false, code: 'quota', retryAfterMs: 100 });
    expect(quota.look(browser).ok).toBe(false);
    nowMs = 100;
    expect(quota.look(browser)).toEqual({ ok: true });
    expect(quota.take(browser, 1, 0)).toEqual({ ok: true });
    expect(quota.take({ key: keyOf('other', 10) }, 100, 0)).toEqual({ ok: true });
    nowMs = 1_000_000;
    expect(quota.take(browser, 500, 0)).toEqual({ ok: true });
    expect(quota.take(browser, 1, 0).ok).toBe(false);
  });

  it('does not earn by a clock that jumps back', () => {
    let nowMs = 1_000_000;
    const quota = quotas({ now: () => nowMs }, 0);
    quota.take(browser, 100, 0);
    nowMs = 0;
    expect(quota.take(browser, 1, 0).ok).toBe(false);
  });
});

describe('quota of a network', () => {
  it('is its own: two networks do not share one, and a key without a network has none', () => {
    const quota = quotas({ now: () => 0 }, 10);
    const [near, far] = ['203.0.113.0', '198.51.100.0'].map((network) => ({ key: wide, network })) as [Sender, Sender];
    expect(quota.take(near, 100, 0).ok).toBe(true);
    expect(quota.take(near, 1, 0)).toEqual({ ok: false, code: 'address-quota', retryAfterMs: 100 });
    expect(quota.take(far, 100, 0).ok).toBe(true);
    expect(quota.take({ key: wide }, 1e6, 0).ok).toBe(true);
    expect(quota.networks).toBe(2);
  });

  it('counts bytes where a body holds few events', () => {
    const quota = quotas({ now: () => 0 }, 10);
    expect(quota.take({ key: wide, network: 'n' }, 1, 100 * 1024).ok).toBe(true);
    expect(quota.look({ key: wide, network: 'n' }).ok).toBe(false);
  });

  it('that refuses leaves the allowance of the key untouched', () => {
    const quota = quotas({ now: () => 0 }, 1);
    const narrow = keyOf('narrow', 2);
    quota.take({ key: narrow, network: 'n' }, 10, 0);
    expect(quota.take({ key: narrow, network: 'n' }, 10, 0).ok).toBe(false);
    expect(quota.take({ key: narrow, network: 'm' }, 10, 0).ok).toBe(true);
  });

  it('remembers fifty thousand of a million, those used last', () => {
    const quota = quotas({ now: () => 0 }, 1);
    const busy = { key: wide, network: 'busy' };
    quota.take(busy, 10, 0);
    for (let n = 0; n < NETWORKS; n++) {
      quota.take({ key: wide, network: `n${n}` }, 1, 0);
      if (n % 10_000 === 0) expect(quota.look(busy).ok).toBe(false);
    }
    expect(quota.networks).toBeLessThanOrEqual(50_000);
  });
});

describe.each(['key', 'network'] as const)('ten times the quota of a %s', (kind) => {
  it('is answered 429 as often as the arithmetic says, within one per cent', () => {
    let nowMs = 0;
    const quota = quotas({ now: () => nowMs }, kind === 'network' ? 100 : 0);
    const sender = kind === 'network' ? { key: wide, network: 'n' } : { key: keyOf('k', 100) };
    const seconds = 600;
    let refused = 0;
    let sent = 0;
    // 1,000 events a second, in batches of five.
    for (; nowMs < seconds * 1000; nowMs += 5) {
      sent++;
      if (!quota.take(sender, 5, 0).ok) refused++;
    }
    const exact = 1 - (100 * (seconds + BURST_SECONDS)) / (1000 * seconds);
    expect(Math.abs(refused / sent - exact)).toBeLessThan(0.01);
  });
});

it('never grants more than burst and rate allow, whatever comes when; Retry-After is the truth', () => {
  const step = fc.record({ gapMs: fc.integer({ min: -500, max: 5000 }), events: fc.integer({ min: 1, max: 300 }) });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 500 }), fc.array(step, { maxLength: 60 }), (rate, steps) => {
      let nowMs = 0;
      let latestMs = 0;
      let granted = 0;
      let largest = 0;
      const quota = quotas({ now: () => nowMs }, 0);
      const sender = { key: keyOf('k', rate) };
      for (const { gapMs, events } of steps) {
        nowMs += gapMs;
        latestMs = Math.max(latestMs, nowMs);
        const allowance = quota.take(sender, events, 0);
        if (allowance.ok) {
          granted += events;
          largest = Math.max(largest, events);
          continue;
        }
        expect(allowance.retryAfterMs).toBeGreaterThan(0);
        nowMs += Math.ceil(allowance.retryAfterMs);
        latestMs = Math.max(latestMs, nowMs);
        expect(quota.take(sender, events, 0).ok).toBe(true);
        granted += events;
        largest = Math.max(largest, events);
      }
      // Steps back in time are not earned twice, but what passed between them is: 500 ms a step at most.
      const earned = ((latestMs + steps.length * 500) / 1000) * rate;
      expect(granted).toBeLessThanOrEqual(rate * BURST_SECONDS + earned + largest + 1);
    }),
    { numRuns: 150 },
  );
});
