import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { sampleOutcome } from '../../test/support/sample-batch.ts';
import type { Outcome } from './batch.ts';
import { SinkUnavailable, type RowsByTable, type SpillStore } from './ports.ts';
import { objectsOf, textOf } from './row-text.ts';
import { drainSpill } from './spill-drain.ts';
import { readSpillLine, spillLine, storeOrSpill } from './spill.ts';

// Many cases on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });

const outcomeOf = (batchId: string, count: number): Outcome =>
  sampleOutcome({
    batch: { batchId },
    received: count,
    rows: { PlaybackEvents: Array.from({ length: count }, (_one, n) => ({ eventId: `${batchId}:${n}` })) },
    lastEventMs: undefined,
  });

/** A spill in memory, and a store that takes what `isBack` lets it. */
function world(isBack: () => boolean) {
  const blobs = new Map<string, string[]>();
  const stored = new Set<string>();
  const aside: string[] = [];
  const spill: SpillStore = {
    put: (line) => Promise.resolve(void blobs.set(`b${blobs.size}`, [line])),
    ping: () => Promise.resolve(),
    async *waiting() {
      const now = [...blobs];
      for (const [name, { length }] of now) yield await Promise.resolve({ name, bytes: length, modifiedMs: 0 });
    },
    claim: ({ name }) =>
      Promise.resolve({
        lines: blobs.get(name) ?? [],
        remove: () => Promise.resolve(void blobs.delete(name)),
        putAside: () => Promise.resolve(void (aside.push(name), blobs.delete(name))),
        release: () => Promise.resolve(),
      }),
  };
  const sink = {
    write: ({ PlaybackEvents = [] }: RowsByTable) => {
      if (!isBack()) return Promise.reject(new SinkUnavailable('away', 1));
      for (const { eventId } of objectsOf(PlaybackEvents)) stored.add(eventId);
      return Promise.resolve([]);
    },
  };
  const ports = {
    sink,
    clock: { now: () => 0 },
    digests: { sha256: (text: string) => text, pseudonym: (text: string) => text },
    counters: { add: () => undefined, set: () => undefined },
  };
  return { blobs, stored, aside, spill, ports };
}

describe('the spill', () => {
  it('gives back the very outcome that was put in, whatever texts it holds', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.nat(20), (id, count) => {
        const outcome = outcomeOf(id.toWellFormed(), count);
        expect(readSpillLine(spillLine(outcome))).toEqual(JSON.parse(JSON.stringify(outcome)));
      }),
    );
  });

  it('holds rows that came as text beside those that are objects, none lost and none changed', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' }), { maxLength: 4 }), fc.nat(3), (ids, count) => {
        const texts = ids.map((id) => ({ eventId: id.toWellFormed(), props: { id: [id.length] } }));
        const outcome = outcomeOf('b', count);
        const line = spillLine({ ...outcome, text: { PlaybackEvents: textOf(texts) } });
        expect(line).not.toContain('\n');
        expect(readSpillLine(line)).toEqual({
          ...(JSON.parse(JSON.stringify(outcome)) as object),
          rows: { ...outcome.rows, PlaybackEvents: [...texts, ...outcome.rows.PlaybackEvents] },
        });
      }),
    );
  });

  it('takes no line that is not its own', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (line) => {
        expect(readSpillLine(line)).toBeUndefined();
      }),
    );
  });

  it('loses nothing, however often the store goes away while it is drained', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.boolean(), { maxLength: 40 }),
        fc.integer({ min: 1, max: 12 }),
        async (weather, batches) => {
          let isUp = false;
          let turn = 0;
          const { blobs, stored, spill, ports } = world(() => isUp && (weather[turn++] ?? true));
          for (let n = 0; n < batches; n++) await storeOrSpill(outcomeOf(`s${n}`, 3), { ...ports, spill });
          expect(blobs.size).toBe(batches);
          isUp = true;
          for (let run = 0; run <= weather.length; run++) await drainSpill(spill, 1000, ports);
          expect(blobs.size).toBe(0);
          expect(stored.size).toBe(batches * 3);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('stores what it understands of a damaged blob and puts the blob aside', async () => {
    const { blobs, stored, aside, spill, ports } = world(() => true);
    blobs.set('damaged', [spillLine(outcomeOf('a', 2)), 'torn', spillLine(outcomeOf('b', 1))]);
    expect(await drainSpill(spill, 1000, ports)).toEqual({ drained: 0, aside: 1, state: 'empty' });
    expect([stored.size, aside]).toEqual([3, ['damaged']]);
  });

  it('is not held up by a batch that the store will never take, nor by an empty blob: they are put aside', async () => {
    const { blobs, stored, aside, spill, ports } = world(() => true);
    const write: typeof ports.sink.write = (rows) =>
      objectsOf(rows.PlaybackEvents ?? []).some(({ eventId }) => eventId.startsWith('never:'))
        ? Promise.reject(new Error('the store refuses a quarantine row'))
        : ports.sink.write(rows);
    blobs.set('first', [spillLine(outcomeOf('a', 1)), spillLine(outcomeOf('never', 1)), spillLine(outcomeOf('b', 1))]);
    blobs.set('empty', []);
    for (let n = 0; n < 70; n++) blobs.set(`later${n}`, [spillLine(outcomeOf(`c${n}`, 1))]);
    const result = await drainSpill(spill, 1000, { ...ports, sink: { write } });
    expect(result).toEqual({ drained: 70, aside: 2, state: 'empty' });
    expect([stored.size, aside, blobs.size]).toEqual([72, ['first', 'empty'], 0]);
  });

  it('gives back what it holds when the store goes away, and tries with one blob whether it is back', async () => {
    const store = { takes: 0 };
    let claims = 0;
    const held = new Set<string>();
    const { blobs, stored, spill, ports } = world(() => stored.size < store.takes);
    const watched: SpillStore = {
      ...spill,
      claim: async (blob) => {
        const claim = await spill.claim(blob);
        if (typeof claim === 'string') return claim;
        claims++;
        held.add(blob.name);
        return {
          lines: claim.lines,
          putAside: () => claim.putAside(),
          remove: () => claim.remove().then(() => void held.delete(blob.name)),
          release: () => claim.release().then(() => void held.delete(blob.name)),
        };
      },
    };
    for (let n = 0; n < 100; n++) blobs.set(`b${n}`, [spillLine(outcomeOf(`c${n}`, 1))]);
    expect(await drainSpill(watched, 1000, ports)).toMatchObject({ drained: 0, state: 'store-away' });
    expect([claims, held.size, blobs.size]).toEqual([1, 0, 100]);
    store.takes = 50;
    expect(await drainSpill(watched, 1000, ports)).toMatchObject({ state: 'store-away' });
    expect(held.size).toBe(0);
    expect(blobs.size).toBeGreaterThan(0);
    expect(blobs.size).toBeLessThan(100);
    store.takes = Infinity;
    expect(await drainSpill(watched, 1000, ports)).toMatchObject({ state: 'empty' });
    expect([stored.size, held.size, blobs.size]).toEqual([100, 0, 0]);
  });

  it('ends at the next blob when the instance is about to stop, and leaves the rest to the next run', async () => {
    const { blobs, stored, spill, ports } = world(() => true);
    for (let n = 0; n < 40; n++) blobs.set(`b${n}`, [spillLine(outcomeOf(`c${n}`, 1))]);
    const result = await drainSpill(spill, 1000, ports, () => stored.size > 0);
    expect([result, blobs.size]).toEqual([{ drained: 1, aside: 0, state: 'time-up' }, 39]);
    expect(await drainSpill(spill, 1000, ports)).toMatchObject({ drained: 39, state: 'empty' });
  });

  it('is no way to acknowledge what it could not take', async () => {
    const { spill, ports } = world(() => false);
    const full = { ...spill, put: () => Promise.reject(new Error('disk full')) };
    await expect(storeOrSpill(outcomeOf('a', 1), { ...ports, spill: full })).rejects.toThrow(SinkUnavailable);
  });
});
