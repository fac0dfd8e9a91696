import { describe, expect, it } from 'vitest';
import { catalogCache } from '../adapters/catalog-cache.ts';
import { catalogsOf, fillFromCatalogs } from './catalogs.ts';

const catalogs = catalogsOf(
  [
    { hostPattern: '*.video.example', cdn: 'edge-a' },
    { hostPattern: 'live.video.example', cdn: 'edge-b' },
    { hostPattern: '*.live.video.example', cdn: 'edge-c' },
    { hostPattern: '*.cloudfront.net', cdn: 'our-cloudfront' },
  ],
  [{ tenant: 'default', contentId: 'm1', title: 'A film', streamType: 'vod' }],
);

describe('CDN of a host', () => {
  it.each([
    ['media.video.example', 'edge-a'],
    ['LIVE.video.example:8443', 'edge-b'],
    ['x.live.video.example', 'edge-c'],
    ['video.example', undefined],
    ['evilvideo.example', undefined],
    ['d111.cloudfront.net', 'our-cloudfront'],
    ['a1.akamaized.net', 'akamai'],
    ['akamaized.net.evil.example', undefined],
    ['constructor', undefined],
    ['a.__proto__', undefined],
    ['', undefined],
  ])('%s → %s', (host, cdn) => expect(catalogs.cdnOf(host)).toBe(cdn));
});

describe('columns', () => {
  const filled = (shared: Record<string, unknown>, named = {}, tenant = 'default') => {
    fillFromCatalogs(shared, named, tenant, catalogs);
    return shared;
  };
  it('are filled where the sender left them empty, and only there', () => {
    expect(filled({ contentId: 'm1' })).toEqual({ contentId: 'm1', contentTitle: 'A film', streamType: 'vod' });
    expect(filled({ contentId: 'm1', contentTitle: 'Theirs', streamType: 'live' })).toMatchObject({
      contentTitle: 'Theirs',
      streamType: 'live',
    });
    expect(filled({}, { contentId: 'm1', mediaHost: 'x.video.example' })).toEqual({
      contentTitle: 'A film',
      streamType: 'vod',
      cdn: 'edge-a',
    });
    expect(filled({ cdn: 'theirs' }, { mediaHost: 'x.video.example' })).toEqual({ cdn: 'theirs' });
  });
  it('stay empty when nobody knows: unknown content, another tenant, odd values', () => {
    for (const [shared, named, tenant] of [
      [{ contentId: 'm2' }, {}, 'default'],
      [{ contentId: 'm1' }, {}, 'other'],
      [{}, { contentId: 5, mediaHost: {} }, 'default'],
    ] as const)
      expect(Object.keys(filled({ ...shared }, named, tenant))).toEqual(Object.keys(shared));
  });
});

describe('the cache', () => {
  const clock = { ms: 0, now: () => clock.ms };
  const setup = (query: (kql: string) => Promise<readonly Readonly<Record<string, unknown>>[]>) => {
    const gauges = new Map<string, number>();
    const cache = catalogCache({
      query,
      clock,
      gauges: { set: (name, value, label) => gauges.set(`${name} ${label ?? ''}`, value) },
      build: catalogsOf,
    });
    return { cache, gauges };
  };

  it('reads once in five minutes, and the last copy stands while Kusto is away', async () => {
    let queries = 0;
    let isAway = false;
    let title = 'First';
    const { cache, gauges } = setup((kql) => {
      queries++;
      if (isAway) return Promise.reject(new Error('away'));
      return Promise.resolve(
        kql.startsWith('Content') ? [{ Tenant: 't', ContentId: 'c', Title: title, StreamType: '' }] : [],
      );
    });
    await cache.prepare();
    for (let batch = 0; batch < 100; batch++) await cache.prepare();
    expect([queries, cache.contentOf('t', 'c')?.title, cache.contentOf('t', 'c')?.streamType]).toEqual([
      2,
      'First',
      undefined,
    ]);
    expect(gauges.get('catalog_entries content')).toBe(1);
    clock.ms += 301_000;
    title = 'Second';
    await cache.prepare();
    await expect.poll(() => cache.contentOf('t', 'c')?.title).toBe('Second');
    isAway = true;
    clock.ms += 301_000;
    await cache.prepare();
    await Promise.resolve();
    expect(cache.contentOf('t', 'c')?.title).toBe('Second');
  });

  it('a Kusto that hangs holds up the first batch for a second at most, and no other', async () => {
    const { cache } = setup(() => new Promise(() => undefined));
    await cache.prepare();
    const later = await Promise.race([
      cache.prepare().then(() => 'at once'),
      new Promise((resolve) => setTimeout(resolve, 500, 'waited')),
    ]);
    expect([later, cache.cdnOf('x.fastly.net')]).toEqual(['at once', 'fastly']);
  });
});
