// What the mutations start from: every dialect's own fixtures, and bodies of our probe in both versions.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { envelope } from '../../bench/bodies.ts';

const CORPUS = join(import.meta.dirname, '..', 'corpus', 'dialects');

export interface Seed {
  readonly name: string;
  readonly body: Buffer;
  readonly contentType: string;
  /** First folder of the blob that would hold it. */
  readonly folder: string;
}

const lean = (now: number): object => ({
  v: 2,
  h: { sid: 'session-2', t0: now - 60_000, sent: now, pl: { name: 'dash.js', ver: '5.2.1', st: 'v' }, vid: 'someone' },
  e: [
    { k: 'request', n: 0, t: 0 },
    { k: 'start', n: 1, t: 900, ms: 900, kbps: 3000 },
    { k: 'hb', n: 2, t: 10_000, st: 'play', i: { playMs: 9000, stallMs: 800, t1: 4 }, c: { stalls: 1, stallMs: 800 } },
    { k: 'error', n: 3, t: 11_000, code: 27, msg: 'no https://cdn.example/a?token=x' },
    { k: 'end', n: 4, t: 12_000, why: 'exit' },
  ],
});

const acmeLine = (index: number): string =>
  JSON.stringify({
    event_id: `EVENT_${index}`,
    event_type: ['start', 'pause', 'resume', 'stop', 'complete'][index % 5],
    event_timestamp: '2026-06-01T10:00:00.5+02:00',
    session_id: `SESSION_${index % 3}`,
    customer_id: 'CUST_1',
    title_id: 'T1',
    device_type: 'mobile',
    country: 'DE',
    ip: '203.0.113.7',
    quality: 'HD',
    bandwidth_mbps: 5.25,
    buffering_events: 1,
    buffering_duration: 2.5,
    watch_duration_seconds: 100,
    completion_percentage: 12.5,
  });

/** @param now epoch ms of the envelopes */
export function seeds(now: number): Seed[] {
  const acme = [0, 1, 2, 3, 4].map(acmeLine);
  const own: [string, string, string][] = [
    ['probe', JSON.stringify(envelope(1, 6, now)), 'text/plain'],
    ['probe-lines', `${JSON.stringify(envelope(2, 2, now))}\n${JSON.stringify(envelope(3, 3, now))}\n`, 'text/plain'],
    ['probe-pretty', JSON.stringify(envelope(4, 3, now), null, 2), 'application/json'],
    ['probe-lean', JSON.stringify(lean(now)), 'text/plain'],
    ['acme', acme.join('\n'), 'application/x-ndjson'],
    ['acme-concatenated', acme.join(''), 'application/json'],
  ];
  const files = readdirSync(CORPUS).flatMap((folder) =>
    readdirSync(join(CORPUS, folder))
      .filter((name) => !name.endsWith('.rows.json'))
      .map((name) => ({ folder, name, body: readFileSync(join(CORPUS, folder, name)) })),
  );
  const plain: Seed[] = [
    ...own.map(([name, text, contentType]) => ({
      name,
      body: Buffer.from(text),
      contentType,
      folder: name.split('-', 1)[0] ?? '',
    })),
    ...files.map(({ folder, name, body }) => ({
      name: `${folder}/${name}`,
      body,
      contentType: folder === 'cmcd' ? 'application/cmcd' : 'text/plain',
      folder,
    })),
  ];
  return [...plain, ...plain.map((seed) => ({ ...seed, name: `${seed.name}.gz`, body: gzipSync(seed.body) }))];
}
