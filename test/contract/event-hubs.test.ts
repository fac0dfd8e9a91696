// The Event Hubs stand-in as Microsoft's own clients see it.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  EventHubBufferedProducerClient,
  EventHubConsumerClient,
  EventHubProducerClient,
  type EventPosition,
} from '@azure/event-hubs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBroker, type Broker, type BrokerOptions } from '../../local/event-hubs/broker.ts';
import { receive, textOf } from '../support/event-hubs.ts';

const dir = mkdtempSync(join(tmpdir(), 'framewatch-hubs-'));
const HUBS = ['plain', 'keys', 'positions', 'faults', 'epochs'].map((name) => ({
  name,
  partitionCount: 4,
  consumerGroups: ['functions'],
}));
const options = (more: Partial<BrokerOptions> = {}): BrokerOptions => ({ port: 0, dir, hubs: HUBS, ...more });
const once = { retryOptions: { maxRetries: 0, timeoutInMs: 10_000 } };

let broker: Broker;
beforeAll(async () => {
  broker = await startBroker(options());
});
afterAll(async () => {
  await broker.close();
  rmSync(dir, { recursive: true, force: true });
});

async function withProducer<T>(hub: string, use: (producer: EventHubProducerClient) => Promise<T>): Promise<T> {
  const producer = new EventHubProducerClient(broker.connectionString, hub, once);
  try {
    return await use(producer);
  } finally {
    await producer.close();
  }
}

describe('sending and receiving', () => {
  it('an event arrives as it was sent: body, properties, ids', async () => {
    const bytes = Buffer.from([0x1f, 0x8b, 0, 255, 1]);
    await withProducer('plain', async (producer) => {
      await producer.sendBatch(
        [
          {
            body: bytes,
            properties: { Table: 'PlaybackEvents', count: 7, late: false },
            contentType: 'x/y',
            messageId: 'm1',
          },
          { body: { text: 'Gruß 😀' }, correlationId: 42 },
          { body: 'only text' },
        ],
        { partitionId: '2' },
      );
    });
    const events = await receive(broker.connectionString, 'plain', (all) => all.length >= 3);
    expect(events.map(({ sequenceNumber }) => sequenceNumber)).toEqual([0, 1, 2]);
    expect(Buffer.from(events[0]?.body as Buffer)).toEqual(bytes);
    expect(events[0]).toMatchObject({
      properties: { Table: 'PlaybackEvents', count: 7, late: false },
      contentType: 'x/y',
      messageId: 'm1',
      offset: '0',
    });
    expect(events[1]?.correlationId).toBe(42);
    expect(events.slice(1).map(textOf)).toEqual(['{"text":"Gruß 😀"}', '"only text"']);
    expect(Number(events[2]?.offset)).toBeGreaterThan(Number(events[1]?.offset));
  });

  it('properties of a hub and a partition say what is there; what is not there is named', async () => {
    await withProducer('plain', async (producer) => {
      expect(await producer.getEventHubProperties()).toMatchObject({
        name: 'plain',
        partitionIds: ['0', '1', '2', '3'],
      });
      expect(await producer.getPartitionProperties('3')).toMatchObject({
        isEmpty: true,
        beginningSequenceNumber: 0,
        lastEnqueuedSequenceNumber: -1,
      });
      await expect(producer.getPartitionProperties('9')).rejects.toThrow(/no partition 9/);
    });
    await withProducer('absent', async (producer) => {
      await expect(producer.sendBatch([{ body: 1 }])).rejects.toThrow(/entity 'absent' could not be found/);
      await expect(producer.getEventHubProperties()).rejects.toThrow(/no hub absent/);
    });
    const stranger = new EventHubConsumerClient('nobody', broker.connectionString, 'plain', once);
    const failed = Promise.withResolvers<Error>();
    const subscription = stranger.subscribe('0', {
      processEvents: () => Promise.resolve(),
      processError: (error) => Promise.resolve(failed.resolve(error)),
    });
    expect((await failed.promise).message).toMatch(/no consumer group nobody/);
    await subscription.close();
    await stranger.close();
  });

  it('a key leads to the partition that Microsoft’s own client computes for it', async () => {
    const keys = Array.from({ length: 24 }, (_none, index) => 'session-'.repeat(index % 5) + index);
    await withProducer('keys', async (producer) => {
      for (const key of keys) await producer.sendBatch([{ body: key }], { partitionKey: key });
    });
    // The buffered producer computes partitions itself and sends to them by number.
    const buffered = new EventHubBufferedProducerClient(broker.connectionString, 'keys', {
      maxWaitTimeInMs: 20,
      onSendEventsErrorHandler: ({ error }) => Promise.reject(error),
    });
    for (const key of keys) await buffered.enqueueEvent({ body: key }, { partitionKey: key });
    await buffered.close();
    const events = await receive(broker.connectionString, 'keys', (all) => all.length >= 2 * keys.length);
    const where = new Map<string, Set<string>>();
    for (const event of events) {
      const key = textOf(event);
      // Only what the service places carries its key.
      expect([undefined, JSON.parse(key)]).toContain(event.partitionKey);
      where.set(key, (where.get(key) ?? new Set()).add(event.partitionId));
    }
    expect(events.filter(({ partitionKey }) => partitionKey !== undefined)).toHaveLength(keys.length);
    expect([...where.values()].map(({ size }) => size)).toEqual(keys.map(() => 1));
    expect(new Set([...where.values()].flatMap((set) => [...set])).size).toBe(4);
  });

  it('a receiver begins where it asks to: offset, sequence number, time, inclusive or not, or only with what is new', async () => {
    await withProducer('positions', async (producer) => {
      for (let index = 0; index < 4; index++) await producer.sendBatch([{ body: index }], { partitionId: '0' });
    });
    const all = await receive(broker.connectionString, 'positions', (events) => events.length >= 4);
    const [first, second] = all;
    const from = async (position: EventPosition, count: number): Promise<string[]> =>
      (await receive(broker.connectionString, 'positions', (events) => events.length >= count, position)).map(textOf);
    const found = await Promise.all([
      from({ sequenceNumber: 1 }, 2),
      from({ sequenceNumber: 1, isInclusive: true }, 3),
      from({ offset: second?.offset ?? '' }, 2),
      from({ enqueuedOn: Number(first?.enqueuedTimeUtc) - 1 }, 4),
    ]);
    expect(found.map((texts) => texts.join(''))).toEqual(['23', '123', '23', '0123']);
    const fresh = receive(broker.connectionString, 'positions', (events) => events.length >= 1, { offset: '@latest' });
    // The receiver is there some time after it was asked for: what is sent before may be missed, what comes later may not.
    const run = { isOver: false };
    void fresh.finally(() => (run.isOver = true));
    await withProducer('positions', async (producer) => {
      for (let index = 0; !run.isOver; index++) {
        await producer.sendBatch([{ body: `late ${index}` }], { partitionId: '0' });
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
    });
    expect((await fresh).map(textOf)[0]).toContain('late');
  });
});

describe('limits and faults', () => {
  it('an event beyond 1 MiB is refused, those beside it are not', async () => {
    await withProducer('faults', async (producer) => {
      const batch = await producer.createBatch();
      expect(batch.maxSizeInBytes).toBe(1024 * 1024);
      expect(batch.tryAdd({ body: Buffer.alloc(1024 * 1024) })).toBe(false);
      expect(batch.tryAdd({ body: 'small' })).toBe(true);
      await expect(producer.sendBatch([{ body: Buffer.alloc(1024 * 1024 + 1) }])).rejects.toMatchObject({
        code: 'MessageTooLargeError',
      });
      await producer.sendBatch(batch);
      await producer.sendBatch([{ body: Buffer.alloc(1_000_000, 'x') }]);
    });
    const events = await receive(broker.connectionString, 'faults', (all) => all.length >= 2);
    expect(events.map(({ body }) => (body as Buffer).length).sort((a, b) => a - b)).toEqual([7, 1_000_000]);
  });

  it('a throttled send fails as busy and retryable, and passes by the client’s own retry once the throttling is over', async () => {
    await withProducer('faults', async (producer) => {
      broker.throttleUntil(Infinity);
      await expect(producer.sendBatch([{ body: 'throttled' }])).rejects.toMatchObject({
        code: 'ServerBusyError',
        retryable: true,
      });
    });
    broker.throttleUntil(Date.now() + 150);
    const patient = new EventHubProducerClient(broker.connectionString, 'faults', {
      retryOptions: { maxRetries: 5, retryDelayInMs: 100 },
    });
    await patient.sendBatch([{ body: 'patient' }]);
    await patient.close();
    broker.throttleUntil(0);
  });

  it.runIf(process.env['FRAMEWATCH_HEAVY'] === '1')(
    'after a lost connection both sides go on without loss',
    async () => {
      // A send that is under way when the connection goes is known lost only by its time limit: that is how the client works.
      const producer = new EventHubProducerClient(broker.connectionString, 'faults', {
        retryOptions: { retryDelayInMs: 20, timeoutInMs: 400 },
      });
      const isReading = Promise.withResolvers<void>();
      const parts = new Set<string>();
      const received = receive(
        broker.connectionString,
        'faults',
        (events) => {
          for (const text of events.map(textOf)) if (text.includes('part')) parts.add(text);
          if (parts.size > 0) isReading.resolve();
          return parts.size >= 20;
        },
        { enqueuedOn: Date.now() - 1 },
      );
      await producer.sendBatch([{ body: 'part 0' }]);
      await isReading.promise;
      for (let index = 1; index < 20; index++) {
        if (index % 7 === 3) broker.disconnectAll();
        await producer.sendBatch([{ body: `part ${index}` }]);
      }
      await received;
      const expected = Array.from({ length: 20 }, (_none, index) => JSON.stringify(`part ${index}`));
      expect([...parts].sort()).toEqual(expected.sort());
      await producer.close();
    },
  );

  it('the higher owner level takes a partition over, the lower one is turned away', async () => {
    await withProducer('epochs', (producer) => producer.sendBatch([{ body: 1 }], { partitionId: '0' }));
    /** Reads with a level; resolves with its first event and, later, its error. */
    const read = (ownerLevel: number): { received: Promise<void>; failed: Promise<Error>; close(): Promise<void> } => {
      const client = new EventHubConsumerClient('functions', broker.connectionString, 'epochs', once);
      const received = Promise.withResolvers<void>();
      const failed = Promise.withResolvers<Error>();
      const subscription = client.subscribe(
        '0',
        {
          processEvents: async (events) => {
            if (events.length > 0) received.resolve();
            await Promise.resolve();
          },
          processError: async (error) => {
            failed.resolve(error);
            await Promise.resolve();
          },
        },
        { ownerLevel, startPosition: { offset: '-1' }, maxWaitTimeInSeconds: 1 },
      );
      return {
        received: received.promise,
        failed: failed.promise,
        close: async () => {
          await subscription.close();
          await client.close();
        },
      };
    };
    const first = read(1);
    await first.received;
    const stronger = read(2);
    await stronger.received;
    expect(await first.failed).toMatchObject({ code: 'ReceiverDisconnectedError' });
    const weaker = read(1);
    expect((await weaker.failed).message).toMatch(/higher epoch of '2'/);
    await Promise.all([first, stronger, weaker].map((each) => each.close()));
  });
});

it('a restart keeps events and goes on with their numbers, also when older files have expired', async () => {
  const own = mkdtempSync(join(tmpdir(), 'framewatch-hub-'));
  const spec = { dir: own, hubs: [{ name: 'short', partitionCount: 1, consumerGroups: [] }], retentionBytes: 160_000 };
  let small = await startBroker(options(spec));
  const send = async (...texts: string[]): Promise<void> => {
    const producer = new EventHubProducerClient(small.connectionString, 'short', once);
    for (const text of texts) await producer.sendBatch([{ body: text.padEnd(9000, '.') }]);
    await producer.close();
  };
  await send(...Array.from({ length: 40 }, (_none, index) => `event ${index}`));
  await small.close();
  small = await startBroker(options(spec));
  await send('after');
  const events = await receive(small.connectionString, 'short', (all) =>
    all.some((event) => textOf(event).includes('after')),
  );
  expect(events.at(-1)?.sequenceNumber).toBe(40);
  expect(events.length).toBeLessThan(25);
  expect(events.length).toBeGreaterThan(8);
  expect(readdirSync(join(own, 'short')).length).toBeLessThan(20);
  await small.close();
  rmSync(own, { recursive: true, force: true });
});
