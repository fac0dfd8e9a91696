// What holds for any course of events at the store: refusals, failures, crashes, cuts.
import fc from 'fast-check';
import { Readable } from 'node:stream';
import { expect, it, vi } from 'vitest';
import { digestsOf } from '../../functions/adapters/digests.ts';
import { counterStore } from '../../functions/adapters/counters.ts';
import { batchIds } from '../../functions/adapters/system.ts';
import { runBlob, type BlobRunOptions } from '../../functions/pipeline/blob-run.ts';
import { decodeBody, DEFAULT_LIMITS } from '../../functions/pipeline/decode.ts';
import { ingest } from '../../functions/pipeline/ingest.ts';
import { SinkUnavailable, type Checkpoint, type RowsByTable, type Sink } from '../../functions/pipeline/ports.ts';
import { objectsOf } from '../../functions/pipeline/row-text.ts';
import { store } from '../../functions/pipeline/store.ts';

vi.setConfig({ testTimeout: 60_000 });
const runs = (numRuns: number): { numRuns: number } => ({
  numRuns: process.env['FRAMEWATCH_HEAVY'] ? numRuns * 20 : numRuns,
});

const NOW = Date.UTC(2026, 5, 1, 12);
const clock = { now: () => NOW };
const digests = digestsOf('a secret of this test run');
const ports = { digests, userAgents: { read: () => ({}) }, limits: DEFAULT_LIMITS, clock, counters: counterStore() };
const TABLES = ['PlaybackEvents', 'PlaybackBeats', 'CdnRequests', 'RejectedEvents', 'IngestLedger'] as const;
type Rows = Record<string, Record<string, unknown>[]>;

function collect(into: Rows, written: RowsByTable): void {
  for (const table of TABLES)
    for (const row of objectsOf<object>(written[table] ?? []))
      (into[table] ??= []).push(row as Record<string, unknown>);
}

const outcomeOf = (good: number, bad: number) => {
  const events = [
    ...Array.from({ length: good }, (_none, n) => ({ k: n % 2 ? 'pause' : 'resume', n, t: n })),
    ...Array.from({ length: bad }, (_none, n) => ({ k: 'no', n: good + n, t: 0 })),
  ];
  const body = JSON.stringify({ v: 1, h: { sid: 's', t0: NOW, sent: NOW }, e: events });
  const batch = { batchId: 'b', door: 'http', tenant: 't', receivedMs: NOW, bytes: 0, isTrusted: true, isOptedOut: false, edge: {} } as const; // prettier-ignore
  const entries = decodeBody(new TextEncoder().encode(body), DEFAULT_LIMITS).map((decoded) => ({ decoded }));
  return ingest(batch, entries, ports);
};

it('whatever rows the store refuses, they are in quarantine and the books balance', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 12 }), fc.nat(4), fc.array(fc.nat(11)), async (good, bad, picks) => {
      const refused = new Set(picks.filter((index) => index < good));
      const kept: Rows = {};
      const sink: Sink = {
        write(rows) {
          const isFirst = rows.PlaybackEvents !== undefined;
          collect(kept, rows);
          return Promise.resolve(
            isFirst ? [...refused].map((index) => ({ table: 'PlaybackEvents' as const, index, detail: 'no' })) : [],
          );
        },
      };
      const stored = await store(outcomeOf(good, bad), { ...ports, sink });
      expect(stored).toMatchObject({ received: good + bad, stored: good - refused.size, rejected: bad + refused.size });
      expect(kept['RejectedEvents'] ?? []).toHaveLength(bad + refused.size);
      expect(kept['IngestLedger']).toMatchObject([
        { received: good + bad, stored: stored.stored, rejected: stored.rejected },
      ]);
    }),
    runs(40),
  );
});

it('whichever write fails, nothing is acknowledged; once all pass, everything is there', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 6 }), fc.nat(3), fc.nat(4), async (good, bad, failures) => {
      const kept: Rows = {};
      let calls = 0;
      const sink: Sink = {
        write(rows) {
          if (calls++ < failures) return Promise.reject(new SinkUnavailable('away', 1));
          collect(kept, rows);
          return Promise.resolve([]);
        },
      };
      let attempts = 0;
      for (; attempts < 20; attempts++) {
        const answer = await store(outcomeOf(good, bad), { ...ports, sink }).catch((error: unknown) => error);
        if (!(answer instanceof Error)) break;
        expect(answer).toBeInstanceOf(SinkUnavailable);
      }
      expect(calls).toBeGreaterThan(failures);
      expect(new Set((kept['PlaybackEvents'] ?? []).map((row) => row['eventId'])).size).toBe(good);
      expect(new Set((kept['RejectedEvents'] ?? []).map((row) => row['rejectId'])).size).toBe(bad);
      expect((kept['IngestLedger'] ?? []).at(-1)).toMatchObject({ received: good + bad });
    }),
    runs(40),
  );
});

const line = fc.oneof(
  { weight: 6, arbitrary: fc.nat(9999).map((n) => `{"event_type":"start","session_id":"s","event_id":"e${n}","event_timestamp":"2026-06-01T11:00:00Z"}`) },
  { weight: 1, arbitrary: fc.constantFrom('{"broken', '', '{}', 'x', '{"v":1,"h":{},"e":[]}') },
  { weight: 1, arbitrary: fc.nat(99).map((n) => `{"v":1,"h":{"sid":"p","t0":${NOW},"sent":${NOW}},"e":[{"k":"pause","n":${n},"t":0}]}`) },
); // prettier-ignore

/** Reads a blob, in pieces of a size, with a sink and a process that fail by plan, until it is done. */
async function readBlob(text: string, pieceBytes: number, plan: readonly boolean[]) {
  const kept: Rows = {};
  const saves: Checkpoint[] = [];
  let step = 0;
  const mayFail = (): boolean => plan[step++] ?? false;
  const bytes = Buffer.from(text);
  const options: BlobRunOptions = {
    ...ports,
    tenants: { telemetry: 't' },
    sink: {
      write(rows) {
        if (mayFail()) return Promise.reject(new SinkUnavailable('away', 1));
        collect(kept, rows);
        return mayFail() ? Promise.reject(new SinkUnavailable('stored, but who knows', 1)) : Promise.resolve([]);
      },
    },
    reader: {
      stat: () => Promise.resolve({ etag: 'e', size: bytes.length, modifiedMs: NOW }),
      open: () =>
        Readable.from(
          Array.from({ length: Math.ceil(bytes.length / pieceBytes) }, (_none, index) =>
            bytes.subarray(index * pieceBytes, (index + 1) * pieceBytes),
          ),
        ),
      quarantine: () => Promise.resolve(),
    },
    checkpoints: {
      claim: () =>
        Promise.resolve({
          checkpoint: saves.at(-1),
          save(checkpoint: Checkpoint) {
            if (mayFail()) return Promise.reject(new Error('the process dies'));
            saves.push(checkpoint);
            return Promise.resolve();
          },
          release: () => Promise.resolve(),
        }),
      postpone: () => Promise.resolve(),
      postponed: () => Promise.resolve([]),
      forget: () => Promise.resolve(),
      unfinished: () => Promise.resolve([]),
    },
  };
  let result = '';
  for (let again = 0; again < 60 && result !== 'done'; again++)
    result = await runBlob({ container: 'telemetry', name: 'b' }, 60_000, options).catch(() => 'died');
  const distinct = (table: string, id: string): string[] =>
    [...new Set((kept[table] ?? []).map((row) => String(row[id])))].sort();
  return {
    result,
    saves,
    events: distinct('PlaybackEvents', 'eventId'),
    rejects: distinct('RejectedEvents', 'rejectId'),
  };
}

it('a blob gives the same rows and rejects however its bytes are cut', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 12 }), fc.integer({ min: 1, max: 200 }), async (lines, size) => {
      const whole = await readBlob(lines.join('\n'), 1e9, []);
      const cut = await readBlob(lines.join('\n'), size, []);
      expect({ ...cut, saves: [] }).toEqual({ ...whole, saves: [] });
    }),
    runs(40),
  );
});

it('a run that dies or loses its store anywhere goes on where it was: nothing lost, and no checkpoint goes back', async () => {
  const plan = fc.array(
    fc.oneof({ weight: 3, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
    { maxLength: 12 },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 12 }), plan, async (lines, failures) => {
      const whole = await readBlob(lines.join('\n'), 64, []);
      const { result, saves, events, rejects } = await readBlob(lines.join('\n'), 64, failures);
      // Five deaths without progress give a blob up; the plan holds fewer than that in a row for most.
      fc.pre(result === 'done' && saves.every(({ state }) => state !== 'quarantined'));
      expect(events).toEqual(whole.events);
      expect(rejects).toEqual(whole.rejects);
      const done = saves.map(({ linesDone }) => linesDone);
      expect(done).toEqual([...done].sort((a, b) => a - b));
    }),
    runs(60),
  );
});

it('ids of batches are in the order of time, and no two are the same', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 4e12 }), { minLength: 2, maxLength: 20 }), (times) => {
      const moments = times.sort((a, b) => a - b);
      let at = 0;
      const ids = batchIds({ now: () => moments[at++]! });
      const made = moments.map((ms) => ({ ms, id: ids.next() }));
      expect(new Set(made.map(({ id }) => id)).size).toBe(made.length);
      for (const [index, { ms, id }] of made.entries()) {
        const before = made[index - 1];
        if (before && before.ms < ms) expect(before.id < id).toBe(true);
      }
    }),
    runs(60),
  );
});
