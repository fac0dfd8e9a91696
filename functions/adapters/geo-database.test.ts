import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { mmdb } from '../../test/support/mmdb.ts';
import type { Batch, Claims } from '../pipeline/batch.ts';
import { enrich } from '../pipeline/enrich.ts';
import { geoDatabase } from './geo-database.ts';

const dir = mkdtempSync(join(tmpdir(), 'framewatch-geo-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const write = (name: string, records: Parameters<typeof mmdb>[0]): string => {
  const file = join(dir, name);
  writeFileSync(file, mmdb(records));
  return file;
};
const city = write('city.mmdb', {
  '203.0.113.0/24': {
    country: { iso_code: 'DE' },
    subdivisions: [{ iso_code: 'HE' }],
    city: { names: { en: 'Frankfurt' } },
  },
  '2001:db8::/32': { country: { iso_code: 'FR' } },
});
const flat = write('asn.mmdb', {
  '203.0.113.0/24': { autonomous_system_number: 3320 },
  '198.51.100.0/24': { country_code: 'AT' },
});

describe('a database of networks', () => {
  it('answers from nested and flat files, each filling what the one before leaves open', () => {
    const geo = geoDatabase([city, flat]);
    expect(geo.locate('203.0.113.0')).toEqual({ country: 'DE', region: 'HE', city: 'Frankfurt', asn: 3320 });
    expect(geo.locate('198.51.100.0')).toEqual({ country: 'AT' });
    expect(geo.locate('2001:db8:1::')).toEqual({ country: 'FR' });
    expect(geo.locate('192.0.2.0')).toEqual({});
  });

  it('is refused by name when the file is not there or is something else', () => {
    const broken = join(dir, 'broken.mmdb');
    writeFileSync(broken, 'no database');
    expect(() => geoDatabase([broken])).toThrow(/FRAMEWATCH_GEO_DATABASES.*broken\.mmdb/);
    expect(() => geoDatabase([join(dir, 'absent.mmdb')])).toThrow(/absent\.mmdb/);
  });
});

describe('who says where the viewer is', () => {
  const ports = { userAgents: { read: () => ({}) }, geo: geoDatabase([city, flat]) };
  const where = (claims: Claims, batch: Partial<Batch>): Record<string, unknown> => {
    const base: Batch = {
      batchId: 'b',
      door: 'http',
      tenant: 't',
      receivedMs: 0,
      bytes: 0,
      isTrusted: false,
      isOptedOut: false,
      edge: {},
    };
    return enrich(claims, { ...base, ...batch }, ports);
  };

  it('the edge before the database, which fills the rest when both name the same country', () => {
    expect(where({}, { edge: { country: 'DE' }, network: '203.0.113.0' })).toEqual({
      country: 'DE',
      region: 'HE',
      city: 'Frankfurt',
      asn: 3320,
      geoSource: 'edge-header+database',
    });
    expect(where({}, { edge: { country: 'US' }, network: '203.0.113.0' })).toEqual({
      country: 'US',
      geoSource: 'edge-header',
    });
    expect(where({}, { network: '203.0.113.0' })).toMatchObject({ country: 'DE', geoSource: 'database' });
    expect(where({}, {})).toEqual({});
  });

  it('an address in the payload counts only from a sender we trust', () => {
    expect(where({ address: '203.0.113.77' }, { isTrusted: true })).toMatchObject({
      country: 'DE',
      geoSource: 'database',
    });
    expect(where({ address: '203.0.113.77' }, {})).toEqual({});
  });
});
