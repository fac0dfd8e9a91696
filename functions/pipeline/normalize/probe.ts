import { upgradeEvent, upgradeHeader } from '../../../schema/probe-upgrade.ts';
import { LEAN_VERSION } from '../../../schema/probe-wire-v2.ts';
import { WIRE_VERSION } from '../../../schema/probe-wire.ts';
import { isRecord, type Claims, type Draft, type DraftFault, type Group } from '../batch.ts';
import { cleanText, cutText, DynamicCleaner } from '../clean.ts';
import { hostOf } from '../identity.ts';
import type { Dialect, ParseContext } from './dialect.ts';
import { HEADER_COLUMNS, STREAM_TYPE } from './probe-columns.ts';
import { readEvent, type SessionHeader } from './probe-event.ts';

const SOURCE = 'probe';
/** Header keys that have a meaning but no column of the same shape. */
const CONSUMED = new Set(['t0', 'sent', 'st', 'pl', 'vid', 'consent', 'geo', 'dev']);
const TITLE_LENGTH = 256;
/** Every row of a session repeats its header, and every reject quotes it: its JSON may have so many characters. */
const HEADER_LENGTH = 8192;
/** Latest epoch ms a `Date` can hold. */
const LATEST_MS = 8.64e15;

interface HeaderFault {
  readonly reason: DraftFault['reason'];
  readonly field: string;
  readonly detail: string;
}

const isEpochMs = (value: unknown): value is number => typeof value === 'number' && value >= 0 && value <= LATEST_MS;

function checkHeader(v: unknown, h: unknown): HeaderFault | undefined {
  if (v !== WIRE_VERSION && v !== LEAN_VERSION)
    return { reason: 'unknown-version', field: 'v', detail: `expected version ${WIRE_VERSION} or ${LEAN_VERSION}` };
  if (!isRecord(h)) return { reason: 'missing-field', field: 'h', detail: 'expected a session header' };
  const sid = h['sid'];
  if (typeof sid !== 'string' || sid === '')
    return { reason: 'missing-field', field: 'h.sid', detail: 'expected a session id' };
  if (sid.length > 128) return { reason: 'too-long', field: 'h.sid', detail: 'expected at most 128 characters' };
  for (const name of ['t0', 'sent'] as const) {
    if (!isEpochMs(h[name])) {
      return {
        reason: h[name] === undefined ? 'missing-field' : 'bad-time',
        field: `h.${name}`,
        detail: 'expected epoch milliseconds',
      };
    }
  }
  return undefined;
}

/** A content id that is a URL loses its query: tokens and people travel there. */
const contentIdOf = (cid: string): string => (cid.includes('://') ? `${hostOf(cid) ?? ''}${pathOf(cid)}` : cid);

function pathOf(url: string): string {
  const rest = url.slice(url.indexOf('://') + 3).split(/[?#]/, 1)[0] ?? '';
  const slash = rest.indexOf('/');
  return slash === -1 ? '' : rest.slice(slash);
}

function sharedColumns(h: Record<string, unknown>): {
  shared: Record<string, unknown>;
  fault: HeaderFault | undefined;
} {
  const shared: Record<string, unknown> = {};
  const props: Record<string, unknown> = {};
  const cleaner = new DynamicCleaner();
  for (const key of Object.keys(h)) {
    const value = h[key];
    if (CONSUMED.has(key) || value === null) continue;
    const column = Object.hasOwn(HEADER_COLUMNS, key) ? HEADER_COLUMNS[key] : undefined;
    if (column === undefined) cleaner.put(props, key, value);
    else shared[column] = typeof value === 'string' ? cleanText(value) : value;
  }
  const { contentId, contentTitle } = shared;
  if (typeof contentId === 'string') shared['contentId'] = contentIdOf(contentId);
  if (typeof contentTitle === 'string' && contentTitle.length > TITLE_LENGTH) {
    shared['contentTitle'] = cutText(contentTitle, TITLE_LENGTH);
    props['truncated'] = ['contentTitle'];
  }
  const { st, pl } = h;
  if (st !== undefined)
    shared['streamType'] = typeof st === 'string' && Object.hasOwn(STREAM_TYPE, st) ? STREAM_TYPE[st] : st;
  if (isRecord(pl)) {
    shared['playerName'] = typeof pl['name'] === 'string' ? cleanText(pl['name']) : pl['name'];
    shared['playerVersion'] = typeof pl['ver'] === 'string' ? cleanText(pl['ver']) : pl['ver'];
  }
  cleaner.keep(shared, props);
  const fault = cleaner.fault && {
    reason: 'out-of-range' as const,
    field: `h.${cleaner.fault.field}`,
    detail: cleaner.fault.detail,
  };
  return { shared, fault };
}

function claimsOf(h: Record<string, unknown>): Claims {
  const { vid, consent, geo, dev } = h;
  return { viewerId: vid, consent, geo: isRecord(geo) ? geo : undefined, device: isRecord(dev) ? dev : undefined };
}

const listOf = (record: Record<string, unknown>): readonly unknown[] =>
  Array.isArray(record['e']) ? record['e'] : [record['e']];

function rejected(record: Record<string, unknown>, context: ParseContext, fault: HeaderFault): Group {
  const faults = listOf(record).map((raw) => ({ place: context.next(), raw, ...fault }));
  return {
    source: SOURCE,
    shared: {},
    claims: {},
    drafts: [],
    faults,
    clientDropped: 0,
    quote: quoting(record['v'], record['h'], context.bytes),
  };
}

const isLong = (h: unknown, bytes: number): boolean =>
  bytes > HEADER_LENGTH && JSON.stringify(h).length > HEADER_LENGTH;

/** Quotes an event with its header, so that it can be replayed on its own; a header that is too long is left out. */
function quoting(v: unknown, h: unknown, bytes: number): Group['quote'] {
  const shown = h === undefined || isLong(h, bytes) ? undefined : isRecord(h) ? quotable(h) : h;
  return (raw) => ({ v, h: shown, e: [raw] });
}

/** Without consent the fine geography stays out of quarantine too. */
const quotable = (h: Record<string, unknown>): Record<string, unknown> =>
  h['consent'] === 0 ? { ...h, geo: undefined } : h;

/** Id of an event that is not read further. */
const idOf = (event: unknown, sid: string): string | undefined =>
  isRecord(event) && Number.isSafeInteger(event['n']) ? `${sid}:${Number(event['n'])}` : undefined;

/** A session's header, read. */
export interface Session {
  readonly header: SessionHeader;
  readonly isLean: boolean;
  /** Columns of every row. */
  readonly columns: Record<string, unknown>;
  readonly claims: Claims;
  /** Epoch ms on the client's clock. */
  readonly sentMs: number;
  /** A value that no column takes. */
  readonly fault: HeaderFault | undefined;
  readonly quote: (raw: unknown) => unknown;
}

/** Reads what stands before the events of an envelope. `bytes`: size of the envelope. */
export function openSession(v: unknown, sent: unknown, bytes: number): Session | HeaderFault {
  const isLean = v === LEAN_VERSION;
  const h = isLean ? upgradeHeader(sent) : sent;
  const broken = checkHeader(v, h);
  if (broken) return broken;
  if (!isRecord(h)) return { reason: 'missing-field', field: 'h', detail: 'expected a session header' };
  if (isLong(sent, bytes))
    return { reason: 'too-large', field: 'h', detail: `expected a header of at most ${HEADER_LENGTH} characters` };
  const { shared, fault } = sharedColumns(h);
  const { props: _headerProps, ...columns } = shared;
  return {
    header: { sid: String(shared['sessionId']), t0: Number(h['t0']), shared },
    isLean,
    columns,
    claims: claimsOf(h),
    sentMs: Number(h['sent']),
    fault,
    quote: quoting(v, sent, bytes),
  };
}

/** Reads one event of a session. */
export function readSessionEvent(
  { header, isLean }: Session,
  event: unknown,
  { next, boundsFault }: Pick<ParseContext, 'next' | 'boundsFault'>,
): Draft | DraftFault {
  const bounds = boundsFault(event);
  if (bounds) return { place: next(), ...bounds, id: idOf(event, header.sid), raw: event };
  const known = isLean ? upgradeEvent(event, header.shared['playerName']) : event;
  return readEvent(known, header, next(), event);
}

/** Our own probe's envelopes, `schema/probe-wire.ts`; those of version 2 (`schema/probe-wire-v2.ts`) are put into the words of version 1. */
export const probe: Dialect = {
  id: SOURCE,
  isEnvelope: true,
  matches: (record) => Object.hasOwn(record, 'v') && Object.hasOwn(record, 'h') && Object.hasOwn(record, 'e'),
  parse(record, context) {
    const { v, h, e } = record;
    const session = openSession(v, h, context.bytes);
    if ('reason' in session) return rejected(record, context, session);
    if (!Array.isArray(e))
      return rejected(record, context, { reason: 'wrong-type', field: 'e', detail: 'expected a list of events' });
    if (session.fault) return rejected(record, context, session.fault);
    const drafts: Draft[] = [];
    const faults: DraftFault[] = [];
    let clientDropped = 0;
    for (const event of e as unknown[]) {
      const read = readSessionEvent(session, event, context);
      if ('reason' in read) faults.push(read);
      else {
        drafts.push(read);
        clientDropped = Math.max(clientDropped, droppedBy(read));
      }
    }
    const { columns: shared, claims, sentMs, quote } = session;
    return { source: SOURCE, shared, claims, sentMs, drafts, faults, clientDropped, quote };
  },
};

/** Events the client has dropped so far, as an event says it; 0 when it does not. */
export function droppedBy({ fields }: Draft): number {
  const dropped = fields['clientDropped'];
  return typeof dropped === 'number' ? dropped : 0;
}
