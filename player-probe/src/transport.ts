import type { IngestAnswer } from '../../schema/probe-wire.ts';
import { guard } from './guard.ts';
import { bodyOf, type Item, type Queue } from './queue.ts';

const RETRY_MS = 1000;
const MAX_RETRY_MS = 60_000;

export interface Transport {
  /** Sends what waits, now; resolves when that is over, at once when it is under way already. */
  flush: () => Promise<void>;
  /** Sends in a second, and not before a retry is due: what is told right after it goes with it. */
  soon: () => void;
  /** The page goes away or may do so unseen: what is not on the line leaves as a beacon. */
  leave: () => void;
}

/**
 * Delivers a queue: gzip where the browser can, retried with growing pauses. `text/plain` and the key in the query keep it a
 * simple request, so that no preflight doubles the traffic.
 */
export function createTransport(url: string, queue: Queue, onAnswer: (answer: IngestAnswer) => void): Transport {
  const { items } = queue;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isSending = false;
  let retries = 0;

  const later = (ms: number) => {
    timer ??= setTimeout(
      guard(() => {
        timer = undefined;
        void flush();
      }),
      ms,
    );
  };

  /** Sends one body; true when another may follow. */
  const send = async (batch: Item[]): Promise<boolean> => {
    let body: BodyInit = bodyOf(batch);
    let answer: Response | undefined;
    try {
      body = await new Response(new Response(body).body!.pipeThrough(new CompressionStream('gzip'))).arrayBuffer();
    } catch {
      // The browser cannot.
    }
    // They have left while they were packed.
    if (!items.has(batch[0]!)) return false;
    try {
      answer = await fetch(url, {
        method: 'POST',
        credentials: 'omit',
        body,
        headers: { 'content-type': 'text/plain' },
      });
      onAnswer((await answer.json()) as IngestAnswer);
    } catch {
      // No answer is as if the server had failed; one without JSON asks for nothing.
    }
    // 422: the server has them in quarantine, they are not lost.
    const status = answer?.status ?? 500;
    if (/^5|408|429/.test(status as unknown as string)) {
      clearTimeout(timer);
      timer = undefined;
      const ms =
        (answer?.headers.get('retry-after') as unknown as number) * 1000 ||
        Math.min(MAX_RETRY_MS, RETRY_MS * 2 ** retries++);
      later(ms * (1 + Math.random()));
      return false;
    }
    retries = 0;
    if (!answer!.ok && status !== 422) queue.dropped += batch.length;
    for (const item of batch) items.delete(item);
    return true;
  };

  const flush = async (): Promise<void> => {
    try {
      if (isSending) return;
      isSending = true;
      while (items.size && (await send(queue.batch())));
      isSending = false;
    } catch {
      isSending = false;
    }
  };

  return {
    flush,
    soon: () => later(RETRY_MS),
    leave: () => {
      // Who may not be here to hear the answer sends what is on the line once more: the server takes it once.
      while (items.size) {
        const batch = queue.batch();
        if (!navigator.sendBeacon(url, bodyOf(batch))) return;
        for (const item of batch) items.delete(item);
      }
    },
  };
}
