import type { IngestAnswer } from '../../schema/probe-wire.ts';
import type { Queue } from './queue.ts';

/** Browsers refuse keepalive requests and beacons beyond 64 KiB in flight, all of them together. */
const MAX_BODY = 60 * 1024;
const GZIP_FROM = 512;
const TIMEOUT_MS = 30_000;
const SPACING_MS = 5000;
const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 60_000;

export interface Transport {
  /** Sends what waits, now, unless a retry is pending; resolves when the queue is empty or the attempt is over. */
  flush: () => Promise<void>;
  /** Sends within a second, at most once in five. */
  soon: () => void;
  /** The page goes away: what is not in flight leaves as one beacon. */
  leave: () => void;
  stop: () => void;
}

/**
 * Delivers a queue: one request at a time, gzip where the browser can, retried with growing pauses. `text/plain` and the
 * key in the query keep it a simple request, so that no preflight doubles the traffic.
 */
export function createTransport(url: string, queue: Queue, onAnswer: (answer: IngestAnswer) => void): Transport {
  let sending: Promise<void> | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let retry = 0;
  let retryAt = 0;
  let sentAt = -Infinity;
  let inFlight = 0;

  const later = (ms: number) => {
    timer ??= setTimeout(() => {
      timer = undefined;
      void flush();
    }, ms);
  };

  const wait = (answer: Response | undefined) => {
    const asked = answer?.headers.get('retry-after');
    const seconds = Number(asked ?? NaN);
    const pause = seconds ? seconds * 1000 : asked ? Date.parse(asked) - Date.now() : NaN;
    const growing = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** retry++);
    const ms = pause > 0 ? pause + Math.random() * FIRST_RETRY_MS : growing * (0.5 + Math.random() / 2);
    retryAt = performance.now() + ms;
    later(ms);
  };

  const attempt = async (): Promise<boolean> => {
    const text = queue.take(MAX_BODY, Date.now());
    if (!text) return false;
    sentAt = performance.now();
    inFlight = text.length;
    const answer = await post(url, text).catch(() => undefined);
    inFlight = 0;
    const again = !answer || answer.status >= 500 || answer.status === 429 || answer.status === 408;
    const count = queue.settle(!again);
    if (again) {
      wait(answer);
      return false;
    }
    retry = 0;
    if (answer.ok) onAnswer(await answer.json().catch(() => ({})));
    else if (answer.status !== 422) queue.dropped += count;
    return queue.waiting > 0;
  };

  const flush = (): Promise<void> => {
    sending ??= (async () => {
      if (performance.now() >= retryAt) while (await attempt());
      sending = undefined;
    })();
    return sending;
  };

  return {
    flush,
    soon: () => later(Math.max(FIRST_RETRY_MS, sentAt + SPACING_MS - performance.now())),
    leave: () => {
      const text = queue.last(MAX_BODY - inFlight, Date.now());
      if (text) navigator.sendBeacon(url, new Blob([text], { type: 'text/plain' }));
    },
    stop: () => clearTimeout(timer),
  };
}

async function post(url: string, text: string): Promise<Response> {
  let body: BodyInit = text;
  if (text.length >= GZIP_FROM && typeof CompressionStream === 'function') {
    const zipped = new Blob([text]).stream().pipeThrough(new CompressionStream('gzip'));
    body = await new Response(zipped).arrayBuffer();
  }
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const headers = { 'content-type': 'text/plain' };
  return fetch(url, { method: 'POST', body, headers, keepalive: true, credentials: 'omit', signal });
}
