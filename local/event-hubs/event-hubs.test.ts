import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { delayOf, retryPolicy } from '../functions-host/retry-policy.ts';
import { receiverAddress, senderAddress } from './addresses.ts';
import { hubCheckpoints } from './checkpoints.ts';
import { partitionOfKey } from './partition-hash.ts';
import { SegmentLog } from './segment-log.ts';
import { parseSelector } from './selector.ts';

async function inFolder(use: (dir: string) => Promise<void>): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'framewatch-log-'));
  try {
    await use(dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const open = async (dir: string): Promise<{ log: SegmentLog; found: string[] }> => {
  const found: string[] = [];
  const log = await SegmentLog.open({ dir, segmentBytes: 400 }, (payload) => found.push(payload.toString('utf8')));
  return { log, found };
};

describe('SegmentLog', () => {
  it('wherever a crash cuts the file, what was whole is there, and new records follow it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ minLength: 1, maxLength: 30 }), { minLength: 1, maxLength: 8 }),
        fc.nat(),
        async (texts, cut) => {
          await inFolder(async (dir) => {
            const first = await open(dir);
            const ends: number[] = [];
            const [name = ''] = readdirSync(dir);
            for (const text of texts) {
              await first.log.append([Buffer.from(text)]);
              ends.push(statSync(join(dir, name)).size);
            }
            await first.log.close();
            const size = cut % ((ends.at(-1) ?? 0) + 1);
            truncateSync(join(dir, name), size);
            const second = await open(dir);
            const whole = texts.filter((_text, index) => (ends[index] ?? 0) <= size);
            expect(second.found).toEqual(whole);
            await second.log.append([Buffer.from('after')]);
            await second.log.close();
            const third = await open(dir);
            expect(third.found).toEqual([...whole, 'after']);
            await third.log.close();
          });
        },
      ),
      { numRuns: 40 },
    );
  });

  it('a byte that has changed ends the newest file there, and stops the start in any older one', () =>
    inFolder(async (dir) => {
      const { log } = await open(dir);
      for (const text of ['one', 'two']) await log.append([Buffer.from(text)]);
      await log.rotate();
      await log.append([Buffer.from('three'), Buffer.from('four')]);
      await log.close();
      const [older = '', newer = ''] = readdirSync(dir).sort();
      const spoil = (name: string): void => {
        const bytes = readFileSync(join(dir, name));
        bytes.writeUInt8((bytes.at(-1) ?? 0) ^ 1, bytes.length - 1);
        writeFileSync(join(dir, name), bytes);
      };
      spoil(newer);
      const again = await open(dir);
      expect(again.found).toEqual(['one', 'two', 'three']);
      await again.log.close();
      spoil(older);
      await expect(open(dir)).rejects.toThrow(/damaged at byte 11; move it away/);
    }));
});

it('selectors say where to begin, and anything else is no selector', () => {
  expect(parseSelector("amqp.annotation.x-opt-offset > '-1'")).toEqual({ by: 'offset', value: -1, isInclusive: false });
  expect(parseSelector("amqp.annotation.x-opt-offset > '@latest'")).toEqual({ by: 'latest' });
  expect(parseSelector("amqp.annotation.x-opt-sequence-number >= '42'")).toMatchObject({
    value: 42,
    isInclusive: true,
  });
  expect(parseSelector("amqp.annotation.x-opt-enqueued-time > '1700000000000'")).toMatchObject({ by: 'enqueuedTime' });
  for (const text of ['', 'x', "amqp.annotation.x-opt-offset = '1'", "amqp.annotation.x-opt-offset > 'abc'"])
    expect(parseSelector(text)).toBeUndefined();
});

it('addresses name hub, partition and consumer group, as a path or a URL', () => {
  expect(senderAddress('telemetry')).toEqual({ hub: 'telemetry', partition: undefined });
  expect(senderAddress('sb://127.0.0.1:5672/telemetry/Partitions/3')).toEqual({ hub: 'telemetry', partition: 3 });
  expect(receiverAddress('telemetry/ConsumerGroups/$Default/Partitions/0')).toEqual({
    hub: 'telemetry',
    consumerGroup: '$Default',
    partition: 0,
  });
  expect(receiverAddress('telemetry')).toBeUndefined();
  expect(senderAddress('a/b/c')).toBeUndefined();
});

it('every key has one of the partitions there are', () => {
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: 1, max: 32 }), (key, count) => {
      const partition = partitionOfKey(key, count);
      expect(Number.isInteger(partition) && partition >= 0 && partition < count).toBe(true);
    }),
  );
});

it('checkpoints are read back after a restart, and a damaged file is not taken for an empty one', () =>
  inFolder(async (dir) => {
    const first = hubCheckpoints(dir);
    await Promise.all([first.save('a', 1), first.save('b', 7), first.save('a', 2)]);
    expect(['a', 'b', 'c'].map((key) => hubCheckpoints(dir).read(key))).toEqual([2, 7, undefined]);
    writeFileSync(join(dir, 'hub-checkpoints.json'), '{"a":');
    expect(() => hubCheckpoints(dir)).toThrow();
  }));

it('retry policies pause as they say', () => {
  const exponential = retryPolicy({
    retryStrategy: 'exponentialBackoff',
    maxRetryCount: -1,
    minimumInterval: { seconds: 1 },
    maximumInterval: { seconds: 60 },
  });
  expect(exponential).toMatchObject({ maxRetryCount: -1, firstMs: 1000, longestMs: 60_000 });
  const pauses = Array.from({ length: 12 }, (_none, retry) => (exponential ? delayOf(exponential, retry) : 0));
  expect(pauses[0]).toBeLessThanOrEqual(1200);
  expect(pauses.at(-1)).toBe(60_000);
  const fixed = retryPolicy({ retryStrategy: 'fixedDelay', maxRetryCount: 3, delayInterval: { seconds: 5 } });
  expect(fixed && delayOf(fixed, 9)).toBe(5000);
  expect(retryPolicy(undefined)).toBeUndefined();
});
