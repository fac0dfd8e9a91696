import type { WireEvent, WireHeader } from '../../schema/probe-wire.ts';
import { WIRE_VERSION } from './version.ts';

export type Header = Omit<WireHeader, 'sent'>;

interface Item {
  h: Header;
  json: string;
  beat: boolean;
}

const MAX_ITEMS = 1000;
const MAX_BYTES = 256 * 1024;
const ENVELOPE_BYTES = 24;

/** JSON in ASCII, so that its length is its size in bytes. */
function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u0080-\uffff]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/**
 * Events waiting to be sent, of one session or several. Bounded: when it overflows, the oldest beat goes first, then the
 * oldest event, never one in flight. Every event says how many were dropped before it.
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
    const item = { h, json: asciiJson(event), beat: event.k === 'hb' };
    this.#items.push(item);
    this.#bytes += item.json.length;
    while ((this.#items.length > MAX_ITEMS || this.#bytes > MAX_BYTES) && this.waiting > 1) this.#drop();
  }

  /** The oldest events that fit into `limit` bytes, as a body; they are in flight until `settle`. */
  take(limit: number, sent: number): string {
    this.#inFlight = this.#fitting(this.#items, limit);
    return this.#body(this.#items.slice(0, this.#inFlight), sent);
  }

  /** The flight is over: the events are done with, or wait again. */
  settle(done: boolean): number {
    const count = this.#inFlight;
    this.#inFlight = 0;
    if (done) for (const item of this.#items.splice(0, count)) this.#bytes -= item.json.length;
    return count;
  }

  /** For the last words of a page: the newest events that fit and are not in flight. Nothing is kept. */
  last(limit: number, sent: number): string {
    const rest = this.#items.splice(this.#inFlight).reverse();
    const kept = rest.slice(0, this.#fitting(rest, limit)).reverse();
    this.dropped += rest.length - kept.length;
    this.#bytes = this.#items.reduce((sum, item) => sum + item.json.length, 0);
    return this.#body(kept, sent);
  }

  #drop(): void {
    const from = this.#inFlight;
    const beat = this.#items.findIndex((item, index) => index >= from && item.beat);
    const [gone] = this.#items.splice(Math.max(from, beat), 1);
    this.#bytes -= gone?.json.length ?? 0;
    this.dropped++;
  }

  /** How many of the items fit; at least one, since a single event is far below any limit. */
  #fitting(items: Item[], limit: number): number {
    let size = 0;
    const over = items.findIndex((item, index) => {
      const head = item.h === items[index - 1]?.h ? 1 : asciiJson(item.h).length + ENVELOPE_BYTES * 2;
      return (size += item.json.length + head) > limit;
    });
    return over < 0 ? items.length : Math.max(1, over);
  }

  /** Envelopes, one a line: a new one wherever the session changes. */
  #body(items: Item[], sent: number): string {
    let body = '';
    items.forEach((item, index) => {
      const same = item.h === items[index - 1]?.h;
      if (!same) body += `${index ? ']}\n' : ''}{"v":${WIRE_VERSION},"h":${asciiJson({ ...item.h, sent })},"e":[`;
      body += (same ? ',' : '') + item.json;
    });
    return body && `${body}]}`;
  }
}
