import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RejectedEvent } from '../../schema/tables.ts';
import { rowCount, tableRows, type Batch } from './batch.ts';
import { decodeBody, DEFAULT_LIMITS, type Limits } from './decode.ts';
import { ingest, type IngestPorts } from './ingest.ts';
import { replayBatch, type QuarantinedEvent } from './replay.ts';
import { jsonOf } from './row-text.ts';

const NOW = Date.UTC(2026, 10, 22, 9);
const VIEWER = 'anna@example.com';
const ports = (limits: Limits = DEFAULT_LIMITS): IngestPorts => ({
  digests: {
    sha256: (text) => createHash('sha256').update(text).digest('hex'),
    pseudonym: (_tenant, viewer) => `pseudonym of ${viewer}`,
  },
  limits,
  userAgents: { read: () => ({}) },
});
const batch: Batch = {
  batchId: 'b1',
  door: 'http',
  tenant: 'default',
  receivedMs: NOW,
  bytes: 0,
  isTrusted: true,
  isOptedOut: false,
  edge: {},
};
/** What quarantine holds after a body has come in through a pipeline with these limits. */
function quarantined(body: string, limits: Limits, door = 'http'): QuarantinedEvent[] {
  const entries = decodeBody(new TextEncoder().encode(body), limits).map((decoded) => ({ decoded }));
  return ingest(batch, entries, ports(limits)).rejects.map((reject: RejectedEvent) => ({
    ...reject,
    payload: reject.payload ?? '',
    receivedMs: Date.parse(reject.receivedAt),
    door,
  }));
}
const replayed = async (events: readonly QuarantinedEvent[], known: Iterable<string> = [], limits = DEFAULT_LIMITS) =>
  replayBatch(events, {
    ...ports(limits),
    batchId: 'b1.r',
    nowMs: NOW + 1000,
    known: async () => Promise.resolve(new Set(known)),
  });
const header = (sid: string) => ({ sid, t0: NOW - 5000, sent: NOW, vid: VIEWER, geo: { country: 'DE', city: 'Ulm' } });
const event = (n: number, more = {}) => ({ k: 'pause', n, t: 1000 + n, ...more });
const wide = Object.fromEntries(Array.from({ length: 60 }, (_none, at) => [`x${at}`, at]));
const NARROW = { ...DEFAULT_LIMITS, maxKeys: 20 };

describe('events that an older pipeline refused', () => {
  const body = JSON.stringify({ v: 1, h: header('s1'), e: [event(0), event(1, wide), event(2, wide)] });

  it('come back as the events they are, at their own time, and the books balance', async () => {
    const events = quarantined(body, NARROW);
    expect(events.map(({ reason }) => reason)).toEqual(['too-many-keys', 'too-many-keys']);
    const { outcome, marks } = await replayed(events);
    expect(outcome).toMatchObject({
      received: 2,
      duplicate: 0,
      rejects: [],
      batch: { door: 'replay', batchId: 'b1.r', receivedMs: NOW },
    });
    expect(outcome?.rows.PlaybackEvents).toMatchObject([
      { eventId: 's1:1', batchId: 'b1.r', receivedAt: new Date(NOW).toISOString() },
      { eventId: 's1:2', eventTime: new Date(NOW - 5000 + 1002).toISOString() },
    ]);
    expect(marks.map(({ outcome: became }) => became)).toEqual(['stored', 'stored']);
  });

  it('have no viewer, and of a request no place finer than its country', async () => {
    const { outcome } = await replayed(quarantined(body, NARROW));
    const text = jsonOf(tableRows(outcome!, 'PlaybackEvents'));
    expect(text).not.toMatch(/viewerId|pseudonym|anna|Ulm/);
    const smuggled = quarantined(body, NARROW).map((one) => ({
      ...one,
      payload: one.payload.replace('"sid"', `"vid":"${VIEWER}","sid"`),
    }));
    expect(jsonOf(tableRows((await replayed(smuggled)).outcome!, 'PlaybackEvents'))).not.toMatch(/viewerId|anna/);
  });

  it('that the tables hold are duplicates; twins within quarantine are stored once', async () => {
    const events = quarantined(body, NARROW);
    const again = events.map((one) => ({ ...one, rejectId: `${one.rejectId}-again` }));
    const { outcome, marks } = await replayed([...events, ...again], ['s1:2']);
    expect(outcome).toMatchObject({ received: 4, duplicate: 3 });
    expect(outcome?.rows.PlaybackEvents.map(({ eventId }) => eventId)).toEqual(['s1:1']);
    expect(marks.map(({ outcome: became }) => became)).toEqual(['stored', 'duplicate', 'duplicate', 'duplicate']);
  });

  it('that are still wrong stay, with today’s reason, and nobody accounts for them twice', async () => {
    const events = quarantined(body, NARROW);
    const { outcome, marks } = await replayed(events, [], NARROW);
    expect(outcome).toBeUndefined();
    expect(marks).toMatchObject([{ outcome: 'rejected', reason: 'too-many-keys' }, { outcome: 'rejected' }]);
    const cut = { ...events[0]!, payload: `{"v":1,${' '.repeat(8185)}` };
    expect((await replayed([cut])).marks).toMatchObject([{ outcome: 'rejected', reason: 'cut' }]);
  });
});

describe('rows that the store refused', () => {
  it('go to their table again under the batch of the replay; what is no row of ours stays', async () => {
    const accepted = ingest(
      batch,
      [
        {
          decoded: decodeBody(
            new TextEncoder().encode(
              JSON.stringify({
                v: 1,
                h: header('s2'),
                e: [event(0), { k: 'hb', n: 1, t: 2000, iv: 1000, st: 'playing' }],
              }),
            ),
            DEFAULT_LIMITS,
          )[0]!,
        },
      ],
      ports(),
    );
    const rows = [...accepted.rows.PlaybackEvents, ...accepted.rows.PlaybackBeats];
    const events = [...rows, { strange: 1 }].map((row, at): QuarantinedEvent => ({
      rejectId: `b1:${at}`,
      batchId: 'b1',
      tenant: 'default',
      source: 'probe',
      stage: 'store',
      reason: 'sink-refused',
      position: at,
      receivedMs: NOW,
      door: 'http',
      payload: JSON.stringify({ ...row, viewerId: undefined }),
    }));
    const { outcome, marks } = await replayed(events);
    expect([outcome?.rows.PlaybackEvents.length, outcome?.rows.PlaybackBeats.length]).toEqual([1, 1]);
    expect(outcome?.rows.PlaybackBeats[0]).toMatchObject({ eventId: 's2:1', batchId: 'b1.r' });
    expect(marks.map(({ outcome: became }) => became)).toEqual(['stored', 'stored', 'rejected']);
  });
});

it('whatever stands in quarantine, the books balance, every event gets one mark, and a second replay adds nothing', async () => {
  const payload = fc.oneof(
    fc.json(),
    fc.string({ unit: 'binary' }),
    fc
      .tuple(fc.uuid(), fc.nat(3))
      .map(([sid, n]) => JSON.stringify({ v: 1, h: header(sid.slice(0, 2)), e: [event(n), event(n + 1)] })),
  );
  const quarantine = fc.array(
    fc.record({
      payload,
      stage: fc.constantFrom('decode', 'normalize', 'validate', 'store'),
      source: fc.constantFrom('http', 'probe', 'acme', 'cmcd', 'cloudfront', '__proto__'),
      door: fc.constantFrom('http', 'blob', 'hub', undefined),
      position: fc.nat(5),
    }),
    { maxLength: 8 },
  );
  await fc.assert(
    fc.asyncProperty(quarantine, async (entries) => {
      const events = entries.map((one, at): QuarantinedEvent => ({
        ...one,
        stage: one.stage,
        rejectId: `q:${at}`,
        batchId: 'q',
        tenant: 'default',
        reason: 'not-json',
        receivedMs: NOW,
      }));
      const first = await replayed(events);
      expect(first.marks.map(({ rejectId }) => rejectId)).toEqual(events.map(({ rejectId }) => rejectId));
      const { outcome } = first;
      if (!outcome) return;
      expect(outcome.received).toBe(rowCount(outcome) + outcome.rejects.length + outcome.duplicate);
      const ids = Object.values(outcome.rows)
        .flat()
        .map(({ eventId }) => eventId);
      expect(new Set(ids).size).toBe(ids.length);
      const second = await replayed(events, ids);
      expect(second.outcome ? rowCount(second.outcome) : 0).toBe(0);
      expect(second.marks.some(({ outcome: became }) => became === 'stored')).toBe(false);
    }),
    { numRuns: 40 },
  );
}, 30_000);
