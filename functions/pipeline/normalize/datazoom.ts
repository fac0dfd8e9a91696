import { isRecord, type Claims, type Draft, type DraftFault } from '../batch.ts';
import { cleanText, DynamicCleaner } from '../clean.ts';
import { logTimeMs } from './cdn/log-time.ts';
import { number, secondsToMs, text, type Read } from './cdn/reads.ts';
import { groupOfOne, placedId, type Dialect, type ParseContext } from './dialect.ts';

// Datazoom's collector events: one JSON object each, nested by subject (event, user_details, device, geo_location, network, video, player, cdn).
// https://help.datazoom.io: dictionary of events, metadata and fluxdata.

const SOURCE = 'datazoom';

type Fields = Record<string, unknown>;

/** Event type → what happened. Types that are not here are custom events under their own name. */
const EVENTS: Readonly<Record<string, Fields>> = {
  media_request: { kind: 'request' },
  media_loaded: { kind: 'ready' },
  playback_start: { kind: 'start' },
  pause: { kind: 'pause' },
  resume: { kind: 'resume' },
  stall_start: { kind: 'stall', isOpen: true },
  stall_end: { kind: 'stall' },
  seek_end: { kind: 'seek' },
  rendition_change: { kind: 'rendition' },
  error: { kind: 'error', errorCategory: 'other' },
  mute: { kind: 'mute', toValue: 'muted' },
  unmute: { kind: 'mute', toValue: 'unmuted' },
  fullscreen: { kind: 'fullscreen', toValue: 'on' },
  exit_fullscreen: { kind: 'fullscreen', toValue: 'off' },
  resize: { kind: 'resize' },
  ad_break_start: { kind: 'adBreak', toValue: 'start' },
  ad_break_end: { kind: 'adBreak', toValue: 'end' },
  playback_complete: { kind: 'end', endReason: 'completed' },
  stop: { kind: 'end', endReason: 'exit' },
};

const STREAM_TYPES: Readonly<Record<string, string>> = {
  vod: 'vod',
  live: 'live',
  'on-demand': 'vod',
  ondemand: 'vod',
};
const streamType: Read = (value) => {
  const name = typeof value === 'string' ? value.toLowerCase() : '';
  return Object.hasOwn(STREAM_TYPES, name) ? STREAM_TYPES[name] : undefined;
};

/** `subject.field` → column. */
const COLUMNS: Readonly<Record<string, readonly [column: string, read: Read]>> = {
  'video.asset_id': ['contentId', text],
  'video.title': ['contentTitle', text],
  'video.stream_type': ['streamType', streamType],
  'video.rendition_video_bitrate_kbps': ['bitrateKbps', number],
  'video.rendition_width': ['widthPx', number],
  'video.rendition_height': ['heightPx', number],
  'player.player_name': ['playerName', text],
  'player.player_version': ['playerVersion', text],
  'cdn.cdn': ['cdn', text],
  'metrics.playhead_position_sec': ['playheadMs', secondsToMs],
  'metrics.buffer_length_ms': ['bufferMs', number],
  'metrics.num_stalls': ['stallCount', number],
  'metrics.stall_duration_total_ms': ['stallMs', number],
  'metrics.playback_duration_total_ms': ['playMs', number],
  'metrics.rendition_video_bitrate_kbps': ['bitrateKbps', number],
};
/** The field that holds an event's own length, ms. */
const DURATIONS: Readonly<Record<string, string>> = {
  playback_start: 'metrics.startup_duration_content_ms',
  stall_end: 'metrics.stall_duration_ms',
  seek_end: 'metrics.seek_duration_ms',
  media_loaded: 'metrics.content_load_duration_ms',
};
/** Said by another column, consumed by enrichment, or personal. */
const NOT_KEPT = new Set([
  'event_id',
  'timestamp',
  'customer_code',
  'event.type',
  'event.timestamp',
  'event.id',
  'user_details.session_id',
  'user_details.content_session_id',
  'user_details.app_session_id',
  'user_details.client_ip',
  'user_details.user_agent',
  'device.device_id',
  'device.device_type',
  'device.type',
  'device.os_name',
  'device.os',
  'device.browser_name',
  'geo_location.country_code',
  'geo_location.country',
  'geo_location.region_code',
  'geo_location.region',
  'geo_location.city',
  'geo_location.latitude',
  'geo_location.longitude',
  'geo_location.postal_code',
  'network.asn',
]);

/** Subjects made flat; `event.metrics` and `event.attributes` count as subjects of their own. */
function flatten(record: Readonly<Fields>): Fields {
  // Without a prototype: `__proto__` is a name like any other here, and a fault where it is kept.
  const flat = Object.create(null) as Fields;
  for (const [subject, value] of Object.entries(record)) {
    if (!isRecord(value)) flat[subject] = value;
    else
      for (const [name, item] of Object.entries(value)) {
        if (subject === 'event' && isRecord(item))
          for (const [inner, leaf] of Object.entries(item)) flat[`${name}.${inner}`] = leaf;
        else flat[`${subject}.${name}`] = item;
      }
  }
  return flat;
}

/** One viewing of one content when the collector says it, else the viewer's whole session. */
const sessionOf = (flat: Readonly<Fields>): unknown =>
  flat['user_details.content_session_id'] ?? flat['user_details.session_id'];

function fieldsOf(type: string, flat: Readonly<Fields>, cleaner: DynamicCleaner): Fields {
  const known = Object.hasOwn(EVENTS, type) ? EVENTS[type] : undefined;
  const fields: Fields = { ...(known ?? { kind: 'custom', reason: cleanText(type).slice(0, 64) }) };
  const props: Fields = {};
  const duration = Object.hasOwn(DURATIONS, type) ? DURATIONS[type] : undefined;
  for (const [key, value] of Object.entries(flat)) {
    if (value === null || value === undefined || value === '' || NOT_KEPT.has(key)) continue;
    const column = Object.hasOwn(COLUMNS, key) ? COLUMNS[key] : undefined;
    if (key === duration) fields['durationMs'] = number(value);
    else if (column) fields[column[0]] ??= column[1](value);
    else if (fields['kind'] === 'error' && key === 'attributes.error_code')
      fields['errorCode'] = text(value)?.slice(0, 64);
    else cleaner.put(props, key, value);
  }
  if (fields['kind'] === 'rendition') fields['toKbps'] = fields['bitrateKbps'];
  cleaner.keep(fields, props);
  return fields;
}

function claimsOf(flat: Readonly<Fields>): Claims {
  return {
    viewerId: flat['user_details.customer_user_id'] ?? flat['device.device_id'],
    address: flat['user_details.client_ip'],
    geo: {
      country: flat['geo_location.country_code'],
      region: flat['geo_location.region_code'] ?? flat['geo_location.region'],
      city: flat['geo_location.city'],
      asn: number(flat['network.asn']),
    },
    device: {
      type: flat['device.device_type'] ?? flat['device.type'],
      os: flat['device.os_name'] ?? flat['device.os'],
      browser: flat['device.browser_name'],
    },
  };
}

function readRecord(record: Fields, flat: Fields, context: ParseContext): Draft | DraftFault {
  const place = context.next();
  const fault = (reason: DraftFault['reason'], field: string, detail: string): DraftFault => {
    return { place, reason, field, detail, raw: record };
  };
  const type = flat['event.type'];
  if (typeof type !== 'string' || type === '')
    return fault(type === undefined ? 'missing-field' : 'wrong-type', 'event.type', 'expected text');
  const sessionId = sessionOf(flat);
  if (typeof sessionId !== 'string' || sessionId === '')
    return fault(sessionId === undefined ? 'missing-field' : 'wrong-type', 'user_details.session_id', 'expected text');
  const stamp = flat['event.timestamp'] ?? flat['timestamp'];
  const claimedMs = logTimeMs(stamp);
  if (claimedMs === undefined)
    return fault(
      stamp === undefined ? 'missing-field' : 'bad-time',
      'event.timestamp',
      'expected epoch or RFC 3339 time',
    );
  const cleaner = new DynamicCleaner();
  const fields = { sessionId: cleanText(sessionId), ...fieldsOf(type, flat, cleaner) };
  if (cleaner.fault) return fault('out-of-range', cleaner.fault.field, cleaner.fault.detail);
  const id = flat['event_id'] ?? flat['event.id'];
  const hasId = typeof id === 'string' && id !== '' && id.length <= 64;
  const eventId = hasId ? `${sessionId}:${cleanText(id)}` : placedId(record, place, context);
  return { place, table: 'PlaybackEvents', eventId, sequence: place.position, claimedMs, fields, raw: record };
}

/** Datazoom collector events. */
export const datazoom: Dialect = {
  id: SOURCE,
  matches: (record) => isRecord(record['event']) && isRecord(record['user_details']),
  parse(record, context) {
    const flat = flatten(record);
    return groupOfOne(SOURCE, readRecord(record, flat, context), claimsOf(flat));
  },
};
