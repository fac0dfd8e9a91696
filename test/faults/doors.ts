// How events come in, each door with the manners of those who knock: a sender of the HTTP door keeps a batch until it is acknowledged, Event Grid delivers again.
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { envelope } from '../../bench/bodies.ts';
import type { WireEvent } from '../../schema/probe-wire.ts';
import { POISON } from './catalogue.ts';
import { DROP, type FaultStack } from './fault-stack.ts';

/** What senders do to their own data. */
export interface Manners {
  /** Off the true time. */
  readonly skewMs?: number;
  /** Most times that each delivery is made. */
  readonly copies?: number;
  readonly isShuffled?: boolean;
  /** One event of every batch is refused by the store for good. */
  readonly isPoisoned?: boolean;
}

/** What one sending brought in. */
export interface Receipt {
  /** Distinct events acknowledged, by session; poisoned ones are not among them. */
  readonly sessions: ReadonlyMap<string, number>;
  readonly poisoned: number;
  /** Answers by status; 0 stands for none. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Bodies of answers that were not 202. */
  readonly refusals: readonly string[];
}

export interface Door {
  readonly name: string;
  /** Brings events in under session ids that begin with `tag`; resolves when all are acknowledged. */
  send(stack: FaultStack, tag: string, manners: Manners): Promise<Receipt>;
}

const EVENTS = 10;
const BATCHES = 12;
const SENDERS = 4;
const PATIENCE_MS = 120_000;
const ANSWER_MS = 25_000;

export function shuffled<T>(list: readonly T[], random: () => number): T[] {
  const copy = [...list];
  for (let index = copy.length - 1; index > 0; index--) {
    const other = Math.floor(random() * (index + 1));
    [copy[index], copy[other]] = [copy[other] as T, copy[index] as T];
  }
  return copy;
}

/** One POST; status 0 when no answer came. */
export async function post(url: string, body: string): Promise<{ status: number; text: string; retryAfterMs: number }> {
  try {
    const answer = await fetch(`${url}/api/v1/events`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain', 'x-framewatch-key': 'simulator' },
      body,
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    const text = await answer.text();
    return { status: answer.status, text, retryAfterMs: Number(answer.headers.get('retry-after') ?? 0) * 1000 };
  } catch {
    return { status: 0, text: '', retryAfterMs: 0 };
  }
}

/** Sends a batch until it is acknowledged, as the probe does, but never waits longer than a second in between. */
async function deliver(stack: FaultStack, body: string, note: (status: number, text: string) => void): Promise<void> {
  const until = performance.now() + PATIENCE_MS;
  while (performance.now() < until) {
    const { status, text, retryAfterMs } = await post(stack.host.url, body);
    note(status, text);
    if (status === 202) return;
    await sleep(Math.min(1000, Math.max(50, retryAfterMs)));
  }
  throw new Error(`a batch found no acknowledgement within ${PATIENCE_MS} ms`);
}

function bodyOf(sid: string, manners: Manners, index: number): string {
  const batch = envelope(index, EVENTS, Date.now() + (manners.skewMs ?? 0));
  batch.h.sid = sid;
  if (manners.isPoisoned && batch.e[0]) batch.e[0] = { ...batch.e[0], src: POISON } as WireEvent;
  if (manners.isShuffled) batch.e.reverse();
  return JSON.stringify(batch);
}

export const httpDoor: Door = {
  name: 'http',
  async send(stack, tag, manners) {
    const sessions = new Map<string, number>();
    const statuses: Record<string, number> = {};
    const refusals: string[] = [];
    const note = (status: number, text: string): void => {
      statuses[status] = (statuses[status] ?? 0) + 1;
      if (status !== 202 && status !== 0) refusals.push(text);
    };
    const batches = Array.from({ length: BATCHES }, (_none, index) => {
      const sid = `${tag}${index}`;
      return { sid, body: bodyOf(sid, manners, index) };
    });
    const deliveries = batches.flatMap((batch, index) =>
      Array.from({ length: manners.copies === undefined ? 1 : 1 + (index % manners.copies) }, () => batch),
    );
    const queue = manners.isShuffled || manners.copies !== undefined ? shuffled(deliveries, Math.random) : deliveries;
    const sender = async (): Promise<void> => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        await deliver(stack, next.body, note);
        sessions.set(next.sid, EVENTS - (manners.isPoisoned ? 1 : 0));
      }
    };
    await Promise.all(Array.from({ length: SENDERS }, sender));
    return { sessions, poisoned: manners.isPoisoned ? BATCHES : 0, statuses, refusals };
  },
};

const LINES = 300;
const BLOBS = 3;

export const acmeLine = (session: string, index: number, atMs: number, title = 'T1'): string =>
  JSON.stringify({
    event_id: `E${index}`,
    event_type: index % 2 ? 'stop' : 'start',
    event_timestamp: new Date(atMs).toISOString(),
    session_id: session,
    customer_id: 'CUST_1',
    title_id: title,
    device_type: 'mobile',
    country: 'DE',
    quality: 'HD',
    bandwidth_mbps: 5,
    buffering_events: 1,
    buffering_duration: 2,
    watch_duration_seconds: 100,
  });

/** PUT through the relay under the name by which the functions know the account, whatever their own way there suffers. */
export async function upload(stack: FaultStack, name: string, body: Buffer): Promise<void> {
  const expiresOn = new Date(Date.now() + 3_600_000);
  const blob = stack.blobs.getContainerClient(DROP).getBlockBlobClient(name);
  const { BlobSASPermissions } = await import('@azure/storage-blob');
  const url = new URL(await blob.generateSasUrl({ permissions: BlobSASPermissions.parse('cw'), expiresOn }));
  const status = await new Promise<number>((resolve, reject) => {
    const outgoing = request(
      {
        host: '127.0.0.1',
        port: stack.relay.port,
        path: `${url.pathname}${url.search}`,
        method: 'PUT',
        headers: { host: stack.relay.knownAs, 'x-ms-blob-type': 'BlockBlob', 'content-length': body.length },
      },
      (answer) => {
        answer.resume();
        answer.once('end', () => resolve(answer.statusCode ?? 0));
      },
    );
    outgoing.once('error', reject);
    outgoing.end(body);
  });
  if (status !== 201) throw new Error(`the upload of ${name} was answered ${status}`);
}

export const blobDoor: Door = {
  name: 'blob',
  async send(stack, tag, manners) {
    const sessions = new Map<string, number>();
    const atMs = Date.now() - 60_000 + (manners.skewMs ?? 0);
    for (let index = 0; index < BLOBS; index++) {
      const session = `${tag}${index}`;
      const lines = Array.from({ length: LINES }, (_none, line) =>
        acmeLine(session, line, atMs, manners.isPoisoned && line === 7 ? POISON : 'T1'),
      );
      const copies = Array.from({ length: manners.copies ?? 1 }, () => lines).flat();
      const text = (manners.isShuffled ? shuffled(copies, Math.random) : copies).join('\n');
      await upload(stack, `acme/${session}.json`, index % 2 ? gzipSync(text) : Buffer.from(text));
      // Event Grid delivers at least once: the same blob is announced again.
      if (manners.copies !== undefined) await announce(stack, `acme/${session}.json`);
      sessions.set(session, LINES - (manners.isPoisoned ? 1 : 0));
    }
    return { sessions, poisoned: manners.isPoisoned ? BLOBS : 0, statuses: {}, refusals: [] };
  },
};

/** A delivery of Event Grid by hand, beside those of the relay. */
async function announce(stack: FaultStack, name: string): Promise<void> {
  const event = {
    id: `again-${name}`,
    topic: '/subscriptions/0/resourceGroups/r/providers/Microsoft.Storage/storageAccounts/devstoreaccount1',
    subject: `/blobServices/default/containers/${DROP}/blobs/${name}`,
    eventType: 'Microsoft.Storage.BlobCreated',
    eventTime: new Date().toISOString(),
    dataVersion: '',
    data: { api: 'PutBlob', url: `http://${stack.relay.knownAs}/devstoreaccount1/${DROP}/${name}` },
  };
  const answer = await fetch(`${stack.host.url}/runtime/webhooks/eventgrid?functionName=blobCreated`, {
    method: 'POST',
    headers: { 'aeg-event-type': 'Notification' },
    body: JSON.stringify([event, event]),
  });
  await answer.arrayBuffer();
}

const MESSAGES = 12;

/** The hub acknowledges what it has; the trigger has no end of tries, so the senders never come again by themselves. */
export const hubDoor: Door = {
  name: 'hub',
  async send(stack, tag, manners) {
    const sessions = new Map<string, number>();
    const messages = Array.from({ length: MESSAGES }, (_none, index) => {
      const sid = `${tag}${index}`;
      sessions.set(sid, EVENTS - (manners.isPoisoned ? 1 : 0));
      return { body: Buffer.from(bodyOf(sid, manners, index)) };
    });
    const deliveries = Array.from({ length: manners.copies ?? 1 }, () => messages).flat();
    const list = manners.isShuffled ? shuffled(deliveries, Math.random) : deliveries;
    for (let from = 0; from < list.length; from += 4)
      await stack.producer.sendBatch(list.slice(from, from + 4), { partitionId: String((from / 4) % 2) });
    return { sessions, poisoned: manners.isPoisoned ? MESSAGES : 0, statuses: {}, refusals: [] };
  },
};
