import { describe, expect, it } from 'vitest';
import { readBlobEvent } from './blob-created.ts';

const topic = '/subscriptions/0000/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/ours';
const options = {
  account: { name: 'ours', host: 'ours.blob.core.windows.net' },
  topic: undefined,
  tenants: { telemetry: 't' },
};
const event = {
  topic,
  subject: '/blobServices/default/containers/telemetry/blobs/acme/2026/a b å.json.gz',
  eventType: 'Microsoft.Storage.BlobCreated',
  id: '1',
  data: { api: 'PutBlob', url: 'https://ours.blob.core.windows.net/telemetry/acme/2026/a%20b.json.gz' },
};

describe('readBlobEvent', () => {
  it('takes container and name from the subject, in both schemas', () => {
    const ref = { container: 'telemetry', name: 'acme/2026/a b å.json.gz' };
    expect(readBlobEvent(event, options)).toEqual({ ok: true, ref });
    const { topic: source, eventType: type, ...rest } = event;
    expect(readBlobEvent({ ...rest, source, type, specversion: '1.0' }, options)).toEqual({ ok: true, ref });
  });

  it.each([
    ['another type', { eventType: 'Microsoft.Storage.BlobDeleted' }, 'type'],
    ['another account', { topic: topic.replace('/ours', '/theirs') }, 'topic'],
    ['an account that only ends alike', { topic: topic.replace('/ours', '/evil-ours') }, 'topic'],
    ['no topic', { topic: undefined }, 'topic'],
    ['a foreign container', { subject: '/blobServices/default/containers/secrets/blobs/x' }, 'container'],
    ['a container by prototype', { subject: '/blobServices/default/containers/constructor/blobs/x' }, 'container'],
    ['no blob', { subject: '/blobServices/default/containers/telemetry/blobs/' }, 'subject'],
    ['a path before the subject', { subject: '/x/../blobServices/default/containers/telemetry/blobs/a' }, 'subject'],
    ['an object for a subject', { subject: { a: 1 } }, 'subject'],
  ])('ignores %s', (_name, change, cause) =>
    expect(readBlobEvent({ ...event, ...change }, options)).toEqual({ ok: false, cause }),
  );

  it.each([
    'https://evil.example/telemetry/a',
    'https://ours.blob.core.windows.net.evil.example/telemetry/a',
    'https://ours.blob.core.windows.net@evil.example/telemetry/a',
    'https://user:pw@ours.blob.core.windows.net/telemetry/a',
    'https://ours.blob.core.windows.net:8443/telemetry/a',
    'http://169.254.169.254/metadata',
    'http://0x7f.1/telemetry/a',
    'file:///etc/passwd',
    'https://ours。blob。core。windows。net.evil.example/x',
    '',
  ])('ignores the URL %s', (url) =>
    expect(readBlobEvent({ ...event, data: { url } }, options)).toEqual({ ok: false, cause: 'host' }),
  );

  it('holds the topic to the configured resource when there is one', () => {
    expect(readBlobEvent(event, { ...options, topic })).toMatchObject({ ok: true });
    expect(readBlobEvent(event, { ...options, topic: topic.replace('rg', 'other') })).toEqual({
      ok: false,
      cause: 'topic',
    });
  });

  it.each([null, 1, 'x', [], {}])('ignores %j', (value) => expect(readBlobEvent(value, options).ok).toBe(false));
});
