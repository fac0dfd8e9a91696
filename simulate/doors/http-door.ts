import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { IngestAnswer } from '../../schema/probe-wire.ts';
import { noteAnswer, type Summary } from '../books.ts';
import { bodyOf, type EnvelopeText } from './envelopes.ts';

const compress = promisify(gzip);
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;
const STOP_PATIENCE_MS = 3000;

export interface HttpDoorOptions {
  /** e.g. http://127.0.0.1:7071/api/v1/events */
  endpoint: string;
  key: string;
  /** Requests under way at once. */
  concurrency: number;
  /** How long one batch is tried again before the run fails. */
  patienceMs: number;
  timeoutMs?: number;
  signal?: AbortSignal | undefined;
  log: (line: string) => void;
}

interface Answer {
  status: number;
  retryAfterMs?: number;
  text: string;
}

/** `Retry-After` in seconds or as a date. */
const retryAfterOf = (value: string | undefined): number | undefined => {
  if (value === undefined) return undefined;
  const ms = /^\d+(\.\d+)?$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
};

const isAnswer = (value: unknown): value is IngestAnswer =>
  typeof value === 'object' &&
  value !== null &&
  ['received', 'accepted', 'rejected', 'duplicate'].every((key) => typeof Reflect.get(value, key) === 'number') &&
  Array.isArray(Reflect.get(value, 'errors'));

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** Sends batches to the HTTP door, several at a time; every answer is booked. */
export class HttpDoor {
  readonly #options: HttpDoorOptions;
  readonly #summary: Summary;
  readonly #agent: HttpAgent;
  readonly #url: URL;
  readonly #running = new Set<Promise<void>>();
  readonly #onStop = (): void => this.#hasten();
  #failure: { error: unknown } | undefined;

  constructor(options: HttpDoorOptions, summary: Summary) {
    this.#options = options;
    this.#summary = summary;
    this.#url = new URL(options.endpoint);
    const settings = { keepAlive: true, maxSockets: options.concurrency };
    this.#agent = this.#url.protocol === 'https:' ? new HttpsAgent(settings) : new HttpAgent(settings);
    options.signal?.addEventListener('abort', this.#onStop, { once: true });
  }

  /** Resolves as soon as the batch is on its way. @throws what an earlier batch failed with. */
  async send(batch: readonly EnvelopeText[]): Promise<void> {
    while (this.#running.size >= this.#options.concurrency && this.#failure === undefined)
      await Promise.race(this.#running);
    if (this.#failure !== undefined) throw this.#failure.error;
    const run = this.#deliver(batch)
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => this.#running.delete(run));
    this.#running.add(run);
  }

  /** Resolves when every batch is answered. @throws what a batch failed with. */
  async settle(): Promise<void> {
    await Promise.all(this.#running);
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** What is under way when the run is stopped may end in its own time, but not for long. */
  #hasten(): void {
    setTimeout(() => this.#agent.destroy(), STOP_PATIENCE_MS).unref();
  }

  close(): void {
    this.#options.signal?.removeEventListener('abort', this.#onStop);
    this.#agent.destroy();
  }

  async #deliver(batch: readonly EnvelopeText[]): Promise<void> {
    const { patienceMs, signal, log } = this.#options;
    const count = batch.reduce((sum, envelope) => sum + envelope.count, 0);
    const giveUpAt = Date.now() + patienceMs;
    let pauseMs = FIRST_PAUSE_MS;
    for (;;) {
      // `sent` anew each time: the server takes what lies between it and the arrival for the client's clock offset.
      const body = await compress(bodyOf(batch, Date.now()), { level: 1 });
      const outcome = await this.#post(body).catch((error: unknown) =>
        error instanceof Error ? error : new Error(String(error)),
      );
      const isError = outcome instanceof Error;
      if (!isError && this.#book(outcome, count, body.length)) return;
      signal?.throwIfAborted();
      const retryAfterMs = isError ? undefined : outcome.retryAfterMs;
      const waitMs = retryAfterMs ?? pauseMs;
      const why = isError ? outcome.message || String(Reflect.get(outcome, 'code')) : `answer ${outcome.status}`;
      if (Date.now() + waitMs > giveUpAt) {
        throw new Error(`${this.#options.endpoint} took no batch for ${Math.round(patienceMs / 1000)} s: ${why}`);
      }
      this.#summary.retries++;
      log(`${why}: the batch is sent again in ${waitMs} ms`);
      await wait(waitMs, undefined, { signal });
      pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
    }
  }

  /** Books a final answer; false when the batch is to be sent again. */
  #book(answer: Answer, count: number, bytes: number): boolean {
    const { status, text } = answer;
    if (status === 429 || status === 503 || status === 408 || status >= 500) return false;
    const parsed = parse(text);
    if ((status === 202 || status === 422) && isAnswer(parsed)) {
      this.#summary.requests++;
      this.#summary.bytes += bytes;
      noteAnswer(this.#summary, count, parsed);
      return true;
    }
    throw new Error(`${this.#options.endpoint} refused a batch: ${status} ${text.slice(0, 300)}`);
  }

  #post(body: Buffer): Promise<Answer> {
    const { key, timeoutMs = 60_000 } = this.#options;
    const headers = { 'content-type': 'text/plain', 'content-length': body.length, 'x-framewatch-key': key };
    const send = this.#url.protocol === 'https:' ? httpsRequest : httpRequest;
    return new Promise((resolve, reject) => {
      const options = {
        method: 'POST',
        headers,
        agent: this.#agent,
        timeout: timeoutMs,
      };
      const outgoing = send(this.#url, options, (incoming) => {
        let text = '';
        incoming.setEncoding('utf8');
        incoming.on('data', (part: string) => (text += part));
        incoming.once('error', reject);
        incoming.once('end', () => {
          const retryAfterMs = retryAfterOf(incoming.headers['retry-after']);
          resolve({ status: incoming.statusCode ?? 0, text, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });
        });
      });
      outgoing.once('timeout', () => outgoing.destroy(new Error(`no answer within ${timeoutMs} ms`)));
      outgoing.once('error', reject);
      outgoing.end(body);
    });
  }
}
