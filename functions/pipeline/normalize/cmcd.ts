import type { Draft, DraftFault } from '../batch.ts';
import { cleanText, DynamicCleaner } from '../clean.ts';
import { hostOf } from '../identity.ts';
import { groupOfOne, placedId, type Dialect, type ParseContext } from './dialect.ts';

// CMCD v2 event mode (CTA-5004-B): what players report without any probe of ours. One report says the state of a moment;
// what would need the report before it (how long a stall was) is in the cumulative keys `bsa` and `bsda`, never guessed.

const SOURCE = 'cmcd';
const MAX_CODE = 64;

type Fields = Record<string, unknown>;

/** Play state → event. `p` is a start only with the start-up delay beside it: it also follows every stall and seek. */
const STATES: Readonly<Record<string, Fields>> = {
  s: { kind: 'request' },
  r: { kind: 'stall', isOpen: true },
  a: { kind: 'pause' },
  e: { kind: 'end', endReason: 'completed' },
  q: { kind: 'end', endReason: 'exit' },
  f: { kind: 'error', errorCategory: 'other', isFatal: true },
  p: { kind: 'custom', reason: 'play-state', toValue: 'playing' },
  k: { kind: 'custom', reason: 'play-state', toValue: 'seeking' },
  w: { kind: 'custom', reason: 'play-state', toValue: 'waiting' },
  d: { kind: 'custom', reason: 'play-state', toValue: 'preloading' },
};
/** Event token → event; `ps`, `t` and those with a value of their own are read below. */
const EVENTS: Readonly<Record<string, Fields>> = {
  e: { kind: 'error', errorCategory: 'other' },
  rr: { kind: 'segment' },
  bc: { kind: 'rendition' },
  pr: { kind: 'rate' },
  b: { kind: 'visibility' },
  m: { kind: 'mute', toValue: 'muted' },
  um: { kind: 'mute', toValue: 'unmuted' },
  pe: { kind: 'fullscreen', toValue: 'expanded' },
  pc: { kind: 'fullscreen', toValue: 'collapsed' },
  abs: { kind: 'adBreak', toValue: 'start' },
  abe: { kind: 'adBreak', toValue: 'end' },
  as: { kind: 'ad', toValue: 'start' },
  ae: { kind: 'ad', toValue: 'end' },
  sk: { kind: 'ad', toValue: 'skip' },
  c: { kind: 'custom', reason: 'content' },
  ce: { kind: 'custom', reason: 'custom' },
  h: { kind: 'custom', reason: 'host' },
};
const BEAT_STATES: Readonly<Record<string, string>> = {
  s: 'starting',
  p: 'playing',
  r: 'stalled',
  k: 'seeking',
  a: 'paused',
  e: 'ended',
  q: 'ended',
  f: 'failed',
};
const STREAM_TYPES: Readonly<Record<string, string>> = { v: 'vod', l: 'live', ll: 'lowLatencyLive' };

/** Keys that are a column of both tables. */
const COLUMNS: Readonly<Record<string, string>> = {
  sid: 'sessionId',
  cid: 'contentId',
  cdn: 'cdn',
  br: 'bitrateKbps',
  bl: 'bufferMs',
  pt: 'playheadMs',
  bsa: 'stallCount',
  bsda: 'stallMs',
  dfa: 'droppedFrames',
};
/** Keys that only a beat has a column for. */
const BEAT_COLUMNS: Readonly<Record<string, string>> = { ltc: 'latencyMs', mtp: 'throughputKbps', pr: 'playbackRate' };
const CONSUMED = new Set(['e', 'ts', 'sn', 'sta', 'st', 'v', 'msd', 'ec', 'bg', 'url', 'cen', 'nor', 'nrr']);

const own = <T>(table: Readonly<Record<string, T>>, key: unknown): T | undefined =>
  typeof key === 'string' && Object.hasOwn(table, key) ? table[key] : undefined;

/** The columns that say what happened, or undefined when the token is unknown. */
function eventOf(record: Readonly<Fields>): Fields | undefined {
  const { e, sta, msd } = record;
  if (e === 'ps') {
    const state = own(STATES, sta);
    return sta === 'p' && typeof msd === 'number' ? { kind: 'start', durationMs: msd } : state && { ...state };
  }
  const event = own(EVENTS, e);
  if (!event) return undefined;
  const fields: Fields = { ...event };
  if (e === 'bc') fields['toKbps'] = record['br'];
  if (e === 'pr') fields['toValue'] = String(record['pr']).slice(0, MAX_CODE);
  if (e === 'b') fields['toValue'] = record['bg'] === true ? 'hidden' : 'visible';
  if (e === 'rr') fields['durationMs'] = record['ttlb'];
  if (e === 'ce' && typeof record['cen'] === 'string') fields['toValue'] = cleanText(record['cen']).slice(0, MAX_CODE);
  return fields;
}

function fieldsOf(record: Readonly<Fields>, event: Fields, isBeat: boolean, cleaner: DynamicCleaner): Fields {
  const fields = event;
  const props: Fields = {};
  for (const [key, value] of Object.entries(record)) {
    if (CONSUMED.has(key) || value === null) continue;
    const column = own(COLUMNS, key) ?? (isBeat ? own(BEAT_COLUMNS, key) : undefined);
    if (column) fields[column] = typeof value === 'string' ? cleanText(value) : value;
    else cleaner.put(props, key, value);
  }
  const streamType = own(STREAM_TYPES, record['st']);
  if (streamType) fields['streamType'] = streamType;
  const codes = Array.isArray(record['ec']) ? record['ec'] : [record['ec']];
  if (typeof codes[0] === 'string' && fields['kind'] === 'error')
    fields['errorCode'] = cleanText(codes[0]).slice(0, MAX_CODE);
  if (codes.length > 1) cleaner.put(props, 'ec', codes);
  if (typeof record['url'] === 'string') props['host'] = hostOf(record['url']);
  cleaner.keep(fields, props);
  return fields;
}

function readReport(record: Fields, context: ParseContext): Draft | DraftFault {
  const place = context.next();
  const fault = (reason: DraftFault['reason'], field: string, detail: string): DraftFault => {
    return { place, reason, field, detail, raw: record };
  };
  const { sid, e, ts, sn, sta } = record;
  if (typeof sid !== 'string' || sid === '')
    return fault(sid === undefined ? 'missing-field' : 'wrong-type', 'sid', 'expected text');
  if (typeof e !== 'string')
    return fault(e === undefined ? 'missing-field' : 'wrong-type', 'e', 'expected an event token');
  if (typeof ts !== 'number' || ts <= 0 || ts > 8.64e15)
    return fault(ts === undefined ? 'missing-field' : 'bad-time', 'ts', 'expected epoch ms');
  const isBeat = e === 't';
  // A report covers no known time: what it adds to is in the cumulative keys.
  const event = isBeat ? { intervalMs: 0, state: own(BEAT_STATES, sta) } : eventOf(record);
  if (!event) {
    const field = e === 'ps' ? 'sta' : 'e';
    return fault(
      record[field] === undefined ? 'missing-field' : 'unknown-value',
      field,
      'expected a token of CTA-5004-B',
    );
  }
  const cleaner = new DynamicCleaner();
  const fields = fieldsOf(record, event, isBeat, cleaner);
  if (cleaner.fault) return fault('out-of-range', cleaner.fault.field, cleaner.fault.detail);
  const hasNumber = typeof sn === 'number';
  const eventId = hasNumber ? `${sid}:cmcd:${sn}` : placedId(record, place, context);
  return {
    place,
    table: isBeat ? 'PlaybackBeats' : 'PlaybackEvents',
    eventId,
    sequence: hasNumber ? sn : place.position,
    claimedMs: ts,
    fields,
    raw: record,
  };
}

/** Decoded reports of CMCD v2 event mode. */
export const cmcd: Dialect = {
  id: SOURCE,
  matches: (record) => Object.hasOwn(record, 'sid') && Object.hasOwn(record, 'e') && Object.hasOwn(record, 'ts'),
  parse: (record, context) => groupOfOne(SOURCE, readReport(record, context)),
};
