import type { RejectReason } from '../../schema/operations.ts';
import type { RejectedEvent } from '../../schema/tables.ts';
import type { Batch, Place } from './batch.ts';
import { cutText } from './clean.ts';
import { scrubbing, scrubText } from './identity.ts';
import type { Digests } from './ports.ts';

const PAYLOAD_LENGTH = 8192;
const DETAIL_LENGTH = 400;
const FIELD_LENGTH = 128;

export interface RejectOptions {
  readonly place: Place;
  readonly source: string;
  readonly stage: RejectedEvent['stage'];
  readonly reason: RejectReason;
  readonly field?: string | undefined;
  readonly detail: string;
  /** The rejected value, or the text when it could not be parsed. */
  readonly raw: unknown;
}

/** Deduplication key of a reject: the place within its batch. */
const rejectIdOf = (batch: Batch, place: Place): string =>
  place.part === 0 ? `${batch.batchId}:${place.position}` : `${batch.batchId}:${place.position}.${place.part}`;

/** A row of quarantine. Identity is removed from what it quotes. */
export function rejectRow(batch: Batch, options: RejectOptions, digests: Digests): RejectedEvent {
  const { place, raw, field } = options;
  const isText = typeof raw === 'string';
  const payload = isText ? scrubText(raw.toWellFormed()) : (JSON.stringify(raw, scrubbing) ?? '');
  return {
    rejectId: rejectIdOf(batch, place),
    receivedAt: new Date(batch.receivedMs).toISOString(),
    batchId: batch.batchId,
    tenant: batch.tenant,
    source: options.source,
    stage: options.stage,
    reason: options.reason,
    field: field === undefined ? undefined : cutText(field.toWellFormed(), FIELD_LENGTH),
    detail: cutText(options.detail.toWellFormed(), DETAIL_LENGTH),
    position: place.position,
    payload: cutText(payload, PAYLOAD_LENGTH),
    payloadSha256: digests.sha256(isText ? raw.toWellFormed() : (JSON.stringify(raw) ?? '')),
  };
}
