import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { Batch, Outcome } from './batch.ts';
import { decodeBody, DEFAULT_LIMITS } from './decode.ts';
import { ingest } from './ingest.ts';
import { NOW, sampleBatch as batch, sampleDigests } from '../../test/support/sample-batch.ts';

// Many cases on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });

const ports = {
  digests: sampleDigests,
  userAgents: { read: () => ({}) },
  limits: DEFAULT_LIMITS,
};

function run(body: string, overrides: Partial<Batch> = {}): Outcome {
  const entries = decodeBody(new TextEncoder().encode(body), DEFAULT_LIMITS).map((decoded) => ({ decoded }));
  return ingest({ ...batch, ...overrides }, entries, ports);
}

const sumOf = ({ rows, rejects, duplicate }: Outcome): number =>
  rows.PlaybackEvents.length + rows.PlaybackBeats.length + rejects.length + duplicate;

const header = { sid: 's1', t0: NOW - 1000, sent: NOW };
const envelope = (events: readonly unknown[], extra: object = {}): string =>
  JSON.stringify({ v: 1, h: { ...header, ...extra }, e: events });
const one = (event: object, extra: object = {}): Outcome =>
  run(envelope([{ k: 'custom', n: 0, t: 0, ...event }], extra));

describe('the books', () => {
  const hostile = fc.oneof(
    fc.jsonValue({ maxDepth: 4 }),
    fc.constantFrom(null, -1, 1e308, '', '__proto__', 'constructor', '\ud800', '\u0000', 'x'.repeat(9000)),
  );
  const kinds = fc.constantFrom('request', 'start', 'stall', 'hb', 'end', 'error', 'custom', 'teleport');
  const keys = fc.constantFrom(
    'k',
    'n',
    't',
    'ms',
    'c',
    'cause',
    'code',
    'msg',
    'data',
    'kbps',
    'st',
    'iv',
    'ttfb',
    '__proto__',
    'ip',
    'other',
  );
  const event = fc.oneof(
    hostile,
    fc.record({ k: kinds, n: fc.nat(5), t: fc.integer(), ms: fc.nat() }),
    fc.dictionary(keys, hostile),
  );
  const probe = fc.record({
    v: fc.constantFrom(1, 2),
    h: fc.oneof(hostile, fc.constant(header), fc.record({ sid: fc.string(), t0: hostile, sent: hostile })),
    e: fc.oneof(fc.array(event), hostile),
  });
  const acme = fc.record({
    event_type: fc.oneof(fc.constantFrom('start', 'pause', 'resume', 'stop', 'complete', 'fly'), hostile),
    session_id: fc.oneof(fc.string(), hostile),
    event_timestamp: fc.oneof(fc.constantFrom('2026-06-01T11:00:00Z', 'x', 1), hostile),
    customer_id: hostile,
    buffering_events: hostile,
    country: hostile,
  });
  const line = fc.oneof(
    fc.oneof(probe, acme, hostile).map((value) => JSON.stringify(value) ?? 'undefined'),
    fc.string(),
    fc.constantFrom(
      '{"__proto__":{"polluted":1},"v":1,"h":{},"e":[]}',
      '{"v":1,"h":{"sid":"a","t0":1e999,"sent":1},"e":[{}]}',
      '{}{}',
      '[',
      '"\\ud800"',
    ),
  );

  it('balance for any input, nothing throws, and no prototype is touched', () => {
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
        const outcome = run(lines.join('\n'));
        expect(sumOf(outcome)).toBe(outcome.received);
        expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
        expect(new Set(outcome.rejects.map(({ rejectId }) => rejectId)).size).toBe(outcome.rejects.length);
        expect(JSON.stringify(outcome.rows).isWellFormed()).toBe(true);
        for (const { payload } of outcome.rejects) expect(payload?.length).toBeLessThanOrEqual(8192);
      }),
      { numRuns: 1000 },
    );
  });

  it('sent again in another batch at another moment: rejects keep their ids, like events, and two alike in one body are two', () => {
    const fault = fc.constantFrom('{"k":"no","n":1,"t":0}', '{"k":"stall","n":2,"t":1,"ms":"x"}', '7', '{}');
    fc.assert(
      fc.property(fc.array(fault, { minLength: 1, maxLength: 6 }), fc.nat(9999), (faults, laterMs) => {
        const idsOf = (batchId: string, sent: number, door: 'http' | 'hub' = 'http'): string[] => {
          const body = `{"v":1,"h":{"sid":"s1","t0":${NOW},"sent":${sent}},"e":[${faults.join(',')}]}\n{"odd":${faults.length}}`;
          return run(body, { batchId, door }).rejects.map(({ rejectId }) => rejectId);
        };
        const first = idsOf('b1', NOW);
        expect(first).toHaveLength(faults.length + 1);
        expect(new Set(first).size).toBe(first.length);
        expect(idsOf('b2', NOW + laterMs)).toEqual(first);
        expect(idsOf('b3', NOW, 'hub')).toEqual(first);
      }),
    );
  });

  it('are the same whoever counts them twice', () => {
    fc.assert(
      fc.property(fc.array(line, { maxLength: 5 }), (lines) => {
        expect(run(lines.join('\n'))).toEqual(run(lines.join('\n')));
      }),
    );
  });

  it('tell a bad event from its neighbours: a good one is stored whatever stands beside it', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 4 }), fc.array(event, { maxLength: 4 }), (before, after) => {
        const good = { k: 'pause', n: 999_999, t: 5 };
        const { rows } = run(JSON.stringify({ v: 1, h: header, e: [...before, good, ...after] }));
        expect(rows.PlaybackEvents.filter(({ eventId }) => eventId === 's1:999999')).toHaveLength(1);
      }),
      { numRuns: 1000 },
    );
  });

  it('drop a repeated event of a batch and count it', () => {
    const repeated = run(
      envelope([
        { k: 'pause', n: 1, t: 0 },
        { k: 'pause', n: 1, t: 0 },
      ]),
    );
    expect(repeated).toMatchObject({ received: 2, duplicate: 1 });
    expect(repeated.rows.PlaybackEvents).toHaveLength(1);
  });
});

describe('what must not get in', () => {
  it('a number beyond a double, a forbidden key, nesting and size beyond the limits: each a reject of its own event', () => {
    const body = `{"v":1,"h":${JSON.stringify(header)},"e":[{"k":"custom","n":0,"t":0,"data":{"x":1e999}},{"k":"custom","n":1,"t":0,"data":{"__proto__":{"x":1}}},{"k":"custom","n":2,"t":0,"data":${'{"a":'.repeat(20)}1${'}'.repeat(20)}},{"k":"custom","n":3,"t":0,"data":"${'x'.repeat(70_000)}"},{"k":"pause","n":4,"t":0}]}`;
    const { rows, rejects } = run(body);
    expect(rejects.map(({ reason }) => reason)).toEqual(['out-of-range', 'out-of-range', 'too-deep', 'too-large']);
    expect(rows.PlaybackEvents.map(({ eventId }) => eventId)).toEqual(['s1:4']);
  });

  it('a lone surrogate, in any text', () => {
    const { rows } = one(
      { k: 'error', cat: 'app', code: 'a\ud800', msg: '\udc00b', other: ['\ud800'] },
      { title: '\ud800', cid: 'c\ud800' },
    );
    expect(rows.PlaybackEvents[0]).toMatchObject({
      errorCode: 'a\ufffd',
      errorMessage: '\ufffdb',
      contentTitle: '\ufffd',
      props: { other: ['\ufffd'] },
    });
  });

  it('identity: not in rows, not in quarantine', () => {
    const canaries = ['canary@example.com', '203.0.113.77', '2001:db8::77', 'canary-id', 'canary-token'];
    const person = {
      ip: canaries[1],
      email: canaries[0],
      user_id: canaries[3],
      link: `https://host.example/p?token=${canaries[4]}`,
    };
    const events = [
      { k: 'custom', n: 0, t: 0, data: person },
      {
        k: 'error',
        n: 1,
        t: 0,
        cat: 'app',
        code: 'x',
        msg: `see https://u:${canaries[4]}@host.example/${canaries[3]}`,
      },
      { k: 'teleport', n: 2, t: 0, data: person, text: `mail ${canaries[0]} from ${canaries[1]} or ${canaries[2]}` },
    ];
    const bodies = [
      envelope(events, { vid: canaries[3] }),
      envelope(events, { vid: canaries[3] }).slice(0, -1),
      JSON.stringify({
        event_type: 'start',
        session_id: 's',
        customer_id: canaries[3],
        ip: canaries[1],
        event_timestamp: 'x',
      }),
      `{"event_type":"start","customer_id":"${canaries[3]}","ip":"${canaries[1]}",`,
    ];
    for (const body of bodies) {
      const { rows, rejects } = run(body);
      const stored = JSON.stringify({ rows, rejects });
      for (const canary of canaries) expect(stored, body.slice(0, 40)).not.toContain(canary);
    }
  });
});

describe('probe dialect', () => {
  it('keeps what the schema has no column for', () => {
    const { rows } = one(
      { k: 'segment', ty: 'v', ttfb: 80, bad: 'slow', ms: 900, hue: 'blue', brandNew: { a: 1 } },
      { campaign: 'x' },
    );
    expect(rows.PlaybackEvents[0]).toMatchObject({
      kind: 'segment',
      durationMs: 900,
      mediaType: 'v',
      ttfbMs: 80,
      reason: 'slow',
      props: { hue: 'blue', brandNew: { a: 1 }, campaign: 'x' },
    });
  });

  it('takes version 2 of the wire as well: the same rows, and in quarantine what was sent', () => {
    const h = {
      sid: 's2',
      t0: 0,
      sent: 1000,
      contentId: 'film',
      pl: { name: 'dash.js', ver: '5', st: 'v' },
      consent: 1,
    };
    const e = [
      { k: 'start', n: 0, t: 700, ms: 700, ph: { manifest: 300 }, kbps: 800, w: 640, h: 360, cdn: 'a' },
      { k: 'error', n: 1, t: 800, code: 27, msg: 'https://cdn.example/x?t=1 is not available' },
      { k: 'drm', n: 2, t: 810, ms: 80, ks: 'com.widevine.alpha', ok: true },
      { k: 'segment', n: 3, t: 820, bad: 'failed', ty: 'video', idx: 7, br: 800, by: 0, rc: 503, tries: 2 },
      { k: 'ad', n: 4, t: 830, q: 'midpoint', id: 'ad-7' },
      { k: 'hb', n: 5, t: 900, st: 'play', i: { startMs: 700, playMs: 200 }, c: { startMs: 700, playMs: 200 } },
      { k: 'hb', n: 6, t: 950, st: 'brand-new', i: { playMs: 50 }, c: {} },
    ];
    const { rows, rejects } = run(JSON.stringify({ v: 2, h, e }));
    expect(rows.PlaybackEvents).toMatchObject([
      {
        kind: 'start',
        contentId: 'film',
        streamType: 'vod',
        startupPhases: { manifest: 300, decode: 400 },
        bitrateKbps: 800,
      },
      { kind: 'error', errorCategory: 'segment', errorCode: '27', errorMessage: 'cdn.example is not available' },
      { kind: 'drm', durationMs: 80, keySystem: 'com.widevine.alpha', isSuccess: true },
      {
        kind: 'segment',
        reason: 'failed',
        mediaType: 'video',
        segmentIndex: 7,
        toKbps: 800,
        httpStatus: 503,
        failedAttempts: 2,
      },
      { kind: 'ad', adStep: 'midpoint', adId: 'ad-7' },
    ]);
    expect(rows.PlaybackBeats).toMatchObject([{ state: 'playing', intervalMs: 900, playMs: 200, watchMs: 900 }]);
    expect(rejects).toMatchObject([{ reason: 'unknown-value' }]);
    expect(JSON.stringify(rejects)).toContain('brand-new');
  });

  it('maps the counters of an end event and the beat’s nested numbers', () => {
    const counters = { stalls: 2, stallMs: 300, watchMs: 9000, bits: 5e6, future: 1 };
    const { rows } = run(
      envelope([
        { k: 'end', n: 0, t: 1, why: 'exit', c: counters },
        {
          k: 'hb',
          n: 1,
          t: 2,
          st: 'playing',
          iv: 10_000,
          ms: { playing: 10_000 },
          fr: { tot: 250, drop: 1 },
          ltc: { mean: 3000 },
          c: counters,
        },
      ]),
    );
    expect(rows.PlaybackEvents[0]).toMatchObject({
      endReason: 'exit',
      stallCount: 2,
      stallMs: 300,
      watchMs: 9000,
      playedBits: 5e6,
      props: { 'c.future': 1 },
    });
    expect(rows.PlaybackBeats[0]).toMatchObject({
      state: 'playing',
      intervalMs: 10_000,
      playingMs: 10_000,
      intervalFrames: 250,
      intervalDroppedFrames: 1,
      latencyMs: 3000,
      stallCount: 2,
    });
  });

  it('cuts free text with a flag, and content ids that are URLs before their query', () => {
    const { rows } = one({}, { title: 'x'.repeat(300), cid: 'https://user:pw@cdn.example/a/b.mpd?token=1#x' });
    expect(rows.PlaybackEvents[0]).toMatchObject({
      contentId: 'cdn.example/a/b.mpd',
      props: { truncated: ['contentTitle'] },
    });
    expect(rows.PlaybackEvents[0]?.contentTitle).toHaveLength(256);
  });

  it.each([
    [{ sid: '' }, 'missing-field', 'h.sid'],
    [{ sid: 'x'.repeat(129) }, 'too-long', 'h.sid'],
    [{ t0: '0' }, 'bad-time', 'h.t0'],
    [{ sent: undefined }, 'missing-field', 'h.sent'],
    [{ sr: 2 }, 'out-of-range', 'sampleRate'],
    [{ st: 'x' }, 'unknown-value', 'streamType'],
  ])('refuses the header %j', (extra, reason, field) =>
    expect(one({}, extra).rejects[0]).toMatchObject({ reason, field }),
  );
});

describe('ACME dialect', () => {
  const record = {
    event_id: 'EVENT_1',
    event_type: 'stop',
    event_timestamp: '2026-06-01T11:59:00Z',
    customer_id: 'CUST_1',
    session_id: 'S1',
    title_id: 'T1',
    device_type: 'smart_tv',
    device_os: 'Tizen',
    quality: '4K',
    bandwidth_mbps: 25.5,
    buffering_events: 2,
    buffering_duration: 3.5,
    watch_duration_seconds: 120,
    position_seconds: 118,
    completion_percentage: 50,
    ip: '203.0.113.7',
    city: 'Berlin',
    country: 'DE',
    isp: 'X',
  };

  it('maps a summary, seconds to milliseconds', () => {
    const { rows } = run(JSON.stringify(record));
    expect(rows.PlaybackEvents[0]).toMatchObject({
      eventId: 'S1:EVENT_1',
      sessionId: 'S1',
      kind: 'end',
      endReason: 'exit',
      isSummary: true,
      contentId: 'T1',
      deviceType: 'tv',
      os: 'Tizen',
      heightPx: 2160,
      stallCount: 2,
      stallMs: 3500,
      watchMs: 120_000,
      playMs: 116_500,
      playheadMs: 118_000,
      city: 'Berlin',
      country: 'DE',
      geoSource: 'payload',
      source: 'acme',
      eventTime: '2026-06-01T11:59:00.000Z',
      props: { quality: '4K', bandwidth_mbps: 25.5, completion_percentage: 50, isp: 'X' },
    });
    expect(rows.PlaybackEvents[0]?.viewerId).toMatch(/^[0-9a-f]{32}$/);
  });

  it('gives a record without id the same one in the same place, and another elsewhere', () => {
    const { event_id: _id, ...anonymous } = record;
    const text = JSON.stringify(anonymous);
    const idsOf = (origin: string): string[] =>
      run(`${text}\n${text}`, { origin }).rows.PlaybackEvents.map(({ eventId }) => eventId);
    expect(idsOf('c/a')).toEqual(idsOf('c/a'));
    expect(new Set([...idsOf('c/a'), ...idsOf('c/b')]).size).toBe(4);
  });

  it.each([
    [{ event_type: 'explode' }, 'unknown-value', 'event_type'],
    [{ event_timestamp: 'soon' }, 'bad-time', 'event_timestamp'],
    [{ session_id: undefined }, 'missing-field', 'session_id'],
    [{ buffering_events: -1 }, 'out-of-range', 'stallCount'],
  ])('refuses %j', (change, reason, field) => {
    expect(run(JSON.stringify({ ...record, ...change })).rejects[0]).toMatchObject({ reason, field, source: 'acme' });
  });
});
