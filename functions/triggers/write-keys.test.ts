import { describe, expect, it } from 'vitest';
import type { WriteKey } from '../config.ts';
import { keyRing } from './write-keys.ts';

const browser: WriteKey = {
  key: 'demo',
  tenant: 't',
  origins: ['https://www.example.com'],
  isTrusted: false,
  eventsPerSecond: 10,
  needsToken: false,
};
const server: WriteKey = {
  key: 'srv',
  tenant: 't',
  origins: [],
  isTrusted: true,
  eventsPerSecond: 10,
  needsToken: false,
};
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
