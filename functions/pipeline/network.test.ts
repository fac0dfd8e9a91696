import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lastHop, networkOf } from './network.ts';

describe('the network of an address', () => {
  it.each([
    ['203.0.113.9', '203.0.113.0'],
    ['203.0.113.9:52100', '203.0.113.0'],
    ['::ffff:203.0.113.9', '203.0.113.0'],
    ['2001:db8:85a3::8a2e:370:7334', '2001:db8:85a3::'],
    ['[2001:DB8:85a3:1::1]:443', '2001:db8:85a3::'],
    ['fe80::1%eth0', 'fe80:0:0::'],
    ['::1', '0:0:0::'],
  ])('%s → %s', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });

  it.each(['', 'unknown', '256.1.1.1', '1.2.3', '1:2:3', '::1::2', '12345::', 'g::', 'x'.repeat(100), 7, null])(
    '%j is none',
    (text) => {
      expect(networkOf(text)).toBeUndefined();
    },
  );

  it('never keeps what names a host', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        expect(networkOf(address)).toMatch(/^\d+\.\d+\.\d+\.0$/);
      }),
    );
    fc.assert(
      fc.property(fc.ipV6(), (address) => {
        expect(networkOf(address)).toMatch(/^(?:[0-9a-f]{1,4}:){3}:$/);
      }),
    );
  });

  it('believes only the last proxy', () => {
    expect([lastHop('1.1.1.1, 203.0.113.9:443'), lastHop(null)]).toEqual(['203.0.113.9:443', undefined]);
  });
});
