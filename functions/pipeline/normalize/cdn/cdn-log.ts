import { isRecord, type Draft, type DraftFault } from '../../batch.ts';
import { cleanText, DynamicCleaner } from '../../clean.ts';
import { countryOfCode, countryOfName } from '../../country.ts';
import { hostOf } from '../../identity.ts';
import { cmcdFromHeaders, cmcdFromQuery, cmcdFromText, type CmcdKeys } from '../cmcd-keys.ts';
import { groupOfOne, placedId, type Dialect, type ParseContext } from '../dialect.ts';
import type { Read } from './reads.ts';

// What every CDN's log has in common. A format is a table of its field names; this file turns one record into one row of CdnRequests.

/** A column of CdnRequests, or what is taken apart further: a URL, a query, CMCD. */
type Target =
  | 'cdn'
  | 'edgePop'
  | 'host'
  | 'path'
  | 'method'
  | 'status'
  | 'cacheStatus'
  | 'ttfbMs'
  | 'durationMs'
  | 'responseBytes'
  | 'country'
  | 'asn'
  /** Absolute, or path and query. */
  | 'url'
  | 'query'
  /** Headers of the request, of which only those of CMCD are read. */
  | 'headers'
  /** CMCD text that the CDN has taken out of query or headers. */
  | 'cmcd'
  /** One CMCD key in a field of its own. */
  | `cmcd.${string}`;

/** Source field → where it goes and how it is read. */
export type Columns = Readonly<Record<string, readonly [target: Target, read: Read]>>;

export interface CdnFormat {
  /** Value of `source` and name of the blob folder. */
  readonly id: string;
  /** Value of `cdn`. */
  readonly cdn: string;
  /** Page of the vendor that the field names come from. */
  readonly documentation: string;
  readonly matches: (record: Readonly<Record<string, unknown>>) => boolean;
  /** Nested logs made flat; absent when a record is flat already. */
  readonly flatten?: (record: Readonly<Record<string, unknown>>) => Record<string, unknown>;
  readonly columns: Columns;
  /** Where the time stands, for the message, and how to get it: epoch ms. */
  readonly timeField: string;
  readonly timeMs: (flat: Readonly<Record<string, unknown>>) => number | undefined;
  /** Field that is unique for each request; absent: the place in the file makes the id. */
  readonly idField?: string;
  /** Field with the viewer's address: it leads to country and network and goes no further. */
  readonly addressField: string;
  /** Personal, or said by another column: not kept in `props`. */
  readonly notKept: readonly string[];
}

/** How the logs write "nothing". */
const isMissing = (value: unknown): boolean => value === undefined || value === null || value === '' || value === '-';

interface Url {
  host?: string | undefined;
  path: string;
  query: string;
}

/** Takes a URL or a path apart without decoding it; the fragment goes. */
function urlOf(value: string): Url {
  const isAbsolute = /^[a-z][a-z0-9+.-]*:\/\//i.test(value);
  const rest = (isAbsolute ? value.slice(value.indexOf('://') + 3).replace(/^[^/?#]*/, '') : value).split('#', 1)[0]!;
  const mark = rest.indexOf('?');
  return {
    host: isAbsolute ? hostOf(value) : undefined,
    path: mark === -1 ? rest : rest.slice(0, mark),
    query: mark === -1 ? '' : rest.slice(mark + 1),
  };
}

/** Names of CMCD keys → columns; the other keys are kept in `props.cmcd`. */
const CMCD_COLUMNS: Readonly<Record<string, string>> = {
  sid: 'sessionId',
  cid: 'contentId',
  br: 'bitrateKbps',
  bl: 'bufferMs',
  bs: 'isStarved',
  ot: 'objectType',
  mtp: 'throughputKbps',
};

function putCmcd(
  keys: CmcdKeys,
  fields: Record<string, unknown>,
  cleaner: DynamicCleaner,
  props: Record<string, unknown>,
): void {
  const rest: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(keys)) {
    const column = Object.hasOwn(CMCD_COLUMNS, key) ? CMCD_COLUMNS[key]! : undefined;
    if (column) fields[column] ??= typeof value === 'string' ? cleanText(value) : value;
    else cleaner.put(rest, key, value, 'cmcd');
  }
  if (Object.keys(rest).length > 0) props['cmcd'] = rest;
}

interface Reading {
  fields: Record<string, unknown>;
  cleaner: DynamicCleaner;
}

/** Columns of one record. */
function read(format: CdnFormat, flat: Readonly<Record<string, unknown>>, notKept: ReadonlySet<string>): Reading {
  const fields: Record<string, unknown> = {};
  const props: Record<string, unknown> = {};
  const cleaner = new DynamicCleaner();
  let cmcd: CmcdKeys = {};
  let query = '';
  for (const [key, value] of Object.entries(flat)) {
    if (isMissing(value) || notKept.has(key)) continue;
    const column = Object.hasOwn(format.columns, key) ? format.columns[key] : undefined;
    if (!column) {
      cleaner.put(props, key, value);
      continue;
    }
    const [target, readValue] = column;
    const item = readValue(value);
    if (item === undefined) continue;
    if (target === 'url' && typeof item === 'string') {
      const url = urlOf(item);
      if (url.host !== undefined) fields['host'] = url.host;
      fields['path'] = url.path;
      query ||= url.query;
    } else if (target === 'query' && typeof item === 'string') query = item;
    else if (target === 'cmcd' && typeof item === 'string') cmcd = { ...cmcdFromText(item), ...cmcd };
    else if (target === 'headers') cmcd = { ...cmcdFromHeaders(item), ...cmcd };
    else if (target.startsWith('cmcd.')) cmcd[target.slice('cmcd.'.length)] = item;
    else fields[target] = item;
  }
  putCmcd({ ...cmcdFromQuery(query), ...cmcd }, fields, cleaner, props);
  cleaner.keep(fields, props);
  return { fields, cleaner };
}

/** Countries as codes, hosts in lower case, paths from the root. */
function tidy(fields: Record<string, unknown>): void {
  const { country, host, path } = fields;
  if (typeof country === 'string') {
    const code = countryOfCode(country) ?? countryOfName(country);
    if (code === undefined) delete fields['country'];
    else fields['country'] = code;
    if (code === undefined && country.length > 2) fields['props'] = { ...(fields['props'] as object), country };
  }
  if (typeof host === 'string') fields['host'] = host.toLowerCase();
  if (typeof path === 'string' && !path.startsWith('/')) fields['path'] = `/${path}`;
}

function readRecord(
  format: CdnFormat,
  record: Record<string, unknown>,
  flat: Readonly<Record<string, unknown>>,
  notKept: ReadonlySet<string>,
  context: ParseContext,
): Draft | DraftFault {
  const place = context.next();
  const claimedMs = format.timeMs(flat);
  if (claimedMs === undefined) {
    const isAbsent = isMissing(flat[format.timeField]);
    const detail = isAbsent ? `${format.timeField} is required` : `${format.timeField} is no time of this format`;
    return { place, reason: isAbsent ? 'missing-field' : 'bad-time', field: format.timeField, detail, raw: record };
  }
  const { fields, cleaner } = read(format, flat, notKept);
  if (cleaner.fault) return { place, reason: 'out-of-range', ...cleaner.fault, raw: record };
  tidy(fields);
  fields['cdn'] ??= format.cdn;
  const id = format.idField === undefined ? undefined : flat[format.idField];
  const eventId =
    typeof id === 'string' && id !== '' && id !== '-' && id.length <= 128
      ? `${format.id}:${cleanText(id)}`
      : placedId(record, place, context);
  return { place, table: 'CdnRequests', eventId, sequence: undefined, claimedMs, fields, raw: record };
}

/** The dialect of one CDN's log. */
export function cdnDialect(format: CdnFormat): Dialect {
  const notKept = new Set([...format.notKept, format.addressField]);
  return {
    id: format.id,
    matches: format.matches,
    parse(record, context) {
      const flat = format.flatten?.(record) ?? record;
      const claims = { address: flat[format.addressField] };
      return groupOfOne(format.id, readRecord(format, record, flat, notKept, context), claims);
    },
  };
}

/** Objects within `record[key]` with dotted names beside the plain fields; deeper ones stay objects. */
export function lifted(record: Readonly<Record<string, unknown>>, keys: readonly string[]): Record<string, unknown> {
  const flat: Record<string, unknown> = { ...record };
  for (const key of keys) {
    const inner = record[key];
    if (!isRecord(inner)) continue;
    delete flat[key];
    for (const [name, value] of Object.entries(inner)) flat[`${key}.${name}`] = value;
  }
  return flat;
}
