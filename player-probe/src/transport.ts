import type { IngestAnswer } from '../../schema/probe-wire.ts';
import type { Guard } from './guard.ts';
import type { Queue } from './queue.ts';

const GZIP_FROM = 200;
const TIMEOUT_MS = 30_000;
const SPACING_MS = 5000;
const RETRY_MS = 1000;
const MAX_RETRY_MS = 60_000;

export interface Transport {
  /** Sends what waits, now, unless a retry is pending; resolves when the attempt is over. */
  flush: () => Promise<void>;
  /** Sends within a second, at most once in five; a beat takes with it what is told right after it. */
  soon: (isBeat: boolean) => void;
  /** The page goes away: what is not in flight leaves as one beacon. */
  leave: () => void;
}

/**
 * Delivers a queue: one request at a time, gzip where the browser can, retried with growing pauses. `text/plain` and the
 * key in the query keep it a simple request, so that no preflight doubles the traffic.
 */
export function createTransport(
  url: string,
  queue: Queue,
  guard: Guard,
  onAnswer: (answer: IngestAnswer) => void,
): Transport {
  let sending: Promise<void> | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let retries = 0;
  let retryAt = 0;
  let sentAt = -Infinity;
  let epoch = 0;

  const later = (ms: number) => {
    timer ??= setTimeout(
      guard(() => {
        timer = undefined;
        void flush();
      }),
      ms,
    );
  };

  /** True when there is more to send. */
  const attempt = async (): Promise<boolean> => {
    const mine = epoch;
    let body: BodyInit = queue.take();
    if (!body) return false;
    if (body.length > GZIP_FROM && typeof CompressionStream === 'function')
      body = await new Response(new Blob([body]).stream().pipeThrough(new CompressionStream('gzip'))).arrayBuffer();
    if (mine !== epoch) return false;
    sentAt = performance.now();
    const answer = await fetch(url, {
      method: 'POST',
      body,
      headers: { 'content-type': 'text/plain' },
      keepalive: true,
      credentials: 'omit',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    }).catch(() => undefined);
    const status = answer?.status ?? 500;
    const again = status > 499 || status === 429 || status === 408;
    const count = queue.settle(!again);
    if (again) {
      const asked = Number(answer?.headers.get('retry-after')) * 1000;
      const pause = asked || Math.min(MAX_RETRY_MS, RETRY_MS * 2 ** retries++) / 2;
      const ms = pause + Math.random() * (asked ? RETRY_MS : pause);
      retryAt = performance.now() + ms;
      later(ms);
      return false;
    }
    retries = 0;
    if (answer?.ok) onAnswer(await answer.json().catch(() => ({})));
    // 422: the server has them in quarantine, they are not lost.
    else if (status !== 422) queue.dropped += count;
    return queue.waiting() > 0;
  };

  const drain = async () => {
    const pause = retryAt - performance.now();
    if (pause > 0) later(pause);
    else while (await attempt());
  };

  const flush = (): Promise<void> =>
    // Whatever breaks in there is told to nobody: an unhandled rejection would be the page's trouble.
    (sending ??= drain()
      .catch(() => undefined)
      .finally(guard(() => (sending = undefined))));

  return {
    flush,
    soon: (isBeat) => later(isBeat ? 0 : Math.max(RETRY_MS, sentAt + SPACING_MS - performance.now())),
    leave: () => {
      // Nobody is left to hear the answer to what is on the line: it goes once more, the server takes it once.
      epoch++;
      queue.settle(false);
      for (let body = queue.take(); body; body = queue.take()) {
        const isTaken = navigator.sendBeacon(url, new Blob([body], { type: 'text/plain' }));
        queue.settle(isTaken);
        if (!isTaken) return;
      }
    },
  };
}
