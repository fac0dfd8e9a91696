import type { EventGridHandler } from '@azure/functions';
import { isRecord } from '../pipeline/batch.ts';
import { runBlob, type BlobRunOptions } from '../pipeline/blob-run.ts';
import { SinkUnavailable, type BlobRef } from '../pipeline/ports.ts';
import { causeOf } from './log-safety.ts';

export interface BlobDoorOptions extends BlobRunOptions {
  /** Our storage account: name, and host[:port] of its blob endpoint. */
  readonly account: { readonly name: string; readonly host: string };
  /** Full resource id that events must carry; absent: the account's name must match. */
  readonly topic: string | undefined;
}

/** Event Grid waits 30 s for an answer; what is not done by then is left to the timer. */
const BUDGET_MS = 18_000;
const SUBJECT = /^\/blobServices\/default\/containers\/([a-z0-9-]{3,63})\/blobs\/(.{1,1024})$/s;

export type BlobEvent =
  | { ok: true; ref: BlobRef }
  | { ok: false; cause: 'type' | 'topic' | 'subject' | 'container' | 'host' };

const LOOPBACK = /^(?:localhost|\[::1\]|127\.0\.0\.1)(?=:|$)/;

/** One machine has several names for itself; a local sender may have used any of them. */
const hostKey = (host: string): string => host.toLowerCase().replace(LOOPBACK, 'loopback');

/** A path that means what it says: URLs fold `..` away, and with it the name of the container. */
const isPlainPath = (name: string): boolean =>
  name.isWellFormed() && !name.split('/').some((part) => part === '.' || part === '..');

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/**
 * Takes container and name from an event, in Event Grid's schema or as a CloudEvent, after checking that it speaks of our account.
 * The URL in it is compared and never opened: anyone who reaches the webhook could name any host.
 */
export function readBlobEvent(
  event: unknown,
  options: Pick<BlobDoorOptions, 'account' | 'topic' | 'tenants'>,
): BlobEvent {
  const { account, topic, tenants } = options;
  if (!isRecord(event)) return { ok: false, cause: 'type' };
  if (textOf(event['eventType'] ?? event['type']) !== 'Microsoft.Storage.BlobCreated')
    return { ok: false, cause: 'type' };
  const source = textOf(event['topic'] ?? event['source']).toLowerCase();
  const isOurs =
    topic === undefined
      ? source.endsWith(`/storageaccounts/${account.name.toLowerCase()}`)
      : source === topic.toLowerCase();
  if (!isOurs) return { ok: false, cause: 'topic' };
  const [, container, name] = SUBJECT.exec(textOf(event['subject'])) ?? [];
  if (container === undefined || name === undefined || !isPlainPath(name)) return { ok: false, cause: 'subject' };
  if (!Object.hasOwn(tenants, container)) return { ok: false, cause: 'container' };
  const url = isRecord(event['data']) ? textOf(event['data']['url']) : '';
  if (!URL.canParse(url)) return { ok: false, cause: 'host' };
  const { host, username, password } = new URL(url);
  return hostKey(host) === hostKey(account.host) && username === '' && password === ''
    ? { ok: true, ref: { container, name } }
    : { ok: false, cause: 'host' };
}

/**
 * A blob was dropped: reads it into rows. Returns without error whenever the timer will finish the work,
 * because Event Grid answers errors by slowing down every delivery.
 */
export function blobCreated(options: BlobDoorOptions): EventGridHandler {
  return async (event, context) => {
    const read = readBlobEvent(event, options);
    if (!read.ok) {
      options.counters.add('event_grid_ignored_total', 1, read.cause);
      context.warn(`blobCreated: event ignored, its ${read.cause} is not ours`);
      return;
    }
    try {
      const result = await runBlob(read.ref, BUDGET_MS, options);
      options.counters.add('blob_runs_total', 1, result);
      if (result !== 'done') context.log(`blobCreated: ${result}`);
    } catch (error) {
      options.counters.add('blob_runs_total', 1, 'failed');
      if (!(error instanceof SinkUnavailable)) throw error;
      context.warn(`blobCreated: store unavailable, left to reconcileBlobs: ${causeOf(error)}`);
    }
  };
}
