import {
  appendFileSync,
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { BlobEvent } from './blob-event.ts';

/** An event and the subscriptions that still wait for it. */
interface Pending {
  event: BlobEvent;
  waiting: Set<string>;
}

const TRUNCATE_ABOVE = 1 << 20;

type Entry = { add: BlobEvent; for: string[] } | { done: string; by: string };

export interface Journal {
  /** What an earlier process left undelivered. */
  readonly left: readonly Pending[];
  add: (event: BlobEvent, waiting: readonly string[]) => void;
  done: (eventId: string, subscription: string) => void;
  close: () => void;
}

const parse = (line: string): Entry | undefined => {
  try {
    return JSON.parse(line) as Entry;
  } catch {
    // The last line of a killed process may be cut short; its upload was not answered yet.
    return undefined;
  }
};

const replay = (text: string): Map<string, Pending> => {
  const pending = new Map<string, Pending>();
  for (const line of text.split('\n')) {
    const entry = line === '' ? undefined : parse(line);
    if (entry === undefined) continue;
    if ('add' in entry) {
      pending.set(entry.add.id, { event: entry.add, waiting: new Set(entry.for) });
    } else {
      const item = pending.get(entry.done);
      item?.waiting.delete(entry.by);
      if (item?.waiting.size === 0) pending.delete(entry.done);
    }
  }
  return pending;
};

const read = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
};

/**
 * Remembers on disk which events are not delivered yet: appended before the uploader gets its answer, so that a killed relay
 * loses none, and rewritten without the delivered ones at each start. Without a folder nothing is kept.
 */
export const openJournal = (dir?: string): Journal => {
  if (dir === undefined) return { left: [], add: () => undefined, done: () => undefined, close: () => undefined };
  mkdirSync(dir, { recursive: true });
  const file = join(dir, 'pending.ndjson');
  const left = [...replay(read(file)).values()];
  writeFileSync(`${file}.new`, left.map((item) => line({ add: item.event, for: [...item.waiting] })).join(''));
  renameSync(`${file}.new`, file);
  const handle = openSync(file, 'a');
  let isOpen = true;
  let written = 0;
  const open = new Map(left.map((item) => [item.event.id, new Set(item.waiting)]));
  const append = (text: string): void => {
    appendFileSync(handle, text);
    written += text.length;
  };
  return {
    left,
    add: (event, waiting) => {
      open.set(event.id, new Set(waiting));
      append(line({ add: event, for: [...waiting] }));
    },
    done: (eventId, subscription) => {
      if (!isOpen) return;
      append(line({ done: eventId, by: subscription }));
      const waiting = open.get(eventId);
      waiting?.delete(subscription);
      if (waiting?.size === 0) open.delete(eventId);
      // Nothing waits, so nothing of the file is needed: a long life must not fill the disk.
      if (open.size === 0 && written > TRUNCATE_ABOVE) {
        ftruncateSync(handle, 0);
        written = 0;
      }
    },
    close: () => {
      if (!isOpen) return;
      isOpen = false;
      closeSync(handle);
    },
  };
};

const line = (entry: Entry): string => `${JSON.stringify(entry)}\n`;
