import { describe, expect, it } from 'vitest';
import { keyRing, quotas, type SenderKey } from './write-keys.ts';

const browser: SenderKey = {
  key: 'demo',
  tenant: 't',
  origins: ['https://www.example.com'],
  isTrusted: false,
  eventsPerSecond: 10,
};
const server: SenderKey = { key: 'srv', tenant: 't', origins: [], isTrusted: true, eventsPerSecond: 10 };
const ring = keyRing([browser, server]);

describe('keyRing', () => {
  it.each([
    ['demo', 'https://www.example.com', 'ok'],
    ['demo', 'https://example.com', '403'],
    ['demo', 'http://www.example.com', '403'],
    ['demo', 'https://www.example.com.evil.example', '403'],
    ['demo', 'https://www.example.com:8443', '403'],
    ['demo', 'https://WWW.example.com', '403'],
    ['demo', 'null', '403'],
    ['demo', null, '403'],
    ['srv', null, 'ok'],
    ['srv', 'https://www.example.com', '403'],
    ['constructor', null, '403'],
    ['', null, '401'],
    [null, null, '401'],
  ])('%j from %j → %s', (key, origin, expected) => {
    const admission = ring.admit(key, origin);
    expect(admission.ok ? 'ok' : String(admission.status)).toBe(expected);
  });
});

describe('quotas', () => {
  it('lets a burst of ten seconds pass, then the rate, and says how long to wait', () => {
    let nowMs = 0;
    const quota = quotas({ now: () => nowMs });
    expect(quota.take(browser, 100)).toEqual({ ok: true });
    expect(quota.take(browser, 1)).toEqual({ ok: false, retryAfterMs: 100 });
    nowMs = 100;
    expect(quota.take(browser, 1)).toEqual({ ok: true });
    expect(quota.take(server, 100)).toEqual({ ok: true });
    nowMs = 1_000_000;
    expect(quota.take(browser, 500)).toEqual({ ok: true });
    expect(quota.take(browser, 1).ok).toBe(false);
  });

  it('does not earn by a clock that jumps back', () => {
    let nowMs = 1_000_000;
    const quota = quotas({ now: () => nowMs });
    quota.take(browser, 100);
    nowMs = 0;
    expect(quota.take(browser, 1).ok).toBe(false);
  });

  it('over an hour grants what the rate promises, within the burst', () => {
    let nowMs = 0;
    let granted = 0;
    const quota = quotas({ now: () => nowMs });
    for (; nowMs < 3_600_000; nowMs += 50) if (quota.take(browser, 3).ok) granted += 3;
    expect(granted).toBeGreaterThan(36_000 * 0.99);
    expect(granted).toBeLessThanOrEqual(36_000 + 100 + 3);
  });
});
