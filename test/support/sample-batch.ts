import { createHash } from 'node:crypto';
import type { Batch } from '../../functions/pipeline/batch.ts';

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
