import { expect, test } from 'vitest';
import { cutUrls, newId } from './privacy.ts';

test.each([
  ['https://cdn.example/path/seg-1.m4s?token=secret is not available', 'cdn.example is not available'],
  ["failed 'https://user:pw@cdn.example:8443/a/b#c' twice", "failed 'cdn.example:8443' twice"],
  ['blob:https://site.example/1b2c', 'site.example'],
  ['/live/viewer-7.mpd?token=secret is not available', '… is not available'],
  ['no address here', 'no address here'],
])('of an address only the host is told: %s', (text, cut) => {
  expect(cutUrls(text)).toBe(cut);
});

test('session ids are version 4 UUIDs, each another', () => {
  const ids = Array.from({ length: 500 }, newId);
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(new Set(ids).size).toBe(500);
});
