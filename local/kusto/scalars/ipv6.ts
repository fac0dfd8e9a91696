import { parseIpv4 } from './ipv4.ts';

export interface Ipv6 {
  /** Unsigned 128 bit, not masked. */
  readonly address: bigint;
  /** 0..128; the prefix of an address in IPv4 notation counts from bit 96. */
  readonly prefix: number;
  /** The last 32 bits were written as `a.b.c.d`. */
  readonly dotted: boolean;
}

const MAPPED = 0xffffn << 32n;

function groupsOf(text: string): bigint[] | undefined {
  if (text === '') return [];
  const groups = text.split(':');
  return groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))
    ? groups.map((group) => BigInt(`0x${group}`))
    : undefined;
}

/** 128 bits of the hexadecimal notation with at most one `::`. */
function parseGroups(text: string): bigint | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = groupsOf(halves[0] ?? '');
  const tail = halves.length === 2 ? groupsOf(halves[1] ?? '') : [];
  if (!head || !tail) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  return [...head, ...Array.from({ length: missing }, () => 0n), ...tail].reduce(
    (sum, group) => (sum << 16n) | group,
    0n,
  );
}

/** IPv6 in any notation, or IPv4, which is mapped to `::ffff:…`; with an optional prefix. Undefined when it is none. */
export function parseIpv6(text: string): Ipv6 | undefined {
  const found = /^([0-9a-f:.]+?)(?:\/(\d{1,3}))?$/i.exec(text.trim());
  if (!found) return undefined;
  const [, body = '', suffix] = found;
  const quad = /^(.*?)(\d+\.\d+\.\d+\.\d+)$/.exec(body);
  const ipv4 = quad ? parseIpv4(quad[2] ?? '') : undefined;
  if (quad && !ipv4) return undefined;
  const prefix = suffix === undefined ? 128 : Number(suffix) + (ipv4 ? 96 : 0);
  if (prefix > 128) return undefined;
  if (ipv4 && quad?.[1] === '') return { address: MAPPED | BigInt(ipv4.address), prefix, dotted: true };
  const hex = ipv4 ? `${quad?.[1]}${(ipv4.address >>> 16).toString(16)}:${(ipv4.address % 65_536).toString(16)}` : body;
  const address = parseGroups(hex);
  return address === undefined ? undefined : { address, prefix, dotted: ipv4 !== undefined };
}

/** Keeps the leading `prefix` bits. */
function mask(address: bigint, prefix: number): bigint {
  const shift = BigInt(128 - prefix);
  return (address >> shift) << shift;
}

function isPrefix(prefix: number): boolean {
  return Number.isInteger(prefix) && prefix >= 0 && prefix <= 128;
}

/** Eight groups of four digits. */
export function printIpv6(address: bigint): string {
  return (address.toString(16).padStart(32, '0').match(/.{4}/g) ?? []).join(':');
}

/** `parse_ipv6` and `parse_ipv6_mask`: the full notation under the shorter prefix; '' when it is no address. */
export function ipv6Text(text: string, prefix = 128): string {
  const ip = parseIpv6(text);
  return ip && isPrefix(prefix) ? printIpv6(mask(ip.address, Math.min(ip.prefix, prefix))) : '';
}

/** `::a.b.c.d` is the same host as `a.b.c.d` when addresses are compared. */
function comparable(ip: Ipv6): bigint {
  return ip.dotted && ip.address >> 32n === 0n ? MAPPED | ip.address : ip.address;
}

/** `ipv6_compare`: −1, 0 or 1 under the shortest of the three prefixes; null when a text is no address or the prefix is out of 0..128. */
export function ipv6Compare(left: string, right: string, prefix = 128): number | null {
  const a = parseIpv6(left);
  const b = parseIpv6(right);
  if (!a || !b || !isPrefix(prefix)) return null;
  const bits = Math.min(a.prefix, b.prefix, prefix);
  const difference = mask(comparable(a), bits) - mask(comparable(b), bits);
  if (difference === 0n) return 0;
  return difference < 0n ? -1 : 1;
}

/** `ipv6_is_in_any_range`; null when the address is none. Ranges that are none are passed over. */
export function ipv6IsInAnyRange(address: string, ranges: readonly string[]): boolean | null {
  if (!parseIpv6(address)) return null;
  return ranges.some((range) => ipv6Compare(address, range) === 0);
}
