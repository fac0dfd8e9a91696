import { EVENT_KINDS } from '../../../schema/playback-events.ts';
import type { Draft, DraftFault, Place } from '../batch.ts';
import { isRecord } from '../batch.ts';
import { cleanText, cutText, DynamicCleaner } from '../clean.ts';
import { cutUrls, hostOf } from '../identity.ts';
import { BASE_COLUMNS, BEAT_COLUMNS, KIND_COLUMNS, NESTED_COLUMNS } from './probe-columns.ts';

type Kind = (typeof EVENT_KINDS)[number];
const KINDS: ReadonlySet<string> = new Set(EVENT_KINDS);
/** Columns that hold change values: players report rates and sizes as numbers. */
const TEXT_COLUMNS = new Set(['fromValue', 'toValue', 'errorCode']);
/** Longest error message kept; the column's own limit. */
const MESSAGE_LENGTH = 240;

function columnValue(column: string, value: unknown, cleaner: DynamicCleaner): unknown {
  if (typeof value === 'string') {
    if (column === 'errorMessage') return cutText(cutUrls(cleanText(value)), MESSAGE_LENGTH);
    return cleanText(value);
  }
  if (typeof value === 'number') return TEXT_COLUMNS.has(column) ? String(value) : value;
  return typeof value === 'object' && value !== null ? cleaner.clean(value, column) : value;
}

function spreadNested(
  fields: Record<string, unknown>,
  props: Record<string, unknown>,
  name: string,
  value: Record<string, unknown>,
  cleaner: DynamicCleaner,
): void {
  const columns = NESTED_COLUMNS[name] ?? {};
  for (const [key, item] of Object.entries(value)) {
    const column = Object.hasOwn(columns, key) ? columns[key] : undefined;
    if (column === undefined) cleaner.put(props, `${name}.${key}`, item);
    else fields[column] = columnValue(column, item, cleaner);
  }
}

/** Columns of an event and, under `props`, everything the schema has no column for. */
function columnsOf(
  event: Record<string, unknown>,
  kind: string,
  shared: Record<string, unknown>,
  cleaner: DynamicCleaner,
): Record<string, unknown> {
  const isBeat = kind === 'hb';
  const own: Readonly<Record<string, string>> = isBeat ? BEAT_COLUMNS : KIND_COLUMNS[kind as Kind];
  const fields: Record<string, unknown> = isBeat ? {} : { kind };
  const props: Record<string, unknown> = {};
  for (const key of Object.keys(event)) {
    const value = event[key];
    if (key === 'k' || key === 'n' || value === null) continue;
    const column = Object.hasOwn(own, key)
      ? own[key]
      : Object.hasOwn(BASE_COLUMNS, key)
        ? BASE_COLUMNS[key]
        : undefined;
    if (column !== undefined) fields[column] = columnValue(column, value, cleaner);
    else if ((isBeat || key === 'c') && Object.hasOwn(NESTED_COLUMNS, key) && isRecord(value)) {
      spreadNested(fields, props, key, value, cleaner);
    } else if (key === 'src' && typeof value === 'string') props['src'] = hostOf(cleanText(value)) ?? '';
    else cleaner.put(props, key, value);
  }
  if (isRecord(shared['props'])) Object.assign(props, shared['props']);
  if (cleaner.redacted.length > 0) props['redacted'] = cleaner.redacted;
  if (Object.keys(props).length > 0) fields['props'] = props;
  return fields;
}

export interface SessionHeader {
  readonly sid: string;
  /** Epoch ms of t = 0 on the client's clock. */
  readonly t0: number;
  readonly shared: Record<string, unknown>;
}

/** Reads one event of an envelope whose header is good. */
export function readEvent(event: unknown, header: SessionHeader, place: Place): Draft | DraftFault {
  const fault = (reason: DraftFault['reason'], field: string | undefined, detail: string, id?: string): DraftFault => ({
    place,
    reason,
    field,
    detail,
    id,
    raw: event,
  });
  if (!isRecord(event)) return fault('not-an-object', undefined, 'expected an event object');
  const { k: kind, n: sequence, t: sessionTime } = event;
  if (typeof sequence !== 'number' || !Number.isSafeInteger(sequence) || sequence < 0) {
    return fault(sequence === undefined ? 'missing-field' : 'wrong-type', 'n', 'expected a sequence number from 0');
  }
  const eventId = `${header.sid}:${sequence}`;
  if (typeof kind !== 'string' || (kind !== 'hb' && !KINDS.has(kind))) {
    const shown = typeof kind === 'string' ? cutText(cleanText(kind), 40) : typeof kind;
    return fault(
      kind === undefined ? 'missing-field' : 'unknown-value',
      'k',
      `no such kind of event: ${shown}`,
      eventId,
    );
  }
  if (typeof sessionTime !== 'number' || !Number.isFinite(sessionTime)) {
    return fault(
      sessionTime === undefined ? 'missing-field' : 'wrong-type',
      't',
      'expected milliseconds since t0',
      eventId,
    );
  }
  const cleaner = new DynamicCleaner();
  const fields = columnsOf(event, kind, header.shared, cleaner);
  if (cleaner.fault) return fault('out-of-range', cleaner.fault.field, cleaner.fault.detail, eventId);
  const table = kind === 'hb' ? 'PlaybackBeats' : 'PlaybackEvents';
  return { place, table, eventId, sequence, claimedMs: header.t0 + sessionTime, fields, raw: event };
}
