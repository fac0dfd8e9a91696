import { EventEmitter } from 'node:events';
import { join } from 'node:path';
import { stampMessage, type EventMessage } from './amqp-message.ts';
import { SegmentLog, type RecordPlace } from './segment-log.ts';
import type { StartPosition } from './selector.ts';

// One event hub: partitions whose events lie in a common log. Events that come together share one flush to the disk.

export interface HubSpec {
  readonly name: string;
  readonly partitionCount: number;
  /** Beside `$Default`. */
  readonly consumerGroups: readonly string[];
}

export interface HubOptions extends HubSpec {
  readonly dir: string;
  /** Events are deleted once they are older, or once the hub holds more. Whole files go, so both are lower bounds. */
  readonly retentionMs: number;
  readonly retentionBytes: number;
}

interface Stored extends RecordPlace {
  readonly sequenceNumber: number;
  readonly offset: number;
  readonly enqueuedMs: number;
}

interface Partition {
  events: Stored[];
  nextSequence: number;
  nextOffset: number;
  lastMs: number;
}

interface Waiting {
  readonly partition: number;
  readonly messages: readonly EventMessage[];
  readonly partitionKey: string | undefined;
  resolve(): void;
  reject(error: unknown): void;
}

export interface PartitionFacts {
  readonly beginSequenceNumber: number;
  readonly lastSequenceNumber: number;
  readonly lastOffset: string;
  readonly lastEnqueuedMs: number;
  readonly isEmpty: boolean;
}

export interface ReadEvent {
  readonly sequenceNumber: number;
  readonly message: Buffer;
}

/** Files a hub is spread over at its full size. */
const FILES = 16;
const EXPIRE_EVERY_MS = 60_000;
/**
 * Partition, sequence number, offset and enqueued time before the message: 2 + 3 × 8 bytes. A record without a message begins
 * each file and says where the numbers of a partition go on, so that they never begin anew when older files are gone.
 */
const HEAD_BYTES = 26;
const NO_MESSAGE = Buffer.alloc(0);

function recordOf(partition: number, event: Omit<Stored, keyof RecordPlace>, message: Buffer): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt16BE(partition, 0);
  head.writeDoubleBE(event.sequenceNumber, 2);
  head.writeDoubleBE(event.offset, 10);
  head.writeDoubleBE(event.enqueuedMs, 18);
  return Buffer.concat([head, message]);
}

/** First index whose event satisfies a condition that holds for all after it too. */
function firstIndex(events: readonly Stored[], holds: (event: Stored) => boolean): number {
  let [low, high] = [0, events.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const event = events[middle];
    if (event && holds(event)) high = middle;
    else low = middle + 1;
  }
  return low;
}

export class Hub {
  readonly spec: HubSpec;
  readonly createdMs = Date.now();
  /** Emits the number of a partition when it has new events. */
  readonly news = new EventEmitter<{ event: [partition: number] }>();
  readonly #options: HubOptions;
  readonly #log: SegmentLog;
  readonly #partitions: readonly Partition[];
  #pending: Waiting[] = [];
  #writing: Promise<void> | undefined;
  readonly #expiry: NodeJS.Timeout;

  private constructor(options: HubOptions, log: SegmentLog, partitions: readonly Partition[]) {
    this.spec = options;
    this.#options = options;
    this.#log = log;
    this.#partitions = partitions;
    this.news.setMaxListeners(0);
    this.#expiry = setInterval(() => void this.expire(), EXPIRE_EVERY_MS).unref();
  }

  static async open(options: HubOptions): Promise<Hub> {
    const partitions = Array.from({ length: options.partitionCount }, (): Partition => ({
      events: [],
      nextSequence: 0,
      nextOffset: 0,
      lastMs: 0,
    }));
    const segmentBytes = Math.max(1, Math.floor(options.retentionBytes / FILES));
    const dir = join(options.dir, options.name);
    const log = await SegmentLog.open({ dir, segmentBytes }, (payload, { segment, position }) => {
      const partition = partitions[payload.readUInt16BE(0)];
      if (!partition) throw new Error(`${dir} holds events of more partitions than hub ${options.name} has now`);
      const event = {
        sequenceNumber: payload.readDoubleBE(2),
        offset: payload.readDoubleBE(10),
        enqueuedMs: payload.readDoubleBE(18),
      };
      const length = payload.length - HEAD_BYTES;
      if (length > 0) partition.events.push({ ...event, segment, position: position + HEAD_BYTES, length });
      segment.newestMs = Math.max(segment.newestMs, event.enqueuedMs);
      partition.nextSequence = event.sequenceNumber + (length > 0 ? 1 : 0);
      partition.nextOffset = event.offset + length;
      partition.lastMs = event.enqueuedMs;
    });
    return new Hub(options, log, partitions);
  }

  /** Resolves when the events are on the disk; all of them or none. */
  append(partition: number, messages: readonly EventMessage[], partitionKey: string | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#pending.push({ partition, messages, partitionKey, resolve, reject });
      this.#writing ??= this.#write().finally(() => {
        this.#writing = undefined;
      });
    });
  }

  async #write(): Promise<void> {
    while (this.#pending.length > 0) {
      // One turn of the event loop: what arrived in the same read of the socket shares the flush.
      await new Promise((resolve) => setImmediate(resolve));
      const taken = this.#pending.splice(0);
      try {
        await this.#commit(taken);
        for (const waiting of taken) waiting.resolve();
        for (const partition of new Set(taken.map((waiting) => waiting.partition))) this.news.emit('event', partition);
      } catch (error) {
        for (const waiting of taken) waiting.reject(error);
      }
    }
  }

  async #rotate(): Promise<void> {
    await this.#log.rotate();
    await this.#log.append(
      this.#partitions.map(({ nextSequence, nextOffset, lastMs }, partition) =>
        recordOf(partition, { sequenceNumber: nextSequence, offset: nextOffset, enqueuedMs: lastMs }, NO_MESSAGE),
      ),
    );
    await this.expire();
  }

  /** Numbers the events, writes them, and only then makes them visible. */
  async #commit(taken: readonly Waiting[]): Promise<void> {
    if (this.#log.isFull) await this.#rotate();
    const next = this.#partitions.map(({ nextSequence, nextOffset, lastMs }) => ({ nextSequence, nextOffset, lastMs }));
    const staged = taken.flatMap(({ partition, messages, partitionKey }) =>
      messages.map((message) => {
        const state = next[partition];
        if (!state) throw new Error(`hub ${this.spec.name} has no partition ${partition}`);
        state.lastMs = Math.max(state.lastMs, Date.now());
        const event = {
          sequenceNumber: state.nextSequence++,
          offset: state.nextOffset,
          enqueuedMs: state.lastMs,
        };
        const stamped = stampMessage(message, { ...event, partitionKey });
        state.nextOffset += stamped.length;
        return { partition, event, record: recordOf(partition, event, stamped) };
      }),
    );
    const places = await this.#log.append(staged.map(({ record }) => record));
    staged.forEach(({ partition, event }, index) => {
      const place = places[index];
      const state = this.#partitions[partition];
      if (!place || !state) return;
      const position = place.position + HEAD_BYTES;
      place.segment.newestMs = Math.max(place.segment.newestMs, event.enqueuedMs);
      state.events.push({ ...event, segment: place.segment, position, length: place.length - HEAD_BYTES });
    });
    next.forEach((state, partition) => Object.assign(this.#partitions[partition] ?? {}, state));
  }

  /** Sequence number of the first event at a position. */
  locate(partition: number, start: StartPosition): number {
    const state = this.#partitions[partition];
    if (!state) throw new Error(`hub ${this.spec.name} has no partition ${partition}`);
    if (start.by === 'latest') return state.nextSequence;
    const { by, value, isInclusive } = start;
    const valueOf = ({ sequenceNumber, offset, enqueuedMs }: Stored): number =>
      by === 'offset' ? offset : by === 'sequenceNumber' ? sequenceNumber : enqueuedMs;
    const index = firstIndex(state.events, (event) => (isInclusive ? valueOf(event) >= value : valueOf(event) > value));
    return state.events[index]?.sequenceNumber ?? state.nextSequence;
  }

  /** Up to `max` events from a sequence number on; what has expired is passed over. */
  async read(partition: number, from: number, max: number): Promise<ReadEvent[]> {
    const events = this.#partitions[partition]?.events ?? [];
    const start = firstIndex(events, ({ sequenceNumber }) => sequenceNumber >= from);
    const found: ReadEvent[] = [];
    for (const event of events.slice(start, start + max)) {
      const message = await this.#log.read(event);
      if (message) found.push({ sequenceNumber: event.sequenceNumber, message });
    }
    return found;
  }

  facts(partition: number): PartitionFacts {
    const { events = [], nextSequence = 0, lastMs = 0 } = this.#partitions[partition] ?? {};
    const last = events.at(-1);
    return {
      beginSequenceNumber: events[0]?.sequenceNumber ?? nextSequence,
      lastSequenceNumber: nextSequence - 1,
      lastOffset: String(last?.offset ?? -1),
      lastEnqueuedMs: lastMs,
      isEmpty: events.length === 0,
    };
  }

  /** Deletes what is past its time or beyond the size of the hub. */
  async expire(nowMs = Date.now()): Promise<void> {
    for (const segment of this.#log.full) {
      const isOver = this.#log.bytes > this.#options.retentionBytes;
      if (!isOver && segment.newestMs > nowMs - this.#options.retentionMs) return;
      for (const partition of this.#partitions)
        partition.events = partition.events.filter((event) => event.segment !== segment);
      await this.#log.drop(segment);
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#expiry);
    await this.#writing;
    await this.#log.close();
  }
}
