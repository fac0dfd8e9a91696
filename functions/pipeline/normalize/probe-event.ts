import { EVENT_KINDS } from '../../../schema/playback-events.ts';
import type { Draft, DraftFault, Place } from '../batch.ts';
import { isRecord } from '../batch.ts';
import { cleanText, cutText, DynamicCleaner } from '../clean.ts';
import { freeText, hostOf } from '../identity.ts';
import { blankRow } from '../row-shape.ts';
import { BASE_COLUMNS, BEAT_COLUMNS, KIND_COLUMNS, NESTED_COLUMNS } from './probe-columns.ts';

type Columns = Readonly<Record<string, string | undefined>>;

/** Without a prototype: a key that comes from outside finds what is listed, and nothing else. */
const bare = <T>(table: Readonly<Record<string, T>>): Readonly<Record<string, T | undefined>> =>
  Object.assign(Object.create(null) as Record<string, T>, table);
const bareEach = (
  tables: Readonly<Record<string, Readonly<Record<string, string>>>>,
): Readonly<Record<string, Columns | undefined>> =>
  bare(Object.fromEntries(Object.entries(tables).map(([name, table]) => [name, bare(table)])));

const BASE: Columns = bare(BASE_COLUMNS);
const BEAT: Columns = bare(BEAT_COLUMNS);
const OF_KIND = bareEach(KIND_COLUMNS);
const NESTED = bareEach(NESTED_COLUMNS);
const NONE: Columns = bare({});
const KINDS: ReadonlySet<string> = new Set(EVENT_KINDS);
/** Columns that hold change values: players report rates as numbers, what is on or off as booleans. */
export const TEXT_COLUMNS = new Set(['fromValue', 'toValue', 'errorCode']);
/** Longest error message kept; the column's own limit. */
export const MESSAGE_LENGTH = 240;

function columnValue(column: string, value: unknown, cleaner: DynamicCleaner): unknown {
  if (typeof value === 'string') {
    if (column === 'errorMessage') return cutText(freeText(cleanText(value)), MESSAGE_LENGTH);
    return cleanText(value);
  }
  if (typeof value === 'number' || typeof value === 'boolean') return TEXT_COLUMNS.has(column) ? String(value) : value;
  return typeof value === 'object' && value !== null ? cleaner.clean(value, column) : value;
}

function spreadNested(
  fields: Record<string, unknown>,
  props: Record<string, unknown>,
  name: string,
  value: Record<string, unknown>,
  cleaner: DynamicCleaner,
): void {
  const columns = NESTED[name] ?? NONE;
  for (const key of Object.keys(value)) {
    const item = value[key];
    const column = columns[key];
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
  const own = isBeat ? BEAT : (OF_KIND[kind] ?? NONE);
  const fields = blankRow(isBeat ? 'PlaybackBeats' : 'PlaybackEvents');
  if (!isBeat) fields['kind'] = kind;
  const props: Record<string, unknown> = {};
  for (const key of Object.keys(event)) {
    const value = event[key];
    if (key === 'k' || key === 'n' || value === null) continue;
    const column = own[key] ?? BASE[key];
    if (column !== undefined) fields[column] = columnValue(column, value, cleaner);
    else if ((isBeat || key === 'c') && NESTED[key] !== undefined && isRecord(value)) {
      spreadNested(fields, props, key, value, cleaner);
    } else if (key === 'src' && typeof value === 'string') props['src'] = hostOf(cleanText(value)) ?? '';
    else cleaner.put(props, key, value);
  }
  if (isRecord(shared['props'])) Object.assign(props, shared['props']);
  cleaner.keep(fields, props);
  return fields;
}

export interface SessionHeader {
  readonly sid: string;
  /** Epoch ms of t = 0 on the client's clock. */
  readonly t0: number;
  readonly shared: Record<string, unknown>;
}

/** Reads one event of an envelope whose header is good. */
export function readEvent(
  event: unknown,
  header: SessionHeader,
  place: Place,
  /** As it was sent. */
  raw: unknown = event,
): Draft | DraftFault {
  const fault = (reason: DraftFault['reason'], field: string | undefined, detail: string, id?: string): DraftFault => ({
    place,
    reason,
    field,
    detail,
    id,
    raw,
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
  return { place, table, eventId, sequence, claimedMs: header.t0 + sessionTime, fields, raw };
}
