import { base64OfGuid, guidOfBase64 } from '../scalars/guid-bytes.ts';
import { hasAnyIndex, replaceStrings } from '../scalars/many-strings.ts';
import { decodePunycode, encodePunycode } from '../scalars/punycode.ts';
import { localToUtc, utcToLocal } from '../scalars/time-zones.ts';
import type { ScalarFunction } from './function-types.ts';
import { JS_TEXT } from './js-text.ts';

/** Label by label; labels of ASCII only stay. */
function domain(text: string, change: (label: string) => string): string {
  return text.split('.').map(change).join('.');
}

function fromDomain(text: string): string {
  return domain(text, (label) => (/^xn--/i.test(label) ? (decodePunycode(label.slice(4)) ?? '') : label));
}

function toDomain(text: string): string {
  return domain(text, (label) => (Buffer.byteLength(label) === label.length ? label : `xn--${encodePunycode(label)}`));
}

/** Of a negative number it is not documented whether its sign comes along. */
function shiftRight(value: bigint, by: bigint): bigint | null {
  if (by < 0n) return null;
  if (value < 0n) throw new Error('binary_shift_right: a negative value');
  return value >> (by % 64n);
}

const ALIASES: readonly (readonly [alias: string, name: string])[] = [
  ['extractall', 'extract_all'],
  ['array_strcat', 'strcat_array'],
  ['base64_encodestring', 'base64_encode_tostring'],
  ['base64_decodestring', 'base64_decode_tostring'],
  ['parseurl', 'parse_url'],
  ['parseurlquery', 'parse_urlquery'],
];

/** Seldom used functions and old names, in JavaScript. */
export const JS_RARE: readonly ScalarFunction[] = [
  { kind: 'js', name: 'base64_encode_fromguid', args: ['string'], result: 'string', call: base64OfGuid },
  { kind: 'js', name: 'base64_decode_toguid', args: ['string'], result: 'guid', call: guidOfBase64 },
  { kind: 'js', name: 'replace_strings', args: ['string', 'json', 'json'], result: 'string', call: replaceStrings },
  {
    kind: 'js',
    name: 'has_any_index',
    args: ['string', 'json'],
    result: 'long',
    call: (text: string, lookups: string) => {
      const index = hasAnyIndex(text, lookups);
      return index === null ? null : BigInt(index);
    },
  },
  { kind: 'js', name: 'punycode_domain_from_string', args: ['string'], result: 'string', call: fromDomain },
  { kind: 'js', name: 'punycode_domain_to_string', args: ['string'], result: 'string', call: toDomain },
  { kind: 'js', name: 'datetime_utc_to_local', args: ['datetime', 'string'], result: 'datetime', call: utcToLocal },
  { kind: 'js', name: 'datetime_local_to_utc', args: ['datetime', 'string'], result: 'datetime', call: localToUtc },
  {
    kind: 'js',
    name: 'binary_shift_left',
    args: ['long', 'long'],
    result: 'long',
    call: (value: bigint, by: bigint) => (by < 0n ? null : BigInt.asIntN(64, value << (by % 64n))),
  },
  { kind: 'js', name: 'binary_shift_right', args: ['long', 'long'], result: 'long', call: shiftRight },
  ...ALIASES.flatMap(([alias, name]) =>
    JS_TEXT.filter((row) => row.name === name).map((row) => ({ ...row, name: alias })),
  ),
];
