import type { LeanEvent, LeanHeader } from '../../schema/probe-wire-v2.ts';

export type Header = Omit<LeanHeader, 'sent'>;

/** An event as text, and what it is sent with. */
export interface Item {
  h: Header;
  line: string;
}

export interface Queue {
  /** Events lost in the client so far. */
  dropped: number;
  /** Events that have not arrived yet, oldest first. */
  items: Set<Item>;
  put: (h: Header, event: LeanEvent) => void;
  /** The oldest events of one session, as many as fit in a body. */
  batch: () => Item[];
}

export const MAX_EVENTS = 1000;
/**
 * A character is at most three bytes in UTF-8, and browsers refuse more than 64 KiB in the last moment of a page: room for
 * one body on the line and one beacon.
 */
export const MAX_CHARS = 9000;

/** Events waiting to arrive. When it is full what comes is dropped; every event says how many were before it. */
export function createQueue(): Queue {
  const items = new Set<Item>();
  const queue: Queue = {
    dropped: 0,
    items,
    put: (h, event) => {
      if (items.size < MAX_EVENTS) items.add({ h, line: JSON.stringify({ ...event, d: queue.dropped || undefined }) });
      else queue.dropped++;
    },
    batch: () => {
      const all = [...items];
      let size = 0;
      return all.filter(({ h, line }) => h === all[0]!.h && size <= MAX_CHARS && (size += line.length));
    },
  };
  return queue;
}

/** The envelope of events of one session: a list in a text is joined by commas. */
export const bodyOf = (items: Item[]): string =>
  `{"v":2,"h":${JSON.stringify({ ...items[0]!.h, sent: Date.now() })},"e":[${items.map(({ line }) => line) as unknown as string}]}`;
