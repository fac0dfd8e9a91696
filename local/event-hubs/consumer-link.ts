import type { Sender } from 'rhea';
import { withRuntimeInfo } from './amqp-message.ts';
import type { Hub } from './hub.ts';

/** Events read at once. */
const MOST = 256;

export interface ConsumerOptions {
  readonly hub: Hub;
  readonly consumerGroup: string;
  readonly partition: number;
  /** Sequence number it begins with. */
  readonly from: number;
  /** Owner level; undefined: none. */
  readonly epoch: number | undefined;
  /** The receiver wants to know with each event where the end of the partition is. */
  readonly wantsRuntimeInfo: boolean;
}

/** Gives the events of a partition to one receiver, as far as its credit goes. */
export class ConsumerLink {
  readonly options: ConsumerOptions;
  readonly link: Sender;
  #next: number;
  #isPumping = false;
  /** Asked to pump while pumping: there may be more than was seen. */
  #isDue = false;
  #isClosed = false;
  readonly #onEvent = (partition: number): void => {
    if (partition === this.options.partition) this.pump();
  };

  constructor(link: Sender, options: ConsumerOptions) {
    this.link = link;
    this.options = options;
    this.#next = options.from;
    options.hub.news.on('event', this.#onEvent);
  }

  /** Sends what there is; harmless at any time. */
  pump(): void {
    this.#isDue = true;
    if (this.#isPumping || this.#isClosed) return;
    this.#isPumping = true;
    this.#isDue = false;
    this.#run()
      .catch((error: unknown) => {
        this.close({ condition: 'amqp:internal-error', description: String(error) });
      })
      .finally(() => {
        this.#isPumping = false;
        if (this.#isDue) this.pump();
      });
  }

  /** Credit that no event queued already will take. */
  get #credit(): number {
    return this.link.sendable() ? (this.link as Sender & { readonly credit: number }).credit : 0;
  }

  async #run(): Promise<void> {
    const { hub, partition, wantsRuntimeInfo } = this.options;
    while (!this.#isClosed && this.#credit > 0) {
      const events = await hub.read(partition, this.#next, Math.min(this.#credit, MOST));
      if (events.length === 0 || this.#isClosed) return;
      const { lastSequenceNumber, lastOffset, lastEnqueuedMs } = hub.facts(partition);
      const last = { sequenceNumber: lastSequenceNumber, offset: lastOffset, enqueuedMs: lastEnqueuedMs };
      for (const { sequenceNumber, message } of events) {
        this.link.send(wantsRuntimeInfo ? withRuntimeInfo(message, last) : message, undefined, 0);
        this.#next = sequenceNumber + 1;
      }
      // rhea counts credit down when it writes, which is after this turn.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  close(error?: { condition: string; description: string }): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.options.hub.news.off('event', this.#onEvent);
    if (!this.link.is_closed()) this.link.close(error);
  }
}
