import type { WireEvent, WireHeader } from '../../schema/probe-wire.ts';

export type Header = Omit<WireHeader, 'sent'>;

export interface Queue {
  /** Events lost in the client so far. */
  dropped: number;
  push: (h: Header, event: WireEvent) => void;
  /** The oldest events that fit, as envelopes, one a line; they are in flight until `settle`. */
  take: () => string;
  /** The flight is over: the events are done with, or wait again. Returns how many they were. */
  settle: (done: boolean) => number;
  /** Events that wait and are not in flight. */
  waiting: () => number;
}

const MAX_EVENTS = 1000;
/** A character is at most three bytes in UTF-8, and browsers refuse more than 64 KiB in the last moment of a page. */
export const MAX_CHARS = 20_000;

/**
 * Events waiting to be sent, of one session or several. Bounded: when it overflows, the oldest goes, but never one in
 * flight. Every event says how many were dropped before it.
 */
export function createQueue(): Queue {
  const items: { h: Header; json: string }[] = [];
  let flying = 0;
  const queue: Queue = {
    dropped: 0,
    push: (h, event) => {
      if (queue.dropped) event.d = queue.dropped;
      items.push({ h, json: JSON.stringify(event) });
      if (queue.waiting() > MAX_EVENTS) queue.dropped += items.splice(flying, 1).length;
    },
    take: () => {
      let body = '';
      let last: Header | undefined;
      flying = 0;
      for (const { h, json } of items) {
        const next =
          h === last ? ',' : `${body && ']}\n'}{"v":1,"h":${JSON.stringify({ ...h, sent: Date.now() })},"e":[`;
        if (body && body.length + next.length + json.length > MAX_CHARS) break;
        body += next + json;
        last = h;
        flying++;
      }
      return body && `${body}]}`;
    },
    settle: (done) => {
      const count = flying;
      flying = 0;
      if (done) items.splice(0, count);
      return count;
    },
    waiting: () => items.length - flying,
  };
  return queue;
}
