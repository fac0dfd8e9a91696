import { defineTable } from './spec.ts';

// What was changed after the books were closed: tables are append-only, so corrections are rows of their own.

export const replays = defineTable({
  name: 'Replays',
  doc: 'What became of quarantined events when they were tried again. The newest row of a RejectId counts.',
  fields: {
    rejectId: { kind: 'string', required: true, maxLength: 200, doc: 'The row of RejectedEvents.' },
    replayedAt: { kind: 'datetime', required: true, doc: 'When it was tried.' },
    batchId: {
      kind: 'string',
      required: true,
      maxLength: 200,
      doc: 'The row of IngestLedger (door replay) that accounts for what left quarantine.',
    },
    outcome: {
      kind: 'string',
      required: true,
      oneOf: ['stored', 'duplicate', 'rejected'],
      doc: 'stored: in the tables now; duplicate: it was there already; rejected: still in quarantine.',
    },
    reason: { kind: 'string', maxLength: 64, doc: 'Why it is still rejected.' },
    detail: { kind: 'string', maxLength: 400, doc: 'What was expected and what came, values cut short.' },
  },
});

export const erasures = defineTable({
  name: 'Erasures',
  doc: 'How many rows of each batch were erased at a viewer’s request, so that the books still balance. No identity.',
  fields: {
    erasureId: { kind: 'string', required: true, maxLength: 64, doc: 'One run of the erasure; names its report.' },
    erasedAt: { kind: 'datetime', required: true, doc: 'When the rows were deleted.' },
    batchId: {
      kind: 'string',
      required: true,
      maxLength: 200,
      doc: 'The row of IngestLedger that had accounted for them.',
    },
    events: {
      kind: 'long',
      required: true,
      min: 0,
      unit: 'count',
      doc: 'Rows of PlaybackEvents, PlaybackBeats and CdnRequests, resent twins counted once.',
    },
    rejects: { kind: 'long', required: true, min: 0, unit: 'count', doc: 'Rows of RejectedEvents.' },
  },
});
