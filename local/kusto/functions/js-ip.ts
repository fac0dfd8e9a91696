import {
  formatIpv4,
  hasAnyIpv4,
  hasAnyIpv4Prefix,
  ipv4Compare,
  ipv4IsInAnyRange,
  ipv4IsInRange,
  ipv4IsPrivate,
  ipv4Number,
  parseIpv4,
  rangeToCidrs,
  textsOf,
} from '../scalars/ipv4.ts';
import { ipv6Compare, ipv6IsInAnyRange, ipv6Text } from '../scalars/ipv6.ts';
import type { ScalarFunction } from './function-types.ts';

type Text = string | null;

function long(value: number | null): bigint | null {
  return value === null ? null : BigInt(value);
}

function isZero(value: number | null): boolean | null {
  return value === null ? null : value === 0;
}

const IPV4: readonly ScalarFunction[] = [
  { kind: 'js', name: 'parse_ipv4', args: ['string'], result: 'long', call: (text: string) => long(ipv4Number(text)) },
  {
    kind: 'js',
    name: 'parse_ipv4_mask',
    args: ['string', 'int'],
    result: 'long',
    call: (text: string, prefix: number) => long(ipv4Number(text, prefix)),
  },
  {
    kind: 'js',
    name: 'ipv4_compare',
    args: ['string', 'string', 'int'],
    required: 2,
    result: 'long',
    call: (a: string, b: string, prefix?: number) => long(ipv4Compare(a, b, prefix)),
  },
  {
    kind: 'js',
    name: 'ipv4_is_match',
    args: ['string', 'string', 'int'],
    required: 2,
    result: 'bool',
    call: (a: string, b: string, prefix?: number) => isZero(ipv4Compare(a, b, prefix)),
  },
  { kind: 'js', name: 'ipv4_is_in_range', args: ['string', 'string'], result: 'bool', call: ipv4IsInRange },
  {
    kind: 'js',
    name: 'ipv4_is_in_any_range',
    args: ['string', 'json'],
    rest: 'json',
    result: 'bool',
    call: (address: string, ...ranges: Text[]) => ipv4IsInAnyRange(address, textsOf(ranges)),
  },
  { kind: 'js', name: 'ipv4_is_private', args: ['string'], result: 'bool', call: ipv4IsPrivate },
  {
    kind: 'js',
    name: 'ipv4_netmask_suffix',
    args: ['string'],
    result: 'long',
    call: (text: string) => long(parseIpv4(text)?.prefix ?? null),
  },
  { kind: 'js', name: 'ipv4_range_to_cidr_list', args: ['string', 'string'], result: 'dynamic', call: rangeToCidrs },
  {
    kind: 'js',
    name: 'format_ipv4',
    args: ['string', 'int'],
    required: 1,
    result: 'string',
    call: (text: string, prefix?: number) => formatIpv4(text, prefix, false),
  },
  {
    kind: 'js',
    name: 'format_ipv4_mask',
    args: ['string', 'int'],
    required: 1,
    result: 'string',
    call: (text: string, prefix?: number) => formatIpv4(text, prefix, true),
  },
];

const SEARCH: readonly ScalarFunction[] = [
  {
    kind: 'js',
    name: 'has_ipv4',
    args: ['string', 'string'],
    result: 'bool',
    call: (text: string, ip: string) => hasAnyIpv4(text, [ip]),
  },
  {
    kind: 'js',
    name: 'has_any_ipv4',
    args: ['string', 'json'],
    rest: 'json',
    result: 'bool',
    call: (text: string, ...ips: Text[]) => hasAnyIpv4(text, textsOf(ips)),
  },
  {
    kind: 'js',
    name: 'has_ipv4_prefix',
    args: ['string', 'string'],
    result: 'bool',
    call: (text: string, ip: string) => hasAnyIpv4Prefix(text, [ip]),
  },
  {
    kind: 'js',
    name: 'has_any_ipv4_prefix',
    args: ['string', 'json'],
    rest: 'json',
    result: 'bool',
    call: (text: string, ...ips: Text[]) => hasAnyIpv4Prefix(text, textsOf(ips)),
  },
];

const IPV6: readonly ScalarFunction[] = [
  { kind: 'js', name: 'parse_ipv6', args: ['string'], result: 'string', call: (text: string) => ipv6Text(text) },
  { kind: 'js', name: 'parse_ipv6_mask', args: ['string', 'int'], result: 'string', call: ipv6Text },
  {
    kind: 'js',
    name: 'ipv6_compare',
    args: ['string', 'string', 'int'],
    required: 2,
    result: 'long',
    call: (a: string, b: string, prefix?: number) => long(ipv6Compare(a, b, prefix)),
  },
  {
    kind: 'js',
    name: 'ipv6_is_match',
    args: ['string', 'string', 'int'],
    required: 2,
    result: 'bool',
    call: (a: string, b: string, prefix?: number) => isZero(ipv6Compare(a, b, prefix)),
  },
  {
    kind: 'js',
    name: 'ipv6_is_in_range',
    args: ['string', 'string'],
    result: 'bool',
    call: (a: string, b: string) => isZero(ipv6Compare(a, b)),
  },
  {
    kind: 'js',
    name: 'ipv6_is_in_any_range',
    args: ['string', 'json'],
    rest: 'json',
    result: 'bool',
    call: (address: string, ...ranges: Text[]) => ipv6IsInAnyRange(address, textsOf(ranges)),
  },
];

/** Functions on IPv4 and IPv6 addresses, in JavaScript. */
export const JS_IP: readonly ScalarFunction[] = [...IPV4, ...SEARCH, ...IPV6];
