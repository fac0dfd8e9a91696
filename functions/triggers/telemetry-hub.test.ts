import { globSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { InvocationContext } from '@azure/functions';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RejectedEvent } from '../../schema/tables.ts';
import { digestsOf } from '../adapters/digests.ts';
import { inflater } from '../adapters/inflater.ts';
import { DEFAULT_LIMITS } from '../pipeline/decode.ts';
import { SinkUnavailable, type RowsByTable } from '../pipeline/ports.ts';
import { objectsOf, type RowList } from '../pipeline/row-text.ts';
import { messagePlaces } from './hub-metadata.ts';
import { telemetryHub } from './telemetry-hub.ts';

const clock = { now: () => Date.parse('2026-11-22T08:00:00Z') };
const acme = (id: number): object => ({
  event_id: `e${id}`,
  event_type: 'pause',
  event_timestamp: '2026-11-22T07:59:00Z',
  session_id: 's1',
});

interface World {
  readonly events: Record<string, unknown>[];
  readonly rejects: RejectedEvent[];
  readonly ledger: Record<string, unknown>[];
  readonly spilled: string[];
  readonly counted: Map<string, number>;
}

/** A door over a store in memory; `away` says whether a write or a spill fails. */
function door(away: { store?: () => Error | undefined; spill?: () => boolean } = {}) {
  const world: World = { events: [], rejects: [], ledger: [], spilled: [], counted: new Map() };
  const handler = telemetryHub({
    sink: {
      async write(rows: RowsByTable) {
        await Promise.resolve();
        const error = away.store?.();
        if (error) throw error;
        for (const [table, list] of Object.entries(rows)) {
          const objects = objectsOf(list as RowList<Record<string, unknown>>);
          if (table === 'RejectedEvents') world.rejects.push(...(objects as unknown as RejectedEvent[]));
          else if (table === 'IngestLedger') world.ledger.push(...objects);
          else world.events.push(...objects);
        }
        return [];
      },
    },
    spill: {
      put(line) {
        if (away.spill?.()) return Promise.reject(new SinkUnavailable('no', 1));
        world.spilled.push(line);
        return Promise.resolve();
      },
    },
    clock,
    digests: digestsOf('a secret of this test'),
    counters: {
      add: (name, value, label = '') => {
        const key = `${name} ${label}`;
        world.counted.set(key, (world.counted.get(key) ?? 0) + value);
      },
      set: () => undefined,
    },
    inflater,
    limits: DEFAULT_LIMITS,
    userAgents: { read: () => ({}) },
    geo: undefined,
    hub: 'telemetry',
    tenant: 'default',
  });
  const run = async (messages: unknown, metadata?: Record<string, unknown>): Promise<void> => {
    const context = new InvocationContext({ functionName: 'telemetryHub', triggerMetadata: metadata ?? {} });
    await handler(messages, context);
  };
  return { world, run };
}

const bytes = (value: unknown): Buffer => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
const metadataOf = (sequences: readonly unknown[], more: Record<string, unknown> = {}): Record<string, unknown> => ({
  partitionContext: { partitionId: '3' },
  sequenceNumberArray: sequences,
  enqueuedTimeUtcArray: sequences.map(() => '2026-11-22T07:59:30Z'),
  ...more,
});

describe('telemetryHub', () => {
  it('takes one record, many by line, lists, gzip, and parsed bodies of a host that parses all the same', async () => {
    const { world, run } = door();
    const lines = `${JSON.stringify(acme(2))}\n${JSON.stringify(acme(3))}`;
    await run([
      bytes(acme(1)),
      gzipSync(lines),
      bytes([acme(4), acme(5)]),
      bytes({ records: [acme(6)] }),
      acme(7),
      JSON.stringify(acme(8)),
    ]);
    expect(new Set(world.events.map(({ eventId }) => eventId)).size).toBe(8);
    expect(world.ledger.map(({ door: by, received }) => [by, received])).toEqual([
      ['hub', 1],
      ['hub', 2],
      ['hub', 2],
      ['hub', 1],
      ['hub', 1],
      ['hub', 1],
    ]);
    expect(world.rejects).toEqual([]);
  });

  it.each(globSync('test/corpus/dialects/*/*.{ndjson,w3c,cmcd}'))(
    'understands %s as the blob door does',
    async (file) => {
      const { world, run } = door();
      const expected = JSON.parse(readFileSync(`${file}.rows.json`, 'utf8')) as Record<string, unknown[]>;
      await run([readFileSync(file)]);
      const count = ['PlaybackEvents', 'PlaybackBeats', 'CdnRequests'].reduce(
        (sum, table) => sum + (expected[table]?.length ?? 0),
        0,
      );
      expect(world.rejects.map(({ reason, detail }) => `${reason}: ${detail}`)).toHaveLength(
        expected['RejectedEvents']?.length ?? 0,
      );
      expect(world.events).toHaveLength(count);
    },
  );

  it('the same delivery twice leaves the same batch ids, rows and receive times; with other places or none they differ', async () => {
    const idsOf = async (metadata?: Record<string, unknown>): Promise<unknown[]> => {
      const { world, run } = door();
      await run([bytes(acme(1)), bytes('{')], metadata);
      return [...world.ledger, ...world.events, ...world.rejects].map((row) => [
        (row as Record<string, unknown>)['batchId'],
        (row as Record<string, unknown>)['receivedAt'],
      ]);
    };
    const first = await idsOf(metadataOf([7, 8]));
    expect(await idsOf(metadataOf([7, 8]))).toEqual(first);
    // Newer workers hand 64-bit numbers over in halves.
    expect(await idsOf(metadataOf([7, 8].map((low) => ({ low, high: 0, unsigned: false }))))).toEqual(first);
    expect(await idsOf(metadataOf([9, 10]))).not.toEqual(first);
    expect(await idsOf()).toEqual(await idsOf(metadataOf([7])));
  });

  it('a message that cannot be processed goes to quarantine as a whole and leaves its neighbours alone', async () => {
    let calls = 0;
    const { world, run } = door({ store: () => (++calls === 1 ? new TypeError('a fault of ours') : undefined) });
    await run([bytes(acme(1)), bytes(acme(2))]);
    expect(world.rejects.map(({ reason, stage }) => [reason, stage])).toEqual([['sink-refused', 'decode']]);
    expect(world.events).toHaveLength(1);
    const received = world.ledger.reduce((sum, row) => sum + Number(row['received']), 0);
    expect(received).toBe(2);
  });

  it('while the store is away messages go to the spill; with the spill away too the call fails, so that the partition waits', async () => {
    let isSpillAway = false;
    const { world, run } = door({ store: () => new SinkUnavailable('away', 10), spill: () => isSpillAway });
    await run([bytes(acme(1)), bytes('nonsense')]);
    expect(world.spilled).toHaveLength(2);
    isSpillAway = true;
    await expect(run([bytes(acme(2)), bytes(acme(3))])).rejects.toThrow(/2 of 2 messages could not be stored: away/);
    expect(world.counted.get('hub_messages_total failed')).toBe(2);
  });

  it('more records than a message may hold are refused as one, and none is dropped unseen', async () => {
    const { world, run } = door();
    await run([bytes('{}\n'.repeat(1500)), gzipSync('{}\n'.repeat(30_000))]);
    expect(new Set(world.ledger.map(({ received, rejected }) => JSON.stringify([received, rejected])))).toEqual(
      new Set(['[1,1]', '[1500,1500]']),
    );
    expect(world.rejects.filter(({ reason }) => reason === 'too-large')).toHaveLength(1);
  });

  it('never fails on any input, and the books balance', async () => {
    const anything = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.json().map(bytes),
      fc
        .array(fc.jsonValue(), { maxLength: 4 })
        .map((list) => gzipSync(list.map((value) => JSON.stringify(value)).join('\n'))),
      fc.jsonValue(),
      fc.string(),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(anything, { maxLength: 6 }), async (messages) => {
        const { world, run } = door();
        await run(messages);
        expect(world.ledger).toHaveLength(messages.length);
        for (const row of world.ledger)
          expect(Number(row['received'])).toBe(
            Number(row['stored']) + Number(row['rejected']) + Number(row['duplicate']),
          );
        const stored = world.ledger.reduce((sum, row) => sum + Number(row['stored']), 0);
        expect(world.events).toHaveLength(stored);
      }),
      { numRuns: 150 },
    );
  });
});

describe('messagePlaces', () => {
  it('believes metadata only when they fit', () => {
    expect(messagePlaces(metadataOf([1, 2]), 2)?.map(({ sequence }) => sequence)).toEqual([1, 2]);
    expect(messagePlaces(metadataOf([{ low: -1, high: 1, unsigned: false }]), 1)?.[0]?.sequence).toBe(2 ** 33 - 1);
    const cases: [Record<string, unknown> | undefined, number][] = [
      [undefined, 1],
      [metadataOf([1]), 2],
      [metadataOf([2, 1]), 2],
      [metadataOf([1, 1]), 2],
      [metadataOf(['x']), 1],
      [metadataOf([-1]), 1],
      [metadataOf([1], { enqueuedTimeUtcArray: ['never'] }), 1],
      [metadataOf([1], { partitionContext: null }), 1],
      [metadataOf([1], { partitionContext: { partitionId: '../x' } }), 1],
    ];
    expect(cases.map(([metadata, count]) => messagePlaces(metadata, count))).toEqual(cases.map(() => undefined));
  });
});
