import { isRecord, type Claims, type Draft, type DraftFault, type Place } from '../batch.ts';
import { cleanText, DynamicCleaner } from '../clean.ts';
import { parseStamp } from '../event-time.ts';
import type { Reading, RecordColumns, RecordSpec } from '../transcode/record-spec.ts';
import { groupOfOne, placedId, type Dialect, type ParseContext } from './dialect.ts';

// ACME's session telemetry: gzip NDJSON, or concatenated objects as Firehose writes them. Durations are seconds, bandwidth is Mbit/s.

const SOURCE = 'acme';

const KIND: Readonly<Record<string, string>> = {
  start: 'start',
  pause: 'pause',
  resume: 'resume',
  stop: 'end',
  complete: 'end',
};
const END_REASON: Readonly<Record<string, string>> = { stop: 'exit', complete: 'completed' };

/** Height of the rendition that a quality label stands for; width is not implied by a label. */
const HEIGHT_OF_QUALITY: Readonly<Record<string, number>> = {
  SD: 480,
  HD: 720,
  FHD: 1080,
  UHD: 2160,
  '4K': 2160,
  '8K': 4320,
};

const READ: Readonly<Record<Reading, (value: unknown) => unknown>> = {
  text: (value) => (typeof value === 'string' ? cleanText(value) : value),
  number: (value) => (typeof value === 'string' ? cleanText(value) : value),
  seconds: (value) => (typeof value === 'number' ? value * 1000 : value),
};

/** ACME's name → column and how to read it. `buffering_duration` is taken as seconds, as its siblings name their unit. */
const COLUMNS: RecordColumns = {
  session_id: ['sessionId', 'text'],
  title_id: ['contentId', 'text'],
  title: ['contentTitle', 'text'],
  app_version: ['appVersion', 'text'],
  player_version: ['playerVersion', 'text'],
  cdn: ['cdn', 'text'],
  position_seconds: ['playheadMs', 'seconds'],
  startup_seconds: ['durationMs', 'seconds'],
};
/** Cumulative over the session, so they are columns of its last event only; earlier they are kept in `props`. */
const END_COLUMNS: RecordColumns = {
  watch_duration_seconds: ['watchMs', 'seconds'],
  buffering_events: ['stallCount', 'number'],
  buffering_duration: ['stallMs', 'seconds'],
  buffering_duration_seconds: ['stallMs', 'seconds'],
  error_count: ['errorCount', 'number'],
};
/** Identity and what enrichment consumes: read by name below, never kept as it is. */
const CONSUMED = new Set([
  'event_id',
  'event_type',
  'event_timestamp',
  'timestamp',
  'customer_id',
  'device_id',
  'ip',
  'ip_address',
  'country',
  'state',
  'region',
  'city',
  'asn',
  'device_type',
  'device_os',
  'os',
  'browser',
  'consent',
]);

function columnsOf(record: Record<string, unknown>, kind: string, cleaner: DynamicCleaner): Record<string, unknown> {
  const fields: Record<string, unknown> = { kind };
  const props: Record<string, unknown> = {};
  const isEnd = kind === 'end';
  for (const [key, value] of Object.entries(record)) {
    if (CONSUMED.has(key) || value === null) continue;
    const entry = Object.hasOwn(COLUMNS, key)
      ? COLUMNS[key]
      : isEnd && Object.hasOwn(END_COLUMNS, key)
        ? END_COLUMNS[key]
        : undefined;
    if (entry) fields[entry[0]] = READ[entry[1]](value);
    else cleaner.put(props, key, value);
  }
  const quality = record['quality'];
  if (typeof quality === 'string' && Object.hasOwn(HEIGHT_OF_QUALITY, quality.toUpperCase())) {
    fields['heightPx'] = HEIGHT_OF_QUALITY[quality.toUpperCase()];
  }
  if (isEnd) {
    fields['isSummary'] = true;
    const watch = fields['watchMs'];
    const stall = fields['stallMs'];
    if (typeof watch === 'number') fields['playMs'] = Math.max(0, watch - (typeof stall === 'number' ? stall : 0));
  }
  const country = record['country'];
  if (typeof country === 'string' && country.length !== 2) cleaner.put(props, 'country', country);
  cleaner.keep(fields, props);
  return fields;
}

function claimsOf(record: Record<string, unknown>): Claims {
  return {
    viewerId: record['customer_id'],
    consent: record['consent'],
    address: record['ip'] ?? record['ip_address'],
    geo: {
      country: record['country'],
      region: record['state'] ?? record['region'],
      city: record['city'],
      asn: record['asn'],
    },
    device: { type: record['device_type'], os: record['device_os'] ?? record['os'], browser: record['browser'] },
  };
}

/** ACME's `event_id` has 32 bits: unique within a session, not within a tenant. */
function eventIdOf(record: Record<string, unknown>, context: ParseContext, place: Place): string {
  const id = record['event_id'];
  if (typeof id === 'string' && id !== '' && id.length <= 64) return `${String(record['session_id'])}:${cleanText(id)}`;
  return placedId(record, place, context);
}

function readRecord(record: Record<string, unknown>, context: ParseContext): Draft | DraftFault {
  const place = context.next();
  const fault = (reason: DraftFault['reason'], field: string, detail: string): DraftFault => ({
    place,
    reason,
    field,
    detail,
    raw: record,
  });
  const { session_id: sessionId, event_type: type } = record;
  if (typeof sessionId !== 'string' || sessionId === '') {
    return fault(sessionId === undefined ? 'missing-field' : 'wrong-type', 'session_id', 'expected text');
  }
  if (typeof type !== 'string')
    return fault(type === undefined ? 'missing-field' : 'wrong-type', 'event_type', 'expected text');
  const kind = Object.hasOwn(KIND, type.toLowerCase()) ? KIND[type.toLowerCase()] : undefined;
  if (kind === undefined)
    return fault('unknown-value', 'event_type', 'expected start, pause, resume, stop or complete');
  const stamp = record['event_timestamp'] ?? record['timestamp'];
  const claimedMs = parseStamp(stamp);
  if (claimedMs === undefined) {
    return fault(
      stamp === undefined ? 'missing-field' : 'bad-time',
      'event_timestamp',
      'expected RFC 3339 or epoch time',
    );
  }
  const cleaner = new DynamicCleaner();
  const fields = columnsOf(record, kind, cleaner);
  if (kind === 'end') fields['endReason'] = END_REASON[type.toLowerCase()];
  if (cleaner.fault) return fault('out-of-range', cleaner.fault.field, cleaner.fault.detail);
  const eventId = eventIdOf(record, context, place);
  return { place, table: 'PlaybackEvents', eventId, sequence: place.position, claimedMs, fields, raw: record };
}

/** ACME's session telemetry. */
export const acme: Dialect = {
  id: SOURCE,
  matches: (record) =>
    Object.hasOwn(record, 'event_type') &&
    (Object.hasOwn(record, 'session_id') || Object.hasOwn(record, 'customer_id')),
  parse: (record, context) => groupOfOne(SOURCE, readRecord(record, context), isRecord(record) ? claimsOf(record) : {}),
};

/** The same for the fast path; what a record says in another way than most is left to {@link acme}. */
export const acmeRecord: RecordSpec = {
  source: SOURCE,
  session: 'session_id',
  id: 'event_id',
  time: 'event_timestamp',
  kind: 'event_type',
  kinds: Object.fromEntries(
    Object.entries(KIND).map(([type, kind]) =>
      kind === 'end'
        ? [
            type,
            {
              fixed: { kind, isSummary: true, endReason: END_REASON[type] ?? '' },
              columns: END_COLUMNS,
              net: { column: 'playMs', of: 'watchMs', less: 'stallMs' },
            },
          ]
        : [type, { fixed: { kind }, columns: {} }],
    ),
  ),
  columns: COLUMNS,
  label: { field: 'quality', column: 'heightPx', of: HEIGHT_OF_QUALITY },
  claims: {
    customer_id: 'viewerId',
    ip: 'address',
    country: 'country',
    state: 'region',
    city: 'city',
    device_type: 'type',
    device_os: 'os',
    browser: 'browser',
  },
  ignored: ['device_id'],
  unusual: ['timestamp', 'ip_address', 'region', 'asn', 'os', 'consent', 'host'],
};
