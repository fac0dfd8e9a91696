import type { RejectReason } from '../../schema/operations.ts';
import type { RejectedEvent } from '../../schema/tables.ts';
import { isRecord, type Batch, type Place } from './batch.ts';
import { cutText } from './clean.ts';
import { isIdentityKey, scrubText } from './identity.ts';
import type { Digests } from './ports.ts';

const PAYLOAD_LENGTH = 8192;
const DETAIL_LENGTH = 400;
const FIELD_LENGTH = 128;

/** Text that may have been cut in the middle of a name loses its end too: the half of an address is no match for a pattern. */
const LONGEST_IDENTITY = 128;
/** So much of a long string is looked at beyond what is kept of it. */
const MARGIN = 512;

const withoutEnd = (text: string): string => text.slice(0, Math.max(0, text.length - LONGEST_IDENTITY));

/** An address that is no URL keeps no query either: tokens and people travel there. */
function withoutQuery(text: string): string {
  const mark = text.indexOf('?');
  const isQuery = mark !== -1 && text.indexOf('=', mark) !== -1 && !/\s/.test(text);
  return isQuery ? text.slice(0, mark) : text;
}

/**
 * Copies what of a value fits a row of quarantine, without identity. Whatever the size of the value, the work is that of the copy:
 * a thousand rejects that quote four megabytes each would stop the process for minutes.
 */
class Quote {
  #room = PAYLOAD_LENGTH + MARGIN;

  of(value: unknown): unknown {
    if (typeof value === 'string') return this.#text(value);
    this.#room -= 8;
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return this.#list(value);
    // Without a prototype: a key of this name is a key like any other.
    const copy = Object.create(null) as Record<string, unknown>;
    for (const key of Object.keys(value)) {
      if (this.#room <= 0) break;
      if (isIdentityKey(key)) continue;
      copy[this.#text(key)] = this.of((value as Record<string, unknown>)[key]);
    }
    return copy;
  }

  #list(items: readonly unknown[]): unknown[] {
    const copy: unknown[] = [];
    for (const item of items) {
      if (this.#room <= 0) break;
      copy.push(this.of(item));
    }
    return copy;
  }

  #text(whole: string): string {
    const text = withoutQuery(whole);
    const length = Math.max(0, this.#room);
    const scrubbed =
      text.length > length + MARGIN
        ? withoutEnd(scrubText(text.slice(0, length + MARGIN).toWellFormed()))
        : scrubText(text.toWellFormed());
    this.#room -= scrubbed.length;
    return scrubbed;
  }
}

/** Text that could not be parsed; it may have been cut before it came here. */
function quotedText(text: string): string {
  const scrubbed = scrubText(text.slice(0, PAYLOAD_LENGTH + MARGIN).toWellFormed());
  return text.length >= PAYLOAD_LENGTH ? withoutEnd(scrubbed) : scrubbed;
}

export interface RejectOptions {
  readonly place: Place;
  readonly source: string;
  readonly stage: RejectedEvent['stage'];
  readonly reason: RejectReason;
  readonly field?: string | undefined;
  readonly detail: string;
  /** The rejected value, or the text when it could not be parsed. */
  readonly raw: unknown;
  /** What stays the same when it is sent again, where `raw` does not. */
  readonly key?: string | undefined;
}

/** How often a batch has rejected the same content so far, by its digest. */
export type Twins = Map<string, number>;

/** An envelope without the moment at which it was sent: all that differs when the same events are sent again. */
const withoutSent = (raw: unknown): unknown =>
  isRecord(raw) && isRecord(raw['h']) ? { ...raw, h: { ...raw['h'], sent: undefined } } : raw;

/**
 * Deduplication key of a reject. In a blob it is the line. What comes live is sent again when its answer was lost, in a
 * batch of another name: there it is the content, so that quarantine too holds each event once, and which of its like in the batch.
 */
function rejectIdOf({ door, batchId, tenant }: Batch, { position, part }: Place, digest: string, twins: Twins): string {
  if (door !== 'http' && door !== 'hub')
    return part === 0 ? `${batchId}:${position}` : `${batchId}:${position}.${part}`;
  const before = twins.get(digest) ?? 0;
  twins.set(digest, before + 1);
  const id = `${tenant}:${digest.slice(0, 32)}`;
  return before === 0 ? id : `${id}:${before}`;
}

/** A row of quarantine. Identity is removed from what it quotes. `twins`: of its batch. */
export function rejectRow(batch: Batch, options: RejectOptions, digests: Digests, twins: Twins): RejectedEvent {
  const { place, raw, field, key } = options;
  const isText = typeof raw === 'string';
  const payload = isText ? quotedText(raw) : (JSON.stringify(new Quote().of(raw)) ?? '');
  const digest = digests.sha256(isText ? raw.toWellFormed() : (JSON.stringify(withoutSent(raw)) ?? ''));
  return {
    rejectId: rejectIdOf(batch, place, key === undefined ? digest : digests.sha256(key), twins),
    receivedAt: new Date(batch.receivedMs).toISOString(),
    batchId: batch.batchId,
    tenant: batch.tenant,
    source: options.source,
    stage: options.stage,
    reason: options.reason,
    field: field === undefined ? undefined : cutText(scrubText(field.toWellFormed()), FIELD_LENGTH),
    detail: cutText(scrubText(options.detail.toWellFormed()), DETAIL_LENGTH),
    position: place.position,
    payload: cutText(payload, PAYLOAD_LENGTH),
    payloadSha256: digest,
  };
}
