import { createHash } from 'node:crypto';
import type { Batch, Outcome } from '../../functions/pipeline/batch.ts';

// A batch as tests of the pipeline begin with, and digests that need no secret.

export const NOW = Date.UTC(2026, 5, 1, 12);

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

export const sampleDigests = {
  sha256,
  pseudonym: (tenant: string, viewer: string): string => sha256(`${tenant}/${viewer}`).slice(0, 32),
};

export const sampleBatch: Batch = {
  batchId: 'b1',
  door: 'http',
  tenant: 't1',
  receivedMs: NOW,
  bytes: 0,
  isTrusted: true,
  isOptedOut: false,
  edge: {},
};

/** What the pipeline makes of a batch: one without events but for what is said here. */
export const sampleOutcome = ({
  batch = {},
  rows = {},
  ...more
}: Partial<Omit<Outcome, 'batch' | 'rows'>> & {
  readonly batch?: Partial<Batch>;
  readonly rows?: Partial<Record<keyof Outcome['rows'], readonly object[]>>;
}): Outcome => ({
  batch: { ...sampleBatch, ...batch },
  source: 'probe',
  received: 0,
  duplicate: 0,
  rows: { PlaybackEvents: [], PlaybackBeats: [], CdnRequests: [], ...rows } as Outcome['rows'],
  rejects: [],
  errors: [],
  clientDropped: 0,
  firstEventMs: 1,
  lastEventMs: 1,
  ...more,
});
