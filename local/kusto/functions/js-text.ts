import { createHash } from 'node:crypto';
import {
  base64Bytes,
  base64Decode,
  base64Encode,
  base64OfBytes,
  gzipDecompress,
  urlDecode,
  urlEncode,
  zlibDecompress,
} from '../scalars/encodings.ts';
import { formatDatetime, formatTimespan } from '../scalars/format-time.ts';
import { parseCommandLine, parseCsv, parsePath, parseUrl, parseUrlQuery } from '../scalars/parse.ts';
import { decodePunycode, encodePunycode } from '../scalars/punycode.ts';
import { countOf, extractAll, indexOf, indexOfRegex, regexQuote, trimMatches } from '../scalars/regex.ts';
import { codePoints, formatBytes, strcatArray, strrep, textOfCodePoints, toHex, translate } from '../scalars/text.ts';
import type { Value } from '../sql/value.ts';
import type { CallSite, ScalarFunction } from './function-types.ts';

type Text = string | null;

function long(value: number | null): bigint | null {
  return value === null ? null : BigInt(value);
}

/** An int has 32 bits, which a negative one shows all. */
function hexOfInt(value: Value, width: Value | undefined, site: CallSite): Value {
  const digits = site.atom(`printf('%x', CAST(${value.sql} AS BIGINT) & 4294967295)`);
  const padded = width
    ? `lpad(${digits}, CAST(greatest(least(${width.sql}, 16), length(${digits})) AS INTEGER), '0')`
    : digits;
  return { sql: `coalesce(${padded}, ${digits}, '')`, type: 'string', notNull: true };
}

const SEARCH: readonly ScalarFunction[] = [
  {
    kind: 'js',
    name: 'countof',
    args: ['string', 'string', 'string'],
    required: 2,
    result: 'long',
    call: (text: string, search: string, kind?: string) => BigInt(countOf(text, search, kind)),
  },
  {
    kind: 'js',
    name: 'indexof',
    args: ['string', 'string', 'int', 'int', 'int'],
    required: 2,
    result: 'long',
    call: (text: string, search: string, start?: number, length?: number, occurrence?: number) =>
      long(indexOf(text, search, { start, length, occurrence })),
  },
  {
    kind: 'js',
    name: 'indexof_regex',
    args: ['string', 'string', 'int', 'int', 'int'],
    required: 2,
    result: 'long',
    call: (text: string, pattern: string, start?: number, length?: number, occurrence?: number) =>
      (start ?? 0) < 0 ? null : long(indexOfRegex(text, pattern, { start, length, occurrence })),
  },
  {
    kind: 'js',
    name: 'extract_all',
    args: ['string', 'json', 'json'],
    required: 2,
    nulls: 'see',
    result: 'dynamic',
    // With two arguments the second is the text, which arrives as JSON text then.
    call: (pattern: string, groups: Text, text?: Text) =>
      text === undefined ? extractAll(pattern, null, plain(groups)) : extractAll(pattern, groups, plain(text)),
  },
  { kind: 'js', name: 'regex_quote', args: ['string'], result: 'string', call: regexQuote },
];

/** Text of a string that arrives as JSON text. */
function plain(text: Text): string {
  if (text === null) return '';
  const value: unknown = JSON.parse(text);
  return typeof value === 'string' ? value : text;
}

const CHANGE: readonly ScalarFunction[] = [
  {
    kind: 'js',
    name: 'trim',
    args: ['string', 'string'],
    result: 'string',
    call: (pattern: string, text: string) => trimMatches(pattern, text, 'both'),
  },
  {
    kind: 'js',
    name: 'trim_start',
    args: ['string', 'string'],
    result: 'string',
    call: (pattern: string, text: string) => trimMatches(pattern, text, 'start'),
  },
  {
    kind: 'js',
    name: 'trim_end',
    args: ['string', 'string'],
    result: 'string',
    call: (pattern: string, text: string) => trimMatches(pattern, text, 'end'),
  },
  { kind: 'js', name: 'translate', args: ['string', 'string', 'string'], result: 'string', call: translate },
  { kind: 'js', name: 'strrep', args: ['string', 'int', 'string'], required: 2, result: 'string', call: strrep },
  { kind: 'js', name: 'strcat_array', args: ['json', 'string'], result: 'string', call: strcatArray },
  { kind: 'js', name: 'format_datetime', args: ['datetime', 'string'], result: 'string', call: formatDatetime },
  { kind: 'js', name: 'format_timespan', args: ['timespan', 'string'], result: 'string', call: formatTimespan },
  {
    kind: 'js',
    name: 'format_bytes',
    args: ['number', 'int', 'string', 'number'],
    required: 1,
    result: 'string',
    call: formatBytes,
  },
  {
    kind: 'js',
    name: 'tohex',
    args: ['long', 'int'],
    required: 1,
    result: 'string',
    call: toHex,
    inSql: ([value, width], site) => (value?.type === 'int' ? hexOfInt(value, width, site) : undefined),
  },
];

const ENCODINGS: readonly ScalarFunction[] = [
  { kind: 'js', name: 'base64_encode_tostring', args: ['string'], result: 'string', call: base64Encode },
  { kind: 'js', name: 'base64_decode_tostring', args: ['string'], result: 'string', call: base64Decode },
  { kind: 'js', name: 'base64_decode_toarray', args: ['string'], result: 'dynamic', call: base64Bytes },
  { kind: 'js', name: 'base64_encode_fromarray', args: ['json'], nulls: 'see', result: 'string', call: base64OfBytes },
  { kind: 'js', name: 'url_encode', args: ['string'], result: 'string', call: urlEncode },
  {
    kind: 'js',
    name: 'url_encode_component',
    args: ['string'],
    result: 'string',
    call: (text: string) => urlEncode(text).replaceAll('+', '%20'),
  },
  { kind: 'js', name: 'url_decode', args: ['string'], result: 'string', call: urlDecode },
  { kind: 'js', name: 'zlib_decompress_from_base64_string', args: ['string'], result: 'string', call: zlibDecompress },
  { kind: 'js', name: 'gzip_decompress_from_base64_string', args: ['string'], result: 'string', call: gzipDecompress },
  { kind: 'js', name: 'punycode_to_string', args: ['string'], result: 'string', call: decodePunycode },
  { kind: 'js', name: 'punycode_from_string', args: ['string'], result: 'string', call: encodePunycode },
  ...(['md5', 'sha1', 'sha256'] as const).map((algorithm): ScalarFunction => ({
    kind: 'js',
    name: `hash_${algorithm}`,
    args: ['string'],
    result: 'string',
    // Of the empty text Kusto gives the empty text.
    call: (text: string) => (text === '' ? '' : createHash(algorithm).update(text).digest('hex')),
  })),
];

const POINTS: readonly ScalarFunction[] = [
  { kind: 'js', name: 'unicode_codepoints_from_string', args: ['string'], result: 'dynamic', call: codePoints },
  { kind: 'js', name: 'to_utf8', args: ['string'], result: 'dynamic', call: codePoints },
  ...['unicode_codepoints_to_string', 'make_string'].map((name): ScalarFunction => ({
    kind: 'js',
    name,
    args: ['json'],
    rest: 'json',
    result: 'string',
    call: (...points: Text[]) => textOfCodePoints(points),
  })),
];

const PARSERS: readonly ScalarFunction[] = [
  { kind: 'js', name: 'parse_csv', args: ['string'], result: 'dynamic', call: parseCsv },
  { kind: 'js', name: 'parse_command_line', args: ['string', 'string'], result: 'dynamic', call: parseCommandLine },
  { kind: 'js', name: 'parse_path', args: ['string'], result: 'dynamic', call: parsePath },
  { kind: 'js', name: 'parse_url', args: ['string'], result: 'dynamic', call: parseUrl },
  { kind: 'js', name: 'parse_urlquery', args: ['string'], result: 'dynamic', call: parseUrlQuery },
];

/** Functions on text, in JavaScript. */
export const JS_TEXT: readonly ScalarFunction[] = [...SEARCH, ...CHANGE, ...ENCODINGS, ...POINTS, ...PARSERS];
