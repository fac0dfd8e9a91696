import type { WireEvent, WireHeader } from '../../schema/probe-wire.ts';

export type Header = Omit<WireHeader, 'sent'>;

interface Item {
  h: Header;
  json: string;
}

const MAX_ITEMS = 1000;
const MAX_BYTES = 256 * 1024;

/** JSON in ASCII, so that its length is its size in bytes. */
const asciiJson = (value: unknown) =>
  JSON.stringify(value).replace(/[^\0-\x7f]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);

/**
 * Events waiting to be sent, of one session or several. Bounded: when it overflows, the oldest goes, but never one in
 * flight. Every event says how many were dropped before it.
 */
export class Queue {
  /** Events lost in the client so far. */
  dropped = 0;
  #items: Item[] = [];
  #bytes = 0;
  #inFlight = 0;

  get waiting(): number {
    return this.#items.length - this.#inFlight;
  }

  push(h: Header, event: WireEvent): void {
    if (this.dropped) event.d = this.dropped;
    const json = asciiJson(event);
    this.#items.push({ h, json });
    this.#bytes += json.length;
    while ((this.#items.length > MAX_ITEMS || this.#bytes > MAX_BYTES) && this.waiting > 1) {
      this.#forget(this.#items.splice(this.#inFlight, 1));
      this.dropped++;
    }
  }

  /** The oldest events that fit into `limit` bytes, as envelopes, one a line; they are in flight until `settle`. */
  take(limit: number): string {
    let body = '';
    let last: Header | undefined;
    this.#inFlight = 0;
    for (const { h, json } of this.#items) {
      const next = h === last ? ',' : `${body && ']}\n'}{"v":1,"h":${asciiJson({ ...h, sent: Date.now() })},"e":[`;
      if (body && body.length + next.length + json.length + 2 > limit) break;
      body += next + json;
      last = h;
      this.#inFlight++;
    }
    return body && `${body}]}`;
  }

  /** The flight is over: the events are done with, or wait again. Returns how many they were. */
  settle(done: boolean): number {
    const count = this.#inFlight;
    this.#inFlight = 0;
    if (done) this.#forget(this.#items.splice(0, count));
    return count;
  }

  #forget(items: Item[]): void {
    for (const { json } of items) this.#bytes -= json.length;
  }
}
