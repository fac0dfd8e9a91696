import type { EventHubConsumerClient, ReceivedEventData, Subscription } from '@azure/event-hubs';
import type { HubCheckpoints } from './checkpoints.ts';

// Reads every partition of a hub through Microsoft's client, from where it stopped last, and goes on after any fault.

export interface HubReaderOptions {
  /** Of its checkpoints: reader, hub and consumer group. */
  readonly key: string;
  readonly checkpoints: HubCheckpoints;
  readonly maxBatchSize: number;
  connect(): Promise<EventHubConsumerClient>;
  /**
   * Works on what came. True: the checkpoint advances behind these events. False: it does not, because the reader is stopping.
   */
  process(partition: string, events: readonly ReceivedEventData[]): Promise<boolean>;
  readonly say: (level: 'warning' | 'error', message: string) => void;
}

const FIRST_RECONNECT_MS = 500;
const SLOWEST_RECONNECT_MS = 10_000;
/**
 * Retries of a client that reads: what is under way when a connection goes is known lost by its time limit alone. The client's own wait
 * between two tries is 30 s.
 */
export const READER_RETRIES = { maxRetries: 2, retryDelayInMs: 500, timeoutInMs: 10_000 };

/** The body as it is, or the text that the sender's client made of it. */
export function bodyBytes({ body }: ReceivedEventData): Buffer {
  const value: unknown = body;
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.length);
  return Buffer.from(typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));
}

/** A quiet partition is asked so often: only at the end of a wait does the client see that its connection is gone. Its own is a minute. */
const WAIT_SECONDS = 5;

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

export class HubReader {
  readonly #options: HubReaderOptions;
  readonly #stopping = new AbortController();
  readonly #subscriptions = new Map<string, Subscription>();
  #client: EventHubConsumerClient | undefined;

  constructor(options: HubReaderOptions) {
    this.#options = options;
  }

  get isStopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  /** Resolves after the time, or early when the reader stops. */
  pause(ms: number): Promise<void> {
    if (this.isStopped) return Promise.resolve();
    return new Promise((resolve) => {
      const { signal } = this.#stopping;
      const end = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      signal.addEventListener('abort', end);
    });
  }

  /** Keeps trying until the namespace answers. */
  async start(): Promise<void> {
    for (let wait = FIRST_RECONNECT_MS; !this.isStopped; wait = Math.min(wait * 2, SLOWEST_RECONNECT_MS)) {
      try {
        this.#client ??= await this.#options.connect();
        for (const partition of await this.#client.getPartitionIds()) this.#subscribe(partition);
        return;
      } catch (error) {
        this.#options.say('error', `the listener was unable to start: ${textOf(error)}`);
        await this.pause(wait);
      }
    }
  }

  #subscribe(partition: string): void {
    if (!this.#client || this.isStopped) return;
    const done = this.#options.checkpoints.read(`${this.#options.key}/${partition}`);
    const subscription = this.#client.subscribe(
      partition,
      {
        processEvents: (events) => (events.length === 0 ? Promise.resolve() : this.#process(partition, events)),
        processError: (error) => this.#reconnect(partition, error),
      },
      {
        startPosition: done === undefined ? { offset: '-1' } : { sequenceNumber: done },
        maxBatchSize: this.#options.maxBatchSize,
        maxWaitTimeInSeconds: WAIT_SECONDS,
        skipParsingBodyAsJson: true,
      },
    );
    this.#subscriptions.set(partition, subscription);
  }

  /** Begins anew behind the last checkpoint, after a while. */
  async #reconnect(partition: string, error: Error): Promise<void> {
    const subscription = this.#subscriptions.get(partition);
    if (this.isStopped || !subscription) return;
    this.#subscriptions.delete(partition);
    this.#options.say('warning', `partition ${partition} is read anew: ${error.message}`);
    // Closing waits for this very handler, so it must not be waited for here.
    void subscription
      .close()
      .catch(() => undefined)
      .then(() => this.pause(FIRST_RECONNECT_MS))
      .then(() => this.#subscribe(partition));
    await Promise.resolve();
  }

  async #process(partition: string, events: readonly ReceivedEventData[]): Promise<void> {
    const isDone = await this.#options.process(partition, events);
    const last = events.at(-1)?.sequenceNumber;
    if (!isDone || last === undefined) return;
    await this.#options.checkpoints.save(`${this.#options.key}/${partition}`, last).catch((error: unknown) => {
      this.#options.say('error', `the checkpoint of partition ${partition} was not saved: ${textOf(error)}`);
    });
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    const open = [...this.#subscriptions.values()];
    await Promise.all(open.map((subscription) => subscription.close().catch(() => undefined)));
    await this.#client?.close().catch(() => undefined);
  }
}
