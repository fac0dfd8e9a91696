import { STREAM_TYPES } from './common-fields.ts';
import { defineTable } from './spec.ts';

// Small reference tables, replaced as a whole by `npm run catalog`. The functions read them, dashboards may join them.

export const cdnCatalog = defineTable({
  name: 'CdnCatalog',
  doc: 'Which CDN a host belongs to. The most specific pattern wins.',
  fields: {
    hostPattern: {
      kind: 'string',
      required: true,
      maxLength: 256,
      doc: 'A host, or `*.` and a domain for every host below it; lower case.',
    },
    cdn: { kind: 'string', required: true, maxLength: 64, doc: 'Name of the CDN, as it shall stand in `Cdn`.' },
  },
});

export const contentCatalog = defineTable({
  name: 'ContentCatalog',
  doc: 'What a content id stands for.',
  fields: {
    tenant: { kind: 'string', required: true, maxLength: 64, doc: 'Whose content id it is.' },
    contentId: { kind: 'string', required: true, maxLength: 128, doc: 'As players send it.' },
    title: { kind: 'string', maxLength: 256, doc: 'Fills `ContentTitle` where the sender gives none.' },
    series: { kind: 'string', maxLength: 256, doc: 'The series or show it belongs to.' },
    streamType: { kind: 'string', oneOf: STREAM_TYPES, doc: 'Fills `StreamType` where the sender gives none.' },
    durationMs: { kind: 'real', min: 0, unit: 'ms', doc: 'Length of the content.' },
  },
});
