import { decodeCmcd } from '@svta/cml-cmcd';
import { isRecord } from '../batch.ts';

// CMCD (CTA-5004 v1 and v2) as it stands in queries, headers and reports → its keys. Lists of v2 are reduced to what the schema can hold.

export type CmcdKeys = Record<string, unknown>;

/** A report is a few hundred bytes; what is far longer is none. */
const LONGEST = 8192;

/** A v2 list item of one object type, as the decoder gives it: `3200;v`. */
interface Item {
  readonly value: unknown;
  readonly params: Readonly<Record<string, unknown>>;
}

const isItem = (value: unknown): value is Item => typeof value === 'object' && value !== null && 'value' in value;

/** Of a list by object type the video's item, else the first: our columns speak of the picture. */
function plain(value: unknown): unknown {
  if (!Array.isArray(value)) return isItem(value) ? value.value : value;
  const items: readonly unknown[] = value;
  if (!items.some(isItem)) return items.length === 1 ? items[0] : items;
  const video = items.find((item) => isItem(item) && (item.params['v'] === true || item.params['av'] === true));
  return plain(video ?? items[0]);
}

/** The keys of CMCD text such as `br=3200,bs,sid="…"`; undefined when it is not CMCD. */
export function parseCmcd(source: string): CmcdKeys | undefined {
  if (source === '' || source.length > LONGEST) return undefined;
  try {
    const keys: CmcdKeys = {};
    for (const [key, value] of Object.entries(decodeCmcd(source))) keys[key] = plain(value);
    return keys;
  } catch {
    return undefined;
  }
}

/** The keys of CMCD text, percent-encoded or not; none when it is not CMCD. A log's line stands without them. */
export function cmcdFromText(source: string): CmcdKeys {
  return parseCmcd(source) ?? parseCmcd(decoded(source)) ?? {};
}

/** The keys of the `CMCD` parameter of a query. Some logs encode the query once more. */
export function cmcdFromQuery(query: string): CmcdKeys {
  const match = /(?:^|[?&]|%26)CMCD(?:=|%3D)([^&]*)/i.exec(query);
  if (!match?.[1]) return {};
  const once = decoded(match[1]);
  return parseCmcd(once) ?? parseCmcd(decoded(once)) ?? {};
}

const HEADER = /^cmcd-(?:object|request|session|status)$/i;

/** The keys of the four CMCD headers among those of a request: by name, or as text of `Name:value` lines, percent-encoded or not. */
export function cmcdFromHeaders(headers: unknown): CmcdKeys {
  const pairs: (readonly [string, unknown])[] =
    typeof headers === 'string'
      ? decoded(headers)
          .split('\n')
          .map((line) => [line.slice(0, Math.max(0, line.indexOf(':'))), line.slice(line.indexOf(':') + 1).trim()])
      : Object.entries(isRecord(headers) ? headers : {});
  const keys: CmcdKeys = {};
  for (const [name, value] of pairs)
    if (HEADER.test(name) && typeof value === 'string') Object.assign(keys, cmcdFromText(value));
  return keys;
}

/** Percent-decoded; as it is when the encoding is broken. */
function decoded(source: string): string {
  try {
    return decodeURIComponent(source);
  } catch {
    return source;
  }
}
