import { defineTable } from './spec.ts';

// Tables about the pipeline itself.

/** Why an event, line or blob was not stored. Closed: dashboards and the replay tool rely on it. */
export const REJECT_REASONS = [
  'not-json', 'not-gzip', 'not-utf8', 'too-large', 'too-deep', 'too-many-keys', 'unknown-dialect', 'unknown-version', 'not-an-object',
  'bad-columns', 'not-cmcd', 'missing-field', 'wrong-type', 'out-of-range', 'unknown-value', 'too-long', 'bad-time', 'sink-refused', 'blob-changed', 'blob-unreadable',
] as const;
export type RejectReason = (typeof REJECT_REASONS)[number];
export const REJECT_STAGES = ['decode', 'normalize', 'validate', 'store'] as const;

export const rejectedEvents = defineTable({
  name: 'RejectedEvents',
  doc: 'Quarantine: every event, line or blob that was not stored, with its reason.',
  fields: {
    rejectId: { kind: 'string', required: true, maxLength: 200, doc: 'Deduplication key: tenant and digest of the content, so that what is sent again is one event; in blobs batch id and line.' },
    receivedAt: { kind: 'datetime', required: true, doc: 'When the batch reached the front door.' },
    batchId: { kind: 'string', required: true, maxLength: 200, doc: 'The row of IngestLedger that accounts for it.' },
    tenant: { kind: 'string', required: true, maxLength: 64, doc: 'The owner of the write key or of the blob container.' },
    source: { kind: 'string', required: true, maxLength: 32, doc: 'Dialect, or the front door when none was recognised.' },
    stage: { kind: 'string', required: true, oneOf: REJECT_STAGES, doc: 'Where it failed.' },
    reason: { kind: 'string', required: true, oneOf: REJECT_REASONS, doc: 'Why.' },
    field: { kind: 'string', maxLength: 128, doc: 'The field at fault.' },
    detail: { kind: 'string', maxLength: 400, doc: 'What was expected and what came, values cut short.' },
    position: { kind: 'long', required: true, min: 0, doc: 'Index in the batch, or line of the blob counted from 0.' },
    payload: { kind: 'string', maxLength: 8192, doc: 'The rejected text with identity fields removed, cut to 8,192 characters.' },
    payloadSha256: { kind: 'string', maxLength: 64, doc: 'Digest of the whole rejected text, without the moment at which its envelope was sent.' },
  },
});

export const ingestLedger = defineTable({
  name: 'IngestLedger',
  doc: 'The books: what each batch brought and what became of it. received = stored + rejected + dropped.',
  fields: {
    batchId: { kind: 'string', required: true, maxLength: 200, doc: 'One request, or one chunk of a blob.' },
    receivedAt: { kind: 'datetime', required: true, doc: 'When the batch reached the front door.' },
    storedAt: { kind: 'datetime', required: true, doc: 'When the batch was handed to the sink.' },
    door: { kind: 'string', required: true, oneOf: ['http', 'blob', 'hub', 'replay'], doc: 'Front door; replay: brought back from quarantine.' },
    tenant: { kind: 'string', required: true, maxLength: 64, doc: 'The owner of the write key or of the blob container.' },
    source: { kind: 'string', required: true, maxLength: 32, doc: 'Dialect.' },
    origin: { kind: 'string', maxLength: 1024, doc: 'Blob: container and name. HTTP: origin of the page.' },
    received: { kind: 'long', required: true, min: 0, unit: 'count', doc: 'Events or lines that came.' },
    stored: { kind: 'long', required: true, min: 0, unit: 'count', doc: 'Rows written.' },
    rejected: { kind: 'long', required: true, min: 0, unit: 'count', doc: 'Events in quarantine.' },
    duplicate: { kind: 'long', required: true, min: 0, unit: 'count', doc: 'Events dropped because the same batch held them already.' },
    dropped: { kind: 'long', required: true, min: 0, unit: 'count', doc: 'Events dropped for another reason, see droppedReason.' },
    droppedReason: { kind: 'string', maxLength: 64, doc: 'Why events were dropped.' },
    clientDropped: { kind: 'long', min: 0, unit: 'count', doc: 'Events the client says it dropped before sending.' },
    bytes: { kind: 'long', min: 0, unit: 'bytes', doc: 'Size on the wire.' },
    firstEventTime: { kind: 'datetime', doc: 'Oldest event of the batch.' },
    lastEventTime: { kind: 'datetime', doc: 'Newest event of the batch.' },
    lagMs: { kind: 'real', unit: 'ms', doc: 'storedAt minus the newest event time.' },
  },
});

export const anomalies = defineTable({
  name: 'Anomalies',
  doc: 'What the detectors found: one row per metric, scope and bin.',
  fields: {
    anomalyId: { kind: 'string', required: true, maxLength: 128, doc: 'Deduplication key: hash of detector, metric, scope and bin.' },
    incidentId: { kind: 'string', required: true, maxLength: 64, doc: 'Anomalies of one cause share it.' },
    detectedAt: { kind: 'datetime', required: true, doc: 'asof of the detector run.' },
    binStart: { kind: 'datetime', required: true, doc: 'Start of the newest anomalous bin.' },
    firstBin: { kind: 'datetime', required: true, doc: 'Start of the first anomalous bin of the run that fired.' },
    binMinutes: { kind: 'int', required: true, doc: 'Width of the bin in minutes.' },
    detector: { kind: 'string', required: true, maxLength: 64, doc: 'Name of the detector function.' },
    metric: { kind: 'string', required: true, maxLength: 64, doc: 'The metric.' },
    scope: { kind: 'string', required: true, maxLength: 256, doc: 'Node of the scope tree, e.g. cdn=edge-a,country=DE; `all` at the root.' },
    cdn: { kind: 'string', maxLength: 64, doc: 'CDN of the scope, empty when it spans all.' },
    country: { kind: 'string', maxLength: 2, doc: 'Country of the scope, empty when it spans all.' },
    deviceType: { kind: 'string', maxLength: 32, doc: 'Device class of the scope, empty when it spans all.' },
    rootScope: { kind: 'string', required: true, maxLength: 256, doc: 'The scope that explains the incident best.' },
    isRoot: { kind: 'bool', required: true, doc: 'This row’s scope is the root scope.' },
    value: { kind: 'real', required: true, doc: 'Measured value of the bin.' },
    baseline: { kind: 'real', required: true, doc: 'Expected value of the bin.' },
    score: { kind: 'real', required: true, doc: 'Score of series_decompose_anomalies.' },
    direction: { kind: 'string', required: true, oneOf: ['up', 'down'], doc: 'Above or below the baseline.' },
    badBins: { kind: 'int', required: true, doc: 'Anomalous bins among the last five.' },
    traffic: { kind: 'real', required: true, doc: 'Traffic of the bin in the metric’s own unit (plays, attempts, watched minutes).' },
    impactMinutes: { kind: 'real', required: true, doc: 'Viewing minutes in the bin touched beyond what was expected.' },
    excessShare: { kind: 'real', doc: 'Share of the incident’s excess that lies in this scope.' },
    severity: { kind: 'string', required: true, oneOf: ['warning', 'critical'], doc: 'From impact and size.' },
    causes: { kind: 'dynamic', doc: 'Ranked segments that explain the incident.' },
  },
});
