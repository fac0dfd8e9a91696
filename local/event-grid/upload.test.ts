import fc from 'fast-check';
import { expect, test } from 'vitest';
import { uploadOf } from './upload.ts';

const base = '/devstoreaccount1/telemetry/acme/x.gz';

test.each([
  ['PUT', base, {}, { api: 'PutBlob', container: 'telemetry', blob: 'acme/x.gz' }],
  ['PUT', `${base}?sv=2026&sig=abc`, {}, { api: 'PutBlob', container: 'telemetry', blob: 'acme/x.gz' }],
  ['PUT', `${base}?comp=blocklist`, {}, { api: 'PutBlockList', container: 'telemetry', blob: 'acme/x.gz' }],
  ['PUT', base, { 'x-ms-copy-source': 'http://h/a' }, { api: 'CopyBlob', container: 'telemetry', blob: 'acme/x.gz' }],
  [
    'PUT',
    base,
    { 'x-ms-copy-source': 'http://h/a', 'x-ms-blob-type': 'BlockBlob' },
    { api: 'PutBlob', container: 'telemetry', blob: 'acme/x.gz' },
  ],
  ['PUT', '/a/c/a%20b/%C3%A5', {}, { api: 'PutBlob', container: 'c', blob: 'a b/å' }],
] as const)('%s %s %o is an upload', (method, url, headers, upload) => {
  expect(uploadOf(method, url, headers)).toEqual(upload);
});

const OTHER_CALLS = [
  'block',
  'metadata',
  'properties',
  'tags',
  'lease',
  'appendblock',
  'page',
  'snapshot',
  'copy',
  'tier',
];
const none: [string, string][] = [
  ['GET', base],
  ['DELETE', base],
  ['POST', base],
  ['PUT', '/devstoreaccount1/telemetry?restype=container'],
  ['PUT', '/devstoreaccount1/telemetry'],
  ['PUT', '/devstoreaccount1/telemetry/'],
  ['PUT', '/a/c/%E0%A4%A'],
  ...OTHER_CALLS.map((comp): [string, string] => ['PUT', `${base}?comp=${comp}`]),
];
test.each(none)('%s %s is none', (method, url) => {
  expect(uploadOf(method, url, {})).toBeUndefined();
});

test('any blob name survives the way through its address', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (blob) => {
      fc.pre(blob.isWellFormed());
      const url = `/devstoreaccount1/c/${encodeURIComponent(blob)}`;
      expect(uploadOf('PUT', url, {})).toEqual({ api: 'PutBlob', container: 'c', blob });
    }),
  );
});
